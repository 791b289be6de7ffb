/* Every division by a variable: is the sum of quotients and remainders the wanted one?
 * Public: a u64 | b u64 | wanted u64. Traps where b or its low half is 0, and where a signed quotient overflows. */
#include "zera.h"

ZERA_PREDICATE int predicate(void) {
    uint64_t a = zera_public_u64(0), b = zera_public_u64(8);
    uint32_t a32 = (uint32_t)a, b32 = (uint32_t)b;
    uint64_t sum = a / b + 3 * (a % b);
    sum += 5 * (uint64_t)((int64_t)a / (int64_t)b) + 7 * (uint64_t)((int64_t)a % (int64_t)b);
    sum += 11ull * (a32 / b32) + 13ull * (a32 % b32);
    sum += 17 * (uint64_t)((int32_t)a32 / (int32_t)b32) + 19 * (uint64_t)((int32_t)a32 % (int32_t)b32);
    sum += 23ull * (a32 / 10) + 29ull * (a32 % 10);
    return sum == zera_public_u64(16);
}
