//! Random programs: what is compiled has the native run's outcome on every input, satisfied rows and a certificate.
//!
//! Two kinds: programs made so that they end and depend on their input, and wasm-smith's modules. Their number is
//! `ZERA_RANDOM_MODULES`, else 300, the first of them `ZERA_RANDOM_SEED`, else 1.

#[path = "support/pipeline.rs"]
mod pipeline;
#[path = "support/program.rs"]
mod program;
#[path = "support/smith.rs"]
mod smith;

use pipeline::build_within;
use program::{PRIVATE_LEN, PUBLIC_LEN, program};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use smith::{LIMITS, smith};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Inputs for each module; two bits of each result are asked for.
const INPUTS: usize = 4;
/// Every so many modules one is wasm-smith's.
const SMITH_EVERY: u64 = 5;

#[derive(Default)]
struct Tally {
    modules: u64,
    refused: BTreeMap<&'static str, u64>,
    outcomes: [u64; 4],
    dry: u64,
    rows: usize,
    /// Modules with two outcomes or more.
    undecided: u64,
    /// Modules whose certificate the checker does not follow.
    uncertified: u64,
}

fn inputs(rng: &mut ChaCha20Rng) -> Vec<Vec<u8>> {
    let number = |rng: &mut ChaCha20Rng| -> u64 {
        match rng.gen_range(0..4) {
            0 => rng.gen_range(0..5),
            1 => [1 << 31, u64::MAX, 1 << 63, 0x7fff_ffff][rng.gen_range(0..4)],
            _ => rng.r#gen::<u64>() >> rng.gen_range(0..64),
        }
    };
    let mut all = Vec::new();
    for _ in 0..INPUTS {
        let [a, b, c, rest] = [0; 4].map(|_| number(rng));
        for _ in 0..2 {
            let bit = rng.gen_range(0..32u32);
            let (a, b) = (a as u32, b as u32);
            let parts = [&a.to_le_bytes()[..], &b.to_le_bytes(), &c.to_le_bytes(), &bit.to_le_bytes()];
            all.push([&parts.concat(), &rest.to_le_bytes()[..]].concat());
        }
    }
    all
}

fn one(seed: u64, tally: &Mutex<Tally>) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let wasm = if seed.is_multiple_of(SMITH_EVERY) {
        let mut dice = vec![0; 3_000];
        rng.fill_bytes(&mut dice);
        let Some(wasm) = smith(&dice) else { return };
        wasm
    } else {
        let text = program(seed);
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    };
    tally.lock().unwrap().modules += 1;
    let built = match build_within(&wasm, PUBLIC_LEN, PRIVATE_LEN, LIMITS) {
        Ok(built) => built,
        Err(errors) => {
            *tally.lock().unwrap().refused.entry(errors[0].code).or_default() += 1;
            return;
        }
    };
    match &built.report {
        Ok(report) => assert!(report.assumed.is_empty(), "wires on trust"),
        // The checker's rules do not follow every combination of random instructions.
        Err(error) => {
            println!("seed {seed}: certificate: {error}");
            tally.lock().unwrap().uncertified += 1;
        }
    }
    let (mut outcomes, mut dry) = ([0; 4], 0);
    for public in inputs(&mut rng) {
        let private: [u8; PRIVATE_LEN as usize] = rng.r#gen();
        if built.native(&public, &private).is_none() {
            dry += 1;
            built.circuit(&public, &private);
            continue;
        }
        outcomes[built.outcome(&public, &private) as usize] += 1;
    }
    let mut tally = tally.lock().unwrap();
    tally.rows += built.compiled.body_rows;
    tally.undecided += u64::from(outcomes.iter().filter(|count| **count > 0).count() > 1);
    tally.dry += dry;
    (0..4).for_each(|at| tally.outcomes[at] += outcomes[at]);
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

#[test]
fn random_programs_do_what_they_do_natively() {
    let (count, first) = (number("ZERA_RANDOM_MODULES", 300), number("ZERA_RANDOM_SEED", 1));
    println!("seeds {first}..{}", first + count);
    let (next, tally) = (AtomicU64::new(first), Mutex::new(Tally::default()));
    let failed = Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= first + count {
                break;
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| one(seed, &tally))) {
                println!("seed {seed} fails");
                failed.lock().unwrap().push((seed, panic));
            }
        }
    };
    std::thread::scope(|scope| {
        (0..std::thread::available_parallelism().map_or(1, NonZero::get)).for_each(|_| {
            scope.spawn(work);
        });
    });
    if let Some((seed, panic)) = failed.into_inner().unwrap().into_iter().min_by_key(|(seed, _)| *seed) {
        println!("ZERA_RANDOM_SEED={seed} ZERA_RANDOM_MODULES=1");
        resume_unwind(panic);
    }
    let tally = tally.into_inner().unwrap();
    let refused: u64 = tally.refused.values().sum();
    println!(
        "{} modules, {refused} refused {:?}, {} body rows, false, true, trap, exceeded: {:?}, out of fuel {}, several outcomes {}, without a certificate {}",
        tally.modules, tally.refused, tally.rows, tally.outcomes, tally.dry, tally.undecided, tally.uncertified
    );
    if count >= 100 {
        assert!(tally.uncertified * 10 < tally.modules, "too many certificates are not followed");
        assert!(refused * 4 < tally.modules, "too many are refused");
        assert!(tally.undecided * 3 > tally.modules, "too few depend on their input");
        assert!(tally.outcomes.iter().all(|count| *count > 0), "an outcome is missing");
    }
}
