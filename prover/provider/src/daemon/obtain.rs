//! Private bytes of a task that we hold: from the operator's folder, or from the requester, sealed to a key of ours. Where they do
//! not come they are demanded, and where something else is delivered that is shown; both end the task at the requester's cost.

use zera_abi::{Height, TaskId};
use zera_host::sealed::{Address, SealingSecret, open};
use zera_host::{Action, Delivered, SignedTx};
use zera_market::reason;
use zera_statement::{input_root, scalar_to_be, task_id};

use super::drive::{Ending, given_up, lost, missed, release};
use super::shared::{COMPLAINT_FUEL, COMPLAINT_FUEL_BYTE, LOCK_FUEL, SEALING_FUEL, Shared};
use crate::job::{Staked, Terms};
use crate::market::MarketClient;
use crate::private::PrivateBytes;
use crate::report::Report;
use crate::view::{SealedView, TaskView};

/// Refusals in a row after which nothing more is sent: each costs a fee.
const REFUSALS_MAX: u32 = 4;
/// Blocks in which a demand should land, and so before the last one that it can be in.
const LANDING_BLOCKS: u64 = 2;

/// What waits for us at the node.
enum Mail {
    Nothing,
    /// It does not open, or is not what the request fixed.
    Wrong {
        /// And the requester has delivered that on the chain, by its own signature.
        signed: bool,
    },
    Bytes(PrivateBytes),
}

/// The private bytes of a task, and the last height at which an answer over them counts.
pub(super) async fn obtain<C: MarketClient>(
    shared: &Shared<C>,
    terms: &Terms,
    staked: &Staked,
) -> Result<(PrivateBytes, Height), Ending> {
    let task = terms.task;
    match shared.private(terms) {
        Ok(private) => return Ok((private, staked.lock_deadline)),
        Err(declined) if !terms.delivers => {
            return Err(given_up(shared, &task, Some(staked), declined.detail).await);
        }
        Err(_) => {}
    }
    let secret = SealingSecret::derive(&shared.config.key.to_bytes(), &shared.chain, &task);
    let to = Address { chain: shared.chain, task, provider: shared.account, key: secret.key() };
    let mut refusals = 0;
    loop {
        let Some(view) = shared.task(&task).await else {
            return Err(missed("the node does not know the task any more"));
        };
        if !view.held_by(&shared.account) {
            return Err(without_lock(shared, &view));
        }
        let deadline = view.lock_deadline.unwrap_or(staked.lock_deadline);
        // Who asked may bring them to the operator all the same.
        if let Ok(private) = shared.private(terms) {
            return Ok((private, deadline));
        }
        if shared.is_stopping() && release(shared, &task, staked).await {
            return Err(Ending::Released);
        }
        let action = match view.sealing_key {
            None => Some(Action::SealingKey { task, key: to.key }),
            Some(key) if key != to.key => {
                let why = "the key that was given for private bytes is not one of this account's";
                return Err(given_up(shared, &task, Some(staked), why.to_owned()).await);
            }
            Some(_) => match mail(shared, terms, &view, &to, &secret).await {
                Mail::Bytes(private) => return Ok((private, deadline)),
                Mail::Wrong { signed: true } => Some(Action::Complain { task, secret: secret.to_bytes() }),
                Mail::Nothing | Mail::Wrong { signed: false } => {
                    is_due(&view, shared.height()).then_some(Action::Demand { task })
                }
            },
        };
        match action {
            Some(action) if refusals < REFUSALS_MAX => {
                if send(shared, &view, action, terms).await {
                    refusals = 0;
                    continue;
                }
                refusals += 1;
            }
            _ => {}
        }
        shared.change().await;
    }
}

/// Whether the next block is one for a demand: as late as it safely can be, so that the bytes may still come without one.
fn is_due(view: &TaskView, height: Height) -> bool {
    let (Some(from), Some(until)) = (view.demand_from, view.demand_until) else { return false };
    let next = height.0.saturating_add(1);
    let best = until.0.saturating_sub(LANDING_BLOCKS).max(from.0);
    (best..=until.0).contains(&next)
}

