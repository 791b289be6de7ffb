//! One block, from transactions to rows. Deterministic: the same state, transactions and height give the same rows on
//! every machine, whatever was verified ahead.

use std::sync::Arc;

use zera_abi::table::{FAILED_EXPORT, RESULT_EXPORT};
use zera_abi::{AccountId, Amount, Status, TaskId, TxHash};
use zera_market::ports::{Table, Verdict};
use zera_market::{Answer, MarketError, Ruling};
use zera_statement::{code_hash, contract_address};
use zera_verifier::VerifyingKey;

use crate::contract::{Call, CallEnd, CallReport, Entry, EntryError, EntryName, Runner};
use crate::event::Event;
use crate::judge::Judge;
use crate::receipt::{Ending, Receipt};
use crate::registry::{KeyRow, NameRow, PredicateRow, Publication};
use crate::state::{Callback, CallbackKind, ContractRow, State, SubmissionRow, contract_key, nonce};
use crate::tx::{Action, ConfigEntry, MAX_CONFIG, SignedTx, Tx};
use crate::validate::validate;
use crate::world::NodeFault;

/// Most fuel of a block.
pub const BLOCK_FUEL: u64 = 400_000_000;
/// Most proofs that a block verifies.
pub const BLOCK_VERIFICATIONS: usize = 100;
/// Most contracts that a block deploys.
pub const BLOCK_DEPLOYS: usize = 64;
/// Most bytes of code that a block deploys.
pub const BLOCK_CODE_LEN: usize = 512 * 1024;

/// Why a transaction is in no block. Nothing was charged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// Signed for another chain.
    #[error("transaction: signed for another chain")]
    Chain,
    /// Its expiry is behind.
    #[error("transaction: expired at height {expiry}, the next block is {next}")]
    Expired {
        /// Its expiry.
        expiry: u64,
        /// The height of the block.
        next: u64,
    },
    /// Its nonce was used.
    #[error("transaction: nonce {got} was used, the next one is {expected}")]
    NonceUsed {
        /// The nonce that it carries.
        got: u64,
        /// The account's next nonce.
        expected: u64,
    },
    /// Its nonce leaves a gap.
    #[error("transaction: nonce {got} leaves a gap, the next one is {expected}")]
    NonceGap {
        /// The nonce that it carries.
        got: u64,
        /// The account's next nonce.
        expected: u64,
    },
    /// The fuel limit is below what the action costs before it does anything.
    #[error("transaction: fuel limit {limit} is below the {needed} that a {action} needs")]
    FuelLimit {
        /// Its limit.
        limit: u64,
        /// What it needs at least.
        needed: u64,
        /// The action's name.
        action: &'static str,
    },
    /// The limit is above what a block or a call may use.
    #[error("transaction: fuel limit {limit} is above the greatest, {max}")]
    FuelCeiling {
        /// Its limit.
        limit: u64,
        /// The greatest limit.
        max: u64,
    },
    /// The sender can not pay the fee of its limit.
    #[error("transaction: the fee of its limit is {fee} ZRA, the sender has {free} ZRA")]
    Fee {
        /// The fee of the whole limit.
        fee: Amount,
        /// The sender's free balance.
        free: Amount,
    },
    /// It stands in a block already.
    #[error("transaction: already in a block")]
    Duplicate,
    /// The store can not be read.
    #[error("transaction: the node can not read its state: {0}")]
    Node(String),
}

impl Rejection {
    /// The status code for it.
    pub fn status(&self) -> Status {
        match self {
            Rejection::Chain => Status::Unsupported,
            Rejection::Expired { .. } => Status::Deadline,
            Rejection::NonceUsed { .. } | Rejection::Duplicate => Status::Duplicate,
            Rejection::NonceGap { .. } | Rejection::Node(_) => Status::State,
            Rejection::FuelLimit { .. } | Rejection::FuelCeiling { .. } => Status::Limit,
            Rejection::Fee { .. } => Status::Funds,
        }
    }
}

impl From<NodeFault> for Rejection {
    fn from(fault: NodeFault) -> Self {
        Rejection::Node(fault.to_string())
    }
}

/// A block's room, and what is left of it.
pub(crate) struct Room {
    fuel: u64,
    verifications: usize,
    deploys: usize,
    code_len: usize,
}

impl Room {
    pub(crate) fn new() -> Room {
        Room { fuel: BLOCK_FUEL, verifications: BLOCK_VERIFICATIONS, deploys: BLOCK_DEPLOYS, code_len: BLOCK_CODE_LEN }
    }

