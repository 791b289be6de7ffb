//! Lanes: the same blocks on any number of them, byte for byte, whatever the calls do to each other; and the same verdicts.

#[path = "support/double.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod double;
#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/forger.rs"]
mod forger;
#[path = "support/guest.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod guest;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ark_bn254::Fr;
use fixture::{ALICE, BOB, Fixture, HOLDS, OWNER, account, genesis, key, publication};
use forger::Broken;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zera_abi::wire::{Claim, Request};
use zera_abi::{AccountId, Amount, Blocks, ChainId, KeyId, Level, Outcome, PredicateId, TaskId};
use zera_host::{
    Action, BlockReport, Chain, ConfigEntry, Ending, Event, Genesis, Lanes, Memo, NodeFault, ProofJob, Publication,
    SignedTx, Tx, Verdicts, verify_in_lanes, verify_jobs,
};
use zera_library::range;
use zera_market::ports::{Change, MemStore, Row, Store, StoreError, Table, Verdict};
use zera_market::{Answer, TaskState};
use zera_statement::Binding;

const CAROL: u8 = 4;
const DAVE: u8 = 5;
const SENDERS: [u8; 5] = [OWNER, ALICE, BOB, CAROL, DAVE];
/// Fuel of a call beside what it costs to be sent.
const CALL_FUEL: u64 = 8_000_000;

/// Every row of a store, by table.
type Rows = Vec<(Table, Vec<Row>)>;

fn lanes(count: usize) -> Lanes {
    Lanes::new(NonZeroUsize::new(count).unwrap())
}

fn rich() -> Genesis {
    let accounts = SENDERS.map(|seed| (account(seed), Amount::from_zra(100_000).unwrap())).to_vec();
    Genesis { accounts, ..genesis() }
}

/// Everything that a store holds.
fn rows(store: &dyn Store) -> Vec<(Table, Vec<Row>)> {
    Table::ALL.iter().map(|table| (*table, store.scan(*table, &[], &[], usize::MAX).unwrap())).collect()
}

/// Chains that are given the same blocks, each with its own number of lanes; the first has one.
struct Town {
    chains: Vec<(Lanes, Chain, Arc<MemStore>)>,
    id: ChainId,
    nonces: BTreeMap<u8, u64>,
    /// A predicate for each key.
    served: Vec<(PredicateId, KeyId, Broken)>,
    contracts: Vec<AccountId>,
}

impl Town {
    fn new(counts: &[usize], contracts: usize, keys: usize) -> Town {
        let chain = |count: &usize| {
            let store = Arc::new(MemStore::default());
            let mut chain = Chain::open(Arc::clone(&store) as Arc<dyn Store>, &rich()).unwrap();
            chain.set_lanes(lanes(*count));
            (lanes(*count), chain, store)
        };
        let chains: Vec<_> = counts.iter().map(chain).collect();
        let id = chains[0].1.chain_id().unwrap();
        let mut town = Town { chains, id, nonces: BTreeMap::new(), served: Vec::new(), contracts: Vec::new() };
        let artefact = (zera_library::by_name(range::NAME).unwrap().artefact)();
        for n in 0..keys {
            let name = format!("p{n}");
            let publication =
                Publication { name, manifest_hash: [u8::try_from(n).unwrap(); 32], ..publication(artefact) };
            let (predicate, broken) = (publication.id(), Broken::of(n as u64));
            let key = broken.key();
            let register = Action::RegisterKey { predicate, key: key.encode() };
            town.all_done(&[(OWNER, Action::Publish(publication)), (OWNER, register)]);
            town.served.push((predicate, key.id(), broken));
        }
        let wasm = guest::contract(include_str!("support/player.wat"));
        let config = vec![ConfigEntry { key: "K".into(), amount: Amount::from_units(7) }];
        for _ in 0..contracts {
            let endowment = Amount::from_zra(1_000).unwrap();
            let deploy = Action::Deploy { wasm: wasm.clone(), config: config.clone(), endowment };
            let report = town.all_done(&[(OWNER, deploy)]);
            town.contracts.push(AccountId(report.receipts[0].data.as_slice().try_into().unwrap()));
        }
        town
    }

