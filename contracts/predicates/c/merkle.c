/* Membership: is a leaf that I know in the tree of depth 20 with this root?
 * Public: root, a cell of 32. Private: leaf 32 | siblings 20 x 32, from the leaf up | index u32. An index of 2^20 or more traps. */
#include "zera.h"

ZERA_PREDICATE int predicate(void) {
    zera_field leaf, sibling[20], root, wanted;
    zera_public(wanted, 0);
    zera_private(leaf, 0);
    zera_private(sibling, 32);
    zera_merkle_root(&root, &leaf, sibling, zera_private_u32(32 + 20 * 32), 20);
    return zera_field_eq(&root, &wanted);
}
