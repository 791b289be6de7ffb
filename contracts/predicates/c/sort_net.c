/* Batcher's odd-even merge sort of 32 numbers: is the second list the first one in order?
 * Public: list 32 x u16 | sorted list 32 x u16. */
#include "zera.h"

enum { N = 32 };

static void compare_exchange(uint16_t *a, uint16_t *b) {
    uint16_t x = *a, y = *b;
    *a = x < y ? x : y;
    *b = x < y ? y : x;
}

ZERA_PREDICATE int predicate(void) {
    uint16_t list[N], sorted[N];
    zera_public(list, 0);
    zera_public(sorted, sizeof list);
    for (int p = 1; p < N; p *= 2)
        for (int k = p; k >= 1; k /= 2)
            for (int j = k % p; j + k < N; j += 2 * k)
                for (int i = 0; i < k && i + j + k < N; i++)
                    if ((i + j) / (2 * p) == (i + j + k) / (2 * p))
                        compare_exchange(&list[i + j], &list[i + j + k]);
    int equal = 1;
    for (int i = 0; i < N; i++)
        equal &= list[i] == sorted[i];
    return equal;
}