    fn chain(&self) -> &Chain {
        &self.chains[0].1
    }

    fn sign(&mut self, who: u8, action: Action) -> SignedTx {
        let nonce = self.nonces.entry(who).or_default();
        let expiry = self.chains[0].1.head().height.checked_add(Blocks(1_000)).unwrap();
        let tx = Tx { chain: self.id, sender: account(who), nonce: *nonce, expiry, fuel_limit: fixture::FUEL, action };
        *nonce += 1;
        let signed = tx.clone().sign(&key(who)).unwrap();
        let fuel_limit = match &tx.action {
            Action::Call { .. } => self.chain().intrinsic_fuel(&signed).unwrap() + CALL_FUEL,
            _ => fixture::FUEL,
        };
        Tx { fuel_limit, ..tx }.sign(&key(who)).unwrap()
    }

    /// One block on every chain; they must not differ in anything.
    fn block(&mut self, actions: &[(u8, Action)]) -> BlockReport {
        let txs: Vec<SignedTx> = actions.iter().map(|(who, action)| self.sign(*who, action.clone())).collect();
        let mut first: Option<(BlockReport, Rows)> = None;
        for (at, (count, chain, store)) in self.chains.iter_mut().enumerate() {
            // Verdicts come in lanes, one by one, or not at all; in any order.
            let mut jobs = chain.proof_jobs(&txs).unwrap();
            jobs.shuffle(&mut ChaCha20Rng::seed_from_u64(at as u64));
            let mut verdicts = Verdicts::default();
            match at % 3 {
                0 => verdicts.extend(verify_jobs(&jobs)),
                1 => verdicts.extend(verify_in_lanes(&jobs, *count).unwrap()),
                _ => {}
            }
            let report = chain.apply(txs.clone(), verdicts).unwrap();
            let rows = rows(store.as_ref());
            match &first {
                None => first = Some((report, rows)),
                Some((expected, expected_rows)) => {
                    assert_eq!(report.receipts, expected.receipts, "{count:?}");
                    assert_eq!(report.events, expected.events, "{count:?}");
                    assert_eq!(report.header, expected.header, "{count:?}");
                    assert_eq!(report.rejected, expected.rejected, "{count:?}");
                    assert_eq!(report.deferred, expected.deferred, "{count:?}");
                    assert!(rows == *expected_rows, "{count:?}: rows of the store");
                }
            }
        }
        // What did not get in is signed again with a fresh nonce.
        let (report, _) = first.unwrap();
        for (seed, nonce) in &mut self.nonces {
            *nonce = self.chains[0].1.nonce(&account(*seed)).unwrap();
        }
        report
    }

    fn all_done(&mut self, actions: &[(u8, Action)]) -> BlockReport {
        let report = self.block(actions);
        assert_eq!(report.receipts.len(), actions.len(), "{:?}", report.rejected);
        assert!(report.receipts.iter().all(|receipt| receipt.ending == Ending::Done), "{:?}", report.receipts);
        report
    }

    fn play(&self, contract: usize, script: Vec<u8>) -> Action {
        Action::Call { contract: self.contracts[contract], entry: "play".into(), input: script }
    }

    fn ask(&self, served: usize, level: Level) -> Vec<u8> {
        let public = HOLDS.encode();
        let request = Request {
            predicate: self.served[served].0,
            public: &public,
            bounty: 4_000_000_000,
            min_stake: 1_000_000_000,
            value_at_risk: 0,
            deadline: self.chain().head().height.0 + 60,
            callback_fuel: 6_000_000,
            expected: &[],
            attested: level == Level::Attested,
            level,
        };
        let mut bytes = vec![0; request.encoded_len()];
        request.encode(&mut bytes).unwrap();
        let len = u16::try_from(bytes.len()).unwrap().to_le_bytes();
        [[6].as_slice(), &len, &bytes].concat()
    }

