// zera.ts: what a ZERA predicate in AssemblyScript is written with.
//
//     import * as zera from "../zera";
//     export function predicate(): i32 { return i32(zera.publicAt<u32>(0) > 1000); }
//
//     asc f.ts -O3 --runtime stub -o f.wasm
//
// Outcomes: 0 false, 1 true (any result but 0), 2 trap, 3 bound exceeded; each can be proved. `abort` (a failed assertion, an
// index out of range) is a trap. Integers only: no f32, f64, number. Small integer types are cheap: a comparison costs a row
// for each bit of its operands' range. The stub runtime never frees memory.

/** Bytes of a field cell: an element of BN254's scalar field, little-endian, below the modulus (else a trap). */
export const CELL: i32 = 32;

// ---- The imports, with addresses. ----

// @ts-ignore: decorator
@external("zera", "read_public")
export declare function readPublic(dst: usize, offset: u32, len: u32): void;
// @ts-ignore: decorator
@external("zera", "read_private")
export declare function readPrivate(dst: usize, offset: u32, len: u32): void;
/** A trap unless `cond` is not 0. */
// @ts-ignore: decorator
@external("zera", "assume")
export declare function assume(cond: i32): void;
/** In a loop whose end depends on inputs: the call after the n-th since that loop was entered ends with outcome 3. */
// @ts-ignore: decorator
@external("zera", "bound")
export declare function bound(n: u32): void;
// @ts-ignore: decorator
@external("zera", "sha256")
declare function importSha256(dst: usize, src: usize, len: u32): void;
// @ts-ignore: decorator
@external("zera", "keccak256")
declare function importKeccak256(dst: usize, src: usize, len: u32): void;
// @ts-ignore: decorator
@external("zera", "poseidon")
declare function importPoseidon(dst: usize, src: usize, n: u32): void;
// @ts-ignore: decorator
@external("zera", "merkle_root")
declare function importMerkleRoot(dst: usize, leaf: usize, siblings: usize, index: u64, depth: u32): void;
// @ts-ignore: decorator
@external("zera", "eddsa_verify")
declare function importEddsaVerify(key: usize, signature: usize, message: usize): i32;
// @ts-ignore: decorator
@external("zera", "field_add")
declare function importFieldAdd(dst: usize, a: usize, b: usize): void;
// @ts-ignore: decorator
@external("zera", "field_sub")
declare function importFieldSub(dst: usize, a: usize, b: usize): void;
// @ts-ignore: decorator
@external("zera", "field_mul")
declare function importFieldMul(dst: usize, a: usize, b: usize): void;
// @ts-ignore: decorator
@external("zera", "field_inv")
declare function importFieldInv(dst: usize, a: usize): void;
// @ts-ignore: decorator
@external("zera", "field_eq")
declare function importFieldEq(a: usize, b: usize): i32;

// ---- Inputs. Their lengths are fixed when the predicate is compiled to a circuit; out of range is a trap. ----

/** Where one input is read to before its bytes are taken as a number. */
const scratch = memory.data(8, 8);

/** One little-endian integer of the public input. */
export function publicAt<T extends number>(offset: u32): T {
  readPublic(scratch, offset, sizeof<T>());
  return load<T>(scratch);
}

/** One little-endian integer of the private input. */
export function privateAt<T extends number>(offset: u32): T {
  readPrivate(scratch, offset, sizeof<T>());
  return load<T>(scratch);
}

/** `length` little-endian integers of the public input, one after the other. */
export function publicArray<T extends number>(offset: u32, length: i32): StaticArray<T> {
  const array = new StaticArray<T>(length);
  readPublic(changetype<usize>(array), offset, length * sizeof<T>());
  return array;
}

/** `length` little-endian integers of the private input, one after the other. */
export function privateArray<T extends number>(offset: u32, length: i32): StaticArray<T> {
  const array = new StaticArray<T>(length);
  readPrivate(changetype<usize>(array), offset, length * sizeof<T>());
  return array;
}