    /// Takes what `tx` needs, or nothing where it does not fit.
    pub(crate) fn take(&mut self, state: &State, tx: &SignedTx) -> Result<bool, NodeFault> {
        let (mut verifications, mut deploys, mut code_len) = (0, 0, 0);
        let mut fuel = match &tx.tx().action {
            Action::Call { .. } | Action::Deploy { .. } => tx.tx().fuel_limit,
            // The price is known, whatever the limit says.
            _ => state.intrinsic_fuel(tx, tx.encode().len()),
        };
        match &tx.tx().action {
            Action::Submit { task, .. } | Action::Reveal { task, .. } => {
                verifications = 1;
                // The call-back's reserve: it can not fail for want of a block's fuel.
                fuel = fuel.saturating_add(state.input(task)?.map_or(0, |input| input.callback_fuel));
            }
            Action::Deploy { wasm, .. } => {
                deploys = 1;
                code_len = wasm.len();
            }
            _ => {}
        }
        let left = (
            self.fuel.checked_sub(fuel),
            self.verifications.checked_sub(verifications),
            self.deploys.checked_sub(deploys),
            self.code_len.checked_sub(code_len),
        );
        let (Some(fuel), Some(verifications), Some(deploys), Some(code_len)) = left else { return Ok(false) };
        *self = Room { fuel, verifications, deploys, code_len };
        Ok(true)
    }
}

impl State {
    /// Fuel that a transaction costs before it does anything, all of it unless it is a call.
    pub(crate) fn intrinsic_fuel(&self, tx: &SignedTx, len: usize) -> u64 {
        let cost = &self.cost;
        let action = match &tx.tx().action {
            Action::Transfer { .. } => cost.row_write(64).saturating_mul(2),
            Action::Deploy { wasm, config, .. } => cost
                .deploy(wasm.len(), 0)
                .saturating_add(cost.row_write(64).saturating_mul(u64::try_from(config.len()).unwrap_or(u64::MAX))),
            Action::Call { .. } => 0,
            Action::Lock { .. } | Action::Release { .. } | Action::Commit { .. } | Action::Cancel { .. } => {
                cost.row_write(512)
            }
            Action::Submit { answer, .. } | Action::Reveal { answer, .. } => cost
                .verify(answer.declared.len().saturating_add(zera_abi::wire::STATEMENT_INPUTS))
                .saturating_add(cost.row_write(1024)),
            Action::Publish(_) => cost.row_write(512).saturating_mul(2),
            Action::RegisterKey { key, .. } => {
                cost.key(zera_abi::wire::key_inputs(key.len()).unwrap_or(zera_abi::wire::MAX_PUBLIC_INPUTS))
            }
        };
        cost.transaction(len).saturating_add(action)
    }

    /// What must hold for a transaction to be in the next block at all.
    pub(crate) fn check(&self, tx: &SignedTx) -> Result<(), Rejection> {
        let Tx { chain, sender, nonce: got, expiry, fuel_limit, action } = tx.tx();
        if *chain != self.params.chain {
            return Err(Rejection::Chain);
        }
        if *expiry < self.height {
            return Err(Rejection::Expired { expiry: expiry.0, next: self.height.0 });
        }
        let expected = nonce(&self.overlay, sender)?;
        if *got < expected {
            return Err(Rejection::NonceUsed { got: *got, expected });
        }
        if *got > expected {
            return Err(Rejection::NonceGap { got: *got, expected });
        }
        let needed = self.intrinsic_fuel(tx, tx.encode().len());
        if *fuel_limit < needed {
            return Err(Rejection::FuelLimit { limit: *fuel_limit, needed, action: action.name() });
        }
        let max = match action {
            Action::Call { .. } => needed.saturating_add(self.cost.call_fuel_max),
            _ => BLOCK_FUEL,
        };
        if *fuel_limit > max {
            return Err(Rejection::FuelCeiling { limit: *fuel_limit, max });
        }
        let (fee, free) = (self.fee(*fuel_limit), self.market.account(sender).free);
        if free < fee {
            return Err(Rejection::Fee { fee, free });
        }
        Ok(())
    }
}

/// What an action gives: its ending, its data, and a line for people.
type Done = (Ending, Vec<u8>, String);

/// Why an action does nothing: the rules refuse it, or the node fails.
enum Stop {
    Refused(Status, String),
    Fault(NodeFault),
}

impl From<MarketError> for Stop {
    fn from(error: MarketError) -> Stop {
        Stop::Refused(error.status(), error.to_string())
    }
}

