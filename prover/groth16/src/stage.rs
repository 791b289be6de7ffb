//! What a prover does, in order, and what each part of it took.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::ProveError;
use crate::prover::Watch;

/// What the prover is about to do, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Evaluating and checking every row.
    Rows,
    /// The quotient polynomial.
    Quotient,
    /// The sum for A.
    MsmA,
    /// The sum for B in G1.
    MsmBG1,
    /// The sum for B in G2.
    MsmBG2,
    /// The quotient's sum.
    MsmH,
    /// The private wires' sum.
    MsmL,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Stage; 7] =
        [Stage::Rows, Stage::Quotient, Stage::MsmA, Stage::MsmBG1, Stage::MsmBG2, Stage::MsmH, Stage::MsmL];

    /// A short name for progress lines and records.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Rows => "rows",
            Stage::Quotient => "quotient",
            Stage::MsmA => "msm a",
            Stage::MsmBG1 => "msm b g1",
            Stage::MsmBG2 => "msm b g2",
            Stage::MsmH => "msm h",
            Stage::MsmL => "msm l",
        }
    }
}

/// What each stage took, in wall time. With more threads than one, stages run beside each other and add up to more than
/// the total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Evaluating and checking every row.
    pub matvec: Duration,
    /// The quotient: six transforms and the products between them.
    pub ntt: Duration,
    /// The sum for A, in G1 over all wires.
    pub msm_a: Duration,
    /// The sum for B in G1, over all wires.
    pub msm_b_g1: Duration,
    /// The sum for B in G2, over all wires.
    pub msm_b_g2: Duration,
    /// The quotient's sum, in G1 over the domain.
    pub msm_h: Duration,
    /// The private wires' sum, in G1.
    pub msm_l: Duration,
    /// Everything, the checks and the assembly included.
    pub total: Duration,
}

impl Timings {
    /// What one stage took.
    pub const fn of(&self, stage: Stage) -> Duration {
        match stage {
            Stage::Rows => self.matvec,
            Stage::Quotient => self.ntt,
            Stage::MsmA => self.msm_a,
            Stage::MsmBG1 => self.msm_b_g1,
            Stage::MsmBG2 => self.msm_b_g2,
            Stage::MsmH => self.msm_h,
            Stage::MsmL => self.msm_l,
        }
    }

    const fn of_mut(&mut self, stage: Stage) -> &mut Duration {
        match stage {
            Stage::Rows => &mut self.matvec,
            Stage::Quotient => &mut self.ntt,
            Stage::MsmA => &mut self.msm_a,
            Stage::MsmBG1 => &mut self.msm_b_g1,
            Stage::MsmBG2 => &mut self.msm_b_g2,
            Stage::MsmH => &mut self.msm_h,
            Stage::MsmL => &mut self.msm_l,
        }
    }
}

/// Tells of each stage as it begins, and measures it, from any thread.
pub(crate) struct Clock<'a> {
    start: Instant,
    state: Mutex<(Watch<'a>, Timings)>,
}

impl<'a> Clock<'a> {
    pub(crate) fn start(watch: Watch<'a>) -> Clock<'a> {
        Clock { start: Instant::now(), state: Mutex::new((watch, Timings::default())) }
    }

    pub(crate) fn time<T>(&self, stage: Stage, work: impl FnOnce() -> Result<T, ProveError>) -> Result<T, ProveError> {
        self.state().0.stage(stage)?;
        let start = Instant::now();
        let value = work()?;
        *self.state().1.of_mut(stage) = start.elapsed();
        Ok(value)
    }

    pub(crate) fn stop(self) -> Timings {
        let total = self.start.elapsed();
        Timings { total, ..self.state().1 }
    }

    /// A callback that panicked poisons nothing that could be wrong.
    fn state(&self) -> MutexGuard<'_, (Watch<'a>, Timings)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
