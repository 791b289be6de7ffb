//! One job, from decision to answer. Runs as a task of its own; each step reads the chain before it acts.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rand::RngCore;
use rand::rngs::OsRng;
use zera_abi::{Amount, Height, TaskId};
use zera_host::Action;
use zera_market::{Answer, commit_digest};

use super::attest::attest;
use super::obtain::obtain;
use super::shared::{LOCK_FUEL, SUBMIT_FUEL, Shared};
use super::state::Progress;
use crate::calibrate::step_ns;
use crate::conduct::Conduct;
use crate::error::WalletError;
use crate::job::{AnyJob, Job, Offered, Proved, Sent, Staked, Submitted, Terms, Way};
use crate::json::Json;
use crate::market::MarketClient;
use crate::predicate::Preview;
use crate::private::PrivateBytes;
use crate::prove::{Order, Step};
use crate::report::Report;
use crate::view::{TaskStage, TaskView, TxResult};

/// Refusals in a row after which a job is given up: each costs a fee.
const REFUSALS_MAX: u32 = 8;

/// How a job ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// The answer was taken.
    Delivered(Job<Submitted>),
    /// It came to nothing; `missed` where a stake was lost with it.
    Lost {
        /// Why.
        why: String,
        /// A lock was missed.
        missed: bool,
    },
    /// The lock was handed back.
    Released,
    /// The requester did not deliver the private bytes that it owes: the stake is back, and its bond has paid.
    Undelivered,
    /// Left in the book for the next start.
    Kept,
}

pub(super) fn lost(why: impl Into<String>) -> Ending {
    Ending::Lost { why: why.into(), missed: false }
}

pub(super) fn missed(why: impl Into<String>) -> Ending {
    Ending::Lost { why: why.into(), missed: true }
}

pub(super) async fn drive<C: MarketClient>(
    shared: Arc<Shared<C>>,
    job: AnyJob,
    deadline: Height,
    progress: Arc<Progress>,
) -> Ending {
    match walk(&shared, job, deadline, &progress).await {
        Ok(job) => Ending::Delivered(job),
        Err(ending) => ending,
    }
}

async fn walk<C: MarketClient>(
    shared: &Shared<C>,
    job: AnyJob,
    deadline: Height,
    progress: &Arc<Progress>,
) -> Result<Job<Submitted>, Ending> {
    let staked = match job {
        AnyJob::Submitted(job) => return Ok(job),
        AnyJob::Proved(job) => return deliver(shared, job).await,
        AnyJob::Staked(job) => job,
        AnyJob::Offered(job) if job.state.by == Way::Rescue => {
            // A rescuer is owed nothing.
            let private = shared.private(&job.terms).map_err(|declined| lost(declined.detail))?;
            let answer = prove(shared, &job.terms, private, deadline, None, progress).await?;
            return deliver(shared, job.prove(answer)).await;
        }
        AnyJob::Offered(job) => lock(shared, job).await?,
    };
    progress.landed.store(true, Ordering::Relaxed);
    if shared.config.conduct() == Conduct::ReleaseAfterLock && release(shared, &staked.terms.task, &staked.state).await
    {
        return Err(Ending::Released);
    }
    speak(shared, &staked.terms.task).await?;
    if let Some(job) = attest(shared, &staked, progress).await? {
        return Ok(job);
    }
    let (private, deadline) = obtain(shared, &staked.terms, &staked.state).await?;
    let answer = prove(shared, &staked.terms, private, deadline, Some(&staked.state), progress).await?;
    let job = staked.prove(answer);
    shared.keep(AnyJob::Proved(job.clone())).await;
    deliver(shared, job).await
}

/// Locks the task; whatever the transaction's fate seems to be, the chain decides whose it is.
async fn lock<C: MarketClient>(shared: &Shared<C>, mut job: Job<Offered>) -> Result<Job<Staked>, Ending> {
    let task = job.terms.task;
    let turn = shared.wallet.turn().await;
    let sent = match job.state.sent.clone() {
        // Of before a restart. It may have landed long ago.
        Some(tx) => {
            if let Some(view) = shared.task(&task).await.filter(|view| view.held_by(&shared.account)) {
                drop(turn);
                return Ok(hold(shared, job, &view, None).await);
            }
            tx
        }
        None => {
            let last = Height(shared.height().0.saturating_add(shared.config.lock_expiry_blocks));
            let tx = turn
                .sign(Action::Lock { task }, LOCK_FUEL, Some(last))
                .await
                .map_err(|error| lost(format!("lock: {error}")))?;
            job.state.sent = Some(tx.clone());
            // A lock that the book does not know could be made twice: not without it.
            if !shared.keep(AnyJob::Offered(job.clone())).await {
                return Err(lost("lock: the job book can not be written"));
            }
            tx
        }
    };
    let result = turn.deliver(&sent).await;
    drop(turn);
    let view = shared.task(&task).await;
    let locked = result.as_ref().ok().map(|result| result.height);
    match view {
        Some(view) if view.held_by(&shared.account) => Ok(hold(shared, job, &view, locked).await),
        _ => Err(lost(match result {
            Ok(result) => format!("lock: {}", result.detail),
            Err(error) => format!("lock: {error}"),
        })),
    }
}

