//! Every action but a call: its price is known before it acts, so it is paid first.

mod court;
mod delivery;
mod key;
mod predicate;

pub use court::NATIVE_FUEL_MAX;

use zera_abi::{AccountId, Amount, Status, TaskId, TxHash};
use zera_market::ports::{Table, Verdict};
use zera_market::{Answer, Market, MarketError, Ruling};
use zera_statement::{code_hash, contract_address};

use crate::contract::Runner;
use crate::event::Event;
use crate::judge::Judge;
use crate::receipt::{Ending, Receipt};
use crate::session::root_of;
use crate::state::{ContractRow, State, SubmissionRow, contract_key};
use crate::tx::{Action, ConfigEntry, MAX_CONFIG, RequestBytes, SignedTx, Tx};
use crate::validate::validate;
use crate::world::{Denied, NodeFault};

/// What an action gives: its ending, its data, and a line for people.
type Done = (Ending, Vec<u8>, String);

/// Why an action does nothing: the rules refuse it, or the node fails.
pub(crate) enum Stop {
    Refused(Status, String),
    Fault(NodeFault),
}

impl Stop {
    /// The refusal of a status whose own words are enough.
    pub(crate) fn status(status: Status, why: &str) -> Stop {
        Stop::Refused(status, why.to_owned())
    }
}

