//! A predicate that reads private bytes to which a declared value commits, and the way of these bytes to the holder of a lock.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::Arc;

use zera_abi::wire::Request;
use zera_abi::{Level, TaskId};
use zera_host::sealed::{Address, SealingSecret, seal};
use zera_host::{Action, Ending, Publication, Receipt};
use zera_market::ports::Store;
use zera_statement::{input_root, scalar_to_be};

use super::fixture::*;
use super::forger::Broken;

pub const PUBLIC: &[u8] = b"what is asked";
pub const PRIVATE: &[u8] = b"nobody else's";

pub fn root(bytes: &[u8]) -> [u8; 32] {
    scalar_to_be(&input_root(bytes))
}

/// A chain with a predicate whose second declared value commits to its private bytes.
pub fn chain(store: Arc<dyn Store>, private_len: u32) -> (Fixture, Broken) {
    let mut f = Fixture::new(store, "");
    let broken = publish(&mut f, private_len);
    (f, broken)
}

/// Publishes it on a chain that there is, under a key that proves anything.
pub fn publish(f: &mut Fixture, private_len: u32) -> Broken {
    let publication = Publication {
        name: "Private".to_owned(),
        matrices_digest: [1; 32],
        program_hash: [2; 32],
        manifest_hash: [3; 32],
        public_len: PUBLIC.len() as u32,
        private_len,
        declared: 2,
        commitment: Some(1),
    };
    let broken = Broken::new(2);
    f.predicate = publication.id();
    let register = Action::RegisterKey { predicate: f.predicate, key: broken.key().encode() };
    for action in [Action::Publish(publication), register] {
        assert_eq!(f.one(OWNER, action).ending, Ending::Done);
    }
    f.key = broken.key().id();
    broken
}

pub fn expected() -> [[u8; 32]; 2] {
    [[5; 32], root(PRIVATE)]
}

/// The contract asks and fixes so many values; Alice locks.
pub fn held(f: &mut Fixture, fixed: usize) -> TaskId {
    let request = Request {
        predicate: f.predicate,
        public: PUBLIC,
        bounty: 4_000_000_000,
        min_stake: 1_000_000_000,
        value_at_risk: 0,
        deadline: f.chain.head().height.0 + 100,
        callback_fuel: 2_000_000,
        expected: &expected()[..fixed].concat(),
        attested: false,
        level: Level::Accepted,
    };
    let mut bytes = vec![0; request.encoded_len()];
    request.encode(&mut bytes).unwrap();
    let receipt = f.call("ask", bytes);
    assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    let task = *f.chain.market().unwrap().tasks().next_back().unwrap().id();
    done(f.one(ALICE, Action::Lock { task }));
    task
}

pub fn done(receipt: Receipt) -> Receipt {
    assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    receipt
}

pub fn secret(f: &Fixture, task: &TaskId) -> SealingSecret {
    SealingSecret::derive(&key(ALICE).to_bytes(), &f.id, task)
}

pub fn address(f: &Fixture, task: &TaskId) -> Address {
    Address { chain: f.id, task: *task, provider: account(ALICE), key: secret(f, task).key() }
}

/// Alice has given her key and demanded.
pub fn demanded(f: &mut Fixture) -> TaskId {
    let task = held(f, 2);
    let key = secret(f, &task).key();
    done(f.one(ALICE, Action::SealingKey { task, key }));
    f.block(&[]);
    done(f.one(ALICE, Action::Demand { task }));
    task
}

pub fn deliver(f: &mut Fixture, task: TaskId, bytes: &[u8]) {
    let sealed = seal(&address(f, &task), bytes, &[9; 32]).unwrap();
    done(f.one(OWNER, Action::Deliver { task, sealed }));
}