/// Our stake holds the task: the chain says so.
pub(super) async fn hold<C: MarketClient>(
    shared: &Shared<C>,
    job: Job<Offered>,
    view: &TaskView,
    locked: Option<Height>,
) -> Job<Staked> {
    let lock_deadline = view.lock_deadline.unwrap_or(view.not_after);
    let stake = view.escrow.get("stake").and_then(|stake| Amount::read(stake.as_str()?.to_owned()).ok());
    let staked = Staked {
        price: view.locked_price.unwrap_or(job.state.price),
        stake: stake.unwrap_or(job.state.stake),
        // The earliest that it can have been, where nobody saw it land.
        locked: locked.unwrap_or(Height(lock_deadline.0.saturating_sub(shared.windows.lock_blocks))),
        lock_deadline,
    };
    let job = job.stake(staked);
    shared.keep(AnyJob::Staked(job.clone())).await;
    let Staked { price, stake, lock_deadline, .. } = job.state;
    shared.tell(Report::Locked { task: job.terms.task, price, stake, lock_deadline });
    job
}

/// Waits as long as the drill says to be silent.
async fn speak<C: MarketClient>(shared: &Shared<C>, task: &TaskId) -> Result<(), Ending> {
    loop {
        let conduct = shared.config.conduct();
        if !conduct.is_silent() {
            return Ok(());
        }
        if shared.is_stopping() {
            return Err(Ending::Kept);
        }
        let stage = shared.task(task).await.map(|view| (view.state, view.held_by(&shared.account)));
        match stage {
            Some((TaskStage::Assigned, true)) => {}
            Some((TaskStage::Rescue, _)) if conduct == Conduct::RescueItself => return Ok(()),
            Some((stage, _)) => return Err(missed(format!("silent until the task was {stage}"))),
            None => return Err(missed("silent, and the node does not know the task any more")),
        }
        shared.change().await;
    }
}

/// Has the answer computed in the workshop. A stop takes it back while it waits there, and with it the lock.
pub(super) async fn prove<C: MarketClient>(
    shared: &Shared<C>,
    terms: &Arc<Terms>,
    private: PrivateBytes,
    deadline: Height,
    staked: Option<&Staked>,
    progress: &Arc<Progress>,
) -> Result<Answer, Ending> {
    let task = terms.task;
    let order = || Order {
        binding: terms.binding(shared.account),
        public: terms.public.clone(),
        private: private.clone(),
        input_root: terms.input_root,
    };
    let mut ticket = shared.workshop.hand_over(order(), deadline, tell(shared, terms, progress));
    let mut asked = false;
    let result = loop {
        tokio::select! {
            result = &mut ticket.result => break result,
            () = shared.stopped(), if !asked => {
                asked = true;
                if !ticket.withdraw() {
                    continue;
                }
                let Some(staked) = staked else { return Err(lost("stopped before it was started")) };
                if release(shared, &task, staked).await {
                    return Err(Ending::Released);
                }
                ticket = shared.workshop.hand_over(order(), deadline, tell(shared, terms, progress));
            }
        }
    };
    match result {
        Ok(Ok(answer)) => {
            // Decided before there was a lock, and looked at again: what the chain would refuse unpaid is never sent.
            let preview = Preview { outcome: answer.outcome, declared: answer.declared.clone() };
            if let Err(declined) = terms.takes(&preview) {
                return Err(given_up(shared, &task, staked, declined.detail).await);
            }
            progress.proved.store(true, Ordering::Relaxed);
            Ok(answer)
        }
        Ok(Err(fault)) => Err(given_up(shared, &task, staked, format!("proof: {fault}")).await),
        Err(_) => Err(Ending::Kept),
    }
}

