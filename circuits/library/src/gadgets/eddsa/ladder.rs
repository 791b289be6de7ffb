//! A multiple of an unknown point.

use super::montgomery::{Edwards, Montgomery};
use ark_bn254::Fr;
use ark_ff::{Field, One};
use zera_ir::{Bit, Builder, Lc};

/// Bits of a scalar.
const SCALAR_BITS: usize = 254;
/// From this step on the multiple may reach half the order.
const LATE: usize = 249;

/// `h G` for 254 bits of `h`, least first, and a point `G` of the subgroup's prime order `l`: 1,542 rows.
///
/// From the top bit down, `P' = 2 P + s G` with `s = 2 b - 1`, six rows a step. From `P = G` and all bits but the lowest
/// that gives `k G` with `k = 2 (h >> 1) + 1 = h + 1 - b_0`; at the end `(1 - b_0) G` is taken off by the complete law.
///
/// # Correctness
/// The rows of a step need `P != Q`, `P != -Q` and `2 P != -Q`, where `Q` is what is added. With `P = k G` and
/// `Q = s G` they would fail, for `k = 1` (leading zeros of `h`) and where `2 k = 1` or `-1` modulo `l`. So points of
/// small order are added along: let `E` have order 4 and `P = k G + t E`, `Q = s G + w E`, which makes
/// `P' = (2 k + s) G + (2 t + w) E`. Points whose parts in `<E>` differ are distinct, so these suffice:
/// `t != w`, `t != -w`, `2 t != -w` modulo 4 (for the last, that or `2 k != 1, -1`).
///
/// | steps | t | w | t' | `2 P != -Q` |
/// |---|---|---|---|---|
/// | even, below 249 | 0 | 2 | 2 | 0 != 2 |
/// | odd, below 249 | 2 | 0 | 0 | `2 k < 2^250 - 1 < l - 1` |
/// | 249, 251 | 2 | 1 | 1 | 0 != 3 |
/// | 250, 252 | 1 | 0 | 2 | 2 != 0 |
///
/// At step `m` `k < 2^(m+1)`, and `l > 2^250`. No point is the neutral element, because `t` or `t'` is not 0 or
/// `0 < k < l`. The end has `t = 2`, and `2 E = (0, -1)` is taken off by negating both Edwards coordinates.
pub fn multiply(builder: &mut Builder, point: &Edwards, scalar: &[Bit]) -> Edwards {
    assert_eq!(scalar.len(), SCALAR_BITS, "ladder: a scalar of 254 bits");
    let one = Fr::one();
    let plain = point.to_montgomery(builder);
    let with_two_e = plus_order_two(builder, &plain);
    // E = (1 / sqrt(a), 0), in Montgomery form (1, sqrt(a)); which of the roots does not matter.
    let root = super::curve::A.sqrt().expect("a is a square");
    let with_e = [root, -root].map(|v| {
        let e = Montgomery { u: Lc::constant(one), v: Lc::constant(v) };
        plain.add_assume_distinct(builder, &e)
    });
    let mut sum = plain.clone();
    for (step, bit) in scalar[1..].iter().rev().enumerate() {
        let sign = bit.lc().scale(Fr::from(2)).add_constant(-one);
        let signed = |builder: &mut Builder, q: &Montgomery| Montgomery { u: q.u.clone(), v: builder.mul(&q.v, &sign) };
        let added = match (step < LATE, step % 2 == 0) {
            (true, true) => signed(builder, &with_two_e),
            // G + E or -G + E = -(G - E).
            (false, false) => Montgomery {
                u: builder.select(bit, &with_e[0].u, &with_e[1].u),
                v: builder.select(bit, &with_e[0].v, &with_e[1].v.scale(-one)),
            },
            _ => signed(builder, &plain),
        };
        sum = sum.double_and_add_assume_distinct(builder, &added);
    }
    let odd = sum.to_edwards(builder);
    let odd = Edwards { x: odd.x.scale(-one), y: odd.y.scale(-one) };
    // -(1 - b) G = (-(1 - b) x, 1 + (1 - b) (y - 1)).
    let even = scalar[0].not();
    let x = builder.mul(&point.x, even.lc());
    let y = builder.mul(&point.y.add_constant(-one), even.lc());
    odd.add(builder, &Edwards { x: x.scale(-one), y: y.add_constant(one) })
}

/// `point + (0, 0)`, the point of order two, is `(1 / u, -v / u^2)`: three rows, for every point but that one.
fn plus_order_two(builder: &mut Builder, point: &Montgomery) -> Montgomery {
    let inverse = builder.quotient_assume_nonzero(&Lc::constant(Fr::one()), &point.u);
    let slope = builder.mul(&point.v, &inverse);
    let v = builder.mul(&slope, &inverse);
    Montgomery { u: inverse, v: v.scale(-Fr::one()) }
}

#[cfg(test)]
mod tests {
    use super::super::curve::{BASE8, Integer, ORDER, reduce};
    use super::super::tests::evaluate;
    use super::*;
    use ark_ff::BigInteger;

    /// Leading zeros, and prefixes of the scalar where `2 k` is `1`, `0` or `-1` modulo the order.
    #[test]
    fn multiples_are_the_native_ones() {
        let one = Integer::from(1u64);
        let mut largest = one << SCALAR_BITS as u32;
        largest.sub_with_borrow(&one);
        let mut scalars = vec![Integer::zero(), one, Integer::from(2u64), Integer::from(5u64), largest];
        for shift in 0..4 {
            // h >> (shift + 1) is close to (l -+ 1) / 4 and to (l - 1) / 2, which makes k close to (l -+ 1) / 2 and l.
            for quotient in 1..3 {
                for delta in 0..5u64 {
                    let mut prefix = ORDER;
                    prefix.div2();
                    if quotient == 1 {
                        prefix.div2();
                    }
                    prefix.add_with_carry(&Integer::from(delta));
                    prefix.sub_with_borrow(&Integer::from(2u64));
                    scalars.push(prefix << (shift + 1));
                }
            }
        }
        scalars.extend((0..4u8).map(|seed| reduce(&[seed.wrapping_mul(91) | 1; 32])));
        scalars.retain(|scalar| *scalar <= largest);
        assert!(scalars.len() > 30, "{}", scalars.len());
        for (at, scalar) in scalars.into_iter().enumerate() {
            let point = BASE8.multiply(&Integer::from(at as u64 % 3 + 1));
            let (rows, values) = evaluate(&scalar.to_bytes_le(), 2, |builder, bits| {
                // Coordinates that are known would save rows; a bit that is always 0 makes them unknown.
                let unknown = bits[255].lc();
                let point = Edwards { x: unknown.add_constant(point.x), y: unknown.add_constant(point.y) };
                let product = multiply(builder, &point, &bits[..SCALAR_BITS]);
                vec![product.x, product.y]
            });
            assert_eq!(rows, 1_542);
            let expected = point.multiply(&scalar);
            assert_eq!(values, [expected.x, expected.y], "{scalar}");
        }
    }
}
