//! A circuit with its assignment: rows of random products over the wires before them.

use ark_bn254::Fr;
use ark_ff::{One, UniformRand};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zera_r1cs::{Matrices, SparseMatrix};

/// `rows` rows; row `i` defines a new wire as the product of two random combinations of up to three earlier wires each,
/// wire 0 and the public ones among them. Wires: 1, `publics` random values, one private value, one a row.
pub fn random(seed: u64, rows: usize, publics: u32) -> (Matrices, Vec<Fr>) {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let mut z = vec![Fr::one()];
    z.extend((0..=publics).map(|_| Fr::rand(rng)));
    let [mut a, mut b, mut c] = [(); 3].map(|()| SparseMatrix::new());
    for row in 0..rows {
        let (left, right) = (combination(rng, z.len()), combination(rng, z.len()));
        a.push_row(left).expect("sorted");
        b.push_row(right).expect("sorted");
        // The product's own coefficient is 7, and -1 of the wire before keeps rows from being bare products.
        let (before, product) = (z.len() as u32 - 1, z.len() as u32);
        c.push_row([(before, -Fr::one()), (product, Fr::from(7u64))]).expect("sorted");
        z.push((a.dot(row, &z) * b.dot(row, &z) + z[before as usize]) / Fr::from(7u64));
    }
    let matrices = Matrices::new(publics, z.len() as u32, a, b, c).expect("well-formed");
    assert_eq!(matrices.check(&z), Ok(()));
    (matrices, z)
}

fn combination(rng: &mut ChaCha8Rng, wires: usize) -> Vec<(u32, Fr)> {
    let mut terms: Vec<u32> = (0..rng.gen_range(1..=3)).map(|_| rng.gen_range(0..wires as u32)).collect();
    terms.sort_unstable();
    terms.dedup();
    terms.into_iter().map(|wire| (wire, if rng.r#gen() { Fr::one() } else { Fr::rand(rng) })).collect()
}
