//! Private bytes on their way to the holder of a lock; see [`crate::sealed`].

use zera_abi::{AccountId, Status, TaskId};
use zera_market::Delivery;
use zera_market::ports::Table;
use zera_statement::{input_root, scalar_to_be};

use super::{Done, Stop, done, refuse, requester_for};
use crate::registry::PredicateRow;
use crate::sealed::{Address, OVERHEAD, SealingSecret, check_key, open};
use crate::state::State;
use crate::tx::SignedTx;
use crate::world::NodeFault;

/// The holder gives its key.
pub(super) fn give_key(state: &mut State, sender: AccountId, task: &TaskId, key: [u8; 32]) -> Result<Done, Stop> {
    if let Err(error) = check_key(&key) {
        return refuse(Status::Encoding, error.to_string());
    }
    state.market.give_key(state.height, task, sender, key)?;
    Ok(done("sealing key"))
}

/// The requester delivers on the chain. Of the sealed bytes only the length can be looked at. The whole transaction is kept: its
/// signature shows the holder who has delivered this.
pub(super) fn deliver(state: &mut State, tx: &SignedTx, task: &TaskId, sealed: &[u8]) -> Result<Done, Stop> {
    let requester = requester_for(state, task, &tx.tx().sender)?;
    let expected = private_len(state, task)?.saturating_add(OVERHEAD);
    if sealed.len() != expected {
        return refuse(Status::Limit, format!("sealed bytes: expected {expected}, got {}", sealed.len()));
    }
    state.market.deliver(state.height, task, requester)?;
    state.overlay.write(Table::Sealed, task.as_bytes(), Some(tx.encode()));
    Ok(done(format!("delivered {} sealed bytes", sealed.len())))
}

/// The holder shows that what was delivered is wrong: it does not open, or has another root than the one that the request fixed.
pub(super) fn complain(state: &mut State, sender: AccountId, task: &TaskId, secret: &[u8; 32]) -> Result<Done, Stop> {
    state.market.check_complaint(state.height, task, sender)?;
    let (what, commitment) = (format!("task {task}: what was delivered"), commitment(state, task)?);
    let missing = || NodeFault::State { what: format!("{what} is missing") };
    let record = state.market.task(task).ok_or_else(missing)?;
    let Delivery::Delivered { key } = record.delivery() else { return Err(missing().into()) };
    let secret = SealingSecret::from_bytes(secret).filter(|secret| secret.key() == key);
    let Some(secret) = secret else {
        return refuse(Status::Unauthorized, "the secret is not that of the key that was given");
    };
    let delivered = state.delivered(task)?.ok_or_else(missing)?;
    let to = Address { chain: state.params.chain, task: *task, provider: sender, key };
    let why = match open(&to, &secret, delivered.sealed()) {
        Err(_) => "does not open",
        Ok(bytes) if scalar_to_be(&input_root(&bytes)) != commitment => "is not what the request fixed",
        Ok(_) => return refuse(Status::No, format!("{what} is what the request fixed")),
    };
    state.market.complain(state.height, task, sender)?;
    Ok(done(format!("{what} {why}")))
}

fn predicate(state: &State, task: &TaskId) -> Result<PredicateRow, Stop> {
    let unknown = || Stop::Refused(Status::NotFound, format!("task {task} is not known"));
    let record = state.market.task(task).ok_or_else(unknown)?;
    let missing = || NodeFault::State { what: format!("predicate {} is missing", record.predicate()) };
    Ok(state.predicate(record.predicate())?.ok_or_else(missing)?)
}

/// Bytes that the predicate reads in private.
fn private_len(state: &State, task: &TaskId) -> Result<usize, Stop> {
    let len = predicate(state, task)?.publication.private_len;
    Ok(usize::try_from(len).unwrap_or(usize::MAX))
}

/// What the request fixed of all private bytes: of a task that delivers, the declared value that commits to them.
fn commitment(state: &State, task: &TaskId) -> Result<[u8; 32], Stop> {
    let index = predicate(state, task)?.publication.commitment.map(usize::from);
    let record = state.market.task(task);
    let fixed = record.zip(index).and_then(|(record, index)| record.expected().get(index).copied());
    fixed.ok_or_else(|| NodeFault::State { what: format!("task {task} fixes no private bytes") }.into())
}