impl From<NodeFault> for Stop {
    fn from(fault: NodeFault) -> Stop {
        Stop::Fault(fault)
    }
}

fn refuse<T>(status: Status, why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Refused(status, why.into()))
}

/// Applies one transaction that passed [`State::check`], and the call-backs that follow from it.
pub(crate) fn transaction(mut state: State, runner: &Runner, tx: &SignedTx) -> (State, Result<Receipt, NodeFault>) {
    let body = tx.tx();
    let intrinsic = state.intrinsic_fuel(tx, tx.encode().len());
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

fn call_back(mut state: State, runner: &Runner, callback: Callback) -> (State, Result<(), NodeFault>) {
    let Callback { task, contract, handle, fuel, what } = callback;
    let (entry, name) = match what {
        CallbackKind::Result(result) => (Entry::Result { handle, result }, RESULT_EXPORT),
        CallbackKind::Failed(reason) => (Entry::Failed { handle, reason }, FAILED_EXPORT),
    };
    let mark = state.mark();
    let call = Call { contract, caller: contract, entry, input: Vec::new(), fuel_limit: fuel };
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

/// Runs a contract; `None` where the account is not one.
pub(crate) fn run(state: State, runner: &Runner, call: Call) -> (State, Result<Option<CallReport>, NodeFault>) {
    let code = match state.contract(&call.contract) {
        Err(fault) => return (state, Err(fault)),
        Ok(None) => return (state, Ok(None)),
        Ok(Some(row)) => row.code,
    };
    let wasm = match state.overlay.read(Table::Code, code.as_bytes()) {
        Err(fault) => return (state, Err(fault)),
        Ok(None) => return (state, Err(NodeFault::State { what: format!("code {code} is missing") })),
        Ok(Some(wasm)) => wasm,
    };
    let (state, report) = runner.call(state, &code, &wasm, call);
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
    let report = match EntryName::parse(entry) {
        Err(error) => Err(error),
        Ok(name) => {
            let call = Call {
                contract,
                caller: sender,
                entry: Entry::User(name),
                input: input.to_vec(),
                fuel_limit: tx.tx().fuel_limit.saturating_sub(intrinsic),
            };
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

/// Every action but a call: its price is known before it acts, so it is paid first.
fn fixed_price(
    state: &mut State,
    runner: &Runner,
    tx: &SignedTx,
    intrinsic: u64,
    action: &Action,
) -> Result<Receipt, NodeFault> {
    let sender = tx.tx().sender;
    let mut fuel_used = intrinsic;
    if let Action::Deploy { wasm, .. } = action {
        // The count of functions is part of the price; a module that does not even parse pays for its bytes.
        let functions = validate(wasm).map_or(0, |facts| facts.functions);
        fuel_used = fuel_used.saturating_add(state.cost.deploy_function.saturating_mul(u64::from(functions)));
        if fuel_used > tx.tx().fuel_limit {
            return charged(state, tx.hash(), &sender, tx.tx().fuel_limit, |_| {
                refuse(Status::Limit, format!("deploying {functions} functions needs {fuel_used} fuel"))
            });
        }
    }
    charged(state, tx.hash(), &sender, fuel_used, |state| act(state, runner, tx.tx(), action))
}

/// Charges the fee, then acts; where the action is refused, everything but fee and nonce is undone.
fn charged(
    state: &mut State,
    tx: TxHash,
    sender: &AccountId,
    fuel_used: u64,
    act: impl FnOnce(&mut State) -> Result<Done, Stop>,
) -> Result<Receipt, NodeFault> {
    let fee = state.fee(fuel_used);
    state
        .market
        .charge(*sender, fee)
        .map_err(|error| NodeFault::State { what: format!("fee of {sender}: {error}") })?;
    let mark = state.mark();
    let (ending, data, detail) = match act(state) {
        Ok(done) => done,
        Err(Stop::Fault(fault)) => return Err(fault),
        Err(Stop::Refused(status, why)) => {
            state.rollback(mark);
            (Ending::Refused(status), Vec::new(), why)
        }
    };
    Ok(Receipt { tx, ending, fuel_used, fee, data, detail })
}

fn act(state: &mut State, runner: &Runner, tx: &Tx, action: &Action) -> Result<Done, Stop> {
    let (sender, now) = (tx.sender, state.height);
    match action {
        Action::Transfer { to, amount } => {
            state.market.transfer(sender, *to, *amount)?;
            Ok(done(format!("{amount} ZRA")))
        }
        Action::Deploy { wasm, config, endowment } => deploy(state, runner, tx, wasm, config, *endowment),
        // Calls are not at a fixed price; see `call`.
        Action::Call { .. } => refuse(Status::Unsupported, "a call has no fixed price"),
        Action::Lock { task } => {
            state.market.lock(now, task, sender)?;
            Ok(done("locked"))
        }
        Action::Release { task } => {
            state.market.release(now, task, sender)?;
            Ok(done("released"))
        }
        Action::Submit { task, answer } => {
            let judge = |state: &mut State| {
                let State { market, keys, verdicts, params, .. } = state;
                let mut judge = Judge { chain: params.chain, keys, verdicts };
                market.submit(now, task, sender, answer.clone(), &mut judge)
            };
            judged(state, task, &sender, answer, judge)
        }
        Action::Commit { task, digest } => {
            state.market.commit(now, task, sender, *digest)?;
            Ok(done("committed"))
        }
        Action::Reveal { task, salt, answer } => {
            let judge = |state: &mut State| {
                let State { market, keys, verdicts, params, .. } = state;
                let mut judge = Judge { chain: params.chain, keys, verdicts };
                market.reveal(now, task, sender, *salt, answer.clone(), &mut judge)
            };
            judged(state, task, &sender, answer, judge)
        }
        Action::Publish(publication) => publish(state, sender, publication),
        Action::RegisterKey { predicate, key } => {
            let owned = state.predicate(predicate)?;
            let Some(row) = owned else {
                return refuse(Status::NotFound, format!("predicate {predicate} is not published"));
            };
            register_key(state, sender, row, key)
        }
        Action::Cancel { task } => {
            let Some(record) = state.market.task(task) else {
                return refuse(Status::NotFound, format!("task {task} is not known"));
            };
            let requester = *record.requester();
            let creator = state.contract(&requester)?.map(|row| row.creator);
            if creator != Some(sender) && requester != sender {
                return refuse(Status::Unauthorized, "the task is another's");
            }
            state.market.cancel(now, task, requester)?;
            Ok(done("cancelled"))
        }
    }
}

fn done(detail: impl Into<String>) -> Done {
    (Ending::Done, Vec::new(), detail.into())
}

/// Judges an answer and keeps the submission. A rejected proof is a settled submission, not a refused transaction: the
/// stake that it cost stays cut.
fn judged(
    state: &mut State,
    task: &TaskId,
    sender: &AccountId,
    answer: &Answer,
    judge: impl FnOnce(&mut State) -> Result<Ruling, MarketError>,
) -> Result<Done, Stop> {
    let ruling = judge(state)?;
    let accepted = !matches!(ruling, Ruling::Rejected(_));
    let submission = SubmissionRow {
        provider: *sender,
        height: state.height,
        outcome: answer.outcome,
        accepted,
        proof: *answer.proof,
    };
    let mut index = 0u32;
    let key = loop {
        let key = [task.as_bytes().as_slice(), &index.to_be_bytes()].concat();
        if state.overlay.read(Table::Submissions, &key)?.is_none() {
            break key;
        }
        index = index.saturating_add(1);
    };
    state.overlay.put(Table::Submissions, &key, &submission);
    let detail = match ruling {
        Ruling::Accepted | Ruling::Failed => format!("proof verified: {}", answer.outcome),
        Ruling::Rejected(Verdict::Malformed) => "proof is not a canonical encoding of three points".to_owned(),
        Ruling::Rejected(_) => "proof does not verify for this task, provider and answer".to_owned(),
    };
    let ending = if accepted { Ending::Done } else { Ending::Rejected(ruling.status()) };
    Ok((ending, Vec::new(), detail))
}

fn deploy(
    state: &mut State,
    runner: &Runner,
    tx: &Tx,
    wasm: &[u8],
    config: &[ConfigEntry],
    endowment: Amount,
) -> Result<Done, Stop> {
    if let Err(error) = validate(wasm) {
        return refuse(Status::Encoding, error.to_string());
    }
    if config.len() > MAX_CONFIG || config.iter().any(|entry| entry.key.is_empty() || entry.key.len() > 64) {
        return refuse(
            Status::Limit,
            format!("configuration: at most {MAX_CONFIG} entries with keys of 1 to 64 bytes"),
        );
    }
    let code = code_hash(wasm);
    runner.compile(&code, wasm)?;
    let contract = contract_address(&tx.sender, tx.nonce, &code);
    state.overlay.write(Table::Code, code.as_bytes(), Some(wasm.to_vec()));
    let row = ContractRow { code, creator: tx.sender, created: state.height, next_handle: 1, pending: 0 };
    state.overlay.put(Table::Contracts, contract.as_bytes(), &row);
    for entry in config {
        state.overlay.put(Table::Config, &contract_key(&contract, entry.key.as_bytes()), &entry.amount);
    }
    if !endowment.is_zero() {
        state.market.transfer(tx.sender, contract, endowment)?;
    }
    state.events.push(Event::ContractDeployed { contract, creator: tx.sender });
    Ok((Ending::Done, contract.0.to_vec(), format!("contract {contract}")))
}

fn publish(state: &mut State, sender: AccountId, publication: &Publication) -> Result<Done, Stop> {
    if !publication.name_is_valid() {
        return refuse(Status::Limit, "name: expected 1 to 64 of A-Z a-z 0-9 . _ -");
    }
    if usize::from(publication.declared) > zera_abi::wire::MAX_DECLARED
        || usize::try_from(publication.public_len).unwrap_or(usize::MAX) > zera_abi::wire::MAX_PUBLIC_LEN
    {
        return refuse(Status::Limit, "layout: at most 13 declared values and 16384 public bytes");
    }
    let id = publication.id();
    if state.predicate(&id)?.is_some() {
        return refuse(Status::Duplicate, format!("predicate {id} is already published"));
    }
    let name = match state.name(publication.name.as_bytes())? {
        None => NameRow { owner: sender, active: id, next: None },
        Some(row) if row.owner != sender => {
            return refuse(Status::Unauthorized, format!("the name {} is another's", publication.name));
        }
        Some(row) => {
            let Some(from) = state.height.checked_add(state.params.name_timelock) else {
                return refuse(Status::Limit, "time lock: height does not fit");
            };
            NameRow { owner: sender, active: row.at(state.height), next: Some((id, from)) }
        }
    };
    state.overlay.put(Table::Names, publication.name.as_bytes(), &name);
    let row = PredicateRow { owner: sender, publication: publication.clone(), key: None, next_key: None };
    state.overlay.put(Table::Predicates, id.as_bytes(), &row);
    state.events.push(Event::PredicatePublished { predicate: id, owner: sender, name: publication.name.clone() });
    Ok((Ending::Done, id.0.to_vec(), format!("predicate {id}")))
}

fn register_key(state: &mut State, sender: AccountId, row: PredicateRow, bytes: &[u8]) -> Result<Done, Stop> {
    let predicate = row.publication.id();
    if row.owner != sender {
        return refuse(Status::Unauthorized, "the predicate is another's");
    }
    let key = match VerifyingKey::decode(bytes) {
        Ok(key) => key,
        Err(error) => return refuse(Status::Encoding, error.to_string()),
    };
    let expected = zera_abi::wire::STATEMENT_INPUTS.saturating_add(usize::from(row.publication.declared));
    if key.inputs() != expected {
        return refuse(
            Status::Count,
            format!("key: the predicate has {expected} public inputs, the key {}", key.inputs()),
        );
    }
    if !state.params.development {
        // A key of a public set-up proves anything to whoever reads it; any other needs its ceremony checked here first.
        return if key.is_dev() {
            refuse(Status::Key, "key: made by the development set-up; this network is not a development network")
        } else {
            refuse(
                Status::Unsupported,
                "key: this version can not check a ceremony; only development networks take keys",
            )
        };
    }
    let id = key.id();
    if state.overlay.read(Table::Keys, id.as_bytes())?.is_some() {
        return refuse(Status::Duplicate, format!("key {id} is already registered"));
    }
    let Some(activates) = state.height.checked_add(state.params.key_activation) else {
        return refuse(Status::Limit, "activation: height does not fit");
    };
    state.overlay.write(Table::Keys, id.as_bytes(), Some(bytes.to_vec()));
    state.overlay.put(Table::KeyMeta, id.as_bytes(), &KeyRow { predicate, owner: sender, activates });
    let updated = PredicateRow { key: row.key_at(state.height), next_key: Some((id, activates)), ..row };
    state.overlay.put(Table::Predicates, predicate.as_bytes(), &updated);
    state.events.push(Event::KeyRegistered { key: id, predicate, owner: sender, activates });
    // Last, since it is not undone: nothing below can refuse.
    state.keys.insert(id, Arc::new(key.prepare()));
    Ok((Ending::Done, id.0.to_vec(), format!("key {id}")))
}
