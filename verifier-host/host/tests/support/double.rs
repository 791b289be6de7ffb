//! A world in memory that answers what a test has put into it, and records what a contract did.

use std::collections::{BTreeMap, BTreeSet};

use zera_abi::wire::{Claim, PROOF_LEN, Request};
use zera_abi::{AccountId, Amount, ChainId, End, Height, KeyId, Level, Outcome, PredicateId, Status, TaskId};
use zera_host::{Denied, NodeFault, TaskStatus, World};

/// The contract that every test runs.
pub const CONTRACT: AccountId = AccountId([0xc0; 32]);
/// Who signs.
pub const USER: AccountId = AccountId([0xaa; 32]);
/// The chain.
pub const CHAIN: ChainId = ChainId([0xcc; 32]);
/// A registered key with [`KEY_INPUTS`] public inputs.
pub const KEY: KeyId = KeyId([0x11; 32]);
/// Public inputs of [`KEY`]: a predicate's three and one declared value.
pub const KEY_INPUTS: usize = 4;
/// The predicate that [`PREDICATE_NAME`] names.
pub const PREDICATE: PredicateId = PredicateId([0x77; 32]);
/// The name of [`PREDICATE`].
pub const PREDICATE_NAME: &[u8] = b"SpecialPriceOraclePredicate";
/// The proof that verifies; every other does not.
pub const GOOD_PROOF: [u8; PROOF_LEN] = [0x42; PROOF_LEN];

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub predicate: PredicateId,
    pub public: Vec<u8>,
    pub bounty: u128,
    pub min_stake: u128,
    pub value_at_risk: u128,
    pub deadline: u64,
    pub callback_fuel: u64,
    pub expected: Vec<u8>,
    pub level: Level,
}

/// The world of the tests.
#[derive(Clone, Debug)]
pub struct Double {
    pub height: u64,
    pub balance: u128,
    /// What was paid out.
    pub paid: Vec<(AccountId, u128)>,
    pub config: BTreeMap<Vec<u8>, u128>,
    pub storage: BTreeMap<Vec<u8>, Vec<u8>>,
    pub events: Vec<(Vec<u8>, Vec<u8>)>,
    pub log: Vec<Vec<u8>>,
    /// Tasks of the contract; the handle is the index.
    pub asked: Vec<Asked>,
    pub pending: BTreeSet<u64>,
    pub answers: BTreeMap<u64, (Outcome, Vec<[u8; 32]>)>,
    pub cancelled: BTreeSet<u64>,
    /// A task of another contract.
    pub foreign: TaskId,
    pub verified_raw: Vec<Vec<u8>>,
    pub verified_claims: u32,
    /// The next read of storage fails.
    pub broken: bool,
    /// The next event panics.
    pub panics: bool,
}

impl Double {
    pub fn new() -> Double {
        Double {
            height: 7,
            balance: 1_000,
            paid: Vec::new(),
            config: BTreeMap::new(),
            storage: BTreeMap::new(),
            events: Vec::new(),
            log: Vec::new(),
            asked: Vec::new(),
            pending: BTreeSet::new(),
            answers: BTreeMap::new(),
            cancelled: BTreeSet::new(),
            foreign: TaskId([0xee; 32]),
            verified_raw: Vec::new(),
            verified_claims: 0,
            broken: false,
            panics: false,
        }
    }

    /// The id that stands for a handle.
    pub fn task(handle: u64) -> TaskId {
        TaskId([u8::try_from(handle).unwrap() + 1; 32])
    }

    fn known(&self, handle: u64) -> bool {
        usize::try_from(handle).is_ok_and(|handle| handle < self.asked.len())
    }
}

impl World for Double {
    fn chain_id(&self) -> ChainId {
        CHAIN
    }

    fn height(&self) -> Height {
        Height(self.height)
    }

    fn config_amount(&mut self, contract: &AccountId, key: &[u8]) -> Result<Option<Amount>, NodeFault> {
        assert_eq!(*contract, CONTRACT);
        Ok(self.config.get(key).map(|units| Amount::from_units(*units)))
    }

    fn storage_get(&mut self, contract: &AccountId, key: &[u8]) -> Result<Option<Vec<u8>>, NodeFault> {
        assert_eq!(*contract, CONTRACT);
        if self.broken {
            return Err(NodeFault::State { what: "row torn".to_owned() });
        }
        Ok(self.storage.get(key).cloned())
    }

