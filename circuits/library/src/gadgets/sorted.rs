//! Sorting by checking: the tape sorts, the rows check that it did.
//!
//! A sorting network on 15 keys of 64 bits compares 56 times, 66 rows each: 3,696 rows. Checking a sorted list compares
//! neighbours alone and shows that it is the same multiset: 14 * 64 + 91 = 987 rows, and every rank comes out.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use zera_ir::{Builder, Int, Interval, Lc};

/// The keys in ascending order, each within `0..2^bits`.
///
/// For `n` keys `(n - 1) bits` rows for the order and, for `n = 2, 4, 8, 15`, 3, 11, 35 and 91 rows for the multiset.
///
/// # Correctness
/// The result `s` is the only one that satisfies the rows:
/// 1. `prod (X - keys_i) = prod (X - s_i)` as polynomials over the field ([`same_multiset`]). They factor uniquely, so
///    `s` is a permutation of the keys, and as each key is within `0..2^bits`, so is each `s_i`.
/// 2. `s_{i+1} - s_i` is within `0..2^bits`, and the field is larger than `2^(bits + 1)`, so the integers ascend.
///
/// # Panics
/// Where a key's range is not within `0..2^bits`, and above 126 bits.
pub fn sorted(builder: &mut Builder, keys: &[Int], bits: u32) -> Vec<Int> {
    let range = Interval::unsigned(bits).filter(|_| bits <= 126).expect("at most 126 bits");
    assert!(keys.iter().all(|key| key.range().within(&range)), "sorted: every key is within 0..2^{bits}");
    let keys: Vec<Lc> = keys.iter().map(|key| key.rep().clone()).collect();
    let ascending = builder.assume_sorted(&keys, bits);
    builder.span("same multiset", |builder| same_multiset(builder, &keys, &ascending));
    builder.span("ascending", |builder| {
        for pair in ascending.windows(2) {
            builder.assert_unsigned(&pair[1].sub(&pair[0]), bits);
        }
    });
    ascending.into_iter().map(|lc| Int::assume_range(lc, range)).collect()
}

/// Asserts `prod (X - left_i) = prod (X - right_i)`.
///
/// Each side is the product of its two halves, `f g = F G`. Both products are monic; the row `sum left = sum right`
/// makes the next coefficients equal too, so the difference has degree `n - 2` at most, and it is zero because it is
/// zero at `n - 1` points, two rows each.
///
/// # Panics
/// Where the two differ in length.
fn same_multiset(builder: &mut Builder, left: &[Lc], right: &[Lc]) {
    assert_eq!(left.len(), right.len(), "multisets of one size");
    let n = left.len();
    builder.assert_equal(&sum(left), &sum(right));
    if n < 2 {
        return;
    }
    let [f, g] = halves(builder, left);
    let [big_f, big_g] = halves(builder, right);
    for x in points(n - 1) {
        let product = builder.mul(&evaluate(&f, x), &evaluate(&g, x));
        builder.assert_product(&evaluate(&big_f, x), &evaluate(&big_g, x), &product);
    }
}

fn halves(builder: &mut Builder, roots: &[Lc]) -> [Vec<Lc>; 2] {
    let (low, high) = roots.split_at(roots.len() / 2);
    [from_roots(builder, low), from_roots(builder, high)]
}

/// The coefficients of `prod (X - roots_i)`, least first, without the leading 1.
///
/// With halves `f` and `g` of degrees `a + b = n`, `h = f g` is monic and its coefficient `n - 1` is the sum of the
/// halves'. The other `n - 1` are interpolated, which is linear and free, from `h(x) = f(x) g(x)` at `n - 1` points, one
/// row each: `T(n) = T(a) + T(b) + n - 1` rows, 17 for 8.
fn from_roots(builder: &mut Builder, roots: &[Lc]) -> Vec<Lc> {
    let n = roots.len();
    if n < 2 {
        return roots.iter().map(|root| root.scale(-Fr::one())).collect();
    }
    let [f, g] = halves(builder, roots);
    let second = sum(roots).scale(-Fr::one());
    let points = points(n - 1);
    let mut rest = Vec::with_capacity(n - 1);
    for x in &points {
        let product = builder.mul(&evaluate(&f, *x), &evaluate(&g, *x));
        let power = x.pow([n as u64 - 1]);
        rest.push(product.add_constant(-power * x).sub(&second.scale(power)));
    }
    let mut coefficients = interpolate(&points, &rest);
    coefficients.push(second);
    coefficients
}

/// `x^n + sum_i coefficients_i x^i`.
fn evaluate(coefficients: &[Lc], x: Fr) -> Lc {
    let mut power = Fr::one();
    let mut factors = Vec::with_capacity(coefficients.len());
    for _ in coefficients {
        factors.push(power);
        power *= x;
    }
    Lc::combine(factors.into_iter().zip(coefficients)).add_constant(power)
}

/// The coefficients, least first, of the polynomial of degree below `points.len()` with these values (Lagrange).
fn interpolate(points: &[Fr], values: &[Lc]) -> Vec<Lc> {
    let n = points.len();
    let mut columns: Vec<Vec<Fr>> = Vec::with_capacity(n);
    for (i, x) in points.iter().enumerate() {
        // prod_{j != i} (X - x_j) / (x_i - x_j)
        let mut basis = vec![Fr::one()];
        for (_, y) in points.iter().enumerate().filter(|(j, _)| *j != i) {
            let scale = (*x - y).inverse().expect("points differ");
            let mut next = vec![Fr::zero(); basis.len() + 1];
            for (k, c) in basis.iter().enumerate() {
                next[k + 1] += *c * scale;
                next[k] -= *c * y * scale;
            }
            basis = next;
        }
        columns.push(basis);
    }
    (0..n).map(|k| Lc::combine(columns.iter().map(|basis| basis[k]).zip(values))).collect()
}

/// `0, 1, -1, 2, -2, ..`
fn points(n: usize) -> Vec<Fr> {
    (0..n as u64).map(|i| if i % 2 == 1 { Fr::from(i / 2 + 1) } else { -Fr::from(i / 2) }).collect()
}

fn sum(lcs: &[Lc]) -> Lc {
    Lc::combine(lcs.iter().map(|lc| (Fr::one(), lc)))
}
