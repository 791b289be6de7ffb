/* Eight decision trees of depth 4 as heaps: is the sum of their leaves above the bound?
 * Public: features 16 x u16 | bound i32. The same model as in gbdt_nested.c. */
#include "zera.h"
#include "forest_model.h"

ZERA_PREDICATE int predicate(void) {
    uint16_t x[16];
    zera_public(x, 0);
    int32_t sum = 0;
    for (int t = 0; t < 8; t++) {
        uint32_t n = 0;
        for (int level = 0; level < 4; level++)
            n = 2 * n + 1 + (x[FEATURE[t][n]] > THRESHOLD[t][n]);
        sum += LEAF[t][n - 15];
    }
    return sum > zera_public_i32(32);
}
