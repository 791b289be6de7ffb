/* Three ways to trap: is x odd (way 1: the quotient (2^32 - 1) / x)?
 * Public: way u8 | x u32. x = 0 traps by `assume` (way 0), a division (1) or `unreachable` (2); for other ways it is even. */
#include "zera.h"

ZERA_PREDICATE int predicate(void) {
    uint32_t x = zera_public_u32(1);
    switch (zera_public_u8(0)) {
    case 0:
        zera_assume(x != 0);
        return x % 2;
    case 1:
        return 0xffffffff / x % 2;
    case 2:
        if (x == 0)
            zera_trap();
        return x % 2;
    default:
        return x % 2;
    }
}
