//! Multiples of `Base8`, from tables.

use super::curve::{BASE8, Integer, ORDER, Point};
use super::montgomery::{Edwards, Montgomery};
use ark_bn254::Fr;
use ark_ff::{BigInteger, Field, One, Zero};
use std::sync::OnceLock;
use zera_ir::{Bit, Builder, Lc};

/// Bits of a scalar below the order.
pub const SCALAR_BITS: usize = 251;
/// Windows of three bits; two bits are left.
const WINDOWS: usize = 83;

/// `s B8` for 251 bits of `s`, least first: 421 rows.
///
/// With `Q = B8 / 2`, `s B8 = sum_j d_j 8^j Q + (2^251 - 1) Q`, where the digit of the three bits `w` is `2 w - 7`, odd.
/// A window costs two rows for the two coordinates ([`choose`]) and three for the addition. The digit `2 w - 3` of the
/// last two bits comes with the constant and is added by the complete law.
///
/// # Correctness
/// Before window `j` the sum is an odd multiple `|c| < 8^j` of `Q`, and the window's `8^j` times an odd number at most
/// 7: they are not the same nor opposite, neither as integers nor modulo `l`, since `8^j + 7 8^j <= 2^249 < l`.
/// The sum before the last two bits is odd and below `2^249`, so not neutral.
pub fn multiply(builder: &mut Builder, scalar: &[Bit]) -> Edwards {
    assert_eq!(scalar.len(), SCALAR_BITS, "fixed base: a scalar of 251 bits");
    let tables = tables();
    let mut sum: Option<Montgomery> = None;
    let windows = scalar.chunks_exact(3);
    let [low, high] = windows.remainder() else { unreachable!("251 = 3 * 83 + 2") };
    for (window, table) in windows.zip(&tables.windows) {
        let [u, v] = choose(builder, [&window[0], &window[1], &window[2]], table);
        let term = Montgomery { u, v };
        sum = Some(match &sum {
            None => term,
            Some(sum) => sum.add_assume_distinct(builder, &term),
        });
    }
    let sum = sum.expect("83 windows");
    // u / v: the point's order is l, so v is not 0.
    let x = builder.quotient_assume_nonzero(&sum.u, &sum.v);
    let y = builder.quotient_assume_nonzero(&sum.u.add_constant(-Fr::one()), &sum.u.add_constant(Fr::one()));
    let both = builder.and(low, high);
    let [x2, y2] = [0, 1].map(|coordinate| {
        let values: [Fr; 4] = std::array::from_fn(|digit| tables.last[digit][coordinate]);
        let [c, l, h, b] =
            [values[0], values[1] - values[0], values[2] - values[0], values[0] + values[3] - values[1] - values[2]];
        Lc::combine([(l, low.lc()), (h, high.lc()), (b, both.lc())]).add_constant(c)
    });
    Edwards { x, y }.add(builder, &Edwards { x: x2, y: y2 })
}

struct Tables {
    /// `(2 w - 7) 8^j Q` in Montgomery form, one array of eight a coordinate.
    windows: Vec<[[Fr; 8]; 2]>,
    /// `((2 w - 3) 8^83 + 2^251 - 1) Q` in Edwards form.
    last: [[Fr; 2]; 4],
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        // (l + 1) / 2 is one half modulo l.
        let mut half = ORDER;
        half.add_with_carry(&Integer::from(1u64));
        half.div2();
        let q = BASE8.multiply(&half);
        let mut unit = q;
        let mut windows = Vec::with_capacity(WINDOWS);
        for _ in 0..WINDOWS {
            let odd = odd_multiples(&unit, 4);
            let digits: Vec<Point> = odd.iter().rev().map(Point::negated).chain(odd.iter().copied()).collect();
            let coordinates: Vec<(Fr, Fr)> =
                digits.iter().map(|p| Montgomery::coordinates(p).expect("of order l")).collect();
            windows.push([std::array::from_fn(|w| coordinates[w].0), std::array::from_fn(|w| coordinates[w].1)]);
            unit = unit.multiply(&Integer::from(8u64));
        }
        let mut constant = Integer::from(1u64) << SCALAR_BITS as u32;
        constant.sub_with_borrow(&Integer::from(1u64));
        let constant = q.multiply(&constant);
        let odd = odd_multiples(&unit, 2);
        let digits = [odd[1].negated(), odd[0].negated(), odd[0], odd[1]];
        let last = digits.map(|digit| digit.add(&constant)).map(|point| [point.x, point.y]);
        Tables { windows, last }
    })
}

