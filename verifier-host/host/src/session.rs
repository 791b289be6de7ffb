//! What a running contract can see and change of the chain: [`World`] over the block's state.

use std::sync::Arc;

use zera_abi::wire::{Claim as DirectClaim, Request};
use zera_abi::{AccountId, Amount, ChainId, End, Height, KeyId, Level, Outcome, PredicateId, Status, TaskId};
use zera_market::ports::{Claim, Table, Verdict, Verify};
use zera_market::{Mode, Opening, Task};
use zera_statement::{direct_task_id, input_root, scalar_from_be, scalar_to_be, task_id};
use zera_verifier::{PreparedKey, verify_bytes};

use crate::action::Stop;
use crate::event::Event;
use crate::judge::Judge;
use crate::registry::KeyRow;
use crate::state::{CLEARED, InputRow, State, WAITING, contract_key, handle_key};
use crate::world::{Denied, NodeFault, TaskStatus, World};

impl State {
    /// A task of this contract's, by handle.
    fn own_task(&self, contract: &AccountId, handle: u64) -> Result<Option<&Task>, NodeFault> {
        let Some(id) = self.overlay.handle(contract, handle)? else { return Ok(None) };
        Ok(self.market.task(&id))
    }

    fn key_row(&self, key: &KeyId) -> Result<Option<KeyRow>, NodeFault> {
        self.overlay.row(Table::KeyMeta, key.as_bytes())
    }

    /// A key that is registered, active, and not withdrawn.
    pub(crate) fn key_in_force(&self, key: &KeyId) -> Result<Option<Arc<PreparedKey>>, NodeFault> {
        let active = self.key_row(key)?.is_some_and(|row| row.activates <= self.height);
        Ok(self.keys.get(key).filter(|_| active && !self.market.key_is_withdrawn(key)).cloned())
    }

    /// The claim that a contract puts to the judge by itself, or why it claims nothing; `root` as in [`State::open_task`].
    pub(crate) fn direct_claim(
        &self,
        contract: &AccountId,
        key: &KeyId,
        claim: &DirectClaim<'_>,
        root: impl FnOnce() -> [u8; 32],
    ) -> Result<Result<Claim, Status>, NodeFault> {
        let (Some(row), Some(_)) = (self.key_row(key)?, self.key_in_force(key)?) else { return Ok(Err(Status::Key)) };
        let Some(predicate) = self.predicate(&row.predicate)? else { return Ok(Err(Status::Key)) };
        let declared: Vec<[u8; 32]> =
            claim.declared.chunks_exact(32).map(|value| value.try_into().unwrap_or([0; 32])).collect();
        if declared.len() != usize::from(predicate.publication.declared) {
            return Ok(Err(Status::Count));
        }
        if claim.public.len() != usize::try_from(predicate.publication.public_len).unwrap_or(usize::MAX) {
            return Ok(Err(Status::Limit));
        }
        if claim.not_after < self.height.0 {
            return Ok(Err(Status::Deadline));
        }
        // Without a commitment anyone proves anything but true with garbage for the private bytes: that claims nothing.
        if claim.outcome != Outcome::True && predicate.publication.witness_only(declared.len()) {
            return Ok(Err(Status::No));
        }
        Ok(Ok(Claim {
            task: direct_task_id(contract, &claim.context),
            key: *key,
            predicate: row.predicate,
            provider: claim.provider,
            not_after: Height(claim.not_after),
            input_root: root(),
            outcome: claim.outcome,
            declared,
        }))
    }

    /// Whether the answer stands at the level that was asked for. None does whose key is withdrawn, unless it was final.
    pub(crate) fn stands(&self, task: &Task) -> bool {
        task.answer().is_some() && self.market.level(task) >= task.minimum_level()
    }