    /// A forged answer of `who` to a task.
    fn answer(&self, who: u8, task: &TaskId, outcome: Outcome) -> Answer {
        let record = self.chain().market().unwrap().task(task).unwrap();
        let (predicate, key, broken) = self.served.iter().find(|(_, key, _)| key == record.key()).unwrap();
        let binding = Binding {
            chain: self.id,
            task: *task,
            key: *key,
            predicate: *predicate,
            provider: account(who),
            not_after: record.not_after(),
        };
        let proof = broken.prove(binding, record.input_root(), outcome, &[]);
        Answer { outcome, declared: vec![], proof: Box::new(proof) }
    }

    fn rehearsed(&self) -> Vec<zera_host::Rehearsed> {
        self.chains.iter().map(|(_, chain, _)| chain.rehearsed().unwrap()).collect()
    }

    fn stored(&self, contract: usize, key: u8) -> Option<Vec<u8>> {
        self.chain().storage(&self.contracts[contract], &[key]).unwrap()
    }
}

fn pay(to: &AccountId, units: u128) -> Vec<u8> {
    [[5].as_slice(), to.as_bytes(), &units.to_le_bytes()].concat()
}

/// Tasks of different contracts and keys, answered in one block: the call-backs stand as they were rehearsed.
#[test]
fn answers_to_different_contracts_are_settled_beside_each_other() {
    let mut town = Town::new(&[1, 2, 4, 8], 4, 3);
    let asks: Vec<(u8, Action)> = (0..8).map(|n| (OWNER, town.play(n % 4, town.ask(n % 3, Level::Accepted)))).collect();
    town.all_done(&asks);
    let tasks: Vec<TaskId> = town.chain().market().unwrap().tasks().map(|task| *task.id()).collect();
    assert_eq!(tasks.len(), 8);
    let locks: Vec<_> = tasks.iter().map(|task| (ALICE, Action::Lock { task: *task })).collect();
    town.all_done(&locks);
    let before = town.rehearsed();
    let submits: Vec<_> = tasks
        .iter()
        .map(|task| (ALICE, Action::Submit { task: *task, answer: town.answer(ALICE, task, Outcome::True) }))
        .collect();
    town.all_done(&submits);
    for contract in 0..4 {
        assert_eq!(town.stored(contract, 0x31), Some(vec![2, 0, 0, 0]), "called back twice");
        assert_eq!(town.stored(contract, 0x76), Some(vec![1, 0, 0, 0]), "verified");
        assert_eq!(town.stored(contract, 0x6c), Some(vec![1, 0, 0, 0]), "cleared");
    }
    for (at, (before, after)) in before.iter().zip(town.rehearsed()).enumerate() {
        let kept = if at == 0 { 0 } else { 8 };
        assert_eq!((after.kept - before.kept, after.repeated, after.unused), (kept, 0, 0), "chain {at}");
    }
}

/// What one contract does to another's money shows in the other's call, although both were rehearsed without it.
#[test]
fn a_call_whose_world_has_changed_runs_again() {
    let mut town = Town::new(&[1, 2, 8], 3, 1);
    let paid = pay(&town.contracts[1], 1_000_000);
    let actions =
        [(OWNER, town.play(0, paid)), (ALICE, town.play(1, vec![4, 2, b'n'])), (BOB, town.play(2, vec![4, 2, b'n']))];
    let before = town.rehearsed();
    town.all_done(&actions);
    let balance = town.chain().market().unwrap().account(&town.contracts[1]).free.units();
    assert_eq!(balance, 1_000_000_000_000 + 1_000_000);
    assert_eq!(
        town.stored(1, b'b'),
        Some(balance.to_le_bytes()[..4].to_vec()),
        "with the money that came in the block"
    );
    for (before, after) in before.iter().zip(town.rehearsed()).skip(1) {
        assert_eq!((after.kept - before.kept, after.repeated - before.repeated), (2, 1));
    }
    // Everything that a contract spends in one block it sees itself, in order.
    let all = pay(&account(DAVE), balance);
    let actions = [
        (OWNER, town.play(1, all.clone())),
        (ALICE, town.play(1, [all, vec![4]].concat())),
        (BOB, town.play(0, vec![4])),
    ];
    let before = town.rehearsed();
    town.all_done(&actions);
    assert_eq!(town.stored(1, b't'), Some(vec![u8::try_from(zera_abi::Status::Funds.code()).unwrap(), 0, 0, 0]));
    for (before, after) in before.iter().zip(town.rehearsed()).skip(1) {
        assert_eq!((after.kept - before.kept, after.repeated - before.repeated), (3, 0));
    }
}

