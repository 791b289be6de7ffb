//! Whether an answer is right.

use std::sync::Arc;
use std::time::Instant;

use zera_abi::{Height, Outcome};
use zera_statement::task_id;

use super::Watcher;
use super::sight::Sight;
use crate::job::Terms;
use crate::market::MarketClient;
use crate::predicate::Program;
use crate::prove::ProveFault;
use crate::view::{TaskStage, TaskView};

/// Blocks after which an answer that could not be looked at is tried again.
const RETRY_BLOCKS: u64 = 4;
/// Steps of one challenge that may come to nothing before it is left alone: each costs a fee.
pub(super) const FAILURES_MAX: u32 = 3;

/// What is known of an answer that stands.
pub(super) struct Looked {
    /// End of its window: another one is another answer of a task that was opened again.
    until: Option<Height>,
    pub(super) state: Look,
    /// Steps that came to nothing.
    pub(super) failures: u32,
    /// Whether a reason was told.
    told: bool,
}

/// How an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It could not be run at this height.
    Unknown(Height),
    /// There is nothing more to do: right, not in the sample, given up, or our own.
    Done,
    /// It is wrong.
    Wrong(Outcome),
}

impl Looked {
    /// Nothing is known yet.
    pub(super) fn begun(until: Option<Height>) -> Looked {
        Looked { until, state: Look::Unknown(Height(0)), failures: 0, told: false }
    }
}

impl<C: MarketClient> Watcher<C> {
    /// Looks at an answer, and challenges it where it is wrong.
    pub(super) async fn consider(&mut self, task: &TaskView) {
        let key = (task.id, task.state);
        let state = match self.looked.get(&key) {
            Some(looked) if looked.until == task.challenge_until => looked.state,
            _ => {
                self.looked.insert(key, Looked::begun(task.challenge_until));
                Look::Unknown(Height(0))
            }
        };
        let state = match state {
            Look::Done => return,
            Look::Unknown(at) if at != Height(0) && self.height.since(at).0 < RETRY_BLOCKS => return,
            Look::Unknown(_) => self.look(task).await,
            wrong => wrong,
        };
        self.mark(task, state);
        if let Look::Wrong(found) = state {
            self.object(task, found).await;
        }
    }

    pub(super) fn mark(&mut self, task: &TaskView, state: Look) {
        if let Some(looked) = self.looked.get_mut(&(task.id, task.state)) {
            looked.state = state;
        }
    }

    /// A step came to nothing; after a few of them there is no other.
    pub(super) fn fail(&mut self, task: &TaskView, why: String) {
        if let Some(looked) = self.looked.get_mut(&(task.id, task.state)) {
            looked.failures += 1;
            if looked.failures >= FAILURES_MAX {
                looked.state = Look::Done;
            }
        }
        self.see(Sight::Failed { task: task.id, why });
    }

    /// Tells a reason once for each answer.
    pub(super) fn once(&mut self, task: &TaskView, sight: Sight) {
        let told =
            self.looked.get_mut(&(task.id, task.state)).is_some_and(|looked| std::mem::replace(&mut looked.told, true));
        if !told {
            self.see(sight);
        }
    }

    async fn look(&mut self, task: &TaskView) -> Look {
        let Some(said) = task.outcome else { return Look::Done };
        if task.provider == Some(self.account) {
            return Look::Done;
        }
        let passed = |why: &str| Sight::Passed { task: task.id, why: why.to_owned() };
        if !self.is_drawn(task) {
            self.once(task, passed("not in the sample"));
            return Look::Done;
        }
        let program = match self.program(&task.predicate).await {
            Ok(program) => program,
            Err(why) => {
                self.once(task, passed(&why));
                return Look::Unknown(self.height);
            }
        };
        if let Err(why) = self.fits(task, &program) {
            self.once(task, passed(&why));
            return Look::Done;
        }
        let begun = Instant::now();
        match certain(&program, task).await {
            Ok(found) => {
                let ns = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
                self.see(Sight::Looked { task: task.id, said, found, ns });
                if found == said { Look::Done } else { Look::Wrong(found) }
            }
            Err(why) => {
                self.once(task, passed(&why));
                Look::Done
            }
        }
    }

    /// Whether the public input alone decides, and is what the chain holds.
    pub(super) fn fits(&self, task: &TaskView, program: &Program) -> Result<(), String> {
        let manifest = &program.artefact.manifest;
        if manifest.private_len != 0 {
            return Err("the predicate reads private bytes".to_owned());
        }
        if !manifest.declared.is_empty() {
            return Err("the predicate declares values".to_owned());
        }
        if manifest.public_len as usize != task.public.len() {
            return Err(format!("{} public bytes, the predicate takes {}", task.public.len(), manifest.public_len));
        }
        if program.artefact.matrices.rows() as u64 > self.config.rows_max {
            return Err(format!("{} rows, at most {}", program.artefact.matrices.rows(), self.config.rows_max));
        }
        if !Terms::of(self.chain, task).root_holds() || task_id(&self.chain, &task.contract, task.handle) != task.id {
            return Err("the node shows another question than the task's".to_owned());
        }
        Ok(())
    }
}

/// What the native run and the circuit both say.
pub(super) async fn certain(program: &Arc<Program>, task: &TaskView) -> Result<Outcome, String> {
    let (program, public) = (Arc::clone(program), task.public.clone());
    let run = move || program.certain(&public, &[]).map(|preview| preview.outcome);
    match tokio::task::spawn_blocking(run).await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(fault @ ProveFault::Disagree { .. })) => Err(format!("program and circuit disagree: {fault}")),
        Ok(Err(fault)) => Err(fault.to_string()),
        Err(_) => Err("the native run panicked".to_owned()),
    }
}

impl TaskView {
    /// Whether a proof was taken for its answer and it is not final.
    pub(crate) fn is_accepted(&self) -> bool {
        self.state == TaskStage::Accepted
    }
}
