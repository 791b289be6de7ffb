//! Random programs of operations against plain big integers.

use rand::{RngCore, SeedableRng};

#[path = "support/programs.rs"]
mod programs;

#[test]
fn programs_end_where_big_integers_do() {
    let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(1);
    for length in (0..400).map(|i| 8 + i % 97) {
        let mut bytes = vec![0; length];
        random.fill_bytes(&mut bytes);
        programs::check(&bytes);
    }
}
