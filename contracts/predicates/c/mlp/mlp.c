/* A quantised network, 64 inputs, 32 hidden neurons (ReLU), 10 classes: is the input of the wanted class?
 * Public: input 64 x i8 | wanted class u8. */
#include "zera.h"
#include "mlp_weights.h"

ZERA_PREDICATE int predicate(void) {
    int8_t input[64];
    zera_public(input, 0);

    int32_t hidden[32];
    for (int j = 0; j < 32; j++) {
        int32_t sum = BIAS1[j];
        for (int i = 0; i < 64; i++)
            sum += WEIGHT1[j][i] * input[i];
        hidden[j] = sum > 0 ? sum >> 7 : 0;
    }

    int32_t best = 0, class = 0;
    for (int k = 0; k < 10; k++) {
        int32_t sum = BIAS2[k];
        for (int j = 0; j < 32; j++)
            sum += WEIGHT2[k][j] * hidden[j];
        if (k == 0 || sum > best) {
            best = sum;
            class = k;
        }
    }
    return class == zera_public_u8(64);
}
