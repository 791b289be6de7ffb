//! Settlement in lanes: contract calls of a block, run ahead of their turn, a lane for each contract.
//!
//! A guest is a function of its code, its call and what the world answers it. So a call that is foreseen runs ahead on a
//! [`Draft`] of the state, which answers as the state probably will, and is written down: every question and order of the
//! guest in turn with its answer, and how the call ended. When its turn comes the same questions and orders are put to the
//! real state. If every answer is the one that the guest was given, the guest would have done the same again: the state now
//! holds what it ordered, and its report stands. At the first answer that differs all of it is undone, and the call runs as
//! if it had never been rehearsed. A guess that is wrong costs time and nothing else, so a draft may guess.
//!
//! Contracts meet in the market alone, so one contract's calls are rehearsed in order on one draft, and those of different
//! contracts beside each other. Nothing here depends on how many lanes there are, or on which is done first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use zera_abi::wire::{Claim as DirectClaim, Request};
use zera_abi::{AccountId, Amount, ChainId, CodeHash, End, Height, KeyId, Level, Outcome, PredicateId, Status, TaskId};
use zera_market::ports::{Table, Verdict, Verify};
use zera_native::THREAD_STACK_LEN;
use zera_statement::task_id;
use zera_verifier::verify_bytes;

use crate::admit::Room;
use crate::apply::user_call;
use crate::contract::{Call, CallEnd, CallReport, Runner};
use crate::judge::Judge;
use crate::lane::Lanes;
use crate::overlay::{Mark, Overlay, Under};
use crate::session::{direct_status, root_of};
use crate::state::{Callback, CallbackKind, InputRow, State, contract_key, handle_key};
use crate::tx::{Action, RequestBytes, SignedTx};
use crate::world::{Denied, NodeFault, TaskStatus, World};

/// Most questions and orders of one call that are written down: a call of more is not rehearsed.
const STEPS_MAX: usize = 4096;

/// How many calls lanes took ahead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rehearsed {
    /// Calls whose rehearsal stood.
    pub kept: u64,
    /// Calls that ran again in their turn, since an answer had changed.
    pub repeated: u64,
    /// Rehearsals of calls that did not come.
    pub unused: u64,
}

/// A task's outcome with its declared values, or why there is none yet.
type Told = Result<(Outcome, Vec<[u8; 32]>), Status>;

/// One question or order, put to the real state: whether the answer is the one that the guest was given.
type Step = Box<dyn FnOnce(&mut State) -> Result<bool, NodeFault> + Send + Sync>;

/// A call that was run ahead.
pub(crate) struct Rehearsal {
    call: Call,
    steps: Vec<Step>,
    report: CallReport,
}

/// The calls of a block that were run ahead, by contract and in order.
#[derive(Default)]
pub(crate) struct Rehearsals {
    queues: BTreeMap<AccountId, VecDeque<Rehearsal>>,
    pub(crate) count: Rehearsed,
}

impl Rehearsals {
    /// The rehearsal of `call`, if there is one; those before it did not come.
    fn take(&mut self, call: &Call) -> Option<Rehearsal> {
        let queue = self.queues.get_mut(&call.contract)?;
        let at = queue.iter().position(|rehearsal| rehearsal.call == *call)?;
        self.count.unused = self.count.unused.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
        queue.drain(..=at).next_back()
    }

    /// Forgets what did not come.
    pub(crate) fn clear(&mut self) {
        for queue in std::mem::take(&mut self.queues).into_values() {
            self.count.unused = self.count.unused.saturating_add(u64::try_from(queue.len()).unwrap_or(u64::MAX));
        }
    }
}

