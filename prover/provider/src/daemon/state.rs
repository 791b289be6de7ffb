//! The loop's own state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use zera_abi::{Amount, Height, Outcome, TaskId};

use super::INPUTS_MAX;
use super::drive::{Ending, drive, hold};
use super::obtain::undelivered;
use super::pump::{Input, events, heights};
use super::shared::Shared;
use crate::conduct::Conduct;
use crate::decline::{Decline, Declined, Declines};
use crate::error::DaemonError;
use crate::job::{AnyJob, Job, Offered, Submitted, Terms, Way};
use crate::market::MarketClient;
use crate::report::Report;
use crate::schedule::{Brake, Slot};
use crate::view::{EventView, StatusView, TaskStage};

/// Between two looks at jobs that wait to become final, in blocks: their events normally tell.
const SETTLE_BLOCKS: u64 = 8;
/// Locks or rescues of one task that may come to nothing before it is left alone.
const FAILURES_MAX: u32 = 3;

/// How far a running job has come, for the schedule.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The lock is in a block, so its stake has left the free balance.
    pub(super) landed: AtomicBool,
    /// The proof was begun.
    pub(super) started: OnceLock<Instant>,
    /// The proof is made.
    pub(super) proved: AtomicBool,
}

/// A job between decision and answer.
pub(super) struct Active {
    pub(super) stake: Amount,
    pub(super) deadline: Height,
    pub(super) work_ms: u64,
    pub(super) progress: Arc<Progress>,
}

impl Active {
    /// What is left of the job's work.
    pub(super) fn slot(&self) -> Slot {
        let left = if self.progress.proved.load(Ordering::Relaxed) {
            0
        } else {
            let spent = self.progress.started.get().map_or(0, |since| since.elapsed().as_millis());
            self.work_ms.saturating_sub(u64::try_from(spent).unwrap_or(u64::MAX))
        };
        Slot { deadline: self.deadline, work_ms: left }
    }
}

/// What is known of an answer before there is a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreseen {
    /// The native run's outcome.
    Outcome(Outcome),
    /// Nothing: the requester's private bytes come after the lock.
    Unknown,
}

/// What is known of a task that is open to us.
#[derive(Default)]
pub(super) struct Looked {
    pub(super) native: Option<Foreseen>,
    /// Its native run took more fuel than it gets: never run again, or strangers would have this machine's time for nothing.
    pub(super) exhausted: Option<Declined>,
    /// Reasons that were counted for it.
    declined: BTreeSet<Decline>,
}

pub(super) struct State<C> {
    pub(super) shared: Arc<Shared<C>>,
    pub(super) active: BTreeMap<TaskId, Active>,
    pub(super) brake: Brake,
    pub(super) looked: BTreeMap<TaskId, Looked>,
    /// How often tasks came to nothing here: not to be taken again and again while they are open.
    failures: BTreeMap<TaskId, u32>,
    /// What was paid for answers whose jobs had not ended when the event came.
    early: BTreeMap<TaskId, Amount>,
    settling: BTreeMap<TaskId, Job<Submitted>>,
    settled_at: Height,
    resume: Vec<AnyJob>,
    jobs: JoinSet<(TaskId, Ending)>,
    declines: Arc<Mutex<Declines>>,
    stopping: bool,
}

impl<C: MarketClient> State<C> {
    pub(super) fn new(shared: Arc<Shared<C>>, resume: Vec<AnyJob>, declines: Arc<Mutex<Declines>>) -> State<C> {
        State {
            brake: Brake::new(shared.config.max_jobs),
            settled_at: Height(0),
            shared,
            active: BTreeMap::new(),
            looked: BTreeMap::new(),
            failures: BTreeMap::new(),
            early: BTreeMap::new(),
            settling: BTreeMap::new(),
            resume,
            jobs: JoinSet::new(),
            declines,
            stopping: false,
        }
    }

    /// Runs until stopped and drained.
    pub(super) async fn run(mut self, told: watch::Sender<StatusView>) -> Result<(), DaemonError> {
        let (sender, mut inputs) = mpsc::channel(INPUTS_MAX);
        let mut pumps = JoinSet::new();
        pumps.spawn(heights(Arc::clone(&self.shared), told, sender.clone()));
        pumps.spawn(events(Arc::clone(&self.shared), sender));
        let shared = Arc::clone(&self.shared);

        let (account, height) = (self.shared.account, self.shared.height());
        let resume = std::mem::take(&mut self.resume);
        self.shared.tell(Report::Started { account, height, resumed: resume.len() });
        for job in resume {
            self.shared.tell(Report::Resumed { task: job.terms().task, stage: job.stage() });
            self.begin_again(job);
        }
        self.settle().await;
        for task in self.shared.client.tasks(TaskStage::Assigned).await.unwrap_or_default() {
            if task.held_by(&account) {
                self.adopt(&task.id).await;
            }
        }
        self.sweep().await;
        while !(self.stopping && self.jobs.is_empty()) {
            let input = tokio::select! {
                Some(input) = inputs.recv() => input,
                Some(ended) = self.jobs.join_next(), if !self.jobs.is_empty() => match ended {
                    Ok((task, ending)) => Input::Ended(task, Box::new(ending)),
                    // A job that panicked: its row stays in the book for a person to look at.
                    Err(_) => return Err(DaemonError::Ended("a job")),
                },
                () = shared.stopped(), if !self.stopping => Input::Stop,
                _ = pumps.join_next() => return Err(DaemonError::Ended("the reading of the chain")),
            };
            let mut look = self.take(input).await?;
            // Whatever else has come is one look.
            while let Ok(input) = inputs.try_recv() {
                look |= self.take(input).await?;
            }
            if look && !self.stopping {
                self.sweep().await;
            }
        }
        Ok(())
    }

