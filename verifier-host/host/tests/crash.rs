//! K1 and K7 on real blocks: the machine stops behind any operation of the disk, while predicates, keys and contracts are
//! made, tasks opened, locked, answered, slashed and expired. What was acknowledged is there, nothing is mixed, and the
//! chain goes on to the same head.
//!
//! A sample of the images; all of them with `ZERA_CRASH_ALL=1`.

#[path = "../../ledger/tests/support/crash.rs"]
mod crash;
#[path = "../../ledger/tests/support/disk.rs"]
#[allow(dead_code, reason = "shared with the ledger's tests")]
mod disk;
#[path = "support/fixture.rs"]
mod fixture;

use std::sync::Arc;

use disk::Disk;
use fixture::{account, key, publication};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};
use zera_abi::wire::Request;
use zera_abi::{AccountId, Amount, Blocks, End, Level, Outcome, TaskId};
use zera_host::{Action, Chain, Ending, Event, Genesis, Header, RuleName, SignedTx, Tx, Verdicts};
use zera_kernels::Arkworks;
use zera_ledger::Ledger;
use zera_library::range::{self, Input};
use zera_market::ports::{MemStore, Store, Table};
use zera_market::{Answer, Rules, Schedule};
use zera_params::{Keys, dev_keys};
use zera_r1cs::{Artefact, TapeInputs};
use zera_statement::Binding;

const SEED: u64 = 0xc4a5;
/// Images that are looked at without `ZERA_CRASH_ALL`, about.
const SAMPLE: usize = 300;
/// Blocks that the key waits before tasks are pinned to it.
const ACTIVATION: u64 = 2;

fn genesis() -> Genesis {
    Genesis {
        name: "crash".to_owned(),
        development: true,
        rules: Rules::local(),
        voting: Schedule::local(),
        fuel_price: 1,
        key_activation: Blocks(ACTIVATION),
        name_timelock: Blocks(5),
        accounts: [1, 2, 3].map(|seed| (account(seed), Amount::from_zra(1_000).unwrap())).to_vec(),
    }
}

/// A chain, its blocks, and what to prove with.
struct Network {
    chain: Chain,
    store: Arc<dyn Store>,
    nonces: [u64; 4],
    artefact: &'static Artefact,
    keys: Keys,
    blocks: Vec<Vec<SignedTx>>,
    headers: Vec<Header>,
    /// What the store holds behind each header.
    states: Vec<[u8; 32]>,
    /// The disk's log behind each header.
    acknowledged: Vec<usize>,
    disk: Disk,
    events: Vec<Event>,
}

/// SHA-256 of every row of every table.
fn digest(store: &dyn Store) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for &table in Table::ALL {
        for (key, value) in store.scan(table, &[], &[], usize::MAX).unwrap() {
            hasher.update([table.code()]);
            hasher.update((key.len() as u64).to_le_bytes());
            hasher.update(key);
            hasher.update((value.len() as u64).to_le_bytes());
            hasher.update(value);
        }
    }
    hasher.finalize().into()
}

impl Network {
    fn new() -> Network {
        let disk = Disk::default();
        let store: Arc<dyn Store> = Arc::new(Ledger::with_backend(disk.clone()).unwrap());
        let chain = Chain::open(Arc::clone(&store), &genesis()).unwrap();
        let artefact = (zera_library::by_name(range::NAME).unwrap().artefact)();
        let keys = dev_keys(&artefact.matrices).unwrap();
        Network {
            headers: vec![chain.head().clone()],
            states: vec![digest(store.as_ref())],
            acknowledged: vec![disk.changes()],
            chain,
            store,
            nonces: [0; 4],
            artefact,
            keys,
            blocks: Vec::new(),
            disk,
            events: Vec::new(),
        }
    }

    fn sign(&mut self, who: u8, action: Action) -> SignedTx {
        let mut tx = Tx {
            chain: self.chain.chain_id().unwrap(),
            sender: account(who),
            nonce: self.nonces[usize::from(who)],
            expiry: self.chain.head().height.checked_add(Blocks(1_000)).unwrap(),
            fuel_limit: 100_000_000,
            action,
        };
        self.nonces[usize::from(who)] += 1;
        if matches!(tx.action, Action::Call { .. }) {
            let signed = tx.clone().sign(&key(who)).unwrap();
            tx.fuel_limit = self.chain.intrinsic_fuel(&signed).unwrap() + self.chain.cost().unwrap().call_fuel_max;
        }
        tx.sign(&key(who)).unwrap()
    }