impl State {
    /// Does what `call` did in its rehearsal, where it would do the same now; `None` where it has to run, on the state as
    /// it was.
    ///
    /// # Errors
    /// [`NodeFault`], as the call itself.
    pub(crate) fn replay(&mut self, call: &Call) -> Result<Option<CallReport>, NodeFault> {
        let Some(Rehearsal { steps, report, .. }) = self.rehearsals.take(call) else { return Ok(None) };
        let mark = self.mark();
        for step in steps {
            if !step(self)? {
                self.rollback(mark);
                self.rehearsals.count.repeated = self.rehearsals.count.repeated.saturating_add(1);
                return Ok(None);
            }
        }
        self.rehearsals.count.kept = self.rehearsals.count.kept.saturating_add(1);
        Ok(Some(report))
    }
}

/// A call that will probably come, and the answer that it will find.
pub(crate) struct Foreseen {
    call: Call,
    answer: Option<(TaskId, Answered)>,
}

impl Foreseen {
    /// A call-back that is due already.
    pub(crate) fn due(callback: &Callback) -> Foreseen {
        Foreseen { call: callback.call(), answer: None }
    }
}

/// What a task will have been answered.
struct Answered {
    level: Level,
    outcome: Outcome,
    declared: Vec<[u8; 32]>,
}

impl State {
    /// The calls that `txs` will probably make, as far as `room` holds them: those that they are, and the call-backs of
    /// answers that will probably be taken.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub(crate) fn foresee(&self, txs: &[SignedTx], mut room: Room) -> Result<Vec<Foreseen>, NodeFault> {
        let (mut found, mut answered) = (Vec::new(), BTreeSet::new());
        for tx in txs {
            if !room.take(self, tx)? {
                continue;
            }
            let sender = tx.tx().sender;
            let (task, level, outcome, declared) = match &tx.tx().action {
                Action::Call { contract, entry, input } => {
                    let intrinsic = self.cost.intrinsic(tx.tx(), tx.len());
                    let call = user_call(tx.tx(), intrinsic, *contract, entry, input);
                    found.extend(call.ok().map(|call| Foreseen { call, answer: None }));
                    continue;
                }
                Action::Submit { task, answer } | Action::Reveal { task, answer, .. }
                    if self.market.may_answer(task, &sender) =>
                {
                    let verdict =
                        self.market.claim(task, sender, answer).ok().and_then(|claim| {
                            self.verdicts.known(&self.params.chain, &self.keys, &claim, &answer.proof)
                        });
                    if matches!(verdict, Some(Verdict::Invalid | Verdict::Malformed)) {
                        continue;
                    }
                    (task, Level::Accepted, answer.outcome, &answer.declared)
                }
                Action::Attest { task, outcome, declared } => (task, Level::Attested, *outcome, declared),
                _ => continue,
            };
            let Some(callback) = self.foresee_callback(task, level, outcome)? else { continue };
            if answered.insert(*task) {
                let answer = Answered { level, outcome, declared: declared.clone() };
                found.push(Foreseen { call: callback.call(), answer: Some((*task, answer)) });
            }
        }
        Ok(found)
    }

    /// The call-back of an answer that reaches `level`.
    fn foresee_callback(&self, task: &TaskId, level: Level, outcome: Outcome) -> Result<Option<Callback>, NodeFault> {
        let enough = self.market.task(task).is_some_and(|record| record.minimum_level() <= level);
        match outcome.as_bool().filter(|_| enough) {
            Some(result) => self.callback(*task, CallbackKind::Result(result)),
            None => Ok(None),
        }
    }
}

/// One contract's calls.
struct Lane {
    contract: AccountId,
    code: CodeHash,
    wasm: Vec<u8>,
    calls: Vec<Foreseen>,
    fuel: u64,
}