    /// Opens a task for `requester` under its own number `handle`; the checks of the host, then those of the market. `root`
    /// gives the root of the request's public bytes, which takes the longest of all.
    pub(crate) fn open_task(
        &mut self,
        requester: &AccountId,
        handle: u64,
        request: &Request<'_>,
        root: impl FnOnce() -> [u8; 32],
    ) -> Result<TaskId, Stop> {
        let predicate = self
            .predicate(&request.predicate)?
            .ok_or_else(|| Stop::status(Status::NotFound, "request: the predicate is not published"))?;
        let publication = &predicate.publication;
        if request.level == Level::Attested && !request.attested {
            return Err(Stop::status(Status::Unsupported, "request: waits for an unproved answer and takes none"));
        }
        // The market knows of private bytes that the requester owes; others are longer than what is delivered.
        if request.attested && publication.private_len != 0 {
            return Err(Stop::status(Status::Unsupported, "request: no unproved answers about private bytes"));
        }
        let public_len = usize::try_from(publication.public_len).unwrap_or(usize::MAX);
        let expected =
            request.expected.chunks_exact(32).map(|value| value.try_into().unwrap_or([0; 32])).collect::<Vec<_>>();
        if request.public.len() != public_len {
            let why = format!("request: {} public bytes, the predicate takes {public_len}", request.public.len());
            return Err(Stop::Refused(Status::Limit, why));
        }
        if request.callback_fuel > self.cost.call_fuel_max {
            return Err(Stop::status(Status::Limit, "request: more fuel for the call-back than a call may use"));
        }
        // The first values may be fixed and the others left to the answer: a commitment, but no output.
        if expected.len() > usize::from(publication.declared) {
            let (got, most) = (expected.len(), publication.declared);
            return Err(Stop::Refused(Status::Count, format!("request: fixes {got} declared values of {most}")));
        }
        // One that is no canonical scalar could never be met: the task would be paid for and not answerable.
        if expected.iter().any(|value| scalar_from_be(value).is_none()) {
            return Err(Stop::status(Status::Encoding, "request: an expected value is not a scalar below r"));
        }
        let witness_only = publication.witness_only(expected.len());
        let delivers = publication.delivers(expected.len(), self.market.rules().delivery_len_max);
        let key = predicate
            .key_at(self.height)
            .ok_or_else(|| Stop::status(Status::Key, "request: the predicate has no key in force"))?;
        let task = task_id(&self.params.chain, requester, handle);
        let callbacks = self.market.rules().callbacks_max(request.level);
        let fee = self
            .fee(request.callback_fuel.saturating_mul(callbacks))
            .checked_add(self.market.rules().opening_fee(Amount::from_units(request.bounty)))
            .ok_or_else(|| Stop::status(Status::Funds, "request: the fee does not fit"))?;
        let opening = Opening {
            task,
            requester: *requester,
            predicate: request.predicate,
            key,
            input_root: root(),
            declared: publication.declared,
            expected,
            bounty_max: Amount::from_units(request.bounty),
            min_stake: Amount::from_units(request.min_stake),
            value_at_risk: Amount::from_units(request.value_at_risk),
            deadline: Height(request.deadline),
            level: request.level,
            fee,
            witness_only,
            mode: if request.attested { Mode::Attested } else { Mode::Proved },
            delivers,
        };
        // The row of the input comes first: the market's note of the opening is told with it.
        let input = InputRow { handle, callback_fuel: request.callback_fuel, public: request.public.to_vec() };
        self.market.open(self.height, opening)?;
        self.overlay.put(Table::Inputs, task.as_bytes(), &input);
        self.overlay.put(Table::Handles, &handle_key(requester, handle), &task);
        Ok(task)
    }

    /// Opens a task for `contract` under its next handle; `root` as in [`State::open_task`].
    pub(crate) fn open(
        &mut self,
        contract: &AccountId,
        request: &Request<'_>,
        root: impl FnOnce() -> [u8; 32],
    ) -> Result<u64, Denied> {
        let mut row = self.contract(contract)?.ok_or(Status::Unauthorized)?;
        let handle = row.next_handle;
        let next = handle.checked_add(1).ok_or(Status::Limit)?;
        self.open_task(contract, handle, request, root)?;
        row.next_handle = next;
        self.overlay.put(Table::Contracts, contract.as_bytes(), &row);
        Ok(handle)
    }

    /// A contract that has cleared a task waits for it again: the answer that it was told has fallen. Not bounded by what a contract may
    /// wait for at a time, since it is not the contract that asks.
    pub(crate) fn wait_again(&mut self, contract: &AccountId, handle: u64) -> Result<(), NodeFault> {
        if self.overlay.pending(contract, handle)? != CLEARED {
            return Ok(());
        }
        let Some(mut row) = self.contract(contract)? else { return Ok(()) };
        row.pending = row.pending.saturating_add(1);
        self.overlay.put(Table::Contracts, contract.as_bytes(), &row);
        self.overlay.put(Table::Pending, &handle_key(contract, handle), &WAITING);
        Ok(())
    }
}

impl World for State {
    fn chain_id(&self) -> ChainId {
        self.params.chain
    }

    fn height(&self) -> Height {
        self.height
    }

    fn config_amount(&mut self, contract: &AccountId, key: &[u8]) -> Result<Option<Amount>, NodeFault> {
        self.overlay.row(Table::Config, &contract_key(contract, key))
    }

    fn storage_get(&mut self, contract: &AccountId, key: &[u8]) -> Result<Option<Vec<u8>>, NodeFault> {
        self.overlay.read(Table::Kv, &contract_key(contract, key))
    }

    fn storage_set(&mut self, contract: &AccountId, key: &[u8], value: &[u8]) -> Result<(), NodeFault> {
        self.overlay.write(Table::Kv, &contract_key(contract, key), Some(value.to_vec()));
        Ok(())
    }