/// A proof that does not verify makes no call-back, although one was foreseen where no verdict came ahead.
#[test]
fn a_callback_that_does_not_come_leaves_nothing() {
    // The third chain gets no verdicts ahead.
    let mut town = Town::new(&[1, 2, 2], 2, 2);
    town.all_done(&[0, 1].map(|n| (OWNER, town.play(n, town.ask(n, Level::Accepted)))));
    let tasks: Vec<TaskId> = town.chain().market().unwrap().tasks().map(|task| *task.id()).collect();
    town.all_done(&[0, 1].map(|n| (ALICE, Action::Lock { task: tasks[n] })));
    let mut bad = town.answer(ALICE, &tasks[0], Outcome::True);
    bad.proof = town.answer(ALICE, &tasks[1], Outcome::True).proof;
    let good = town.answer(ALICE, &tasks[1], Outcome::True);
    let before = town.rehearsed();
    town.block(&[
        (ALICE, Action::Submit { task: tasks[0], answer: bad }),
        (ALICE, Action::Submit { task: tasks[1], answer: good }),
    ]);
    assert_eq!((town.stored(0, 0x31), town.stored(1, 0x31)), (None, Some(vec![1, 0, 0, 0])));
    let counted: Vec<_> =
        before.iter().zip(town.rehearsed()).map(|(a, b)| (b.kept - a.kept, b.unused - a.unused)).collect();
    // With a verdict ahead only one call-back is foreseen, and one alone is not worth a lane.
    assert_eq!(counted, [(0, 0), (0, 0), (1, 1)]);
}

/// A store that panics when a contract reads.
struct Torn {
    rows: MemStore,
    torn: AtomicBool,
}

impl Store for Torn {
    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        assert!(table != Table::Kv || !self.torn.load(Ordering::Relaxed), "a torn row");
        self.rows.read(table, key)
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.rows.scan(table, prefix, from, limit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        self.rows.commit(changes)
    }
}

/// A lane that fails is the node's fault: no receipt, no row, and no block after it until the chain is opened again.
#[test]
fn a_lane_that_panics_stops_the_chain_and_keeps_nothing() {
    let mut town = Town::new(&[1], 2, 1);
    let store = Arc::new(Torn { rows: MemStore::default(), torn: AtomicBool::new(false) });
    let all = rows(town.chains[0].2.as_ref())
        .into_iter()
        .flat_map(|(table, rows)| rows.into_iter().map(move |(key, value)| Change { table, key, value: Some(value) }));
    store.commit(&all.collect::<Vec<_>>()).unwrap();
    let before = rows(store.as_ref());
    let txs: Vec<SignedTx> = [(OWNER, 0), (ALICE, 1)]
        .into_iter()
        .map(|(who, contract)| {
            let call = town.play(contract, vec![2, b'n']);
            town.sign(who, call)
        })
        .collect();
    let mut chain = Chain::open(Arc::clone(&store) as Arc<dyn Store>, &rich()).unwrap();
    chain.set_lanes(lanes(2));
    store.torn.store(true, Ordering::Relaxed);
    let ended = chain.apply(txs.clone(), Verdicts::default());
    assert!(matches!(&ended, Err(NodeFault::Panic { message }) if message == "a torn row"), "{ended:?}");
    store.torn.store(false, Ordering::Relaxed);
    assert!(rows(store.as_ref()) == before);
    assert!(matches!(chain.apply(txs.clone(), Verdicts::default()), Err(NodeFault::State { .. })));
    let mut chain = Chain::open(Arc::clone(&store) as Arc<dyn Store>, &rich()).unwrap();
    chain.set_lanes(lanes(2));
    let report = chain.apply(txs, Verdicts::default()).unwrap();
    assert!(report.receipts.iter().all(|receipt| receipt.ending == Ending::Done), "{:?}", report.receipts);
}