/// Runs `foreseen` ahead and keeps it in the state. With one lane, or calls of fewer than two contracts, nothing is run
/// ahead: it would take as long as in its turn.
///
/// # Errors
/// [`NodeFault`]: a lane panicked, or met what would stop the block. The state is lost, and the block with it.
pub(crate) fn rehearse(
    mut state: State,
    runner: &Runner,
    lanes: Lanes,
    foreseen: Vec<Foreseen>,
) -> Result<State, NodeFault> {
    if lanes == Lanes::ONE || foreseen.len() < 2 {
        return Ok(state);
    }
    let mut by_contract: BTreeMap<AccountId, Vec<Foreseen>> = BTreeMap::new();
    for one in foreseen {
        by_contract.entry(one.call.contract).or_default().push(one);
    }
    let mut queues = Vec::new();
    for (contract, calls) in by_contract {
        let Some(row) = state.contract(&contract)? else { continue };
        let Some(wasm) = state.overlay.read(Table::Code, row.code.as_bytes())? else { continue };
        let fuel = calls.iter().fold(0u64, |sum, one| sum.saturating_add(one.call.fuel_limit));
        queues.push(Lane { contract, code: row.code, wasm, calls, fuel });
    }
    if queues.len() < 2 {
        return Ok(state);
    }
    queues.sort_by_key(|lane| std::cmp::Reverse(lane.fuel));
    let shared = Arc::new(state);
    let done = lanes.run_deep(&queues, THREAD_STACK_LEN, |lane| lane.rehearse(&shared, runner));
    state = Arc::into_inner(shared)
        .ok_or_else(|| NodeFault::State { what: "a lane has ended and still holds the state".to_owned() })?;
    for (lane, calls) in queues.iter().zip(done?) {
        state.rehearsals.queues.insert(lane.contract, calls?);
    }
    Ok(state)
}

impl Lane {
    fn rehearse(&self, state: &Arc<State>, runner: &Runner) -> Result<VecDeque<Rehearsal>, NodeFault> {
        let mut draft = Draft::new(Arc::clone(state), &self.contract);
        let mut found = VecDeque::new();
        for Foreseen { call, answer } in &self.calls {
            if let Some((task, answered)) = answer {
                draft.answered.insert(*task, (answered.level, answered.outcome, answered.declared.clone()));
            }
            let mark = draft.mark();
            let (back, report) = runner.call_here(draft, &self.code, &self.wasm, call.clone());
            draft = back;
            let report = report?;
            if !matches!(report.end, CallEnd::Done { .. }) {
                draft.rollback(mark);
            }
            if let Some(steps) = draft.script.take() {
                found.push_back(Rehearsal { call: call.clone(), steps, report });
            }
            draft.script = Some(Vec::new());
        }
        Ok(found)
    }
}

impl Under for Arc<State> {
    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, NodeFault> {
        self.overlay.read(table, key)
    }
}

/// The world of a rehearsal: the state before the block's calls, with what one contract's calls have done to it since.
/// Writes down what it is asked and told.
struct Draft {
    state: Arc<State>,
    rows: Overlay<Arc<State>>,
    /// The contract's free money.
    free: Amount,
    answered: BTreeMap<TaskId, (Level, Outcome, Vec<[u8; 32]>)>,
    /// `None` once the call did what is not rehearsed.
    script: Option<Vec<Step>>,
}

/// What a call that ends badly leaves as it was.
struct DraftMark {
    rows: Mark,
    free: Amount,
}

impl Draft {
    fn new(state: Arc<State>, contract: &AccountId) -> Draft {
        let free = state.market.account(contract).free;
        let rows = Overlay::new(Arc::clone(&state));
        Draft { state, rows, free, answered: BTreeMap::new(), script: Some(Vec::new()) }
    }

    fn mark(&self) -> DraftMark {
        DraftMark { rows: self.rows.mark(), free: self.free }
    }

    fn rollback(&mut self, mark: DraftMark) {
        self.rows.rollback(mark.rows);
        self.free = mark.free;
    }

    fn write_down(&mut self, step: impl FnOnce(&mut State) -> Result<bool, NodeFault> + Send + Sync + 'static) {
        self.script = self.script.take().filter(|script| script.len() < STEPS_MAX);
        if let Some(script) = &mut self.script {
            script.push(Box::new(step));
        }
    }

