/* Counting, shifting and rotating 64 bits by variable amounts: is the sum the wanted one?
 * Public: x u64 | n u8 (its low six bits count) | wanted u64. */
#include "zera.h"

static uint64_t rotl(uint64_t x, uint64_t n) {
    return x << (n & 63) | x >> (-n & 63);
}

ZERA_PREDICATE int predicate(void) {
    uint64_t x = zera_public_u64(0), n = zera_public_u8(8) & 63;
    uint64_t sum = x ? (uint64_t)__builtin_clzll(x) : 64;
    sum += 100 * (x ? (uint64_t)__builtin_ctzll(x) : 64);
    sum += 10000 * (uint64_t)__builtin_popcountll(x);
    sum += rotl(x, n) + 3 * rotl(x, -n);
    sum += 5 * (x << n) + 7 * (x >> n) + 11 * (uint64_t)((int64_t)x >> n);
    return sum == zera_public_u64(9);
}
