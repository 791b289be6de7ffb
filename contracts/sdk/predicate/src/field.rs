//! Cells of the scalar field, and what is computed over them.

use core::ops::{Add, Mul, Sub};

use crate::imports;
use crate::input::{Source, Value};

/// An element of BN254's scalar field: 32 bytes little-endian, below the modulus. An operand that is not below it traps.
///
/// Keep a cell whole: as soon as a byte of a computed cell is looked at, it is split into bits (about 380 rows). So `==`
/// and the operators are the intrinsics.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Field(pub [u8; 32]);

impl Field {
    /// 0.
    pub const ZERO: Field = Field([0; 32]);

    /// The inverse; of 0 a trap.
    #[inline(always)]
    #[must_use]
    pub fn inverse(&self) -> Field {
        let mut result = Field::ZERO;
        imports::field_inv(&mut result, self);
        result
    }
}

impl From<u64> for Field {
    #[inline(always)]
    fn from(value: u64) -> Field {
        let mut cell = [0; 32];
        cell[..8].copy_from_slice(&value.to_le_bytes());
        Field(cell)
    }
}

impl PartialEq for Field {
    #[inline(always)]
    fn eq(&self, other: &Field) -> bool {
        imports::field_eq(self, other)
    }
}

macro_rules! operators {
    ($($operator:ident $method:ident $import:ident;)*) => {$(
        impl $operator for Field {
            type Output = Field;

            #[inline(always)]
            fn $method(self, other: Field) -> Field {
                let mut result = Field::ZERO;
                imports::$import(&mut result, &self, &other);
                result
            }
        }
    )*};
}

operators! {
    Add add field_add;
    Sub sub field_sub;
    Mul mul field_mul;
}

impl Value for Field {
    const SIZE: usize = 32;
    const ZERO: Field = Field::ZERO;

    #[inline(always)]
    fn fill<S: Source>(&mut self, offset: usize) {
        S::copy(offset, &mut self.0);
    }
}

/// Poseidon with circomlib's parameters, over 1 to 16 cells (else a trap).
#[inline(always)]
pub fn poseidon(cells: &[Field]) -> Field {
    let mut digest = Field::ZERO;
    imports::poseidon(&mut digest, cells);
    digest
}

/// Root of the Merkle path from `leaf` over at most 32 siblings, lowest first; a node is `poseidon(&[left, right])`.
///
/// Bit `i` of `index` is 1 where the node of level `i` is a right child; an index with more bits than siblings traps.
#[inline(always)]
pub fn merkle_root(leaf: &Field, siblings: &[Field], index: u64) -> Field {
    let mut root = Field::ZERO;
    imports::merkle_root(&mut root, leaf, siblings, index);
    root
}

/// A signature: the point R8 by its two coordinates, and the number S.
pub type Signature = [Field; 3];

/// Whether the signature is one of `message` by `key` (a point of BabyJubJub): circomlib's EdDSA over Poseidon.
///
/// Points off the curve and S at or above the subgroup's order do not verify; cells at or above the modulus trap.
#[inline(always)]
pub fn eddsa_verify(key: &[Field; 2], signature: &Signature, message: &Field) -> bool {
    imports::eddsa_verify(key, signature, message)
}