    /// Whether the answer stands at the level that was asked for.
    fn stands(&self, task: &TaskId) -> bool {
        // Only an answer that is enough was foreseen.
        self.answered.contains_key(task) || self.state.market.task(task).is_some_and(|task| self.state.stands(task))
    }

    /// A task that this contract opened in the block is not in the market yet.
    fn status(&self, task: &TaskId) -> TaskStatus {
        let opened = TaskStatus { level: Level::Pending, end: End::None, reason: 0 };
        if let Some((level, ..)) = self.answered.get(task) {
            return TaskStatus { level: *level, ..opened };
        }
        self.state.market.task(task).map_or(opened, |task| TaskStatus {
            level: self.state.market.level(task),
            end: task.end(),
            reason: task.reason(),
        })
    }

    fn outcome(&self, contract: &AccountId, handle: u64) -> Result<Told, NodeFault> {
        let Some(id) = self.rows.handle(contract, handle)? else { return Ok(Err(Status::NotFound)) };
        if let Some((_, outcome, declared)) = self.answered.get(&id) {
            return Ok(Ok((*outcome, declared.clone())));
        }
        let task = self.state.market.task(&id).filter(|task| self.state.stands(task));
        Ok(match task.and_then(zera_market::Task::answer) {
            Some((outcome, declared)) => Ok((outcome, declared.to_vec())),
            None => Err(Status::No),
        })
    }

    /// Opens a task where the contract can pay for it: the state will say what else is wrong with the request.
    fn open(&mut self, contract: &AccountId, request: &Request<'_>) -> Result<Result<u64, Status>, NodeFault> {
        let Some(mut row) = self.rows.contract(contract)? else { return Ok(Err(Status::Unauthorized)) };
        let (rules, bounty) = (self.state.market.rules(), Amount::from_units(request.bounty));
        let callbacks = self.state.fee(request.callback_fuel.saturating_mul(rules.callbacks_max(request.level)));
        let price = [bounty, rules.bond(bounty), rules.opening_fee(bounty), callbacks];
        let left = price.into_iter().try_fold(self.free, Amount::checked_sub);
        let (handle, Some(next), Some(left)) = (row.next_handle, row.next_handle.checked_add(1), left) else {
            return Ok(Err(Status::Funds));
        };
        let task = task_id(&self.state.params.chain, contract, handle);
        row.next_handle = next;
        self.free = left;
        self.rows.put(Table::Contracts, contract.as_bytes(), &row);
        self.rows.put(Table::Handles, &handle_key(contract, handle), &task);
        let input = InputRow { handle, callback_fuel: request.callback_fuel, public: Vec::new() };
        self.rows.put(Table::Inputs, task.as_bytes(), &input);
        Ok(Ok(handle))
    }
}

/// A decision of the rules, apart from a failure.
fn decision<T>(result: Result<T, Denied>) -> Result<Result<T, Status>, NodeFault> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Denied::Status(status)) => Ok(Err(status)),
        Err(Denied::Fault(fault)) => Err(fault),
    }
}

impl World for Draft {
    fn chain_id(&self) -> ChainId {
        self.state.params.chain
    }

    fn height(&self) -> Height {
        self.state.height
    }

    fn config_amount(&mut self, contract: &AccountId, key: &[u8]) -> Result<Option<Amount>, NodeFault> {
        let answer = self.rows.row(Table::Config, &contract_key(contract, key))?;
        let (contract, key) = (*contract, key.to_vec());
        self.write_down(move |state| Ok(state.config_amount(&contract, &key)? == answer));
        Ok(answer)
    }

    fn storage_get(&mut self, contract: &AccountId, key: &[u8]) -> Result<Option<Vec<u8>>, NodeFault> {
        let answer = self.rows.read(Table::Kv, &contract_key(contract, key))?;
        let (contract, key, seen) = (*contract, key.to_vec(), answer.clone());
        self.write_down(move |state| Ok(state.storage_get(&contract, &key)? == seen));
        Ok(answer)
    }

