//! Seeded inputs with known answers.
//!
//! - [`predicate`]: built-in predicates with assignment and development keys.
//! - [`proof`]: proofs with full-width public inputs under one key.
//! - [`poseidon`]: the permutation as its definition reads.
//! - [`crowd`]: a market with many accounts, and the life of tasks.
//! - [`desk`]: a world that a contract can be run in.
//! - [`block`]: a chain one block before its proofs.
//! - [`street`]: the same with many contracts and keys.
//! - [`rows`]: what a block writes.
//! - [`sha256`]: the witness tape of a compression.
//! - [`compiled`]: modules of hash functions for the compiler.

pub mod block;
pub mod compiled;
pub mod crowd;
pub mod desk;
pub mod poseidon;
pub mod predicate;
pub mod proof;
pub mod rows;
pub mod sha256;
pub mod street;

use std::time::Duration;

use criterion::Criterion;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rayon::ThreadPool;

/// The published contract, as it is deployed.
pub const SPECIAL_PRICE_WASM: &[u8] = include_bytes!("../../contracts/prebuilt/special_price.wasm");

/// The generator of one workload.
pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// The settings of all benches; criterion's arguments override them.
pub fn criterion() -> Criterion {
    Criterion::default().sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5))
}

/// One thread, and as many as the machine has: pools of their own.
pub fn pools() -> Vec<(usize, ThreadPool)> {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let mut counts = vec![1, all];
    counts.dedup();
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool starts");
    counts.into_iter().map(|threads| (threads, pool(threads))).collect()
}
