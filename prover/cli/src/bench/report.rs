//! What was measured.

use std::time::SystemTime;

use zera_prover::Stage;

use crate::bench::guard::Quiet;
use crate::bench::machine::{Machine, Memory};
use crate::bench::plan::Plan;
use crate::bench::stats::{self, Summary};

/// Everything that page, CSV and JSON say.
#[derive(Clone, Debug)]
pub struct Report {
    /// When it was made.
    pub made: SystemTime,
    /// The command that remakes it.
    pub command: String,
    /// How much was measured.
    pub plan: Plan,
    /// Whether the plan is the short one.
    pub quick: bool,
    /// Where.
    pub machine: Machine,
    /// How quiet the machine was.
    pub guard: Guard,
    /// What a machine costs: an input, never a measurement.
    pub price: Price,
    /// Predicates.
    pub predicates: Vec<Measured>,
    /// The chain, by size.
    pub chain: Vec<Measured>,
}

/// How quiet the machine was.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    /// Before.
    pub before: Quiet,
    /// Noise afterwards.
    pub noise_after: f64,
    /// The share of processor time that a hypervisor kept for others meanwhile.
    pub stolen: Option<f64>,
    /// What spoke against measuring; not empty only where measuring was forced.
    pub objections: Vec<String>,
}

/// What a machine costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Dollars an hour.
    pub usd_per_hour: f64,
    /// The share of the time that it proves, in percent.
    pub utilisation_percent: f64,
    /// Whether both are this program's examples, and nobody's price.
    pub example: bool,
}

/// A kind of circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A built-in predicate.
    BuiltIn,
    /// A predicate from a file.
    File,
    /// A chain of squares.
    Chain,
}

impl Kind {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::BuiltIn => "built-in",
            Kind::File => "file",
            Kind::Chain => "chain",
        }
    }
}

/// The sizes of a circuit and of what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Rows.
    pub rows: u64,
    /// Wires, with wire 0.
    pub wires: u64,
    /// Size of the evaluation domain.
    pub domain: u64,
    /// Coefficients of the three matrices that are not zero.
    pub nonzeros: u64,
    /// Public inputs of a proof.
    pub publics: u64,
    /// Bytes of the proving key's file.
    pub proving_key_bytes: u64,
    /// Bytes of the verifying key.
    pub verifying_key_bytes: u64,
    /// Bytes of a proof.
    pub proof_bytes: u64,
}

/// A circuit and what was measured of it.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its sizes.
    pub sizes: Sizes,
    /// Making its development keys.
    pub keys_ns: u64,
    /// By number of threads, ascending.
    pub cells: Vec<Cell>,
    /// First proofs.
    pub cold: Vec<Cold>,
    /// Decoding and verifying a proof, on one thread.
    pub verify: Vec<u64>,
    /// Fuel of decoding and verifying a proof, as the host charges it.
    pub verify_fuel: u64,
    /// The same with the input root derived from the public bytes.
    pub claim_fuel: Option<u64>,
    /// With every processor at a proof of its own.
    pub saturated: Option<Saturated>,
}

/// One circuit on one number of threads.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Threads.
    pub threads: usize,
    /// Of one proof, nothing else running.
    pub memory: Option<Memory>,
    /// Our proofs.
    pub ours: Vec<Sample>,
    /// The peer's proof of the same assignment, next to the one of ours at the same place.
    pub peer: Vec<u64>,
}

/// One proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// From input bytes to the assignment.
    pub witness_ns: u64,
    /// Each of [`Stage::ALL`]; they overlap on more threads than one.
    pub stages_ns: [u64; Stage::ALL.len()],
    /// From the assignment to the proof.
    pub prove_ns: u64,
}

/// From keys on disk to a first proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cold {
    /// Reading, hashing and checking the keys.
    pub load_ns: u64,
    /// Taking the key into the engine's form.
    pub take_ns: u64,
    /// From input bytes to the assignment.
    pub witness_ns: u64,
    /// The first proof with it.
    pub prove_ns: u64,
}