/// `p, 3 p, 5 p, ..`
fn odd_multiples(p: &Point, count: usize) -> Vec<Point> {
    let twice = p.add(p);
    std::iter::successors(Some(*p), |last| Some(last.add(&twice))).take(count).collect()
}

/// Entry `a + 2 b + 4 c` of both tables: a row each where the bits are unknown.
fn choose(builder: &mut Builder, bits: [&Bit; 3], tables: &[[Fr; 8]; 2]) -> [Lc; 2] {
    let polynomials = tables.map(|table| multilinear(&table));
    let rows = polynomials.map(|polynomial| Row::find(&polynomial));
    if bits.iter().all(|bit| bit.as_constant().is_none())
        && let [Some(first), Some(second)] = rows
    {
        let [a, b, c] = bits.map(|bit| builder.value(bit.lc()));
        let [ab, ac, bc] = [(a, b), (a, c), (b, c)].map(|(x, y)| builder.value_product(x, y));
        let abc = builder.value_product(ab, c);
        return [(first, polynomials[0]), (second, polynomials[1])].map(|(row, p)| {
            let terms: Vec<_> = [a, b, ab, c, ac, bc, abc].into_iter().zip(p[1..].iter().copied()).collect();
            let value = builder.value_sum(p[0], &terms);
            let z = builder.assume_wire(value);
            row.assert(builder, bits, &z);
            z
        });
    }
    let [a, b, c] = bits.map(|bit| bit.lc().clone());
    let [ab, ac, bc] = [(&a, &b), (&a, &c), (&b, &c)].map(|(x, y)| builder.mul(x, y));
    let abc = builder.mul(&ab, &c);
    polynomials.map(|p| {
        let terms = [&a, &b, &ab, &c, &ac, &bc, &abc];
        Lc::combine(p[1..].iter().copied().zip(terms)).add_constant(p[0])
    })
}

/// Coefficients of `1, a, b, ab, c, ac, bc, abc`.
fn multilinear(table: &[Fr; 8]) -> [Fr; 8] {
    let mut p = *table;
    for bit in [1, 2, 4] {
        for at in 0..8 {
            if at & bit != 0 {
                let below = p[at ^ bit];
                p[at] -= below;
            }
        }
    }
    p
}

/// A row `(z + left) right = product` over `1, a, b, c`, with `right` not zero on any of the eight points: it pins `z`.
///
/// As polynomials in bits, `z right + left right` must have no terms of degree 2 and 3. Degree 3 is one linear condition
/// on `right`; degree 2 gives `left`.
struct Row {
    left: [Fr; 4],
    right: [Fr; 4],
    product: [Fr; 4],
}

