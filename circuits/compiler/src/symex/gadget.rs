//! The seam to circuits that are not made of instructions: hashes, signatures, field arithmetic.
//!
//! Each function gets the bytes of its operands from memory and gives the bytes of its result, or a bit. An operand that is
//! no field element is a trap, which the function adds by [`Machine::trap_if`].

use super::machine::{Fallible, Machine};
use super::memory::Cell;
use super::module::Intrinsic;
use crate::graph::{Bit, Word};

/// A hash, or a field element, little-endian.
pub type Bytes32 = [Cell; 32];

fn missing<T>(machine: &Machine<'_>, intrinsic: Intrinsic) -> Fallible<T> {
    let message = format!("{} has no circuit in this compiler", intrinsic.name());
    Err(machine.error("intrinsic", message, "write it as ordinary code"))
}

/// SHA-256.
pub fn sha256(machine: &mut Machine<'_>, _bytes: &[Cell]) -> Fallible<Bytes32> {
    missing(machine, Intrinsic::Sha256)
}

/// Ethereum's Keccak-256.
pub fn keccak256(machine: &mut Machine<'_>, _bytes: &[Cell]) -> Fallible<Bytes32> {
    missing(machine, Intrinsic::Keccak256)
}

/// Poseidon of 1 to 16 elements with circomlib's parameters.
pub fn poseidon(machine: &mut Machine<'_>, _inputs: &[Bytes32]) -> Fallible<Bytes32> {
    missing(machine, Intrinsic::Poseidon)
}

/// The root above a leaf; bit `i` of `index` (64 bits) is 1 where the node of level `i` is a right child.
pub fn merkle_root(
    machine: &mut Machine<'_>,
    _leaf: &Bytes32,
    _siblings: &[Bytes32],
    _index: Word,
) -> Fallible<Bytes32> {
    missing(machine, Intrinsic::MerkleRoot)
}

/// Whether a signature (R8x, R8y, S) under a key (Ax, Ay) verifies.
pub fn eddsa_verify(
    machine: &mut Machine<'_>,
    _key: &[Bytes32],
    _signature: &[Bytes32],
    _message: &Bytes32,
) -> Fallible<Bit> {
    missing(machine, Intrinsic::EddsaVerify)
}

/// `a + b`.
pub fn field_add(machine: &mut Machine<'_>, _a: &Bytes32, _b: &Bytes32) -> Fallible<Bytes32> {
    missing(machine, Intrinsic::FieldAdd)
}

/// `a - b`.
pub fn field_sub(machine: &mut Machine<'_>, _a: &Bytes32, _b: &Bytes32) -> Fallible<Bytes32> {
    missing(machine, Intrinsic::FieldSub)
}

/// `a b`.
pub fn field_mul(machine: &mut Machine<'_>, _a: &Bytes32, _b: &Bytes32) -> Fallible<Bytes32> {
    missing(machine, Intrinsic::FieldMul)
}

/// `1 / a`; 0 is a trap.
pub fn field_inv(machine: &mut Machine<'_>, _a: &Bytes32) -> Fallible<Bytes32> {
    missing(machine, Intrinsic::FieldInv)
}

/// Whether two elements are equal.
pub fn field_eq(machine: &mut Machine<'_>, _a: &Bytes32, _b: &Bytes32) -> Fallible<Bit> {
    missing(machine, Intrinsic::FieldEq)
}
