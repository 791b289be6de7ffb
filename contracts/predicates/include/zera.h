/* zera.h: what a ZERA predicate in C is written with.
 *
 * A predicate is a function without side effects from public and private bytes to a boolean. It is compiled to WASM, runs
 * natively under wasmtime, and the same bytes are compiled to a circuit:
 *
 *     clang --target=wasm32 -nostdlib -ffreestanding -mbulk-memory -O2 -I include \
 *         -Wl,--no-entry,--stack-first,-z,stack-size=16384 f.c -o f.wasm
 *
 *     #include "zera.h"
 *     ZERA_PREDICATE int predicate(void) { return zera_public_u32(0) > 1000; }
 *
 * Outcomes: 0 false, 1 true (any result but 0), 2 trap, 3 bound exceeded. Each of them can be proved.
 *
 * What costs: constants, copies, additions and multiplications by constants cost nothing; a product costs a row or two; a
 * comparison costs a row for each bit of the operands' range; so small integer types are cheap and wide ones are not.
 * Integers only: no float, no double. No libc. All pointers are addresses in the module's memory; out of it is a trap.
 */
#ifndef ZERA_H
#define ZERA_H

#include <stdint.h>

#define ZERA_IMPORT(name) __attribute__((import_module("zera"), import_name(#name)))

/* Exports the entry. It may take scalars (int32_t, uint64_t, ..): they are the first bytes of the public input. */
#define ZERA_PREDICATE __attribute__((export_name("predicate")))

/* ---- Inputs. Their lengths are fixed when the predicate is compiled to a circuit. ---- */

/* Copies `len` bytes of the public (private) input from `offset` on to `dst`; out of range of the input is a trap. */
ZERA_IMPORT(read_public) void zera_read_public(void *dst, uint32_t offset, uint32_t len);
ZERA_IMPORT(read_private) void zera_read_private(void *dst, uint32_t offset, uint32_t len);

/* ---- Control. ---- */

/* A trap unless `cond` is not 0. */
ZERA_IMPORT(assume) void zera_assume(int32_t cond);
/* Stands in a loop whose end depends on inputs: the call after the n-th since that loop was entered ends the program with
 * outcome 3. Without it the circuit's compiler can not know how often to unroll. */
ZERA_IMPORT(bound) void zera_bound(uint32_t n);
/* Ends the program with outcome 2. */
#define zera_trap() __builtin_trap()

/* ---- Hashes: 32 bytes to `dst`. ---- */

ZERA_IMPORT(sha256) void zera_sha256(uint8_t dst[32], const void *src, uint32_t len);
/* Ethereum's Keccak-256. */
ZERA_IMPORT(keccak256) void zera_keccak256(uint8_t dst[32], const void *src, uint32_t len);

/* ---- Field cells: elements of BN254's scalar field, 32 bytes little-endian, below the modulus (else a trap). ----
 * Keep a cell whole: as soon as a byte of a computed cell is read, it has to be split into bits (about 380 rows). */

typedef struct {
    uint8_t bytes[32];
} zera_field;

/* Poseidon with circomlib's parameters over n = 1..16 cells. */
ZERA_IMPORT(poseidon) void zera_poseidon(zera_field *dst, const zera_field *src, uint32_t n);
/* Root of a Merkle path, node = poseidon(left, right): `depth` siblings (at most 32), bit i of `index` is 1 where the node of
 * level i is a right child; an index of more than `depth` bits is a trap. */
ZERA_IMPORT(merkle_root)
void zera_merkle_root(zera_field *dst, const zera_field *leaf, const zera_field *siblings, uint64_t index, uint32_t depth);
/* EdDSA over BabyJubJub with Poseidon, as circomlib: key (Ax, Ay), signature (R8x, R8y, S), message. 1 iff it verifies. */
ZERA_IMPORT(eddsa_verify)
int32_t zera_eddsa_verify(const zera_field key[2], const zera_field signature[3], const zera_field *message);
ZERA_IMPORT(field_add) void zera_field_add(zera_field *dst, const zera_field *a, const zera_field *b);
ZERA_IMPORT(field_sub) void zera_field_sub(zera_field *dst, const zera_field *a, const zera_field *b);
ZERA_IMPORT(field_mul) void zera_field_mul(zera_field *dst, const zera_field *a, const zera_field *b);
/* The inverse; of 0 a trap. */
ZERA_IMPORT(field_inv) void zera_field_inv(zera_field *dst, const zera_field *a);
ZERA_IMPORT(field_eq) int32_t zera_field_eq(const zera_field *a, const zera_field *b);

/* ---- Helpers. ---- */

/* Reads a whole struct (or array) of inputs: `struct feed f; zera_public(f, 0);`. WASM is little-endian; declare the struct
 * with ZERA_PACKED, so that fields follow each other without gaps, as predicate.toml and every other language count them. */
#define ZERA_PACKED __attribute__((packed))
#define zera_public(value, offset) zera_read_public(&(value), (offset), sizeof(value))
#define zera_private(value, offset) zera_read_private(&(value), (offset), sizeof(value))

/* One little-endian integer of an input. */
#define ZERA_READER(suffix, type)                               \
    static inline type zera_public_##suffix(uint32_t offset) {  \
        type value;                                             \
        zera_read_public(&value, offset, sizeof value);         \
        return value;                                           \
    }                                                           \
    static inline type zera_private_##suffix(uint32_t offset) { \
        type value;                                             \
        zera_read_private(&value, offset, sizeof value);        \
        return value;                                           \
    }
ZERA_READER(u8, uint8_t)
ZERA_READER(u16, uint16_t)
ZERA_READER(u32, uint32_t)
ZERA_READER(u64, uint64_t)
ZERA_READER(i8, int8_t)
ZERA_READER(i16, int16_t)
ZERA_READER(i32, int32_t)
ZERA_READER(i64, int64_t)

/* A small number as a cell. */
static inline zera_field zera_field_of(uint64_t value) {
    zera_field cell;
    for (int i = 0; i < 32; i++)
        cell.bytes[i] = i < 8 ? (uint8_t)(value >> (8 * i)) : 0;
    return cell;
}

/* 1 iff two byte strings are equal. */
static inline int zera_equal(const uint8_t *a, const uint8_t *b, uint32_t len) {
    int equal = 1;
    for (uint32_t i = 0; i < len; i++)
        equal &= a[i] == b[i];
    return equal;
}

#endif