impl Row {
    fn find(p: &[Fr; 8]) -> Option<Row> {
        const SLOPES: [[i32; 3]; 4] = [[1, 1, 1], [1, 2, -1], [1, -1, 3], [1, 2, 5]];
        let [_, _, _, ab, _, ac, bc, abc] = *p;
        let half = Fr::from(2).inverse()?;
        SLOPES.iter().find_map(|slopes| {
            let [a, b, s] = slopes.map(Fr::from);
            // abc (r + a + b + c) + bc a + ac b + ab c = 0, by r; by c where there is no abc, as in the table of a
            // coordinate that opposite digits share.
            let (r, c) = match abc.inverse() {
                Some(over) => (-(bc * a + ac * b + ab * s) * over - a - b - s, s),
                None => (s + s, -(bc * a + ac * b) * ab.inverse()?),
            };
            if c.is_zero() {
                return None;
            }
            let right = [r, a, b, c];
            let at =
                |row: &[Fr; 4], x: usize| (0..3).filter(|k| x >> k & 1 == 1).fold(row[0], |sum, k| sum + row[k + 1]);
            if (0..8).any(|x| at(&right, x).is_zero()) {
                return None;
            }
            // Degree 2 of z right at the pair (i, j): z_ij (r + i + j) + z_i j + z_j i. With left = sum m_k x_k and
            // m_k = right_k n_k, that of left right is right_i right_j (n_i + n_j).
            let pair = |zij: Fr, [zi, zj]: [Fr; 2], [i, j]: [Fr; 2]| {
                -(zij * (r + i + j) + zi * j + zj * i) * (i * j).inverse().expect("slopes are not zero")
            };
            let nab = pair(ab, [p[1], p[2]], [a, b]);
            let nac = pair(ac, [p[1], p[4]], [a, c]);
            let nbc = pair(bc, [p[2], p[4]], [b, c]);
            let left =
                [Fr::zero(), a * (nab + nac - nbc) * half, b * (nab + nbc - nac) * half, c * (nac + nbc - nab) * half];
            // Affine, so four points tell it.
            let value = |x: usize| (0..8).filter(|s| s & x == *s).fold(Fr::zero(), |sum, s| sum + p[s]);
            let whole = |x: usize| (value(x) + at(&left, x)) * at(&right, x);
            let product = [whole(0), whole(1) - whole(0), whole(2) - whole(0), whole(4) - whole(0)];
            debug_assert!((0..8).all(|x| at(&product, x) == whole(x)));
            Some(Row { left, right, product })
        })
    }

    fn assert(&self, builder: &mut Builder, bits: [&Bit; 3], z: &Lc) {
        let combine = |row: &[Fr; 4]| Lc::combine(row[1..].iter().copied().zip(bits.map(Bit::lc))).add_constant(row[0]);
        builder.assert_product(&z.add(&combine(&self.left)), &combine(&self.right), &combine(&self.product));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::evaluate;
    use super::*;
    use crate::gadgets::eddsa::curve::reduce;

    /// Scalars at the ends, where all digits are alike, and where the whole sum is a multiple of the order before the
    /// constant is added.
    #[test]
    fn multiples_are_the_native_ones() {
        let one = Integer::from(1u64);
        let mut all_ones = one << SCALAR_BITS as u32;
        all_ones.sub_with_borrow(&one);
        let mut minus_order = all_ones;
        minus_order.sub_with_borrow(&ORDER);
        minus_order.div2();
        let mut last = ORDER;
        last.sub_with_borrow(&one);
        let seeds = (0..4u8).map(|seed| reduce(&[seed.wrapping_mul(77) | 1; 32]));
        let scalars = [Integer::zero(), one, last, ORDER, all_ones, minus_order, one << 249, one << 250];
        for scalar in scalars.into_iter().chain(seeds) {
            let private: Vec<u8> = scalar.to_bytes_le();
            let (rows, values) = evaluate(&private, 2, |builder, bits| {
                let point = multiply(builder, &bits[..SCALAR_BITS]);
                vec![point.x, point.y]
            });
            assert_eq!(rows, 421);
            let expected = BASE8.multiply(&scalar);
            assert_eq!(values, [expected.x, expected.y], "{scalar}");
        }
    }

    #[test]
    fn a_row_for_every_window() {
        for table in tables().windows.iter().flatten() {
            let p = multilinear(table);
            let row = Row::find(&p).unwrap();
            for (x, value) in table.iter().enumerate() {
                let at = |row: &[Fr; 4]| (0..3).filter(|k| x >> k & 1 == 1).fold(row[0], |sum, k| sum + row[k + 1]);
                assert_eq!((*value + at(&row.left)) * at(&row.right), at(&row.product));
                assert!(!at(&row.right).is_zero());
            }
        }
    }
}
