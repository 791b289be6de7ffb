//! A chain with the range predicate, its development key and a contract that asks; clients that sign and prove.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zera_abi::wire::Request;
use zera_abi::{AccountId, Amount, Blocks, ChainId, KeyId, Level, PredicateId, TaskId};
use zera_host::{
    Action, BlockReport, Chain, ConfigEntry, Ending, Genesis, Publication, Receipt, SignedTx, Tx, Verdicts, verify_jobs,
};
use zera_kernels::Arkworks;
use zera_library::range::{self, Input};
use zera_market::ports::{MemStore, Store};
use zera_market::{Answer, Rules, Schedule};
use zera_params::{Keys, dev_keys};
use zera_r1cs::{Artefact, TapeInputs};
use zera_statement::Binding;

pub const FUEL: u64 = 100_000_000;

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn account(seed: u8) -> AccountId {
    AccountId(key(seed).verifying_key().to_bytes())
}

pub const OWNER: u8 = 1;
pub const ALICE: u8 = 2;
pub const BOB: u8 = 3;

pub fn genesis() -> Genesis {
    Genesis {
        name: "test".to_owned(),
        development: true,
        rules: Rules::local(),
        voting: Schedule::local(),
        fuel_price: 1,
        key_activation: Blocks(0),
        name_timelock: Blocks(5),
        accounts: [OWNER, ALICE, BOB].map(|seed| (account(seed), Amount::from_zra(1_000).unwrap())).to_vec(),
    }
}

/// A chain with its clients' nonces, and what it takes to prove for it.
pub struct Fixture {
    pub chain: Chain,
    pub id: ChainId,
    pub nonces: BTreeMap<u8, u64>,
    pub artefact: &'static Artefact,
    pub keys: Keys,
    pub predicate: PredicateId,
    pub key: KeyId,
    pub contract: AccountId,
    /// Whether proofs are verified ahead of blocks.
    pub ahead: bool,
    /// Every block's transactions, for a replay.
    pub log: Vec<Vec<SignedTx>>,
    /// Told of every block once the chain has it.
    pub watch: Box<dyn FnMut(&BlockReport)>,
}

impl Fixture {
    pub fn open(store: Arc<dyn Store>) -> Chain {
        Chain::open(store, &genesis()).unwrap()
    }

    /// A chain with the range predicate published, its key registered and a contract deployed.
    pub fn new(store: Arc<dyn Store>, callback: &str) -> Fixture {
        Fixture::watched(Fixture::open(store), callback, Box::new(|_| {}))
    }

    /// The same on a chain that is at its genesis, with somebody who is told of every block.
    pub fn watched(chain: Chain, callback: &str, watch: Box<dyn FnMut(&BlockReport)>) -> Fixture {
        let artefact = (zera_library::by_name(range::NAME).unwrap().artefact)();
        let keys = dev_keys(&artefact.matrices).unwrap();
        let id = chain.chain_id().unwrap();
        let mut fixture = Fixture {
            chain,
            id,
            nonces: BTreeMap::new(),
            artefact,
            predicate: artefact.predicate_id(),
            key: keys.verifying.id(),
            keys,
            contract: AccountId([0; 32]),
            ahead: true,
            log: Vec::new(),
            watch,
        };
        let publication = publication(artefact);
        let register = Action::RegisterKey { predicate: fixture.predicate, key: fixture.keys.verifying.encode() };
        let wasm = wat::parse_str(include_str!("asker.wat").replace("TRAP", callback)).unwrap();
        let config = vec![ConfigEntry { key: "K".into(), amount: Amount::from_units(7) }];
        let deploy = Action::Deploy { wasm, config, endowment: Amount::from_zra(100).unwrap() };
        let report = fixture.block(&[(OWNER, Action::Publish(publication)), (OWNER, register), (OWNER, deploy)]);
        assert!(report.receipts.iter().all(|receipt| receipt.ending == Ending::Done), "{:?}", report.receipts);
        fixture.contract = AccountId(report.receipts[2].data.as_slice().try_into().unwrap());
        fixture
    }