    /// One block with these actions, as one acknowledged step.
    fn block(&mut self, actions: Vec<(u8, Action)>) -> Vec<zera_host::Receipt> {
        let txs: Vec<SignedTx> = actions.into_iter().map(|(who, action)| self.sign(who, action)).collect();
        let report = self.chain.apply(txs.clone(), Verdicts::default()).unwrap();
        assert_eq!(report.receipts.len(), txs.len());
        self.blocks.push(txs);
        self.headers.push(report.header);
        self.states.push(digest(self.store.as_ref()));
        self.acknowledged.push(self.disk.changes());
        self.events.extend(report.events);
        report.receipts
    }

    fn ask(&mut self, contract: AccountId) -> TaskId {
        let public = Input { x: 42, lo: 18, hi: 99 }.encode();
        let request = Request {
            predicate: self.artefact.predicate_id(),
            public: &public,
            bounty: 4_000_000_000,
            min_stake: 1_000_000_000,
            value_at_risk: 0,
            deadline: self.chain.head().height.0 + 60,
            callback_fuel: 2_000_000,
            expected: &[],
            attested: false,
            level: Level::Accepted,
        };
        let mut input = vec![0; request.encoded_len()];
        request.encode(&mut input).unwrap();
        let receipts = self.block(vec![(1, Action::Call { contract, entry: "ask".into(), input })]);
        assert_eq!(receipts[0].ending, Ending::Done, "{}", receipts[0].detail);
        *self.chain.market().unwrap().tasks().next_back().unwrap().id()
    }

    fn prove(&self, who: u8, task: &TaskId) -> Answer {
        let record = self.chain.market().unwrap().task(task).unwrap();
        let public = self.chain.input(task).unwrap().unwrap().public;
        let binding = Binding {
            chain: self.chain.chain_id().unwrap(),
            task: *task,
            key: self.keys.verifying.id(),
            predicate: self.artefact.predicate_id(),
            provider: account(who),
            not_after: record.not_after(),
        };
        let inputs = TapeInputs { binding: binding.to_scalar(), public: &public, private: &[] };
        let z = self.artefact.tape.run(&inputs).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let (proof, _) =
            zera_prover::prove(&Arkworks, &self.keys.proving, &self.artefact.matrices, &z, &mut rng).unwrap();
        let proof = zera_verifier::Proof::from_points(proof.a, proof.b, proof.c).unwrap();
        Answer { outcome: Outcome::True, declared: vec![], proof: Box::new(proof.encode()) }
    }

    /// Everything that a chain goes through, with each thing in blocks of its own.
    fn live(&mut self) {
        let artefact = self.artefact;
        self.block(vec![(1, Action::Publish(publication(artefact)))]);
        let key = self.keys.verifying.encode();
        self.block(vec![(1, Action::RegisterKey { predicate: artefact.predicate_id(), key })]);
        let wasm = wat::parse_str(include_str!("support/asker.wat").replace("TRAP", "")).unwrap();
        let deploy = Action::Deploy { wasm, config: vec![], endowment: Amount::from_zra(100).unwrap() };
        let receipts = self.block(vec![(1, deploy)]);
        let contract = AccountId(receipts[0].data.as_slice().try_into().unwrap());
        for _ in 0..ACTIVATION {
            self.block(vec![(2, Action::Transfer { to: account(3), amount: Amount::from_units(5) })]);
        }
        // A vote that passes while the rest goes on.
        let rule = RuleName::new("open_fee").unwrap();
        self.block(vec![(2, Action::Propose { rule, value: 1_100_000 })]);
        self.block(vec![(3, Action::Support { proposal: 0, amount: Amount::from_zra(500).unwrap() })]);
        // Answered, called back, final.
        let task = self.ask(contract);
        self.block(vec![(2, Action::Lock { task })]);
        let answer = self.prove(2, &task);
        let wrong = Answer { outcome: Outcome::False, ..answer.clone() };
        self.block(vec![(2, Action::Submit { task, answer: wrong })]);
        self.block(vec![
            (2, Action::Submit { task, answer }),
            (3, Action::Transfer { to: account(1), amount: Amount::from_units(9) }),
        ]);
        // Locked and left: slashed, then expired. And one that nobody takes.
        let silent = self.ask(contract);
        self.block(vec![(3, Action::Lock { task: silent })]);
        self.ask(contract);
        while self.chain.market().unwrap().tasks().any(|task| task.level() != Level::Final && task.end() == End::None) {
            self.block(vec![]);
            assert!(self.blocks.len() < 300, "the tasks do not end");
        }
        self.block(vec![(3, Action::Support { proposal: 0, amount: Amount::ZERO })]);
        let saw = |what: fn(&Event) -> bool| assert!(self.events.iter().any(what));
        saw(|event| matches!(event, Event::ProposalEnded { version: Some(1), .. }));
        saw(|event| matches!(event, Event::TaskFinal { .. }));
        saw(|event| matches!(event, Event::StakeSlashed { .. }));
        saw(|event| matches!(event, Event::TaskExpired { .. }));
        saw(|event| matches!(event, Event::Callback { done: true, .. }));
    }
}

