/* A read at an index that is an input: does the array hold the word there?
 * Public: array 32 x u32 | index u8 (its low five bits count) | word u32. */
#include "zera.h"

ZERA_PREDICATE int predicate(void) {
    uint32_t array[32];
    zera_public(array, 0);
    return array[zera_public_u8(128) & 31] == zera_public_u32(129);
}