/// A machine with every processor at a proof of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saturated {
    /// Proofs at once, one thread each.
    pub workers: usize,
    /// Proofs made.
    pub proofs: u64,
    /// Proofs a second.
    pub per_second: f64,
    /// Energy a proof, where it can be read.
    pub joules: Option<f64>,
}

/// A part of a proof and its time.
pub type Phase = (&'static str, f64);

impl Sample {
    /// From input bytes to the proof.
    pub const fn latency_ns(&self) -> u64 {
        self.witness_ns.saturating_add(self.prove_ns)
    }
}

impl Cold {
    /// All of it.
    pub const fn total_ns(&self) -> u64 {
        self.load_ns.saturating_add(self.take_ns).saturating_add(self.witness_ns).saturating_add(self.prove_ns)
    }
}

impl Cell {
    /// From input bytes to the proof.
    pub fn latency(&self) -> Option<Summary> {
        Summary::of(&self.ours.iter().map(Sample::latency_ns).collect::<Vec<_>>())
    }

    /// From the assignment to the proof: what the peer does, too.
    pub fn proving(&self) -> Option<Summary> {
        Summary::of(&self.ours.iter().map(|sample| sample.prove_ns).collect::<Vec<_>>())
    }

    /// The peer's time for the same.
    pub fn peer(&self) -> Option<Summary> {
        Summary::of(&self.peer)
    }

    /// Median over all turns of what ours took over what the peer took next to it.
    pub fn ratio(&self) -> Option<f64> {
        let turns = self.ours.iter().zip(&self.peer);
        stats::median(turns.map(|(ours, &peer)| ours.prove_ns as f64 / peer.max(1) as f64).collect())
    }
}

impl Measured {
    /// On one thread, or on the fewest that were measured.
    pub fn narrowest(&self) -> Option<&Cell> {
        self.cells.first()
    }

    /// On all threads, or on the most that were measured.
    pub fn widest(&self) -> Option<&Cell> {
        self.cells.last()
    }

    /// On one thread, where nothing overlaps: means over the middle half of the proofs, so that they add up, with what is
    /// left (the blinding, the assembly) and the verification. Nothing where one thread was not measured.
    pub fn phases(&self) -> Vec<Phase> {
        let Some(cell) = self.cells.iter().find(|cell| cell.threads == 1) else { return Vec::new() };
        let middle = stats::middle_half(&cell.ours, Sample::latency_ns);
        let mean = |part: &dyn Fn(&Sample) -> u64| {
            middle.iter().map(|sample| part(sample) as f64).sum::<f64>() / middle.len().max(1) as f64
        };
        let mut phases = vec![("witness", mean(&|sample| sample.witness_ns))];
        for (at, stage) in Stage::ALL.iter().enumerate() {
            phases.push((stage.name(), mean(&|sample| sample.stages_ns[at])));
        }
        phases.push(("assembly", mean(&|sample| sample.prove_ns.saturating_sub(sample.stages_ns.iter().sum()))));
        if let Some(verify) = Summary::of(&self.verify) {
            phases.push(("verify", verify.p50 as f64));
        }
        phases
    }

    /// The first proof of the process, and the median of those after keys were loaded again.
    pub fn cold(&self) -> Option<(Cold, Cold)> {
        let mut sorted = self.cold.clone();
        sorted.sort_by_key(Cold::total_ns);
        Some((*self.cold.first()?, stats::nearest_rank(&sorted, 50)?))
    }

    /// Seconds of the whole machine for a proof: saturated, and one proof after the other on all threads.
    pub fn machine_seconds(&self) -> [Option<f64>; 2] {
        let saturated = self.saturated.map(|saturated| saturated.per_second).filter(|rate| *rate > 0.0);
        let alone = self.widest().and_then(Cell::latency);
        [saturated.map(|rate| 1.0 / rate), alone.map(|latency| latency.p50 as f64 / 1e9)]
    }
}

impl Price {
    /// Dollars for so many seconds of the machine, its idle time paid for, too.
    pub fn usd(&self, seconds: f64) -> f64 {
        seconds / 3600.0 * self.usd_per_hour / (self.utilisation_percent / 100.0)
    }
}

#[cfg(test)]
pub mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use zera_kernels::CpuEngine;

    use super::*;

    /// A report of made-up numbers about predicates of these names.
    pub fn report(names: &[&str]) -> Report {
        let sample =
            |i: u64| Sample { witness_ns: 100_000 + i, stages_ns: [1_000_000 + i; 7], prove_ns: 7_200_000 + 10 * i };
        let cell = |threads: usize| Cell {
            threads,
            memory: Some(Memory { before: 10 << 20, peak: 50 << 20 }),
            ours: (0..5).map(sample).collect(),
            peer: (0..5).map(|i| 14_400_000 + 20 * i).collect(),
        };
        let measured = |name: &str, kind, rows: u64| Measured {
            name: name.to_owned(),
            kind,
            sizes: Sizes {
                rows,
                wires: rows + 9,
                domain: (rows + 4).next_power_of_two(),
                nonzeros: 3 * rows,
                publics: 3,
                proving_key_bytes: 400 * rows,
                verifying_key_bytes: 700,
                proof_bytes: 256,
            },
            keys_ns: 200_000_000,
            cells: vec![cell(1), cell(2)],
            cold: vec![Cold { load_ns: 9_000_000, take_ns: 400_000, witness_ns: 100_000, prove_ns: 8_000_000 }; 3],
            verify: vec![1_500_000, 1_600_000],
            verify_fuel: 3_280_000,
            claim_fuel: Some(3_580_000),
            saturated: Some(Saturated { workers: 2, proofs: 100, per_second: 200.0, joules: None }),
        };
        let chain = |log_n: u32| {
            let mut point = measured(&format!("chain 2^{log_n}"), Kind::Chain, (1 << log_n) - 2);
            (point.cold, point.saturated, point.claim_fuel) = (Vec::new(), None, None);
            point
        };
        Report {
            made: UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            command: "zera bench report".to_owned(),
            plan: Plan::quick(2),
            quick: true,
            machine: Machine::detect(&CpuEngine::detect()),
            guard: Guard {
                before: Quiet { load: Some(0.1), noise: 0.02 },
                noise_after: 0.03,
                stolen: Some(0.01),
                objections: Vec::new(),
            },
            price: Price { usd_per_hour: 0.5, utilisation_percent: 50.0, example: true },
            predicates: names.iter().map(|name| measured(name, Kind::BuiltIn, 2_587)).collect(),
            chain: [12, 13, 14].map(chain).into(),
        }
    }

    #[test]
    fn phases_add_up_to_the_latency() {
        let report = report(&["p"]);
        let phases = report.predicates[0].phases();
        assert_eq!(phases.len(), 1 + 7 + 1 + 1);
        let without_verify: f64 = phases[..9].iter().map(|(_, ns)| ns).sum();
        // The middle of five samples are those at 1, 2 and 3.
        assert!((without_verify - (7_300_000.0 + 22.0)).abs() < 1e-6, "{without_verify}");
        assert_eq!(phases[9], ("verify", 1_500_000.0));
    }

    #[test]
    fn a_price_pays_for_idle_time_too() {
        let price = Price { usd_per_hour: 3.6, utilisation_percent: 50.0, example: false };
        assert!((price.usd(1000.0) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn turns_are_compared_pair_by_pair() {
        let report = report(&["p"]);
        let cell = report.predicates[0].widest().unwrap();
        assert!((cell.ratio().unwrap() - 0.5).abs() < 1e-6);
        let [saturated, alone] = report.predicates[0].machine_seconds();
        assert_eq!((saturated, alone), (Some(0.005), Some(0.007_300_022)));
    }
}
