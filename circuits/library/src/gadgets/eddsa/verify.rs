//! The verification as rows.

use super::curve::{BASE8, ORDER};
use super::fixed;
use super::ladder;
use super::montgomery::Edwards;
use crate::gadgets::field::{canonical_bits, exceeds};
use ark_ff::BigInteger;
use zera_ir::{Bit, Builder, Lc};

/// Whether a signature `R8x, R8y, S` of a message verifies under a key `Ax, Ay`, as [`verify`](super::verify) has it.
/// Every field elements have an answer: 3,110 rows.
///
/// | what | rows |
/// |---|---|
/// | `h = poseidon(R8x, R8y, Ax, Ay, M)` | 321 |
/// | bits of `h`, of `S`; `S < l` | 343 + 343 + 97 |
/// | `A` and `R8` on the curve; `8 A` and whether it is neutral | 5 + 5 + 2 + 15 + 2 + 2 |
/// | `h 8 A`, `S B8` | 1,542 + 421 |
/// | `S B8 = R8 + h 8 A`; all of it | 10 + 2 |
///
/// # Correctness
/// A key that is not on the curve, and `8 A` where it is neutral, are replaced by `B8` before any row divides by what
/// could be zero; the answer is 0 then. Of `S` only the low 251 bits are multiplied, which are all where `S < l`.
pub fn eddsa_verify(builder: &mut Builder, key: &[Lc; 2], signature: &[Lc; 3], message: &Lc) -> Bit {
    let [ax, ay] = key.clone();
    let [rx, ry, s] = signature.clone();
    let (a, r8) = (Edwards { x: ax, y: ay }, Edwards { x: rx, y: ry });
    let base = Edwards::constant(&BASE8);

    let (a8, bad_key) = builder.span("key", |builder| {
        let on_curve = a.is_on_curve(builder);
        let mut multiple = Edwards::select(builder, &on_curve, &a, &base);
        for _ in 0..3 {
            multiple = multiple.double(builder);
        }
        // In the subgroup, only the neutral element has x = 0.
        let neutral = builder.is_zero(&multiple.x);
        let multiple = Edwards::select(builder, &neutral, &base, &multiple);
        (multiple, on_curve.not().lc().add(neutral.lc()))
    });
    let (s_bits, s_excess) = builder.span("S", |builder| {
        let bits = canonical_bits(builder, &s);
        let mut largest = ORDER;
        largest.sub_with_borrow(&1u64.into());
        let largest: Vec<bool> = (0..fixed::SCALAR_BITS).map(|bit| largest.get_bit(bit)).collect();
        let excess = exceeds(builder, &bits, &largest);
        (bits, excess)
    });
    let left = builder.span("S B8", |builder| fixed::multiply(builder, &s_bits[..fixed::SCALAR_BITS]));
    let h_bits = builder.span("challenge", |builder| {
        let inputs = [&r8.x, &r8.y, &a.x, &a.y, message].map(Lc::clone);
        let h = builder.poseidon(&inputs).expect("five inputs");
        canonical_bits(builder, &h)
    });
    let right = builder.span("h 8 A", |builder| ladder::multiply(builder, &a8, &h_bits));
    builder.span("equation", |builder| {
        let off_curve = r8.is_on_curve(builder).not();
        let [x, y] = left.differs_from_sum(builder, &r8, &right);
        // Non-negative integers below 2^17: the sum is zero where all are.
        let faults = [s_excess, off_curve.lc().clone(), x.lc().clone(), y.lc().clone()];
        let faults = faults.iter().fold(bad_key, |sum, fault| sum.add(fault));
        builder.is_zero(&faults)
    })
}
