//! One transaction with the call-backs that follow from it. Deterministic: the same state, transactions and height give
//! the same rows on every machine, whatever was verified ahead.

use zera_abi::table::{FAILED_EXPORT, RESULT_EXPORT, REVOKED_EXPORT};
use zera_abi::{AccountId, Amount, Status};
use zera_market::ports::Table;

use crate::action::fixed_price;
use crate::contract::{Call, CallEnd, CallReport, Entry, EntryError, EntryName, Runner};
use crate::event::Event;
use crate::lane::Lanes;
use crate::receipt::{Ending, Receipt};
use crate::rehearsal::{Foreseen, rehearse};
use crate::state::{Callback, CallbackKind, State};
use crate::tx::{Action, SignedTx, Tx};
use crate::waiting::CALLBACK_SHARE;
use crate::world::NodeFault;

/// Applies one transaction that passed [`State::check`], and the call-backs that follow from it.
pub(crate) fn transaction(mut state: State, runner: &Runner, tx: &SignedTx) -> (State, Result<Receipt, NodeFault>) {
    let body = tx.tx();
    let intrinsic = state.cost.intrinsic(body, tx.len());
    let next = body.nonce.saturating_add(1);
    state.overlay.put(Table::Nonces, body.sender.as_bytes(), &next);
    let receipt = match &body.action {
        Action::Call { contract, entry, input } => {
            let (back, receipt) = call(state, runner, tx, intrinsic, *contract, entry, input);
            state = back;
            receipt
        }
        action => fixed_price(&mut state, runner, tx, intrinsic, action),
    };
    match receipt {
        Err(fault) => (state, Err(fault)),
        Ok(receipt) => {
            let (state, settled) = callbacks(state, runner);
            (state, settled.map(|()| receipt))
        }
    }
}

/// Tells what the market did and calls the contracts back that wait for it.
pub(crate) fn callbacks(mut state: State, runner: &Runner) -> (State, Result<(), NodeFault>) {
    // A call-back may open tasks, whose notes are told in the next round; none of them calls back within the block.
    loop {
        let due = match state.settle_notes() {
            Ok(due) => due,
            Err(fault) => return (state, Err(fault)),
        };
        if due.is_empty() {
            return (state, Ok(()));
        }
        for callback in due {
            let (back, result) = call_back(state, runner, callback);
            state = back;
            if let Err(fault) = result {
                return (state, Err(fault));
            }
        }
    }
}

/// Tells what the block's clock did and calls back what fits of what that, and earlier blocks, made due. Gives the fuel that
/// was set aside for it.
pub(crate) fn clock_callbacks(mut state: State, runner: &Runner, lanes: Lanes) -> Result<(State, u64), NodeFault> {
    for callback in state.settle_notes()? {
        state.waiting.push(&mut state.overlay, callback);
    }
    let foreseen = state.waiting.within(CALLBACK_SHARE).map(Foreseen::due).collect();
    state = rehearse(state, runner, lanes, foreseen)?;
    let mut used = 0u64;
    loop {
        let room = CALLBACK_SHARE.saturating_sub(used);
        let Some(callback) = state.waiting.pop(&mut state.overlay, room) else { return Ok((state, used)) };
        used = used.saturating_add(callback.fuel);
        let (back, result) = call_back(state, runner, callback);
        result?;
        // What the call-back itself opened is told; nothing that it can do makes another call-back due.
        let (back, told) = callbacks(back, runner);
        told?;
        state = back;
    }
}

impl Callback {
    /// The call that it is.
    pub(crate) fn call(&self) -> Call {
        let handle = self.handle;
        let entry = match self.what {
            CallbackKind::Result(result) => Entry::Result { handle, result },
            CallbackKind::Failed(reason) => Entry::Failed { handle, reason },
            CallbackKind::Revoked(reason) => Entry::Revoked { handle, reason },
        };
        Call { contract: self.contract, caller: self.contract, entry, input: Vec::new(), fuel_limit: self.fuel }
    }
}

fn call_back(mut state: State, runner: &Runner, callback: Callback) -> (State, Result<(), NodeFault>) {
    let Callback { task, contract, what, .. } = callback;
    let name = match what {
        CallbackKind::Result(_) => RESULT_EXPORT,
        CallbackKind::Failed(_) => FAILED_EXPORT,
        CallbackKind::Revoked(_) => REVOKED_EXPORT,
    };
    let mark = state.mark();
    let call = callback.call();
    let (mut state, report) = run(state, runner, call);
    let (done, detail) = match report {
        Err(fault) => return (state, Err(fault)),
        Ok(None) => (false, "not a contract".to_owned()),
        Ok(Some(CallReport { end: CallEnd::Done { .. }, fuel_used })) => (true, format!("{fuel_used} fuel")),
        // A contract without the optional entry has nothing to be told.
        Ok(Some(CallReport { end: CallEnd::NoEntry, .. })) => (false, "no such entry".to_owned()),
        Ok(Some(CallReport { end, .. })) => (false, ending_detail(&end)),
    };
    if !done {
        // A call-back that fails loses its own writes and nothing else.
        state.rollback(mark);
    }
    state.events.push(Event::Callback { task, contract, entry: name.to_owned(), done, detail });
    (state, Ok(()))
}

