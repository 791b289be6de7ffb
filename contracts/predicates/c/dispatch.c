/* A call through a table: is `op(a, b)` the wanted number?
 * Public: op u8 (0 sum, 1 product, 2 greater, 3 exclusive or; others trap) | a u32 | b u32 | wanted u32. */
#include "zera.h"

static uint32_t sum(uint32_t a, uint32_t b) { return a + b; }
static uint32_t product(uint32_t a, uint32_t b) { return a * b; }
static uint32_t greater(uint32_t a, uint32_t b) { return a > b ? a : b; }
static uint32_t exclusive_or(uint32_t a, uint32_t b) { return a ^ b; }

static uint32_t (*const OPERATION[4])(uint32_t, uint32_t) = {sum, product, greater, exclusive_or};

ZERA_PREDICATE int predicate(void) {
    uint8_t op = zera_public_u8(0);
    if (op >= 4)
        zera_trap();
    return OPERATION[op](zera_public_u32(1), zera_public_u32(5)) == zera_public_u32(9);
}