    fn storage_set(&mut self, contract: &AccountId, key: &[u8], value: &[u8]) -> Result<(), NodeFault> {
        self.rows.write(Table::Kv, &contract_key(contract, key), Some(value.to_vec()));
        let (contract, key, value) = (*contract, key.to_vec(), value.to_vec());
        self.write_down(move |state| state.storage_set(&contract, &key, &value).map(|()| true));
        Ok(())
    }

    fn storage_remove(&mut self, contract: &AccountId, key: &[u8]) -> Result<bool, NodeFault> {
        let row = contract_key(contract, key);
        let there = self.rows.read(Table::Kv, &row)?.is_some();
        self.rows.write(Table::Kv, &row, None);
        let (contract, key) = (*contract, key.to_vec());
        self.write_down(move |state| Ok(state.storage_remove(&contract, &key)? == there));
        Ok(there)
    }

    fn emit(&mut self, contract: &AccountId, topic: &[u8], data: &[u8]) {
        let (contract, topic, data) = (*contract, topic.to_vec(), data.to_vec());
        self.write_down(move |state| {
            state.emit(&contract, &topic, &data);
            Ok(true)
        });
    }

    fn log(&mut self, contract: &AccountId, text: &[u8]) {
        let (contract, text) = (*contract, text.to_vec());
        self.write_down(move |state| {
            state.log(&contract, &text);
            Ok(true)
        });
    }

    fn predicate_by_name(&mut self, name: &[u8]) -> Result<Option<PredicateId>, NodeFault> {
        let answer = self.state.name(name)?.map(|row| row.at(self.state.height));
        let name = name.to_vec();
        self.write_down(move |state| Ok(state.predicate_by_name(&name)? == answer));
        Ok(answer)
    }

    fn request(&mut self, contract: &AccountId, request: &Request<'_>) -> Result<u64, Denied> {
        let answer = self.open(contract, request)?;
        let (contract, root, bytes) = (*contract, root_of(request.public), RequestBytes::new(request));
        self.write_down(move |state| match bytes.as_ref().map(RequestBytes::request) {
            Ok(Ok(request)) => Ok(decision(state.open(&contract, &request, || root))? == answer),
            // It was decoded from such bytes.
            _ => Ok(false),
        });
        Ok(answer?)
    }

    fn store_pending(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        let answer = self.rows.store_pending(contract, handle)?;
        let contract = *contract;
        self.write_down(move |state| Ok(state.store_pending(&contract, handle)? == answer));
        Ok(answer)
    }

    fn is_verified(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        let answer = match self.rows.handle(contract, handle)? {
            None => Status::NotFound,
            Some(task) if self.stands(&task) => Status::Ok,
            Some(_) => Status::No,
        };
        let contract = *contract;
        self.write_down(move |state| Ok(state.is_verified(&contract, handle)? == answer));
        Ok(answer)
    }

    fn clear_pending(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        let answer = match self.rows.handle(contract, handle)? {
            None => Status::NotFound,
            Some(task) => {
                let ready = self.stands(&task) || self.status(&task).end != End::None;
                self.rows.clear_pending(contract, handle, ready)?
            }
        };
        let contract = *contract;
        self.write_down(move |state| Ok(state.clear_pending(&contract, handle)? == answer));
        Ok(answer)
    }

    fn task_id(&mut self, contract: &AccountId, handle: u64) -> Result<Option<TaskId>, NodeFault> {
        let answer = self.rows.handle(contract, handle)?;
        let contract = *contract;
        self.write_down(move |state| Ok(state.task_id(&contract, handle)? == answer));
        Ok(answer)
    }

    fn task_handle(&mut self, contract: &AccountId, task: &TaskId) -> Result<u64, Denied> {
        let foreign = self.state.market.task(task).is_some_and(|record| record.requester() != contract);
        let input: Option<InputRow> = self.rows.row(Table::Inputs, task.as_bytes())?;
        let answer = match input {
            _ if foreign => Err(Status::Unauthorized),
            Some(input) => Ok(input.handle),
            None => Err(Status::NotFound),
        };
        let (contract, task) = (*contract, *task);
        self.write_down(move |state| Ok(decision(state.task_handle(&contract, &task))? == answer));
        Ok(answer?)
    }

