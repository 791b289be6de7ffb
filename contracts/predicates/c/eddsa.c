/* A signature: do I have one by this key under the message?
 * Public: key (Ax, Ay) 64 | message 32. Private: signature (R8x, R8y, S) 96. All cells. */
#include "zera.h"

ZERA_PREDICATE int predicate(void) {
    zera_field key[2], message, signature[3];
    zera_public(key, 0);
    zera_public(message, 64);
    zera_private(signature, 0);
    return zera_eddsa_verify(key, signature, &message);
}