/// Nothing can be delivered: while it still can be, the lock is handed back for a fiftieth of the stake.
pub(super) async fn given_up<C: MarketClient>(
    shared: &Shared<C>,
    task: &TaskId,
    staked: Option<&Staked>,
    why: String,
) -> Ending {
    match staked {
        Some(staked) if release(shared, task, staked).await => lost(why),
        Some(_) => missed(why),
        None => lost(why),
    }
}

fn tell<C: MarketClient>(shared: &Shared<C>, terms: &Terms, progress: &Arc<Progress>) -> Box<dyn FnMut(Step) + Send> {
    let (reporter, estimates) = (Arc::clone(&shared.reporter), Arc::clone(&shared.estimates));
    let (task, predicate, progress) = (terms.task, terms.predicate, Arc::clone(progress));
    let mut work_ns = 0u64;
    Box::new(move |step| {
        progress.started.get_or_init(Instant::now);
        work_ns = work_ns.saturating_add(step_ns(&step));
        reporter.tell(match step {
            Step::Native { outcome, ns } => Report::Native { task, outcome, ns },
            Step::Witness { wires, ns } => Report::Witness { task, wires, ns },
            Step::Rows { rows, ns } => Report::Rows { task, rows, ns },
            Step::Proof { ns } => Report::Proved { task, ns },
            Step::Verified { ns } => {
                estimates.learn(predicate, work_ns);
                Report::SelfVerified { task, ns }
            }
        });
    })
}

/// Hands the lock back, where its start deadline is not over.
pub(super) async fn release<C: MarketClient>(shared: &Shared<C>, task: &TaskId, staked: &Staked) -> bool {
    let blocks = staked.lock_deadline.since(staked.locked).0;
    let start = zera_market::price::start_blocks(blocks, shared.windows.start_share);
    let last = Height(staked.locked.0.saturating_add(start));
    if shared.height() >= last {
        return false;
    }
    let turn = shared.wallet.turn().await;
    let Ok(tx) = turn.sign(Action::Release { task: *task }, LOCK_FUEL, Some(last)).await else { return false };
    let result = turn.deliver(&tx).await;
    drop(turn);
    match result {
        Ok(result) => result.is_done(),
        Err(_) => !shared.task(task).await.is_some_and(|view| view.held_by(&shared.account)),
    }
}

/// What one attempt to deliver came to.
enum Attempt {
    /// The chain will say.
    Look,
    /// Judged, and not taken.
    Rejected(String),
    /// Not judged.
    Refused(String),
}

/// Delivers a proof by whatever way the chain leaves open, until it is taken or can not be.
///
/// Reads the task's state, acts, and reads again: a proof that has not landed is sent again until its deadline, a lock that
/// lapsed meanwhile is rescued by commitment and reveal.
async fn deliver<C: MarketClient>(shared: &Shared<C>, mut job: Job<Proved>) -> Result<Job<Submitted>, Ending> {
    let task = job.terms.task;
    let mut refusals = 0;
    let mut held = false;
    loop {
        let Some(view) = shared.task(&task).await else {
            return Err(Ending::Lost { why: "the node does not know the task any more".to_owned(), missed: held });
        };
        let conduct = shared.config.conduct();
        let ours = view.provider == Some(shared.account);
        held |= view.held_by(&shared.account);
        let attempt = match view.state {
            _ if view.answered_by(&shared.account) => return Ok(accepted(shared, job, &view).await),
            TaskStage::Assigned if ours => match conduct.bend(&job.state.answer) {
                // The next block is too late for it.
                Some(_) if view.lock_deadline.is_some_and(|last| shared.height() >= last) => None,
                Some(answer) => Some(submit(shared, &mut job, answer, view.lock_deadline).await),
                None => None,
            },
            // Another's lock, that rescuers wait behind, or ours that has lapsed.
            TaskStage::Rescue if conduct.delivers() => Some(rescue(shared, &mut job, &view).await),
            TaskStage::Rescue => None,
            stage => {
                let why = format!("the task is {stage}, not by us");
                return Err(Ending::Lost { why, missed: held });
            }
        };
        match attempt {
            None if shared.is_stopping() && !conduct.delivers() => return Err(Ending::Kept),
            None => shared.change().await,
            Some(Attempt::Look) => refusals = 0,
            Some(Attempt::Rejected(detail)) => {
                shared.tell(Report::Rejected { task, detail: detail.clone() });
                if conduct.delivers() {
                    // It verified here and not there: the same again would only cost more.
                    return Err(missed(format!("our proof was rejected: {detail}")));
                }
            }
            Some(Attempt::Refused(why)) => {
                refusals += 1;
                tracing::debug!(%task, why, refusals, "not taken");
                if refusals >= REFUSALS_MAX {
                    return Err(Ending::Lost { why, missed: held });
                }
                shared.change().await;
            }
        }
    }
}

