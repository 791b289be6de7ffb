//! The plays, one a file: each has its `Settings`, and `run` makes an [`Outcome`] of them.

pub mod auction;
pub mod audits;
pub mod conviction;
pub mod crowd;
pub mod dynamics;
pub mod expected_value;
pub mod griefing;
pub mod heat;
pub mod outage;
pub mod rescue;
pub mod setup;
pub mod silence;
pub mod split;

use std::fmt;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::error::SimulateError;
use crate::outcome::{Check, Outcome};
use crate::scenario::{Scenario, Study};

/// What a study is played on: the scenario, and somebody to tell how far it has come.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Told how far it has come.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

impl fmt::Debug for Stage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage").field("scenario", &self.scenario).finish_non_exhaustive()
    }
}

/// Plays a scenario.
///
/// # Errors
/// [`SimulateError`].
pub fn run(scenario: &Scenario, progress: &(dyn Fn(&str) + Sync)) -> Result<Outcome, SimulateError> {
    scenario.check()?;
    let stage = Stage { scenario, progress };
    match &scenario.study {
        Study::ExpectedValue(settings) => expected_value::run(stage, settings),
        Study::Heat(settings) => heat::run(stage, settings),
        Study::Rescue(settings) => rescue::run(stage, settings),
        Study::Griefing(settings) => griefing::run(stage, settings),
        Study::Outage(settings) => outage::run(stage, settings),
        Study::Crowd(settings) => crowd::run(stage, settings),
        Study::Auction(settings) => auction::run(stage, settings),
        Study::Setup(settings) => setup::run(stage, settings),
        Study::Dynamics(settings) => dynamics::run(stage, settings),
        Study::Conviction(settings) => conviction::run(stage, settings),
        Study::Silence(settings) => silence::run(stage, settings),
        Study::Split(settings) => split::run(stage, settings),
        Study::Audits(settings) => audits::run(stage, settings),
    }
}

impl Stage<'_> {
    /// `play` under every seed, in parallel; the results in the order of the seeds, and the first error of that order.
    fn per_seed<T: Send>(
        &self,
        play: impl Fn(ChaCha8Rng) -> Result<T, SimulateError> + Sync,
    ) -> Result<Vec<T>, SimulateError> {
        let Scenario { name, seed, seeds, .. } = self.scenario;
        let done = std::sync::atomic::AtomicU32::new(0);
        let results: Vec<Result<T, SimulateError>> = (0..*seeds)
            .into_par_iter()
            .map(|offset| {
                let result = play(ChaCha8Rng::seed_from_u64(seed.wrapping_add(u64::from(offset))));
                let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                (self.progress)(&format!("{name}: {done} of {seeds} seeds"));
                result
            })
            .collect();
        results.into_iter().collect()
    }

    /// An outcome without content.
    fn outcome(&self) -> Outcome {
        let Scenario { name, title, seed, seeds, .. } = self.scenario;
        Outcome {
            name: name.clone(),
            title: title.clone(),
            seed: *seed,
            seeds: *seeds,
            method: Vec::new(),
            tables: Vec::new(),
            figures: Vec::new(),
            checks: Vec::new(),
            findings: Vec::new(),
            timings: Vec::new(),
            transitions: 0,
        }
    }
}

fn check(name: impl Into<String>, predicted: impl Into<String>, measured: impl Into<String>, holds: bool) -> Check {
    Check { name: name.into(), predicted: predicted.into(), measured: measured.into(), holds }
}