#[test]
fn a_crash_at_any_operation_leaves_whole_blocks_and_the_chain_goes_on() {
    let mut network = Network::new();
    network.live();
    let Network { store, chain, blocks, headers, states, acknowledged, disk, .. } = network;
    drop((store, chain));
    let log = disk.log();
    let all = std::env::var_os("ZERA_CRASH_ALL").is_some();
    // Three of every few operations: coprime steps walk through the fates.
    let step = if all { 1 } else { (log.len() * 4 / SAMPLE).max(1) | 1 };
    let (mut number, mut images, mut early, mut replayed) = (0usize, 0u32, 0u32, 0u32);
    crash::explore(
        &log,
        SEED,
        |_, _| {
            number += 1;
            number.is_multiple_of(step)
        },
        |done, fate, image| {
            let at = format!("seed {SEED} operation {done} of {} {fate:?}", log.len());
            // Before genesis was acknowledged there is nothing to lose.
            let Some(least) = acknowledged.iter().filter(|&&at| at <= done).count().checked_sub(1) else { return };
            images += 1;
            let ledger = Ledger::with_backend(Disk::holding(image)).unwrap_or_else(|error| panic!("{at}: {error}"));
            let found = digest(&ledger);
            let height = (least..states.len().min(least + 2))
                .find(|&height| states[height] == found)
                .unwrap_or_else(|| panic!("{at}: neither the state of block {least} nor the next one's"));
            early += u32::from(height > least);
            if images % 8 != 0 {
                return;
            }
            replayed += 1;
            let mut chain = Chain::open(Arc::new(ledger), &genesis()).unwrap_or_else(|error| panic!("{at}: {error}"));
            assert_eq!(*chain.head(), headers[height], "{at}");
            // K6: what follows is the same, events and receipts included, whatever had been told before the crash.
            for next in (height..blocks.len()).take(3) {
                let report = chain.apply(blocks[next].clone(), Verdicts::default()).unwrap();
                assert_eq!(report.header, headers[next + 1], "{at}");
            }
            // A transaction of the past is a duplicate, not a second effect.
            if let Some(tx) = blocks[..height].iter().flatten().last() {
                assert!(chain.admit(tx).is_err(), "{at}");
            }
        },
    );
    println!(
        "{} blocks, {} operations, {images} images, {early} with an unacknowledged block, {replayed} went on",
        blocks.len(),
        log.len()
    );
    assert!(images > 100 && replayed > 10, "{images} {replayed}");
}

/// K10: the same blocks on an empty store give the same header and the same rows at every height.
#[test]
fn a_replay_from_genesis_is_the_live_state_at_every_height() {
    let mut network = Network::new();
    network.live();
    let store = Arc::new(MemStore::default());
    let mut chain = Chain::open(Arc::clone(&store) as Arc<dyn Store>, &genesis()).unwrap();
    for (height, txs) in network.blocks.iter().enumerate() {
        assert_eq!(digest(store.as_ref()), network.states[height], "rows behind block {height}");
        let report = chain.apply(txs.clone(), Verdicts::default()).unwrap();
        assert_eq!(report.header, network.headers[height + 1]);
    }
    assert_eq!(Some(&digest(store.as_ref())), network.states.last());
}