/// Random blocks of calls that write, pay, ask, trap, abort, run out of fuel, cancel, clear and verify; of locks, good and bad
/// answers, attested ones, and of time.
#[test]
fn random_blocks_are_the_same_on_1_2_4_and_8_lanes() {
    let (mut kept, mut repeated) = (0, 0);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..6 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut town = Town::new(&[1, 2, 4, 8], 5, 3);
        for _ in 0..25 {
            let count = rng.gen_range(0..24);
            let actions: Vec<(u8, Action)> = (0..count).map(|_| random_action(&town, &mut rng)).collect();
            let report = town.block(&actions);
            let endings = report.receipts.iter().map(|receipt| format!("{:?}", receipt.ending));
            let callbacks = report.events.iter().filter_map(|event| match event {
                Event::Callback { entry, done, .. } => Some(format!("{entry} {done}")),
                _ => None,
            });
            for what in endings.chain(callbacks) {
                *seen.entry(what.split(['(', '{']).next().unwrap().trim().to_owned()).or_default() += 1;
            }
        }
        town.chain().market().unwrap().conserved().unwrap();
        let counts = town.rehearsed();
        assert_eq!(counts[0], zera_host::Rehearsed::default(), "one lane runs nothing ahead");
        // Lanes with verdicts ahead foresee the same calls, however many they are.
        assert_eq!(counts[1], counts[3]);
        kept += counts[1].kept;
        repeated += counts[1].repeated;
    }
    // All of it has happened.
    assert!(kept > 500 && repeated > 10, "{kept} kept, {repeated} repeated");
    let all = [
        "Done",
        "Aborted",
        "Trapped",
        "Rejected",
        "Refused",
        "process_verified_condition_result true",
        "process_verified_condition_result false",
        "on_result_failed true",
    ];
    assert!(all.iter().all(|what| seen.get(*what).is_some_and(|count| *count >= 5)), "{seen:?}");
}

fn random_action(town: &Town, rng: &mut ChaCha20Rng) -> (u8, Action) {
    let who = *SENDERS.choose(rng).unwrap();
    let tasks: Vec<&zera_market::Task> = town.chain().market().unwrap().tasks().rev().take(24).collect();
    let task = tasks.choose(rng).copied();
    let action = match (rng.gen_range(0..20), task) {
        (0..=1, Some(task)) => {
            return (who, Action::Lock { task: *task.id() });
        }
        (2..=6, Some(_)) => {
            // Whoever holds one answers, well or badly.
            let held = tasks.iter().find_map(|task| match task.state() {
                TaskState::Assigned { provider, .. } => Some((*task.id(), *provider)),
                _ => None,
            });
            let holder =
                held.and_then(|(id, provider)| Some((id, SENDERS.into_iter().find(|s| account(*s) == provider)?)));
            let Some((task, holder)) = holder else { return (who, random_call(town, rng)) };
            let outcome = *[Outcome::True, Outcome::False, Outcome::True, Outcome::Trap].choose(rng).unwrap();
            let mut answer = town.answer(holder, &task, outcome);
            match rng.gen_range(0..8) {
                0 => answer.proof = Box::new([0xff; 256]),
                1 => answer.proof[..64].copy_from_slice(&town.answer(BOB, &task, Outcome::False).proof[192..]),
                2 => return (holder, Action::Attest { task, outcome: Outcome::True, declared: vec![] }),
                _ => {}
            }
            return (holder, Action::Submit { task, answer });
        }
        (7, Some(task)) => Action::Cancel { task: *task.id() },
        (8, _) => Action::Transfer { to: *town.contracts.choose(rng).unwrap(), amount: Amount::from_units(5_000_000) },
        (9..=10, _) => {
            let script = random_script(town, rng);
            Action::Call { contract: *town.contracts.choose(rng).unwrap(), entry: "learn".into(), input: script }
        }
        _ => random_call(town, rng),
    };
    (who, action)
}