    pub fn sign(&mut self, who: u8, action: Action) -> SignedTx {
        let nonce = self.nonces.entry(who).or_default();
        let height = self.chain.head().height;
        let tx = Tx {
            chain: self.id,
            sender: account(who),
            nonce: *nonce,
            expiry: height.checked_add(Blocks(1_000)).unwrap(),
            fuel_limit: FUEL,
            action,
        };
        *nonce += 1;
        // What has a fixed price needs no more; a call may not ask for more than a call may use.
        let signed = tx.clone().sign(&key(who)).unwrap();
        let fuel_limit = match &tx.action {
            Action::Call { .. } => {
                self.chain.intrinsic_fuel(&signed).unwrap() + self.chain.cost().unwrap().call_fuel_max
            }
            _ => FUEL,
        };
        Tx { fuel_limit, ..tx }.sign(&key(who)).unwrap()
    }

    pub fn block(&mut self, actions: &[(u8, Action)]) -> BlockReport {
        let txs: Vec<SignedTx> = actions.iter().map(|(who, action)| self.sign(*who, action.clone())).collect();
        self.apply(txs)
    }

    pub fn apply(&mut self, txs: Vec<SignedTx>) -> BlockReport {
        let mut verdicts = Verdicts::default();
        if self.ahead {
            verdicts.extend(verify_jobs(&self.chain.proof_jobs(&txs).unwrap()));
        }
        self.log.push(txs.clone());
        let report = self.chain.apply(txs, verdicts).unwrap();
        (self.watch)(&report);
        report
    }

    pub fn one(&mut self, who: u8, action: Action) -> Receipt {
        let report = self.block(&[(who, action)]);
        assert_eq!(report.rejected, vec![]);
        report.receipts[0].clone()
    }

    pub fn call(&mut self, entry: &str, input: Vec<u8>) -> Receipt {
        let contract = self.contract;
        self.one(OWNER, Action::Call { contract, entry: entry.into(), input })
    }

    pub fn request(&self, input: Input, level: Level) -> Vec<u8> {
        let public = input.encode();
        let request = Request {
            predicate: self.predicate,
            public: &public,
            bounty: 4_000_000_000,
            min_stake: 1_000_000_000,
            value_at_risk: 0,
            deadline: self.chain.head().height.0 + 100,
            callback_fuel: 2_000_000,
            expected: &[],
            attested: false,
            level,
        };
        let mut bytes = vec![0; request.encoded_len()];
        request.encode(&mut bytes).unwrap();
        bytes
    }

    /// Asks, and gives the task.
    pub fn ask(&mut self, input: Input, level: Level) -> TaskId {
        let request = self.request(input, level);
        let receipt = self.call("ask", request);
        assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
        *self.chain.market().unwrap().tasks().next_back().unwrap().id()
    }

    /// A proof for `task` by `who`, over the public bytes that the chain keeps.
    pub fn answer(&self, who: u8, task: &TaskId) -> Answer {
        let record = self.chain.market().unwrap().task(task).unwrap();
        let public = self.chain.input(task).unwrap().unwrap().public;
        let outcome = (zera_library::by_name(range::NAME).unwrap().evaluate)(&public, &[]);
        let binding = Binding {
            chain: self.id,
            task: *task,
            key: self.key,
            predicate: self.predicate,
            provider: account(who),
            not_after: record.not_after(),
        };
        let inputs = TapeInputs { binding: binding.to_scalar(), public: &public, private: &[] };
        let z = self.artefact.tape.run(&inputs).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let (proof, _) =
            zera_prover::prove(&Arkworks, &self.keys.proving, &self.artefact.matrices, &z, &mut rng).unwrap();
        let proof = zera_verifier::Proof::from_points(proof.a, proof.b, proof.c).unwrap();
        Answer { outcome, declared: vec![], proof: Box::new(proof.encode()) }
    }

    pub fn state_byte(&self) -> Option<Vec<u8>> {
        self.chain.storage(&self.contract, b"state").unwrap()
    }

    pub fn task(&self, task: &TaskId) -> &zera_market::Task {
        self.chain.market().unwrap().task(task).unwrap()
    }
}

pub fn publication(artefact: &Artefact) -> Publication {
    Publication {
        name: artefact.manifest.name.clone(),
        matrices_digest: artefact.matrices.digest(),
        program_hash: artefact.program_hash,
        manifest_hash: artefact.manifest.hash(),
        public_len: artefact.manifest.public_len,
        private_len: artefact.manifest.private_len,
        declared: 0,
        commitment: None,
    }
}

pub const HOLDS: Input = Input { x: 42, lo: 18, hi: 99 };
pub const HOLDS_NOT: Input = Input { x: 17, lo: 18, hi: 99 };

pub fn mem() -> Arc<dyn Store> {
    Arc::new(MemStore::default())
}