/// We hold the task no longer, and there is no answer.
fn without_lock<C: MarketClient>(shared: &Shared<C>, view: &TaskView) -> Ending {
    let ours = view.provider == Some(shared.account);
    if ours && view.reason == reason::INPUT_UNAVAILABLE {
        return Ending::Undelivered;
    }
    let why = format!("no private bytes came until the task was {}", view.state);
    if ours { missed(why) } else { lost(why) }
}

/// Sends one of the steps; says whether it was done.
async fn send<C: MarketClient>(shared: &Shared<C>, view: &TaskView, action: Action, terms: &Terms) -> bool {
    let task = view.id;
    let (fuel, last) = match &action {
        Action::SealingKey { .. } => (SEALING_FUEL, view.lock_deadline),
        Action::Complain { .. } => (complaint_fuel(shared, terms), view.lock_deadline),
        _ => (LOCK_FUEL, view.demand_until),
    };
    let turn = shared.wallet.turn().await;
    let Ok(tx) = turn.sign(action, fuel, last).await else { return false };
    shared.tell(match &tx.tx().action {
        Action::SealingKey { .. } => Report::KeyGiven { task, tx: tx.hash() },
        Action::Complain { .. } => Report::Complained { task, tx: tx.hash() },
        _ => Report::Demanded { task, tx: tx.hash() },
    });
    match turn.deliver(&tx).await {
        Ok(result) => {
            if !result.is_done() {
                tracing::debug!(%task, detail = result.detail, "not taken");
            }
            result.is_done()
        }
        Err(_) => false,
    }
}

fn complaint_fuel<C: MarketClient>(shared: &Shared<C>, terms: &Terms) -> u64 {
    let len = shared.prover.offer(&terms.predicate).map_or(0, |offer| offer.private_len);
    COMPLAINT_FUEL.saturating_add(COMPLAINT_FUEL_BYTE.saturating_mul(u64::try_from(len).unwrap_or(u64::MAX)))
}

/// What the node has for us. What it says of itself counts for nothing: what opens and has the right root is right.
async fn mail<C: MarketClient>(
    shared: &Shared<C>,
    terms: &Terms,
    view: &TaskView,
    to: &Address,
    secret: &SealingSecret,
) -> Mail {
    let found = match shared.client.sealed(&to.task).await {
        Ok(Some(found)) => found,
        Ok(None) => return Mail::Nothing,
        Err(error) => {
            tracing::debug!(task = %to.task, %error, "asking again");
            return Mail::Nothing;
        }
    };
    let bytes = open(to, secret, &found.sealed).ok().map(PrivateBytes::from);
    let len = shared.prover.offer(&terms.predicate).map_or(0, |offer| offer.private_len);
    let is_right = |bytes: &[u8]| bytes.len() == len && terms.expected.contains(&scalar_to_be(&input_root(bytes)));
    match bytes.filter(|bytes| is_right(bytes)) {
        Some(bytes) => Mail::Bytes(bytes),
        None => Mail::Wrong { signed: is_signed(shared, view, &found).await },
    }
}

/// Whether the requester itself signed what the node shows as delivered on the chain. A complaint shows a secret that opens all that
/// was sealed to us for this task, so a node's word is not enough for it. Whose contract a contract is the node has to be believed.
async fn is_signed<C: MarketClient>(shared: &Shared<C>, view: &TaskView, found: &SealedView) -> bool {
    let tx = found.tx.as_deref().and_then(|tx| SignedTx::decode(tx).ok());
    let Some(delivered) = tx.and_then(|tx| Delivered::of(tx, &view.id)) else { return false };
    let tx = delivered.tx().tx();
    let named = task_id(&shared.chain, &view.contract, view.handle) == view.id;
    if tx.chain != shared.chain || delivered.sealed() != found.sealed || !named {
        return false;
    }
    // For a contract its creator signs.
    tx.sender == view.contract || shared.client.account(&view.contract).await.is_ok_and(|account| account.contract)
}

/// What is told of a task that ended with a requester who did not deliver.
pub(super) fn undelivered(task: TaskId) -> Report {
    Report::Undelivered { task }
}