// ---- Hashes of bytes. ----

export function sha256(bytes: StaticArray<u8>): StaticArray<u8> {
  const digest = new StaticArray<u8>(32);
  importSha256(changetype<usize>(digest), changetype<usize>(bytes), bytes.length);
  return digest;
}

/** Ethereum's Keccak-256. */
export function keccak256(bytes: StaticArray<u8>): StaticArray<u8> {
  const digest = new StaticArray<u8>(32);
  importKeccak256(changetype<usize>(digest), changetype<usize>(bytes), bytes.length);
  return digest;
}

// ---- Cells. Keep them whole: reading a byte of a computed cell costs about 380 rows. ----

/** One or more cells in a row. */
export class Cells {
  readonly bytes: StaticArray<u8>;

  constructor(readonly length: i32) {
    this.bytes = new StaticArray<u8>(length * CELL);
  }

  static fromPublic(offset: u32, length: i32): Cells {
    const cells = new Cells(length);
    readPublic(cells.at(0), offset, length * CELL);
    return cells;
  }

  static fromPrivate(offset: u32, length: i32): Cells {
    const cells = new Cells(length);
    readPrivate(cells.at(0), offset, length * CELL);
    return cells;
  }

  /** Small numbers as cells. */
  static of(values: StaticArray<u64>): Cells {
    const cells = new Cells(values.length);
    for (let i = 0; i < values.length; i++) store<u64>(cells.at(i), values[i]);
    return cells;
  }

  /** Address of a cell. */
  at(index: i32): usize {
    assert(<u32>index < <u32>this.length);
    return changetype<usize>(this.bytes) + index * CELL;
  }

  // @ts-ignore: decorator
  @operator("+")
  add(other: Cells): Cells {
    const sum = new Cells(1);
    importFieldAdd(sum.at(0), this.at(0), other.at(0));
    return sum;
  }

  // @ts-ignore: decorator
  @operator("-")
  sub(other: Cells): Cells {
    const difference = new Cells(1);
    importFieldSub(difference.at(0), this.at(0), other.at(0));
    return difference;
  }

  // @ts-ignore: decorator
  @operator("*")
  mul(other: Cells): Cells {
    const product = new Cells(1);
    importFieldMul(product.at(0), this.at(0), other.at(0));
    return product;
  }

  /** Inverse of the first cell; of 0 a trap. */
  inverse(): Cells {
    const inverse = new Cells(1);
    importFieldInv(inverse.at(0), this.at(0));
    return inverse;
  }

  /** Whether the first cells are equal. */
  // @ts-ignore: decorator
  @operator("==")
  equals(other: Cells): bool {
    return importFieldEq(this.at(0), other.at(0)) != 0;
  }
}

/** Poseidon with circomlib's parameters over 1 to 16 cells. */
export function poseidon(cells: Cells): Cells {
  const digest = new Cells(1);
  importPoseidon(digest.at(0), cells.at(0), cells.length);
  return digest;
}

/**
 * Root of the Merkle path from `leaf` over at most 32 siblings, lowest first; a node is the Poseidon digest of its left and
 * right child. Bit i of `index` is 1 where the node of level i is a right child; an index with more bits than siblings traps.
 */
export function merkleRoot(leaf: Cells, siblings: Cells, index: u64): Cells {
  const root = new Cells(1);
  importMerkleRoot(root.at(0), leaf.at(0), changetype<usize>(siblings.bytes), index, siblings.length);
  return root;
}

/** Whether a signature (R8x, R8y, S) is one of `message` by `key` (Ax, Ay): circomlib's EdDSA over Poseidon. */
export function eddsaVerify(key: Cells, signature: Cells, message: Cells): bool {
  assert(key.length == 2 && signature.length == 3);
  return importEddsaVerify(key.at(0), signature.at(0), message.at(0)) != 0;
}
