/* A commitment: do I know the two cells behind the Poseidon digest?
 * Public: digest, a cell of 32. Private: two cells of 32. A cell that is not below the modulus is a trap. */
#include "zera.h"

ZERA_PREDICATE int predicate(void) {
    zera_field cell[2], digest, wanted;
    zera_private(cell, 0);
    zera_public(wanted, 0);
    zera_poseidon(&digest, cell, 2);
    return zera_field_eq(&digest, &wanted);
}
