/* Ethereum's Keccak-256 as an intrinsic: do I know the 64 bytes behind the digest?
 * Public: digest 32. Private: message 64. */
#include "zera.h"

ZERA_PREDICATE int predicate(void) {
    uint8_t message[64], digest[32], wanted[32];
    zera_private(message, 0);
    zera_public(wanted, 0);
    zera_keccak256(digest, message, sizeof message);
    return zera_equal(digest, wanted, 32);
}
