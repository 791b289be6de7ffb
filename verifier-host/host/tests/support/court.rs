//! A chain that serves one program under a key that proves anything: tasks of it are attested, challenged, proved and run.
#![allow(dead_code, reason = "each test file uses its own part")]

use sha2::{Digest, Sha256};
use zera_abi::wire::Request;
use zera_abi::{Level, Outcome, TaskId};
use zera_host::{Action, BlockReport, Ending, Event, Publication, Receipt};
use zera_market::{challenge_digest, commit_digest};
use zera_r1cs::Manifest;

use super::fixture::*;
use super::forger::{Broken, forged};

pub const SALT: [u8; 32] = [5; 32];
/// Enough for every program here that ends.
pub const ENOUGH: u64 = 1_000_000;
/// A predicate of the repository, built from Rust: nine prices, least mean and least median.
pub const PRICES: &[u8] = include_bytes!("../../../../contracts/predicates/prebuilt/prices.wasm");

/// The first byte says how it ends: false, true, trap, bound exceeded, by an assumption, never.
pub const ENDS: &str = r#"(module
    (import "zera" "read_public" (func $read (param i32 i32 i32)))
    (import "zera" "bound" (func $bound (param i32)))
    (import "zera" "assume" (func $assume (param i32)))
    (memory (export "memory") 1 1)
    (func (export "predicate") (result i32) (local $how i32)
        (call $read (i32.const 0) (i32.const 0) (i32.const 1))
        (local.set $how (i32.load8_u (i32.const 0)))
        (if (i32.eq (local.get $how) (i32.const 2)) (then unreachable))
        (if (i32.eq (local.get $how) (i32.const 3)) (then (call $bound (i32.const 0))))
        (if (i32.eq (local.get $how) (i32.const 4)) (then (call $assume (i32.const 0))))
        (if (i32.eq (local.get $how) (i32.const 5)) (then (loop (br 0))))
        (local.get $how)))"#;

/// A predicate that is a program, and what the court is brought.
#[derive(Clone)]
pub struct Brought {
    pub program: Vec<u8>,
    pub manifest: Vec<u8>,
}

impl Brought {
    pub fn new(program: Vec<u8>, manifest: &Manifest) -> Brought {
        Brought { program, manifest: manifest.to_bytes() }
    }

    pub fn run(&self, task: TaskId, fuel: u64) -> Action {
        Action::SettleNatively { task, fuel, program: self.program.clone(), manifest: self.manifest.clone() }
    }
}

pub fn manifest(public_len: u32) -> Manifest {
    Manifest::new("court", 1, public_len, 0, vec![]).unwrap().with_entry("predicate").unwrap()
}

pub fn published(program: &[u8], manifest: &Manifest) -> Publication {
    Publication {
        name: manifest.name.clone(),
        matrices_digest: [7; 32],
        program_hash: Sha256::digest(program).into(),
        manifest_hash: manifest.hash(),
        public_len: manifest.public_len,
        private_len: manifest.private_len,
        declared: manifest.declared.len() as u8,
        commitment: None,
    }
}

/// A chain that serves one program under a key that proves anything.
pub struct Court {
    pub f: Fixture,
    pub broken: Broken,
    pub brought: Brought,
    pub level: Level,
}

impl Court {
    pub fn new(program: Vec<u8>, manifest: &Manifest) -> Court {
        let publication = published(&program, manifest);
        Court::publishing(publication, Brought::new(program, manifest))
    }

    pub fn publishing(publication: Publication, brought: Brought) -> Court {
        Court::on(Fixture::new(mem(), ""), publication, brought)
    }

    /// The same on a chain that there is.
    pub fn on(mut f: Fixture, publication: Publication, brought: Brought) -> Court {
        let broken = Broken::new(usize::from(publication.declared));
        f.predicate = publication.id();
        f.key = broken.key().id();
        let register = Action::RegisterKey { predicate: f.predicate, key: broken.key().encode() };
        let report = f.block(&[(OWNER, Action::Publish(publication)), (OWNER, register)]);
        assert!(report.receipts.iter().all(|receipt| receipt.ending == Ending::Done), "{:?}", report.receipts);
        Court { f, broken, brought, level: Level::Attested }
    }

    pub fn ends() -> Court {
        Court::new(wat::parse_str(ENDS).unwrap(), &manifest(1))
    }

    pub fn prices() -> Court {
        Court::new(PRICES.to_vec(), &manifest(44))
    }

    pub fn open(&mut self, public: &[u8], attested: bool) -> TaskId {
        let request = Request {
            predicate: self.f.predicate,
            public,
            bounty: 4_000_000_000,
            min_stake: 1_000_000_000,
            value_at_risk: 0,
            deadline: self.f.chain.head().height.0 + 120,
            callback_fuel: 2_000_000,
            expected: &[],
            attested,
            level: if attested { self.level } else { Level::Accepted },
        };
        let mut bytes = vec![0; request.encoded_len()];
        request.encode(&mut bytes).unwrap();
        let asked = self.f.call("ask", bytes);
        assert_eq!(asked.ending, Ending::Done, "{}", asked.detail);
        let task = *self.f.chain.market().unwrap().tasks().next_back().unwrap().id();
        assert_eq!(self.f.one(ALICE, Action::Lock { task }).ending, Ending::Done);
        task
    }

    /// Alice attests, Bob says otherwise.
    pub fn challenged(&mut self, public: &[u8], said: Outcome, claimed: Outcome) -> TaskId {
        let task = self.open(public, true);
        let attest = Action::Attest { task, outcome: said, declared: vec![] };
        assert_eq!(self.f.one(ALICE, attest).ending, Ending::Done);
        let digest = commit_digest(&SALT, &account(BOB), &task, &challenge_digest(claimed));
        assert_eq!(self.f.one(BOB, Action::Commit { task, digest }).ending, Ending::Done);
        assert_eq!(self.f.one(BOB, Action::Challenge { task, salt: SALT, claimed }).ending, Ending::Done);
        task
    }

    /// Alice proves what she likes.
    pub fn proved(&mut self, public: &[u8], outcome: Outcome) -> TaskId {
        let task = self.open(public, false);
        let answer = forged(&self.f, &self.broken, ALICE, &task, outcome);
        let submit = Action::Submit { task, answer };
        let receipt = self.f.one(ALICE, submit);
        assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
        task
    }

    pub fn settle(&mut self, who: u8, task: TaskId, fuel: u64) -> (Receipt, BlockReport) {
        let report = self.f.block(&[(who, self.brought.run(task, fuel))]);
        (report.receipts[0].clone(), report)
    }

    pub fn until(&self, level: Level, task: &TaskId) -> bool {
        self.f.task(task).level() == level
    }

    pub fn finish(&mut self, task: &TaskId) -> Vec<Event> {
        let mut seen = Vec::new();
        while !self.until(Level::Final, task) {
            seen.extend(self.f.block(&[]).events);
        }
        seen
    }
}
