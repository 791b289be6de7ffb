/* A call through a table: is `op(a, b)` the wanted number?
 * Public: op u8 (0 sum, 1 product, 2 greater, 3 exclusive or; others trap) | a u32 | b u32 | wanted u32. */
#include "zera.h"

static uint32_t sum(uint32_t a, uint32_t b) { return a + b; }
static uint32_t product(uint32_t a, uint32_t b) { return a * b; }
static uint32_t greater(uint32_t a, uint32_t b) { return a > b ? a : b; }
static uint32_t exclusive_or(uint32_t a, uint32_t b) { return a ^ b; }

static uint32_t (*const OPERATION[4])(uint32_t, uint32_t) = {sum, product, greater, exclusive_or};

struct ZERA_PACKED question {
    uint8_t op;
    uint32_t a, b, wanted;
};

ZERA_PREDICATE int predicate(void) {
    struct question q;
    zera_public(q, 0);
    if (q.op >= 4)
        zera_trap();
    return OPERATION[q.op](q.a, q.b) == q.wanted;
}
