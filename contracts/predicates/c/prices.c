/* Nine prices from nine sources: are trimmed mean and median both at least what is asked?
 * Public: prices 9 x u32 | least trimmed mean u32 | least median u32. */
#include "zera.h"

enum { N = 9 };

ZERA_PREDICATE int predicate(void) {
    uint32_t price[N];
    zera_public(price, 0);
    uint32_t mean_min = zera_public_u32(4 * N), median_min = zera_public_u32(4 * N + 4);

    /* Insertion sort; the inner loop runs down to 0, so how often it runs depends on no input. */
    for (int i = 1; i < N; i++)
        for (int j = i; j > 0; j--)
            if (price[j - 1] > price[j]) {
                uint32_t greater = price[j - 1];
                price[j - 1] = price[j];
                price[j] = greater;
            }

    uint64_t sum = 0;
    for (int i = 1; i < N - 1; i++)
        sum += price[i];
    return sum >= (uint64_t)mean_min * (N - 2) && price[N / 2] >= median_min;
}
