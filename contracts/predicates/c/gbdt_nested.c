/* Eight decision trees of depth 4 as nested conditionals: is the sum of their leaves above the bound?
 * Public: features 16 x u16 | bound i32. The same model as in forest.c. */
#include "zera.h"
#include "forest_model.h"

#define NODE(t, n, left, right) (x[FEATURE[t][n]] > THRESHOLD[t][n] ? (right) : (left))
#define PAIR(t, n, leaf) NODE(t, n, LEAF[t][leaf], LEAF[t][leaf + 1])
#define HALF(t, n, a, b, leaf) \
    NODE(t, n, NODE(t, a, PAIR(t, 2 * a + 1, leaf), PAIR(t, 2 * a + 2, leaf + 2)), \
         NODE(t, b, PAIR(t, 2 * b + 1, leaf + 4), PAIR(t, 2 * b + 2, leaf + 6)))
#define TREE(t) NODE(t, 0, HALF(t, 1, 3, 4, 0), HALF(t, 2, 5, 6, 8))

ZERA_PREDICATE int predicate(void) {
    uint16_t x[16];
    zera_public(x, 0);
    int32_t sum = TREE(0) + TREE(1) + TREE(2) + TREE(3) + TREE(4) + TREE(5) + TREE(6) + TREE(7);
    return sum > zera_public_i32(32);
}