    fn storage_remove(&mut self, contract: &AccountId, key: &[u8]) -> Result<bool, NodeFault> {
        let key = contract_key(contract, key);
        let there = self.overlay.read(Table::Kv, &key)?.is_some();
        if there {
            self.overlay.write(Table::Kv, &key, None);
        }
        Ok(there)
    }

    fn emit(&mut self, contract: &AccountId, topic: &[u8], data: &[u8]) {
        self.events.push(Event::ContractEvent { contract: *contract, topic: topic.to_vec(), data: data.to_vec() });
    }

    fn predicate_by_name(&mut self, name: &[u8]) -> Result<Option<PredicateId>, NodeFault> {
        Ok(self.name(name)?.map(|row| row.at(self.height)))
    }

    fn request(&mut self, contract: &AccountId, request: &Request<'_>) -> Result<u64, Denied> {
        self.open(contract, request, || root_of(request.public))
    }

    fn store_pending(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        self.overlay.store_pending(contract, handle)
    }

    fn is_verified(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        Ok(match self.own_task(contract, handle)? {
            None => Status::NotFound,
            Some(task) if self.stands(task) => Status::Ok,
            Some(_) => Status::No,
        })
    }

    fn clear_pending(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        let ready = match self.own_task(contract, handle)? {
            None => return Ok(Status::NotFound),
            Some(task) => self.stands(task) || task.end() != End::None,
        };
        self.overlay.clear_pending(contract, handle, ready)
    }

    fn task_id(&mut self, contract: &AccountId, handle: u64) -> Result<Option<TaskId>, NodeFault> {
        self.overlay.handle(contract, handle)
    }

    fn task_handle(&mut self, contract: &AccountId, task: &TaskId) -> Result<u64, Denied> {
        match self.market.task(task) {
            None => Err(Status::NotFound.into()),
            Some(record) if record.requester() != contract => Err(Status::Unauthorized.into()),
            Some(_) => Ok(self.input(task)?.map(|input| input.handle).ok_or(Status::NotFound)?),
        }
    }

    fn task_status(&mut self, contract: &AccountId, handle: u64) -> Result<Option<TaskStatus>, NodeFault> {
        Ok(self.own_task(contract, handle)?.map(|task| TaskStatus {
            level: self.market.level(task),
            end: task.end(),
            reason: task.reason(),
        }))
    }

    fn task_outcome(&mut self, contract: &AccountId, handle: u64) -> Result<(Outcome, Vec<[u8; 32]>), Denied> {
        let task = self.own_task(contract, handle)?.ok_or(Status::NotFound)?;
        match task.answer() {
            Some((outcome, declared)) if self.stands(task) => Ok((outcome, declared.to_vec())),
            _ => Err(Status::No.into()),
        }
    }

    fn cancel(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        let Some(task) = self.overlay.handle(contract, handle)? else { return Ok(Status::NotFound) };
        Ok(match self.market.cancel(self.height, &task, *contract) {
            Ok(()) => Status::Ok,
            Err(error) => error.status(),
        })
    }

    fn balance(&mut self, contract: &AccountId) -> Amount {
        self.market.account(contract).free
    }

    fn transfer(&mut self, contract: &AccountId, to: &AccountId, amount: Amount) -> Status {
        match self.market.transfer(*contract, *to, amount) {
            Ok(()) => Status::Ok,
            Err(error) => error.status(),
        }
    }

    fn key_inputs(&mut self, key: &KeyId) -> Result<Option<usize>, NodeFault> {
        Ok(self.key_in_force(key)?.map(|key| key.inputs()))
    }

    fn verify_raw(&mut self, key: &KeyId, inputs: &[u8], proof: &[u8; 256]) -> Result<Status, NodeFault> {
        Ok(match self.key_in_force(key)? {
            None => Status::Key,
            Some(key) => verify_bytes(&key, inputs, proof),
        })
    }

    fn verify_claim(
        &mut self,
        contract: &AccountId,
        key: &KeyId,
        claim: &DirectClaim<'_>,
        proof: &[u8; 256],
    ) -> Result<Status, NodeFault> {
        let claim = match self.direct_claim(contract, key, claim, || root_of(claim.public))? {
            Err(status) => return Ok(status),
            Ok(claim) => claim,
        };
        let mut judge = Judge { chain: self.params.chain, keys: &self.keys, verdicts: &self.verdicts };
        Ok(direct_status(judge.verify(&claim, proof)))
    }
}

/// The root of public input bytes, as the market keeps it.
pub(crate) fn root_of(public: &[u8]) -> [u8; 32] {
    scalar_to_be(&input_root(public))
}

/// What a contract is told of a verdict on its own claim.
pub(crate) fn direct_status(verdict: Verdict) -> Status {
    match verdict {
        Verdict::Valid => Status::Ok,
        Verdict::Invalid => Status::No,
        Verdict::Malformed => Status::Encoding,
    }
}