async fn accepted<C: MarketClient>(shared: &Shared<C>, job: Job<Proved>, view: &TaskView) -> Job<Submitted> {
    let outcome = view.outcome.unwrap_or(job.state.answer.outcome);
    let mut job = job.submit(outcome);
    job.state.price = match outcome.as_bool() {
        Some(_) => view.locked_price.unwrap_or(job.state.price),
        None => shared.windows.execution_fee(view.bounty_max),
    };
    shared.keep(AnyJob::Submitted(job.clone())).await;
    shared.tell(Report::Accepted { task: job.terms.task, outcome });
    job
}

/// Submits as the lock's holder; first what was signed before a restart.
async fn submit<C: MarketClient>(
    shared: &Shared<C>,
    job: &mut Job<Proved>,
    answer: Answer,
    last: Option<Height>,
) -> Attempt {
    let task = job.terms.task;
    let turn = shared.wallet.turn().await;
    let tx = match job.state.sent.take() {
        Some(Sent::Submit(tx)) => tx,
        _ => {
            let tx = match turn.sign(Action::Submit { task, answer }, SUBMIT_FUEL, last).await {
                Ok(tx) => tx,
                Err(error) => return refused(&error),
            };
            job.state.sent = Some(Sent::Submit(tx.clone()));
            shared.keep(AnyJob::Proved(job.clone())).await;
            tx
        }
    };
    shared.tell(Report::Submitted { task, tx: tx.hash() });
    let result = turn.deliver(&tx).await;
    // It has landed, or never will.
    job.state.sent = None;
    attempt(result)
}

/// Commits and reveals under one turn: the window is a few blocks, and no other transaction may take it.
async fn rescue<C: MarketClient>(shared: &Shared<C>, job: &mut Job<Proved>, view: &TaskView) -> Attempt {
    let task = job.terms.task;
    let expires = view.rescue_expires.unwrap_or(view.not_after);
    let turn = shared.wallet.turn().await;
    let (commit, salt) = match job.state.sent.take() {
        Some(Sent::Reveal { tx, .. }) => return attempt(turn.deliver(&tx).await),
        Some(Sent::Commit { tx, salt }) => (tx, salt),
        Some(Sent::Submit(_)) | None => {
            // A reveal comes a block after its commitment.
            let last = Height(expires.0.saturating_sub(1));
            if shared.height() >= last {
                return Attempt::Refused("the rescue's window is over".to_owned());
            }
            let mut salt = [0; 32];
            OsRng.fill_bytes(&mut salt);
            let digest = commit_digest(&salt, &shared.account, &task, &job.state.answer.digest());
            match turn.sign(Action::Commit { task, digest }, LOCK_FUEL, Some(last)).await {
                Ok(tx) => (tx, salt),
                Err(error) => return refused(&error),
            }
        }
    };
    job.state.sent = Some(Sent::Commit { tx: commit.clone(), salt });
    shared.keep(AnyJob::Proved(job.clone())).await;
    shared.tell(Report::Committed { task, tx: commit.hash() });
    let committed = turn.deliver(&commit).await;
    job.state.sent = None;
    let height = match committed {
        Ok(result) if result.is_done() => result.height,
        other => return attempt(other),
    };

    let last = Height(height.0.saturating_add(shared.windows.reveal_blocks)).min(expires);
    let answer = job.state.answer.clone();
    let reveal = match turn.sign(Action::Reveal { task, salt, answer }, SUBMIT_FUEL, Some(last)).await {
        Ok(tx) => tx,
        Err(error) => return refused(&error),
    };
    job.state.sent = Some(Sent::Reveal { tx: reveal.clone(), salt });
    shared.keep(AnyJob::Proved(job.clone())).await;
    shared.tell(Report::Revealed { task, tx: reveal.hash() });
    let revealed = turn.deliver(&reveal).await;
    job.state.sent = None;
    attempt(revealed)
}

fn attempt(result: Result<TxResult, WalletError>) -> Attempt {
    match result {
        Ok(result) if result.is_done() => Attempt::Look,
        Ok(result) if result.ending == "rejected" => Attempt::Rejected(result.detail),
        Ok(result) => Attempt::Refused(format!("{}: {}", result.status.name, result.detail)),
        Err(error) => refused(&error),
    }
}

fn refused(error: &WalletError) -> Attempt {
    Attempt::Refused(error.to_string())
}
