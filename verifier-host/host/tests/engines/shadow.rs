//! What contracts see of a chain, kept by hand: rows in maps, and nothing of the chain's own code.

use std::collections::{BTreeMap, BTreeSet};

use zera_abi::wire::{Claim, PROOF_LEN, Request};
use zera_abi::{AccountId, Amount, ChainId, End, Height, KeyId, Level, Outcome, PredicateId, Status, TaskId};
use zera_host::{Denied, NodeFault, TaskStatus, World};

/// A contract and a key or handle of it.
type At<T> = (AccountId, T);

/// The world of a chain's contracts.
#[derive(Clone, Debug)]
pub struct Shadow {
    pub chain: ChainId,
    pub height: u64,
    pub config: BTreeMap<At<Vec<u8>>, Amount>,
    pub storage: BTreeMap<At<Vec<u8>>, Vec<u8>>,
    /// Events of the block at hand.
    pub events: Vec<(AccountId, Vec<u8>, Vec<u8>)>,
    pub names: BTreeMap<Vec<u8>, PredicateId>,
    /// Tasks by handle, with their public input.
    pub asked: BTreeMap<At<u64>, Vec<u8>>,
    pub answers: BTreeMap<At<u64>, Outcome>,
    pub pending: BTreeSet<At<u64>>,
}

impl Shadow {
    pub fn new(chain: ChainId) -> Shadow {
        Shadow {
            chain,
            height: 0,
            config: BTreeMap::new(),
            storage: BTreeMap::new(),
            events: Vec::new(),
            names: BTreeMap::new(),
            asked: BTreeMap::new(),
            answers: BTreeMap::new(),
            pending: BTreeSet::new(),
        }
    }
}

impl World for Shadow {
    fn chain_id(&self) -> ChainId {
        self.chain
    }

    fn height(&self) -> Height {
        Height(self.height)
    }

    fn config_amount(&mut self, contract: &AccountId, key: &[u8]) -> Result<Option<Amount>, NodeFault> {
        Ok(self.config.get(&(*contract, key.to_vec())).copied())
    }

    fn storage_get(&mut self, contract: &AccountId, key: &[u8]) -> Result<Option<Vec<u8>>, NodeFault> {
        Ok(self.storage.get(&(*contract, key.to_vec())).cloned())
    }

    fn storage_set(&mut self, contract: &AccountId, key: &[u8], value: &[u8]) -> Result<(), NodeFault> {
        self.storage.insert((*contract, key.to_vec()), value.to_vec());
        Ok(())
    }

    fn storage_remove(&mut self, contract: &AccountId, key: &[u8]) -> Result<bool, NodeFault> {
        Ok(self.storage.remove(&(*contract, key.to_vec())).is_some())
    }

    fn emit(&mut self, contract: &AccountId, topic: &[u8], data: &[u8]) {
        self.events.push((*contract, topic.to_vec(), data.to_vec()));
    }

    fn predicate_by_name(&mut self, name: &[u8]) -> Result<Option<PredicateId>, NodeFault> {
        Ok(self.names.get(name).copied())
    }

    fn request(&mut self, contract: &AccountId, request: &Request<'_>) -> Result<u64, Denied> {
        // Handles count from 1.
        let handle = self.asked.keys().filter(|(owner, _)| owner == contract).count() as u64 + 1;
        self.asked.insert((*contract, handle), request.public.to_vec());
        Ok(handle)
    }

    fn store_pending(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        let at = (*contract, handle);
        Ok(match self.asked.contains_key(&at) {
            false => Status::NotFound,
            true if self.pending.insert(at) => Status::Ok,
            true => Status::State,
        })
    }

    fn is_verified(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        let at = (*contract, handle);
        Ok(match (self.asked.contains_key(&at), self.answers.contains_key(&at)) {
            (false, _) => Status::NotFound,
            (true, false) => Status::No,
            (true, true) => Status::Ok,
        })
    }

    fn clear_pending(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        let at = (*contract, handle);
        let answered = self.answers.contains_key(&at);
        Ok(if answered && self.pending.remove(&at) { Status::Ok } else { Status::State })
    }

    fn task_id(&mut self, _: &AccountId, _: u64) -> Result<Option<TaskId>, NodeFault> {
        panic!("no contract of this test asks")
    }

    fn task_handle(&mut self, _: &AccountId, _: &TaskId) -> Result<u64, Denied> {
        panic!("no contract of this test asks")
    }

    fn task_status(&mut self, contract: &AccountId, handle: u64) -> Result<Option<TaskStatus>, NodeFault> {
        let at = (*contract, handle);
        let level = if self.answers.contains_key(&at) { Level::Accepted } else { Level::Pending };
        Ok(self.asked.contains_key(&at).then_some(TaskStatus { level, end: End::None, reason: 0 }))
    }

    fn task_outcome(&mut self, contract: &AccountId, handle: u64) -> Result<(Outcome, Vec<[u8; 32]>), Denied> {
        let outcome = self.answers.get(&(*contract, handle)).copied();
        outcome.map(|outcome| (outcome, Vec::new())).ok_or(Denied::Status(Status::No))
    }

    fn cancel(&mut self, _: &AccountId, _: u64) -> Result<Status, NodeFault> {
        panic!("no contract of this test cancels")
    }

    fn balance(&mut self, _: &AccountId) -> Amount {
        panic!("no contract of this test looks at its money")
    }

    fn transfer(&mut self, _: &AccountId, _: &AccountId, _: Amount) -> Status {
        panic!("no contract of this test pays")
    }

    fn key_inputs(&mut self, _: &KeyId) -> Result<Option<usize>, NodeFault> {
        Ok(None)
    }

    fn verify_raw(&mut self, _: &KeyId, _: &[u8], _: &[u8; PROOF_LEN]) -> Result<Status, NodeFault> {
        panic!("no key is known")
    }

    fn verify_claim(
        &mut self,
        _: &AccountId,
        _: &KeyId,
        _: &Claim<'_>,
        _: &[u8; PROOF_LEN],
    ) -> Result<Status, NodeFault> {
        panic!("no key is known")
    }
}
