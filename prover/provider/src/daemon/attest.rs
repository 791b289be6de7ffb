//! An answer without a proof, and standing by it: where a task and the operator take that, the proof is made only when somebody
//! challenges.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use zera_abi::{Height, Outcome};
use zera_host::Action;
use zera_market::Answer;

use super::drive::{Ending, missed, prove};
use super::shared::{LOCK_FUEL, SUBMIT_FUEL, Shared};
use super::state::Progress;
use crate::conduct::Conduct;
use crate::job::{AnyJob, Job, Staked, Submitted, Terms};
use crate::market::MarketClient;
use crate::predicate::Preview;
use crate::report::Report;
use crate::view::{TaskStage, TaskView};

/// Settlements that may come to nothing: each costs a fee.
const REFUSALS_MAX: u32 = 8;

/// Attests and stands by it until the answer is final or has fallen. `None` where a proof is to be made as ever: the task or the
/// operator takes nothing less, or nothing was attested.
///
/// Reads the task's state before every step, so that a restart goes on where the chain is.
pub(super) async fn attest<C: MarketClient>(
    shared: &Shared<C>,
    job: &Job<Staked>,
    progress: &Arc<Progress>,
) -> Result<Option<Job<Submitted>>, Ending> {
    let task = job.terms.task;
    let (mut stood, mut told, mut refusals) = (false, false, 0);
    let mut proof: Option<Answer> = None;
    loop {
        let Some(view) = shared.task(&task).await else {
            return Err(missed("the node does not know the task any more"));
        };
        let ours = view.provider == Some(shared.account);
        match view.state {
            _ if view.answered_by(&shared.account) => return Ok(Some(stands(shared, job, &view).await)),
            TaskStage::Assigned if ours => {
                if !shared.config.attest || view.mode != "attested" || !say(shared, job, &view).await {
                    return Ok(None);
                }
            }
            TaskStage::Attested if ours => {
                stood = true;
                // Nothing is to be proved unless somebody challenges.
                progress.proved.store(true, Ordering::Relaxed);
                shared.change().await;
            }
            TaskStage::Challenged if ours => {
                stood = true;
                if !std::mem::replace(&mut told, true) {
                    shared.tell(Report::Challenged { task, challenger: view.challenger });
                }
                if shared.config.conduct().is_silent_when_challenged() {
                    shared.change().await;
                    continue;
                }
                let answer = match proof.take() {
                    Some(answer) => answer,
                    None => response(shared, &job.terms, &view, progress).await?,
                };
                if Some(answer.outcome) != view.outcome {
                    return Err(missed("we attested what can not be proved"));
                }
                if let Err(why) = settle(shared, &answer, &view).await {
                    refusals += 1;
                    tracing::debug!(%task, why, refusals, "not taken");
                    if refusals >= REFUSALS_MAX {
                        return Err(missed(why));
                    }
                    shared.change().await;
                }
                proof = Some(answer);
            }
            stage if stood => return Err(missed(format!("our answer has fallen: the task is {stage}"))),
            _ => return Ok(None),
        }
    }
}

/// Attests what the preview says; `false` where nothing was said that the chain would take.
async fn say<C: MarketClient>(shared: &Shared<C>, job: &Job<Staked>, view: &TaskView) -> bool {
    let (task, last) = (job.terms.task, view.lock_deadline);
    let Some(Preview { outcome, declared }) = preview(shared, &job.terms).await else { return false };
    let outcome = match (shared.config.conduct(), outcome) {
        (Conduct::AttestFalsely, Outcome::True) => Outcome::False,
        (Conduct::AttestFalsely, Outcome::False) => Outcome::True,
        (_, outcome) => outcome,
    };
    // What ends a task without an answer is proved.
    if outcome.as_bool().is_none() {
        return false;
    }
    let turn = shared.wallet.turn().await;
    let Ok(tx) = turn.sign(Action::Attest { task, outcome, declared }, LOCK_FUEL, last).await else { return false };
    let result = turn.deliver(&tx).await;
    drop(turn);
    match result {
        Ok(result) if result.is_done() => {
            shared.tell(Report::Attested { task, outcome });
            true
        }
        // It may have landed all the same: the chain says what it is now.
        other => {
            tracing::debug!(%task, ?other, "attestation not taken");
            shared.task(&task).await.is_some_and(|view| view.state == TaskStage::Attested)
        }
    }
}

/// The answer that native run and circuit agree on, once more: it was decided on before there was a lock.
async fn preview<C: MarketClient>(shared: &Shared<C>, terms: &Arc<Terms>) -> Option<Preview> {
    let private = shared.private(terms).ok()?;
    let (prover, order) = (Arc::clone(&shared.prover), Arc::clone(terms));
    let run = move || prover.preview(&order.predicate, &order.public, &private).ok();
    let preview = tokio::task::spawn_blocking(run).await.ok().flatten()?;
    terms.takes(&preview).is_ok().then_some(preview)
}

/// The proof of what we said.
async fn response<C: MarketClient>(
    shared: &Shared<C>,
    terms: &Arc<Terms>,
    view: &TaskView,
    progress: &Arc<Progress>,
) -> Result<Answer, Ending> {
    progress.proved.store(false, Ordering::Relaxed);
    let deadline = view.respond_until.unwrap_or(Height(view.not_after.0));
    let private = shared.private(terms).map_err(|declined| missed(format!("challenged: {}", declined.detail)))?;
    match prove(shared, terms, private, deadline, None, progress).await {
        Ok(answer) => Ok(answer),
        // The stake is as much at risk after a stop: the next start goes on.
        Err(_) if shared.is_stopping() => Err(Ending::Kept),
        Err(Ending::Lost { why, .. }) => Err(missed(format!("challenged: {why}"))),
        Err(other) => Err(other),
    }
}

async fn settle<C: MarketClient>(shared: &Shared<C>, answer: &Answer, view: &TaskView) -> Result<(), String> {
    let action = Action::Settle { task: view.id, answer: answer.clone() };
    let turn = shared.wallet.turn().await;
    let tx = turn.sign(action, SUBMIT_FUEL, view.respond_until).await.map_err(|error| error.to_string())?;
    let result = turn.deliver(&tx).await;
    drop(turn);
    match result {
        Ok(result) if result.is_done() => Ok(()),
        Ok(result) => Err(format!("{}: {}", result.status.name, result.detail)),
        Err(error) => Err(error.to_string()),
    }
}

/// The answer stands: nobody challenged, or who did was wrong.
async fn stands<C: MarketClient>(shared: &Shared<C>, job: &Job<Staked>, view: &TaskView) -> Job<Submitted> {
    let (task, price) = (job.terms.task, view.locked_price.unwrap_or(job.state.price));
    let outcome = view.outcome.unwrap_or(Outcome::True);
    let submitted = Job { terms: Arc::clone(&job.terms), state: Submitted { price, outcome } };
    shared.keep(AnyJob::Submitted(submitted.clone())).await;
    shared.tell(Report::Accepted { task, outcome });
    submitted
}
