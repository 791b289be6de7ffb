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
/// 1. `prod (X - keys_i) = prod (X - s_i)` as polynomials over the field (`same_multiset`). They factor uniquely, so
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};
    use zera_ir::{Bit, Layout, Verdict};
    use zera_r1cs::{Artefact, Manifest, TapeInputs};

    /// Sorts `n` keys of `bytes` bytes, which are private input; the least and the greatest are declared.
    fn build(n: usize, bytes: usize) -> (Artefact, usize) {
        let private_len = n * bytes;
        let mut builder = Builder::new(Layout { public_len: 0, private_len, declared: 2 });
        let keys: Vec<Int> = (0..n).map(|i| builder.private_int(bytes * i, bytes)).collect();
        let rows = builder.rows();
        let ranks = builder.span("sorted", |builder| sorted(builder, &keys, 8 * bytes as u32));
        let rows = builder.rows() - rows;
        let known = Bit::constant;
        let verdict = Verdict { truth: known(true), trap: known(false), exceeded: known(false) };
        let declared = [ranks[0].rep().clone(), ranks[n - 1].rep().clone()];
        let manifest = Manifest::new("sorted", 1, 0, private_len as u32, vec!["least".into(), "greatest".into()]);
        (builder.finish(&verdict, &declared, manifest.unwrap(), [0; 32]).unwrap(), rows)
    }

    fn run(artefact: &Artefact, private: &[u8]) -> Vec<Fr> {
        let z = artefact.tape.run(&TapeInputs { binding: Fr::from(1000), public: &[], private }).unwrap();
        assert_eq!(artefact.matrices.check(&z), Ok(()), "{private:?}");
        z
    }

    /// Rows that do not hold, by the last part of their span.
    fn broken<'a>(artefact: &'a Artefact, z: &[Fr]) -> Vec<(usize, &'a str)> {
        let matrices = &artefact.matrices;
        (0..matrices.rows())
            .filter(|row| matrices.a.dot(*row, z) * matrices.b.dot(*row, z) != matrices.c.dot(*row, z))
            .map(|row| (row, artefact.spans.text(row).and_then(|text| text.rsplit(": ").next()).unwrap_or("")))
            .collect()
    }

    #[test]
    fn ranks_are_right_and_cost_what_the_docs_say() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        for (n, bytes, multiset) in [(1, 8, 0), (2, 8, 3), (3, 1, 7), (4, 8, 11), (8, 2, 35), (15, 8, 91)] {
            let (artefact, rows) = build(n, bytes);
            println!("sorted: {n} keys of {} bits: {rows} rows", 8 * bytes);
            assert_eq!(rows, (n - 1) * 8 * bytes + multiset + usize::from(n == 1), "{n} keys");
            for case in 0..30 {
                let mut private = vec![0; n * bytes];
                rng.fill_bytes(&mut private);
                match case {
                    0 => private.fill(0),
                    1 => private.fill(0xff),
                    2..10 => private.iter_mut().for_each(|byte| *byte = 0xff * (*byte & 1)),
                    10..20 => private.chunks_mut(bytes).for_each(|key| key[1..].fill(0)),
                    _ => {}
                }
                let z = run(&artefact, &private);
                let read = |key: &[u8]| key.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
                let mut keys: Vec<u64> = private.chunks(bytes).map(read).collect();
                keys.sort();
                assert_eq!(z[4..6], [Fr::from(keys[0]), Fr::from(keys[n - 1])], "{private:?}");
            }
        }
    }

    /// Two keys: whatever list another input would have is refused, by the row that should.
    #[test]
    fn every_other_list_is_refused_by_the_row_that_should() {
        let (artefact, _) = build(2, 1);
        // Wires: the statement's, 16 input bits, the square of the binding; then two ranks and what hangs on them.
        let first_rank = (6..artefact.matrices.wires as usize)
            .find(|wire| {
                (run(&artefact, &[9, 200])[*wire], run(&artefact, &[200, 9])[*wire]) == (Fr::from(9), Fr::from(9))
            })
            .unwrap();
        let list = |z: &[Fr], from: &[Fr]| -> Vec<Fr> {
            // The product of the keys stays the keys'; declared values follow the ranks.
            let mut forged = z.to_vec();
            forged[4..6].copy_from_slice(&from[4..6]);
            forged[first_rank..first_rank + 2].copy_from_slice(&from[first_rank..first_rank + 2]);
            forged[first_rank + 3..].copy_from_slice(&from[first_rank + 3..]);
            forged
        };
        let cases: [(&[u8; 2], &[u8; 2], &[&str]); 4] = [
            (&[2, 6], &[3, 4], &["same multiset"]),
            (&[2, 6], &[3, 5], &["same multiset"]),
            (&[2, 6], &[2, 7], &["same multiset", "same multiset"]),
            (&[2, 6], &[6, 2], &[]),
        ];
        let mut rows = Vec::new();
        for (keys, other, expected) in cases {
            let (z, from) = (run(&artefact, keys), run(&artefact, other));
            let broken = broken(&artefact, &list(&z, &from));
            assert_eq!(broken.iter().map(|(_, text)| *text).collect::<Vec<_>>(), expected, "{keys:?} as {other:?}");
            rows.extend(broken.into_iter().map(|(row, _)| row));
        }
        assert_ne!(rows[0], rows[1], "the sum refuses [3, 4], the product [3, 5]");
        // The right multiset in the wrong order: only the order refuses it, with every choice of the seven bits.
        let z = run(&artefact, &[2, 6]);
        for bits in 0..128u64 {
            let mut forged = z.clone();
            forged.swap(4, 5);
            forged.swap(first_rank, first_rank + 1);
            for (i, bit) in forged[first_rank + 3..].iter_mut().enumerate() {
                *bit = Fr::from(bits >> i & 1);
            }
            let broken = broken(&artefact, &forged);
            assert_eq!(broken.len(), 1);
            assert_eq!(broken[0].1, "ascending");
        }
    }

    #[test]
    fn interpolation_inverts_evaluation() {
        let points = points(5);
        let coefficients: Vec<Lc> = (2..7u64).map(|i| Lc::constant(Fr::from(i * i))).collect();
        let values: Vec<Lc> = points.iter().map(|x| evaluate(&coefficients, *x).add_constant(-x.pow([5]))).collect();
        assert_eq!(interpolate(&points, &values), coefficients);
        for (i, x) in points.iter().enumerate() {
            assert!(!points[..i].contains(x));
        }
    }
}
