//! Whether a machine is quiet enough to be measured.

use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::bench::machine;
use crate::bench::stats::nearest_rank;

/// Most load average over a minute, a processor.
pub const LOAD_MAX: f64 = 0.25;
/// Most noise: by how much the slower turns of fixed work on all processors exceed the fastest one.
pub const NOISE_MAX: f64 = 0.15;

/// Bytes that a processor hashes in a turn: some milliseconds.
const TURN: usize = 8 << 20;
/// Turns of a measurement of noise.
const TURNS: usize = 100;

/// How quiet a machine is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quiet {
    /// Load average over the last minute; `None` where the system does not tell.
    pub load: Option<f64>,
    /// The 90th percentile of turns of fixed work on all processors at once, over the fastest, less 1.
    pub noise: f64,
}

impl Quiet {
    /// Measures it, for half a second or so.
    pub fn measure(pool: &rayon::ThreadPool) -> Quiet {
        let load = machine::load();
        let block = vec![0x5a_u8; TURN];
        let mut turns: Vec<u64> = (0..TURNS)
            .map(|_| {
                let start = Instant::now();
                pool.broadcast(|_| std::hint::black_box(Sha256::digest(std::hint::black_box(&block))));
                u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
            })
            .collect();
        turns.sort_unstable();
        Quiet { load, noise: noise(&turns) }
    }

    /// What speaks against measuring on so many processors; nothing on a quiet machine.
    pub fn objections(&self, cpus: usize) -> Vec<String> {
        let mut objections = Vec::new();
        let most = LOAD_MAX * cpus as f64;
        if let Some(load) = self.load.filter(|&load| load > most) {
            objections
                .push(format!("the load average over a minute is {load:.2}, at most {most:.2} on {cpus} processors"));
        }
        if self.noise > NOISE_MAX {
            let (noise, most) = (self.noise * 100.0, NOISE_MAX * 100.0);
            objections.push(format!("fixed work varies by {noise:.0} %, at most {most:.0} %"));
        }
        objections
    }
}

/// Of sorted turns.
fn noise(turns: &[u64]) -> f64 {
    match (turns.first(), nearest_rank(turns, 90)) {
        (Some(&least), Some(slow)) if least > 0 => slow as f64 / least as f64 - 1.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_or_noisy_machine_is_objected_to() {
        let objections = |load, noise, cpus| Quiet { load, noise }.objections(cpus);
        assert!(objections(Some(0.5), 0.15, 2).is_empty());
        assert!(objections(None, 0.0, 1).is_empty());
        assert_eq!(objections(Some(0.51), 0.0, 2).len(), 1);
        assert!(objections(Some(0.51), 0.0, 4).is_empty());
        let both = objections(Some(3.0), 0.5, 2);
        assert!(both[0].contains("3.00, at most 0.50 on 2 processors"), "{both:?}");
        assert!(both[1].contains("varies by 50 %, at most 15 %"), "{both:?}");
    }

    #[test]
    fn noise_is_what_the_slower_turns_take_more() {
        let turns: Vec<u64> = (0..100).map(|i| if i < 80 { 100 } else { 130 }).collect();
        assert!((noise(&turns) - 0.3).abs() < 1e-9);
        assert_eq!((noise(&[100; 9]), noise(&[]), noise(&[0, 1])), (0.0, 0.0, 0.0));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let quiet = Quiet::measure(&pool);
        assert!(quiet.noise.is_finite() && quiet.noise >= 0.0);
    }
}
