//! Field cells: 32 bytes, little-endian, below r.

use ark_bn254::Fr;
use ark_ff::{BigInteger, Field, One, PrimeField, Zero};
use zera_ir::{Bit, Builder, Lc};
use zera_statement::{scalar_from_be, scalar_to_be};

mod bound;

pub use bound::{assert_within, exceeds};

/// A field element as a program's memory holds it: 32 bytes, little-endian; canonical where it is below r.
pub type Cell = [u8; 32];

/// Bits of r.
pub const CELL_BITS: usize = 254;

/// The element; `None` where the cell is not canonical.
pub fn decode(cell: &Cell) -> Option<Fr> {
    let mut bytes = *cell;
    bytes.reverse();
    scalar_from_be(&bytes)
}

/// The canonical cell.
pub fn encode(element: &Fr) -> Cell {
    let mut bytes = scalar_to_be(element);
    bytes.reverse();
    bytes
}

/// `a + b`; `None` where one is not canonical.
pub fn add(a: &Cell, b: &Cell) -> Option<Cell> {
    Some(encode(&(decode(a)? + decode(b)?)))
}

/// `a - b`; `None` where one is not canonical.
pub fn sub(a: &Cell, b: &Cell) -> Option<Cell> {
    Some(encode(&(decode(a)? - decode(b)?)))
}

/// `a b`; `None` where one is not canonical.
pub fn mul(a: &Cell, b: &Cell) -> Option<Cell> {
    Some(encode(&(decode(a)? * decode(b)?)))
}

/// `1 / a`; `None` where it is zero or not canonical.
pub fn inverse(a: &Cell) -> Option<Cell> {
    decode(a)?.inverse().as_ref().map(encode)
}

/// Whether `a = b`; `None` where one is not canonical.
pub fn equal(a: &Cell, b: &Cell) -> Option<bool> {
    Some(decode(a)? == decode(b)?)
}

/// `1 / a` and whether `a` is zero, where the inverse is 0: three rows. Sum, difference and product are
/// [`Lc::add`], [`Lc::sub`] and [`Builder::mul`], equality is [`equal_bit`].
///
/// `z = [a = 0]`, then `q (a + z) = 1 - z`; the denominator is 1 where `a` is 0.
pub fn inverse_or_zero(builder: &mut Builder, a: &Lc) -> (Lc, Bit) {
    let zero = builder.is_zero(a);
    if zero.as_constant() == Some(true) {
        return (Lc::zero(), zero);
    }
    let inverse = builder.quotient_assume_nonzero(zero.not().lc(), &a.add(zero.lc()));
    (inverse, zero)
}

/// Whether `a = b`: two rows.
pub fn equal_bit(builder: &mut Builder, a: &Lc, b: &Lc) -> Bit {
    builder.is_zero(&a.sub(b))
}

/// The 254 bits of the canonical integer, least first: 343 rows, none where the cell is known.
///
/// # Correctness
/// 254 rows as a split (the top bit without a wire) fix an integer below `2^254` that is congruent to the cell: it is
/// the canonical one or that plus r. The other 89 ([`assert_within`]) assert that it is at most r - 1.
pub fn canonical_bits(builder: &mut Builder, cell: &Lc) -> Vec<Bit> {
    if let Some(known) = cell.as_constant() {
        let known = known.into_bigint();
        return (0..CELL_BITS).map(|bit| Bit::constant(known.get_bit(bit))).collect();
    }
    let value = builder.value(cell);
    let mut bits = builder.assume_bits(value, CELL_BITS, CELL_BITS - 1);
    let top_weight = Fr::from(2).pow([CELL_BITS as u64 - 1]);
    let rest = cell.sub(&compose(&bits));
    let top = rest.scale(top_weight.inverse().expect("a power of two is not zero"));
    bits.push(builder.assert_boolean(&top));
    assert_within(builder, &bits, &largest());
    bits
}

/// Whether bits, least first, spell an integer below r: 91 rows for 256 bits.
pub fn is_canonical(builder: &mut Builder, bits: &[Bit]) -> Bit {
    let excess = exceeds(builder, bits, &largest());
    builder.is_zero(&excess)
}

/// `sum_i 2^i bits_i` in the field.
pub fn compose(bits: &[Bit]) -> Lc {
    let mut power = Fr::one();
    let mut factors = Vec::with_capacity(bits.len());
    for bit in bits {
        factors.push((power, bit.lc()));
        power += power;
    }
    Lc::combine(factors)
}

/// The bits of r - 1, least first.
fn largest() -> Vec<bool> {
    let largest = (Fr::zero() - Fr::one()).into_bigint();
    (0..CELL_BITS).map(|bit| largest.get_bit(bit)).collect()
}