    /// Reacts to one input; says whether the open tasks are worth another look.
    async fn take(&mut self, input: Input) -> Result<bool, DaemonError> {
        match input {
            Input::Stop => {
                self.stopping = true;
                Ok(false)
            }
            Input::Height(status) => {
                if status.chain_id != self.shared.chain {
                    let (expected, found) = (self.shared.chain, status.chain_id);
                    return Err(DaemonError::OtherChain { expected, found });
                }
                // A height that went back, or was a lie before, must not put this off.
                if status.height < self.settled_at || status.height.since(self.settled_at).0 >= SETTLE_BLOCKS {
                    self.settle().await;
                }
                Ok(true)
            }
            Input::Event(event) => self.event(&event).await,
            Input::Ended(task, ending) => {
                self.ended(task, *ending).await;
                Ok(true)
            }
        }
    }

    async fn event(&mut self, event: &EventView) -> Result<bool, DaemonError> {
        let Some(task) = event.task() else { return Ok(false) };
        match event.event.as_str() {
            "task_opened" | "task_reauctioned" | "task_released" | "rescue_opened" => Ok(true),
            "task_locked" if event.account("provider") == Some(self.shared.account) => {
                self.adopt(&task).await;
                Ok(false)
            }
            "task_final" | "task_failed" if event.account("provider") == Some(self.shared.account) => {
                let paid = event.amount("paid");
                if let Some(job) = self.settling.remove(&task) {
                    self.finalised(task, paid.unwrap_or(job.state.price)).await;
                } else if self.active.contains_key(&task) {
                    self.early.insert(task, paid.unwrap_or(Amount::ZERO));
                }
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    async fn finalised(&mut self, task: TaskId, paid: Amount) {
        self.shared.forget(task).await;
        self.shared.tell(Report::Finalised { task, paid });
    }

    /// Asks what became of answers that wait to become final, where no event told.
    async fn settle(&mut self) {
        self.settled_at = self.shared.height();
        let waiting: Vec<TaskId> = self.settling.keys().copied().collect();
        for task in waiting {
            let Ok(Some(view)) = self.shared.client.task(&task).await else { continue };
            if !view.state.is_terminal() {
                continue;
            }
            let Some(job) = self.settling.remove(&task) else { continue };
            let ours = view.answered_by(&self.shared.account);
            let paid = if ours { job.state.price } else { Amount::ZERO };
            self.finalised(task, paid).await;
        }
    }

    async fn ended(&mut self, task: TaskId, ending: Ending) {
        self.active.remove(&task);
        let early = self.early.remove(&task);
        match ending {
            Ending::Delivered(job) => {
                self.brake.success();
                match early {
                    Some(paid) => self.finalised(task, paid).await,
                    None => drop(self.settling.insert(task, job)),
                }
            }
            Ending::Lost { why, missed } => {
                if missed {
                    self.brake.miss();
                }
                let failures = self.failures.entry(task).or_default();
                *failures = if missed { FAILURES_MAX } else { *failures + 1 };
                self.shared.forget(task).await;
                self.shared.tell(Report::Lost { task, why });
            }
            Ending::Released => {
                self.failures.insert(task, FAILURES_MAX);
                self.shared.forget(task).await;
                self.shared.tell(Report::Released { task });
            }
            Ending::Undelivered => {
                self.shared.forget(task).await;
                self.shared.tell(undelivered(task));
            }
            Ending::Kept => {}
        }
    }

    /// Goes on with a job of before the restart.
    fn begin_again(&mut self, job: AnyJob) {
        let (task, work_ms) = (job.terms().task, self.work_ms(&job));
        let active = match &job {
            AnyJob::Submitted(job) => {
                self.settling.insert(task, job.clone());
                return;
            }
            AnyJob::Offered(job) => Active {
                stake: job.state.stake,
                deadline: self.deadline(job.state.by, job.terms.not_after, job.terms.delivers),
                work_ms,
                progress: Arc::default(),
            },
            AnyJob::Staked(job) => Active {
                stake: job.state.stake,
                deadline: job.state.lock_deadline,
                work_ms,
                progress: Arc::new(Progress { landed: AtomicBool::new(true), ..Progress::default() }),
            },
            AnyJob::Proved(job) => Active {
                stake: Amount::ZERO,
                deadline: job.terms.not_after,
                work_ms: 0,
                progress: Arc::new(Progress {
                    landed: AtomicBool::new(true),
                    proved: AtomicBool::new(true),
                    ..Progress::default()
                }),
            },
        };
        self.begin(task, job, active);
    }

    /// Takes up a lock of ours that no job knows: the job book was lost, or a transaction that was given up has landed after
    /// all. The stake is as real as any.
    async fn adopt(&mut self, task: &TaskId) {
        if self.active.contains_key(task) {
            return;
        }
        let Ok(Some(view)) = self.shared.client.task(task).await else { return };
        let offered = self.shared.prover.offer(&view.predicate).is_some_and(|offer| offer.key == view.key);
        let terms = Arc::new(Terms::of(self.shared.chain, &view));
        if !view.held_by(&self.shared.account) || !offered || !terms.root_holds() {
            return;
        }
        let (price, stake) = (view.locked_price.unwrap_or(Amount::ZERO), Amount::ZERO);
        let offered = Offered { by: Way::Lock, price, stake, sent: None };
        let job = hold(&self.shared, Job { terms, state: offered }, &view, None).await;
        self.shared.tell(Report::Resumed { task: *task, stage: "adopted" });
        self.begin_again(AnyJob::Staked(job));
    }

    pub(super) fn begin(&mut self, task: TaskId, job: AnyJob, active: Active) {
        let (shared, progress, deadline) = (Arc::clone(&self.shared), Arc::clone(&active.progress), active.deadline);
        self.active.insert(task, active);
        self.jobs.spawn(async move { (task, drive(shared, job, deadline, progress).await) });
    }

    fn work_ms(&self, job: &AnyJob) -> u64 {
        self.shared.estimates.work_ns(&job.terms().predicate).unwrap_or(0).div_ceil(1_000_000)
    }

    /// Last height at which an answer that is decided on now can be in a block.
    pub(super) fn deadline(&self, by: Way, not_after: Height, delivers: bool) -> Height {
        let (windows, next) = (self.shared.windows, self.shared.height().0.saturating_add(1));
        match by {
            Way::Lock => {
                let tail = windows.rescue_blocks.saturating_add(if delivers { windows.deliver_blocks } else { 0 });
                let last = not_after.0.saturating_sub(tail);
                Height(next.saturating_add(windows.lock_blocks).min(last))
            }
            // A commitment, then its reveal.
            Way::Rescue => Height(not_after.0.saturating_sub(1)),
        }
    }

    /// Looks at everything that could be taken, nearest deadline first.
    async fn sweep(&mut self) {
        let conduct = self.shared.config.conduct();
        if self.stopping || conduct == Conduct::Idle {
            return;
        }
        let open = match conduct {
            Conduct::HoldRescue => Vec::new(),
            _ => {
                let Ok(open) = self.shared.client.tasks(TaskStage::Open).await else { return };
                open
            }
        };
        let rescue = if self.shared.config.rescue && conduct.rescues() {
            self.shared.client.tasks(TaskStage::Rescue).await.unwrap_or_default()
        } else {
            Vec::new()
        };
        let mut found: Vec<_> = open
            .into_iter()
            .map(|task| (Way::Lock, task))
            .chain(rescue.into_iter().map(|task| (Way::Rescue, task)))
            .collect();
        let present: BTreeSet<TaskId> = found.iter().map(|(_, task)| task.id).collect();
        self.looked.retain(|task, _| present.contains(task));
        self.failures.retain(|task, _| present.contains(task));
        found.retain(|(_, task)| !self.active.contains_key(&task.id) && !self.gave_up(&task.id));
        if found.is_empty() {
            return;
        }
        let Ok(account) = self.shared.client.account(&self.shared.account).await else { return };
        found.sort_by_key(|(by, task)| {
            (self.deadline(*by, task.rescue_expires.unwrap_or(task.not_after), task.delivers), task.id)
        });
        for (by, task) in found {
            if !self.looked.contains_key(&task.id) {
                let (id, predicate, price) = (task.id, task.predicate, task.price);
                self.shared.tell(Report::Seen { task: id, predicate, price });
                self.looked.insert(id, Looked::default());
            }
            match self.consider(by, &task, &account).await {
                Ok((job, active)) => self.begin(task.id, AnyJob::Offered(job), active),
                Err(declined) => self.decline(task.id, declined).await,
            }
        }
    }

    fn gave_up(&self, task: &TaskId) -> bool {
        self.failures.get(task).is_some_and(|failures| *failures >= FAILURES_MAX)
    }

    /// Counts and tells a reason, once for each task.
    async fn decline(&mut self, task: TaskId, declined: Declined) {
        let reason = declined.reason;
        if !self.looked.entry(task).or_default().declined.insert(reason) {
            return;
        }
        *self.declines.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
        let journal = Arc::clone(&self.shared.journal);
        let counted = tokio::task::spawn_blocking(move || journal.count(reason)).await;
        if let Ok(Err(error)) = counted {
            self.shared.tell(Report::JournalFailed { task, what: error.to_string() });
        }
        self.shared.publish_decline(task, reason);
        self.shared.tell(Report::Declined { task, declined });
    }
}