/// The call that a user's transaction is.
pub(crate) fn user_call(
    tx: &Tx,
    intrinsic: u64,
    contract: AccountId,
    entry: &str,
    input: &[u8],
) -> Result<Call, EntryError> {
    let entry = Entry::User(EntryName::parse(entry)?);
    let fuel_limit = tx.fuel_limit.saturating_sub(intrinsic);
    Ok(Call { contract, caller: tx.sender, entry, input: input.to_vec(), fuel_limit })
}

/// Runs a contract on this thread, which is one for guests, or does what it did when it was rehearsed; `None` where the account is not one.
pub(crate) fn run(mut state: State, runner: &Runner, call: Call) -> (State, Result<Option<CallReport>, NodeFault>) {
    let code = match state.contract(&call.contract) {
        Err(fault) => return (state, Err(fault)),
        Ok(None) => return (state, Ok(None)),
        Ok(Some(row)) => row.code,
    };
    match state.replay(&call) {
        Err(fault) => return (state, Err(fault)),
        Ok(Some(report)) => return (state, Ok(Some(report))),
        Ok(None) => {}
    }
    let wasm = match state.overlay.read(Table::Code, code.as_bytes()) {
        Err(fault) => return (state, Err(fault)),
        Ok(None) => return (state, Err(NodeFault::State { what: format!("code {code} is missing") })),
        Ok(Some(wasm)) => wasm,
    };
    let (state, report) = runner.call_here(state, &code, &wasm, call);
    (state, report.map(Some))
}

fn call(
    mut state: State,
    runner: &Runner,
    tx: &SignedTx,
    intrinsic: u64,
    contract: AccountId,
    entry: &str,
    input: &[u8],
) -> (State, Result<Receipt, NodeFault>) {
    let sender = tx.tx().sender;
    let mut receipt = Receipt {
        tx: tx.hash(),
        ending: Ending::Done,
        fuel_used: intrinsic,
        fee: Amount::ZERO,
        data: Vec::new(),
        detail: String::new(),
    };
    let mark = state.mark();
    let report = match user_call(tx.tx(), intrinsic, contract, entry, input) {
        Err(error) => Err(error),
        Ok(call) => {
            let (back, report) = run(state, runner, call);
            state = back;
            match report {
                Err(fault) => return (state, Err(fault)),
                Ok(report) => Ok(report),
            }
        }
    };
    match report {
        Err(error) => {
            receipt.ending = Ending::Refused(entry_status(&error));
            receipt.detail = error.to_string();
        }
        Ok(None) => {
            receipt.ending = Ending::Refused(Status::NotFound);
            receipt.detail = format!("{contract} is not a contract");
        }
        Ok(Some(report)) => {
            receipt.fuel_used = intrinsic.saturating_add(report.fuel_used);
            receipt.detail = ending_detail(&report.end);
            receipt.ending = match report.end {
                CallEnd::Done { data, .. } => {
                    receipt.data = data;
                    Ending::Done
                }
                CallEnd::Aborted { code, message } => Ending::Aborted { code, message },
                CallEnd::Trapped { .. } => {
                    receipt.fuel_used = tx.tx().fuel_limit;
                    Ending::Trapped
                }
                CallEnd::NoEntry => Ending::Refused(Status::NotFound),
            };
        }
    }
    if receipt.ending != Ending::Done {
        state.rollback(mark);
    }
    receipt.fee = state.fee(receipt.fuel_used);
    // The fee of the whole limit was there before the call, and a call can not touch its sender's money.
    let charged = state.market.charge(sender, receipt.fee);
    (state, charged.map(|()| receipt).map_err(|error| NodeFault::State { what: format!("fee of {sender}: {error}") }))
}

fn entry_status(error: &EntryError) -> Status {
    match error {
        EntryError::Reserved { .. } => Status::Unauthorized,
        _ => Status::Limit,
    }
}

fn ending_detail(end: &CallEnd) -> String {
    match end {
        CallEnd::Done { .. } => String::new(),
        CallEnd::Aborted { code, message } => format!("aborted with {code}: {message}"),
        CallEnd::Trapped { what } => format!("trapped: {what}"),
        CallEnd::NoEntry => "the contract has no such entry".to_owned(),
    }
}
