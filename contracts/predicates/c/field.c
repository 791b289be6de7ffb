/* Field arithmetic: is a / b + a - b the wanted cell?
 * Public: a 32 | b 32 | wanted 32. b = 0 traps. */
#include "zera.h"

ZERA_PREDICATE int predicate(void) {
    zera_field a, b, wanted, t;
    zera_public(a, 0);
    zera_public(b, 32);
    zera_public(wanted, 64);
    zera_field_inv(&t, &b);
    zera_field_mul(&t, &t, &a);
    zera_field_add(&t, &t, &a);
    zera_field_sub(&t, &t, &b);
    return zera_field_eq(&t, &wanted);
}
