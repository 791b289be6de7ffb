//! Every action but a call: its price is known before it acts, so it is paid first.

use std::sync::Arc;

use zera_abi::{AccountId, Amount, Status, TaskId, TxHash};
use zera_market::ports::{Table, Verdict};
use zera_market::{Answer, MarketError, Ruling};
use zera_statement::{code_hash, contract_address};
use zera_verifier::VerifyingKey;

use crate::contract::Runner;
use crate::event::Event;
use crate::judge::Judge;
use crate::receipt::{Ending, Receipt};
use crate::registry::{KeyRow, NameRow, PredicateRow, Publication};
use crate::state::{ContractRow, State, SubmissionRow, contract_key};
use crate::tx::{Action, ConfigEntry, MAX_CONFIG, SignedTx, Tx};
use crate::validate::validate;
use crate::world::NodeFault;

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