    fn storage_set(&mut self, contract: &AccountId, key: &[u8], value: &[u8]) -> Result<(), NodeFault> {
        assert_eq!(*contract, CONTRACT);
        self.storage.insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn storage_remove(&mut self, contract: &AccountId, key: &[u8]) -> Result<bool, NodeFault> {
        assert_eq!(*contract, CONTRACT);
        Ok(self.storage.remove(key).is_some())
    }

    fn emit(&mut self, contract: &AccountId, topic: &[u8], data: &[u8]) {
        assert_eq!(*contract, CONTRACT);
        assert!(!self.panics, "the double was told to panic");
        self.events.push((topic.to_vec(), data.to_vec()));
    }

    fn log(&mut self, _: &AccountId, text: &[u8]) {
        self.log.push(text.to_vec());
    }

    fn predicate_by_name(&mut self, name: &[u8]) -> Result<Option<PredicateId>, NodeFault> {
        Ok((name == PREDICATE_NAME).then_some(PREDICATE))
    }

    fn request(&mut self, contract: &AccountId, request: &Request<'_>) -> Result<u64, Denied> {
        assert_eq!(*contract, CONTRACT);
        if request.predicate != PREDICATE {
            return Err(Status::NotFound.into());
        }
        if request.deadline <= self.height {
            return Err(Status::Deadline.into());
        }
        if request.bounty == 0 || request.bounty > self.balance {
            return Err(Status::Funds.into());
        }
        self.asked.push(Asked {
            predicate: request.predicate,
            public: request.public.to_vec(),
            bounty: request.bounty,
            min_stake: request.min_stake,
            value_at_risk: request.value_at_risk,
            deadline: request.deadline,
            callback_fuel: request.callback_fuel,
            expected: request.expected.to_vec(),
            level: request.level,
        });
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
        Ok(self.known(handle).then(|| Double::task(handle)))
    }

    fn task_handle(&mut self, _: &AccountId, task: &TaskId) -> Result<u64, Denied> {
        if *task == self.foreign {
            return Err(Status::Unauthorized.into());
        }
        let handle = (0..self.asked.len() as u64).find(|handle| Double::task(*handle) == *task);
        handle.ok_or(Denied::Status(Status::NotFound))
    }

    fn task_status(&mut self, _: &AccountId, handle: u64) -> Result<Option<TaskStatus>, NodeFault> {
        let level = if self.answers.contains_key(&handle) { Level::Accepted } else { Level::Pending };
        let (end, reason) = if self.cancelled.contains(&handle) { (End::Cancelled, 0x0102) } else { (End::None, 0) };
        Ok(self.known(handle).then_some(TaskStatus { level, end, reason }))
    }

    fn task_outcome(&mut self, _: &AccountId, handle: u64) -> Result<(Outcome, Vec<[u8; 32]>), Denied> {
        if !self.known(handle) {
            return Err(Status::NotFound.into());
        }
        self.answers.get(&handle).cloned().ok_or(Denied::Status(Status::No))
    }

    fn cancel(&mut self, _: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        if !self.known(handle) {
            return Ok(Status::NotFound);
        }
        Ok(if self.cancelled.insert(handle) { Status::Ok } else { Status::State })
    }

    fn balance(&mut self, _: &AccountId) -> Amount {
        Amount::from_units(self.balance)
    }

    fn transfer(&mut self, _: &AccountId, to: &AccountId, amount: Amount) -> Status {
        match self.balance.checked_sub(amount.units()) {
            Some(left) => {
                self.balance = left;
                self.paid.push((*to, amount.units()));
                Status::Ok
            }
            None => Status::Funds,
        }
    }

    fn key_inputs(&mut self, key: &KeyId) -> Result<Option<usize>, NodeFault> {
        Ok((*key == KEY).then_some(KEY_INPUTS))
    }

    fn verify_raw(&mut self, key: &KeyId, inputs: &[u8], proof: &[u8; PROOF_LEN]) -> Result<Status, NodeFault> {
        assert_eq!(*key, KEY);
        assert_eq!(inputs.len(), KEY_INPUTS * 32);
        self.verified_raw.push(inputs.to_vec());
        Ok(verdict(proof))
    }

    fn verify_claim(
        &mut self,
        contract: &AccountId,
        key: &KeyId,
        _: &Claim<'_>,
        proof: &[u8; PROOF_LEN],
    ) -> Result<Status, NodeFault> {
        assert_eq!((*contract, *key), (CONTRACT, KEY));
        self.verified_claims += 1;
        Ok(verdict(proof))
    }
}

fn verdict(proof: &[u8; PROOF_LEN]) -> Status {
    match proof.first() {
        Some(0x42) => Status::Ok,
        Some(0xff) => Status::Encoding,
        _ => Status::No,
    }
}
