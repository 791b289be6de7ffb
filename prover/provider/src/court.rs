//! The native court, as whoever goes there sees it: whether the host can run a predicate on its input, with how much fuel, and what
//! that costs. The host's own checks are in `zera_host`; what passes here passes there.

use zera_abi::{AccountId, ChainId, Height, Outcome, TaskId};
use zera_host::{Action, CostSchedule, NATIVE_FUEL_MAX, Tx};
use zera_native::{Predicate, Weight};

use crate::predicate::{Native, Program};

/// Fuel that is tried first where the engine does not count exactly: after an instruction's trap.
const FUEL_LEAST: u64 = 1 << 16;

/// A predicate and an input that the host can run.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the run will say.
    pub outcome: Outcome,
    /// Fuel that it needs.
    pub fuel: u64,
    program: Vec<u8>,
    manifest: Vec<u8>,
    weight: Weight,
}

impl Case {
    /// Runs the program here, as the host would.
    ///
    /// # Errors
    /// One line: why the host can not run it.
    pub fn new(program: &Program, public: &[u8]) -> Result<Case, String> {
        let (artefact, manifest) = (&program.artefact, &program.artefact.manifest);
        let Native::Wasm(wasm) = &program.native else {
            return Err("the predicate is no program".to_owned());
        };
        if manifest.private_len != 0 {
            return Err("the predicate reads private bytes".to_owned());
        }
        if !manifest.declared.is_empty() {
            return Err("the predicate declares values".to_owned());
        }
        if manifest.public_len as usize != public.len() {
            return Err(format!(
                "the predicate takes {} public bytes, the task has {}",
                manifest.public_len,
                public.len()
            ));
        }
        let weight = Predicate::weigh(wasm.module(), &manifest.entry).map_err(|error| error.to_string())?;
        let most = weight.fuel_max().min(NATIVE_FUEL_MAX);
        let run = |fuel| wasm.run_within(public, &[], fuel);
        let whole = run(most).map_err(|error| error.to_string())?;
        let mut fuel = whole.fuel_used;
        if whole.trap.is_some() && fuel == most {
            // All of it is counted as used: half as much is tried until it does not last.
            while fuel / 2 >= FUEL_LEAST && run(fuel / 2).is_ok() {
                fuel /= 2;
            }
        }
        let (program, manifest) = (artefact.program.clone(), manifest.to_bytes());
        Ok(Case { outcome: whole.outcome, fuel, program, manifest, weight })
    }

    /// The action that has the host run it for a task.
    pub fn action(&self, task: TaskId) -> Action {
        let (program, manifest) = (self.program.clone(), self.manifest.clone());
        Action::SettleNatively { task, fuel: self.fuel, program, manifest }
    }

    /// Fuel of the whole transaction by a schedule.
    pub fn price(&self, cost: &CostSchedule) -> u64 {
        let chain = ChainId([0; 32]);
        let (sender, action) = (AccountId([0; 32]), self.action(TaskId([0; 32])));
        let tx = Tx { chain, sender, nonce: 0, expiry: Height(0), fuel_limit: 0, action };
        cost.intrinsic(&tx, tx.signed_len()).saturating_add(cost.native_module(&self.weight))
    }
}
