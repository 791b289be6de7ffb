/* A loop that ends by its data: does Collatz' sequence from x reach 1 after the wanted number of steps?
 * Public: x u32 | steps u8. More than 20 steps are outcome 3, and so is x = 0, which never gets there. */
#include "zera.h"

ZERA_PREDICATE int predicate(void) {
    uint32_t x = zera_public_u32(0), steps = 0;
    while (x != 1) {
        zera_bound(20);
        x = x % 2 ? 3 * x + 1 : x / 2;
        steps++;
    }
    return steps == zera_public_u8(4);
}