fn random_call(town: &Town, rng: &mut ChaCha20Rng) -> Action {
    let entry = *["play", "play", "play", "play", "nothing", "process_verified_condition_result"].choose(rng).unwrap();
    let contract = *town.contracts.choose(rng).unwrap();
    Action::Call { contract, entry: entry.to_owned(), input: random_script(town, rng) }
}

fn random_script(town: &Town, rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut script = Vec::new();
    for _ in 0..rng.gen_range(1..7) {
        let handle = rng.gen_range(1u64..6).to_le_bytes();
        match rng.gen_range(0..24) {
            0..=1 => script.extend([1, rng.gen_range(b'0'..b'5'), rng.gen_range(0..=255)]),
            2..=4 => script.extend([2, rng.gen_range(b'0'..b'5')]),
            5 => script.extend([3, rng.gen_range(b'0'..b'5')]),
            6..=7 => script.push(4),
            8..=9 => {
                let to = *town.contracts.choose(rng).unwrap();
                script.extend(pay(&to, *[0, 1_000_000, 700_000_000_000].choose(rng).unwrap()));
            }
            10..=13 => {
                let level = *[Level::Accepted, Level::Accepted, Level::Final, Level::Attested].choose(rng).unwrap();
                script.extend(town.ask(rng.gen_range(0..town.served.len()), level));
            }
            14 => script.extend([10, b'e']),
            15 => script.extend([[11].as_slice(), &handle].concat()),
            16..=17 => script.extend([[12].as_slice(), &handle].concat()),
            18 => script.extend([[13].as_slice(), &handle].concat()),
            19 => {
                let task =
                    town.chain().market().unwrap().tasks().next_back().map_or(TaskId([1; 32]), |task| *task.id());
                script.extend([[14].as_slice(), task.as_bytes()].concat());
            }
            20 => {
                let (_, key, broken) = town.served.choose(rng).unwrap();
                let inputs = [1u64, 2, 3].map(Fr::from);
                let mut scalars: Vec<u8> = inputs.iter().flat_map(zera_statement::scalar_to_be).collect();
                scalars[31] ^= u8::from(rng.gen_bool(0.3));
                script.extend([[15].as_slice(), key.as_bytes(), &scalars, &broken.forge(&inputs)].concat());
            }
            21 => {
                let (_, key, broken) = town.served.choose(rng).unwrap();
                let public = HOLDS.encode();
                let claim = Claim {
                    outcome: Outcome::True,
                    provider: account(BOB),
                    not_after: rng.gen_range(0..100),
                    context: [3; 32],
                    public: &public,
                    declared: &[],
                };
                let mut bytes = vec![0; 4096];
                let len = claim.encode(&mut bytes).unwrap();
                let proof = broken.forge(&[1u64, 2, 3].map(Fr::from));
                let head = u16::try_from(len).unwrap().to_le_bytes();
                script.extend([[16].as_slice(), &head, &bytes[..len], key.as_bytes(), &proof].concat());
            }
            22 => script.push(17),
            _ => script.extend(*[[7, 3], [8, 0], [9, 0]].choose(rng).unwrap()),
        }
    }
    script
}