/// A contract is told the status alone.
impl From<Stop> for Denied {
    fn from(stop: Stop) -> Denied {
        match stop {
            Stop::Refused(status, _) => Denied::Status(status),
            Stop::Fault(fault) => Denied::Fault(fault),
        }
    }
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

/// Every action but a call: its price is known before it acts, so it is paid first.
pub(crate) fn fixed_price(
    state: &mut State,
    runner: &Runner,
    tx: &SignedTx,
    intrinsic: u64,
    action: &Action,
) -> Result<Receipt, NodeFault> {
    let sender = tx.tx().sender;
    let mut fuel_used = intrinsic;
    // What a module holds is part of the price; one that does not even parse pays for its bytes.
    let (more, what) = match action {
        Action::Deploy { wasm, .. } => {
            let functions = validate(wasm).map_or(0, |facts| facts.functions);
            (
                state.cost.deploy_function.saturating_mul(u64::from(functions)),
                format!("deploying {functions} functions"),
            )
        }
        Action::SettleNatively { program, manifest, .. } => {
            (court::weigh(program, manifest).map_or(0, |weight| state.cost.native_module(&weight)), "a run".to_owned())
        }
        _ => (0, String::new()),
    };
    fuel_used = fuel_used.saturating_add(more);
    if more > 0 && fuel_used > tx.tx().fuel_limit {
        return charged(state, tx.hash(), &sender, tx.tx().fuel_limit, |_| {
            refuse(Status::Limit, format!("{what} needs {fuel_used} fuel"))
        });
    }
    if let Action::Complain { task, .. } = action {
        let len = state.delivered(task)?.map_or(0, |delivered| delivered.sealed().len());
        fuel_used = fuel_used.saturating_add(state.cost.complaint(len));
        if fuel_used > tx.tx().fuel_limit {
            return charged(state, tx.hash(), &sender, tx.tx().fuel_limit, |_| {
                refuse(Status::Limit, format!("opening {len} sealed bytes needs {fuel_used} fuel"))
            });
        }
    }
    let fee = state.fee(fuel_used);
    charged(state, tx.hash(), &sender, fuel_used, |state| act(state, runner, tx, action, fee))
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

/// Acts; `fee` is what the transaction was charged.
fn act(state: &mut State, runner: &Runner, signed: &SignedTx, action: &Action, fee: Amount) -> Result<Done, Stop> {
    let tx = signed.tx();
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
        Action::Submit { task, answer } => judged(state, task, &sender, answer, |market, judge| {
            market.submit(now, task, sender, answer.clone(), judge)
        }),
        Action::Commit { task, digest } => {
            state.market.commit(now, task, sender, *digest)?;
            Ok(done("committed"))
        }
        Action::Reveal { task, salt, answer } => judged(state, task, &sender, answer, |market, judge| {
            market.reveal(now, task, sender, *salt, answer.clone(), judge)
        }),
        Action::Publish(publication) => predicate::publish(state, sender, publication),
        Action::RegisterKey { predicate, key } => {
            let owned = state.predicate(predicate)?;
            let Some(row) = owned else {
                return refuse(Status::NotFound, format!("predicate {predicate} is not published"));
            };
            key::register(state, sender, row, key)
        }
        Action::Cancel { task } => {
            let requester = requester_for(state, task, &sender)?;
            state.market.cancel(now, task, requester)?;
            Ok(done("cancelled"))
        }
        Action::Open { request } => open(state, tx, request),
        Action::Name { name, predicate } => predicate::name(state, sender, name, *predicate),
        Action::Contradict { key, input_root, exhibits } => key::contradict(state, sender, *key, input_root, exhibits),
        Action::Unregister { key } => key::unregister(state, sender, *key),
        Action::Attest { task, outcome, declared } => {
            state.market.attest(now, task, sender, *outcome, declared.clone())?;
            Ok(done(format!("attested: {outcome}")))
        }
        Action::Challenge { task, salt, claimed } => {
            state.market.challenge(now, task, sender, *salt, *claimed)?;
            Ok(done(format!("challenged: {claimed}")))
        }
        Action::Settle { task, answer } => judged(state, task, &sender, answer, |market, judge| {
            market.settle(now, task, sender, answer.clone(), judge)
        }),
        Action::Stake { amount } => {
            state.market.stake(now, sender, *amount)?;
            Ok(done(format!("staked {amount} ZRA")))
        }
        Action::Unstake { amount } => {
            state.market.unstake(now, sender, *amount)?;
            Ok(done(format!("{amount} ZRA on their way back")))
        }
        Action::Propose { rule, value } => {
            let proposal = state.market.propose(now, sender, rule.as_str(), *value)?;
            Ok((Ending::Done, proposal.to_le_bytes().to_vec(), format!("proposal {proposal}")))
        }
        Action::Support { proposal, amount } => {
            state.market.support(now, *proposal, sender, *amount)?;
            Ok(done(format!("{amount} ZRA for proposal {proposal}")))
        }
        Action::SealingKey { task, key } => delivery::give_key(state, sender, task, *key),
        Action::Demand { task } => {
            state.market.demand(now, task, sender)?;
            Ok(done("demanded"))
        }
        Action::Deliver { task, sealed } => delivery::deliver(state, signed, task, sealed),
        Action::Complain { task, secret } => delivery::complain(state, sender, task, secret),
        Action::SettleNatively { task, fuel, program, manifest } => {
            court::settle(state, sender, task, &court::Run { fuel: *fuel, fee, program, manifest })
        }
    }
}

/// The requester of a task, for whom `sender` may act: itself, or the contract that it created.
fn requester_for(state: &State, task: &TaskId, sender: &AccountId) -> Result<AccountId, Stop> {
    let Some(record) = state.market.task(task) else {
        return refuse(Status::NotFound, format!("task {task} is not known"));
    };
    let requester = *record.requester();
    let creator = state.contract(&requester)?.map(|row| row.creator);
    if creator != Some(*sender) && requester != *sender {
        return refuse(Status::Unauthorized, "the task is another's");
    }
    Ok(requester)
}

/// Opens a task for an account. Its handle is the transaction's nonce, which the account uses once.
fn open(state: &mut State, tx: &Tx, request: &RequestBytes) -> Result<Done, Stop> {
    let Ok(request) = request.request() else {
        return refuse(Status::Limit, "request: does not read back");
    };
    if request.callback_fuel != 0 {
        return refuse(Status::Unsupported, "request: an account is not called back, so it reserves no fuel for it");
    }
    let task = state.open_task(&tx.sender, tx.nonce, &request, || root_of(request.public))?;
    Ok((Ending::Done, task.0.to_vec(), format!("task {task}")))
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
    event: impl FnOnce(&mut Market, &mut Judge<'_>) -> Result<Ruling, MarketError>,
) -> Result<Done, Stop> {
    let State { market, keys, verdicts, params, .. } = &mut *state;
    let ruling = event(market, &mut Judge { chain: params.chain, keys, verdicts })?;
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
