//! A world in memory that a contract can be run in, without a chain.

use std::collections::{BTreeMap, BTreeSet};

use zera_abi::wire::{Claim, PROOF_LEN, Request};
use zera_abi::{AccountId, Amount, ChainId, End, Height, KeyId, Level, Outcome, PredicateId, Status, TaskId};
use zera_host::{Denied, NodeFault, TaskStatus, World};

/// The contract that runs.
pub const CONTRACT: AccountId = AccountId([0xc0; 32]);
/// Who signs.
pub const USER: AccountId = AccountId([0xaa; 32]);
/// The predicate behind every name.
pub const PREDICATE: PredicateId = PredicateId([0x77; 32]);

/// Tasks, answers and storage of one contract.
#[derive(Clone, Default)]
pub struct Desk {
    /// Public input bytes of the tasks that it asked for; the handle is the index.
    pub asked: Vec<Vec<u8>>,
    /// Handles that it waits for.
    pub pending: BTreeSet<u64>,
    /// Outcomes, by handle.
    pub answers: BTreeMap<u64, Outcome>,
    /// Its storage.
    pub storage: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Its events.
    pub events: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Desk {
    /// A desk at which task 0 was asked for and answered with true.
    pub fn answered(public: &[u8]) -> Desk {
        Desk {
            asked: vec![public.to_vec()],
            pending: BTreeSet::from([0]),
            answers: BTreeMap::from([(0, Outcome::True)]),
            ..Desk::default()
        }
    }

    /// What `evaluate_complex_condition` of the published contract does, without a contract.
    pub fn ask_natively(&mut self, public: &[u8]) -> Status {
        let bounty = self.config_amount(&CONTRACT, b"OFFCHAIN_COMP_BOUNTY").ok().flatten().map_or(0, Amount::units);
        let min_stake =
            self.config_amount(&CONTRACT, b"OFFCHAIN_COMP_MIN_STAKE").ok().flatten().map_or(0, Amount::units);
        let predicate = self.predicate_by_name(b"SpecialPriceOraclePredicate").ok().flatten().unwrap_or(PREDICATE);
        let request = Request {
            predicate,
            public,
            bounty,
            min_stake,
            value_at_risk: 0,
            deadline: self.height().0 + 100,
            callback_fuel: 2_000_000,
            expected: &[],
            attested: false,
            level: Level::Accepted,
        };
        match self.request(&CONTRACT, &request) {
            Ok(handle) => self.store_pending(&CONTRACT, handle).unwrap_or(Status::No),
            Err(_) => Status::No,
        }
    }

    /// What `process_verified_condition_result` of the published contract does, without a contract.
    pub fn answer_natively(&mut self, handle: u64, result: bool) -> Status {
        match self.is_verified(&CONTRACT, handle) {
            Ok(Status::Ok) => {}
            _ => return Status::No,
        }
        let value = [u8::from(result)];
        if self.storage_set(&CONTRACT, b"state", &value).is_err() {
            return Status::No;
        }
        self.emit(&CONTRACT, b"condition", &value);
        self.clear_pending(&CONTRACT, handle).unwrap_or(Status::No)
    }

    fn known(&self, handle: u64) -> bool {
        usize::try_from(handle).is_ok_and(|handle| handle < self.asked.len())
    }
}

impl World for Desk {
    fn chain_id(&self) -> ChainId {
        ChainId([0xcc; 32])
    }

    fn height(&self) -> Height {
        Height(7)
    }

    fn config_amount(&mut self, _: &AccountId, key: &[u8]) -> Result<Option<Amount>, NodeFault> {
        let units = match key {
            b"OFFCHAIN_COMP_MIN_STAKE" => 20,
            b"OFFCHAIN_COMP_BOUNTY" => 500,
            b"OFFCHAIN_COMP_CALLBACK_FUEL" => 2_000_000,
            _ => return Ok(None),
        };
        Ok(Some(Amount::from_units(units)))
    }

    fn storage_get(&mut self, _: &AccountId, key: &[u8]) -> Result<Option<Vec<u8>>, NodeFault> {
        Ok(self.storage.get(key).cloned())
    }

    fn storage_set(&mut self, _: &AccountId, key: &[u8], value: &[u8]) -> Result<(), NodeFault> {
        self.storage.insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn storage_remove(&mut self, _: &AccountId, key: &[u8]) -> Result<bool, NodeFault> {
        Ok(self.storage.remove(key).is_some())
    }

    fn emit(&mut self, _: &AccountId, topic: &[u8], data: &[u8]) {
        self.events.push((topic.to_vec(), data.to_vec()));
    }

    fn predicate_by_name(&mut self, _: &[u8]) -> Result<Option<PredicateId>, NodeFault> {
        Ok(Some(PREDICATE))
    }

    fn request(&mut self, _: &AccountId, request: &Request<'_>) -> Result<u64, Denied> {
        self.asked.push(request.public.to_vec());
        Ok(self.asked.len() as u64 - 1)
    }

    fn store_pending(&mut self, _: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        if !self.known(handle) {
            return Ok(Status::NotFound);
        }
        Ok(if self.pending.insert(handle) { Status::Ok } else { Status::State })
    }

    fn is_verified(&mut self, _: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        Ok(match (self.known(handle), self.answers.contains_key(&handle)) {
            (false, _) => Status::NotFound,
            (true, false) => Status::No,
            (true, true) => Status::Ok,
        })
    }

    fn clear_pending(&mut self, _: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        if !self.known(handle) {
            return Ok(Status::NotFound);
        }
        let ready = self.answers.contains_key(&handle);
        Ok(if ready && self.pending.remove(&handle) { Status::Ok } else { Status::State })
    }

    fn task_id(&mut self, _: &AccountId, handle: u64) -> Result<Option<TaskId>, NodeFault> {
        Ok(self.known(handle).then_some(TaskId([1; 32])))
    }

    fn task_handle(&mut self, _: &AccountId, _: &TaskId) -> Result<u64, Denied> {
        Err(Status::NotFound.into())
    }

    fn task_status(&mut self, _: &AccountId, handle: u64) -> Result<Option<TaskStatus>, NodeFault> {
        let level = if self.answers.contains_key(&handle) { Level::Accepted } else { Level::Pending };
        Ok(self.known(handle).then_some(TaskStatus { level, end: End::None, reason: 0 }))
    }

    fn task_outcome(&mut self, _: &AccountId, handle: u64) -> Result<(Outcome, Vec<[u8; 32]>), Denied> {
        self.answers.get(&handle).map(|outcome| (*outcome, Vec::new())).ok_or(Denied::Status(Status::No))
    }

    fn cancel(&mut self, _: &AccountId, _: u64) -> Result<Status, NodeFault> {
        Ok(Status::State)
    }

    fn balance(&mut self, _: &AccountId) -> Amount {
        Amount::ZERO
    }

    fn transfer(&mut self, _: &AccountId, _: &AccountId, _: Amount) -> Status {
        Status::Funds
    }

    fn key_inputs(&mut self, _: &KeyId) -> Result<Option<usize>, NodeFault> {
        Ok(None)
    }

    fn verify_raw(&mut self, _: &KeyId, _: &[u8], _: &[u8; PROOF_LEN]) -> Result<Status, NodeFault> {
        Ok(Status::NotFound)
    }

    fn verify_claim(
        &mut self,
        _: &AccountId,
        _: &KeyId,
        _: &Claim<'_>,
        _: &[u8; PROOF_LEN],
    ) -> Result<Status, NodeFault> {
        Ok(Status::NotFound)
    }
}