    fn task_status(&mut self, contract: &AccountId, handle: u64) -> Result<Option<TaskStatus>, NodeFault> {
        let answer = self.rows.handle(contract, handle)?.map(|task| self.status(&task));
        let contract = *contract;
        self.write_down(move |state| Ok(state.task_status(&contract, handle)? == answer));
        Ok(answer)
    }

    fn task_outcome(&mut self, contract: &AccountId, handle: u64) -> Result<(Outcome, Vec<[u8; 32]>), Denied> {
        let answer = self.outcome(contract, handle)?;
        let (contract, seen) = (*contract, answer.clone());
        self.write_down(move |state| Ok(decision(state.task_outcome(&contract, handle))? == seen));
        Ok(answer?)
    }

    fn cancel(&mut self, _: &AccountId, _: u64) -> Result<Status, NodeFault> {
        // It moves money back and forth, and is rare.
        self.script = None;
        Ok(Status::Ok)
    }

    fn balance(&mut self, contract: &AccountId) -> Amount {
        let (contract, answer) = (*contract, self.free);
        self.write_down(move |state| Ok(state.balance(&contract) == answer));
        answer
    }

    fn transfer(&mut self, contract: &AccountId, to: &AccountId, amount: Amount) -> Status {
        let answer = match self.free.checked_sub(amount) {
            None => Status::Funds,
            Some(left) => {
                if to != contract {
                    self.free = left;
                }
                Status::Ok
            }
        };
        let (contract, to) = (*contract, *to);
        self.write_down(move |state| Ok(state.transfer(&contract, &to, amount) == answer));
        answer
    }

    fn key_inputs(&mut self, key: &KeyId) -> Result<Option<usize>, NodeFault> {
        let answer = self.state.key_in_force(key)?.map(|key| key.inputs());
        let key = *key;
        self.write_down(move |state| Ok(state.key_inputs(&key)? == answer));
        Ok(answer)
    }

    fn verify_raw(&mut self, key: &KeyId, inputs: &[u8], proof: &[u8; 256]) -> Result<Status, NodeFault> {
        let prepared = self.state.key_in_force(key)?;
        let answer = prepared.as_ref().map_or(Status::Key, |key| verify_bytes(key, inputs, proof));
        // A verdict is a function of what is given and of the key, which its id names: only its being in force can change.
        let (key, in_force) = (*key, prepared.is_some());
        self.write_down(move |state| Ok(state.key_in_force(&key)?.is_some() == in_force));
        Ok(answer)
    }

    fn verify_claim(
        &mut self,
        contract: &AccountId,
        key: &KeyId,
        claim: &DirectClaim<'_>,
        proof: &[u8; 256],
    ) -> Result<Status, NodeFault> {
        let state = &self.state;
        let made = state.direct_claim(contract, key, claim, || root_of(claim.public))?;
        let answer = match &made {
            Err(status) => *status,
            Ok(made) => {
                let mut judge = Judge { chain: state.params.chain, keys: &state.keys, verdicts: &state.verdicts };
                direct_status(judge.verify(made, proof))
            }
        };
        // As above: the same claim has the same verdict.
        let root = made.as_ref().ok().map(|made| made.input_root);
        let (contract, key, public, declared) = (*contract, *key, claim.public.to_vec(), claim.declared.to_vec());
        let DirectClaim { outcome, provider, not_after, context, .. } = *claim;
        self.write_down(move |state| {
            let claim = DirectClaim { outcome, provider, not_after, context, public: &public, declared: &declared };
            let now = state.direct_claim(&contract, &key, &claim, || root.unwrap_or_else(|| root_of(&public)))?;
            Ok(now == made)
        });
        Ok(answer)
    }
}