/// Jobs with the verdicts that each has by itself: true ones, false ones and no proofs at all, under several keys.
fn judged(town: &mut Town, count: usize) -> Vec<(ProofJob, Verdict)> {
    let keys = town.served.len();
    let asks: Vec<_> =
        (0..count).map(|n| (SENDERS[n % 5], town.play(n % 4, town.ask(n % keys, Level::Accepted)))).collect();
    for chunk in asks.chunks(20) {
        town.all_done(chunk);
    }
    let tasks: Vec<TaskId> = town.chain().market().unwrap().tasks().map(|task| *task.id()).collect();
    let locks: Vec<_> = tasks.iter().map(|task| (BOB, Action::Lock { task: *task })).collect();
    town.all_done(&locks);
    let mut found = Vec::new();
    for (n, task) in tasks.iter().enumerate() {
        let mut answer = town.answer(BOB, task, Outcome::True);
        match n % 5 {
            3 => answer.proof[..64].copy_from_slice(&town.answer(BOB, task, Outcome::False).proof[192..]),
            4 => answer.proof[17] ^= 1,
            _ => {}
        }
        let tx = town.sign(BOB, Action::Submit { task: *task, answer });
        let jobs = town.chain().proof_jobs(&[tx]).unwrap();
        let alone = verify_jobs(&jobs);
        found.push((jobs[0].clone(), alone[0].1));
    }
    for verdict in [Verdict::Valid, Verdict::Invalid, Verdict::Malformed] {
        assert!(found.iter().filter(|(_, alone)| *alone == verdict).count() >= count / 5, "{verdict:?}");
    }
    found
}

/// Verdicts of ten thousand mixes, on 1 to 8 lanes, are those of each proof by itself.
#[test]
fn verdicts_of_10000_mixes_are_those_of_single_proofs() {
    let mut town = Town::new(&[1], 4, 4);
    let judged = judged(&mut town, 40);
    let expected: BTreeMap<_, _> =
        judged.iter().map(|(job, alone)| (verify_jobs(std::slice::from_ref(job))[0].0, *alone)).collect();
    assert_eq!(expected.len(), 40);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for mix in 0..10_000 {
        // Mostly small ones; some that fill batches, with doubles; a few of more than a batch.
        let most = match mix {
            _ if mix % 500 == 0 => 80,
            _ if mix % 25 == 0 => 24,
            _ => 3,
        };
        let jobs: Vec<ProofJob> =
            (0..rng.gen_range(0..=most)).map(|_| judged.choose(&mut rng).unwrap().0.clone()).collect();
        let found = verify_in_lanes(&jobs, lanes(1 + mix % 8)).unwrap();
        let named: BTreeMap<_, _> = found.iter().copied().collect();
        assert_eq!(named.len(), found.len(), "each once");
        let alone: BTreeMap<_, _> = verify_names(&jobs).into_iter().map(|name| (name, expected[&name])).collect();
        assert_eq!(named, alone, "mix {mix}");
    }
}

/// The names of jobs.
fn verify_names(jobs: &[ProofJob]) -> Vec<zera_host::VerdictId> {
    jobs.iter().map(ProofJob::id).collect()
}

/// What is remembered is what was found, true or false, and no more than the bound.
#[test]
fn a_memo_answers_as_the_judge_does_and_stays_bounded() {
    let mut town = Town::new(&[1], 4, 2);
    let judged = judged(&mut town, 20);
    let jobs: Vec<ProofJob> = judged.iter().map(|(job, _)| job.clone()).collect();
    let mut memo = Memo::default();
    for turn in 0..3 {
        let verdicts = memo.judge(&jobs[..10 + 5 * turn], lanes(2)).unwrap();
        assert_eq!(verdicts.len(), 10 + 5 * turn);
        for (job, alone) in &judged[..10 + 5 * turn] {
            assert_eq!(verdicts.get(&job.id()), Some(*alone), "turn {turn}");
        }
    }
    assert_eq!(memo.len(), 20);
}
