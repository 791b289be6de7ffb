//! Whole blocks on two engines, and hostile contracts on a chain: what a block's calls did on the host, the second host did
//! too; and a call that traps or aborts leaves its block as an empty one but for fee, nonce and record.

#[path = "support/double.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod double;
#[path = "../examples/embed.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod embed;
#[path = "support/guest.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod guest;
#[path = "engines/second.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod second;
#[path = "engines/sequence.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod sequence;
#[path = "engines/shadow.rs"]
mod shadow;

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use embed::{Runtime, story};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use shadow::Shadow;
use zera_abi::{AccountId, Amount, Height, TaskId};
use zera_host::{
    Action, BlockReport, Call, CallEnd, Chain, Ending, Entry, EntryName, Event, SignedTx, TrapKind, Tx, Verdicts,
};
use zera_market::ports::{Change, MemStore, Store, Table};

/// The story's owner.
fn signer() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn owner() -> AccountId {
    AccountId(signer().verifying_key().to_bytes())
}

/// The owner's transactions, as many as there are actions, with all the fuel that each may have.
fn sign(chain: &Chain, actions: Vec<Action>) -> Vec<SignedTx> {
    let first = chain.nonce(&owner()).unwrap();
    let sign = |(nonce, action): (u64, Action)| {
        let call = matches!(action, Action::Call { .. });
        let tx = Tx {
            chain: chain.chain_id().unwrap(),
            sender: owner(),
            nonce,
            expiry: Height(1_000_000),
            fuel_limit: 40_000_000,
            action,
        };
        let signed = tx.clone().sign(&signer()).unwrap();
        if !call {
            return signed;
        }
        let fuel_limit = chain.intrinsic_fuel(&signed).unwrap() + chain.cost().unwrap().call_fuel_max;
        Tx { fuel_limit, ..tx }.sign(&signer()).unwrap()
    };
    (first..).zip(actions).map(sign).collect()
}

/// A chain, its store, and the second host's idea of both.
struct Pair {
    chain: Chain,
    store: Arc<MemStore>,
    shadow: Shadow,
    code: BTreeMap<AccountId, Vec<u8>>,
    handles: BTreeMap<TaskId, (AccountId, u64)>,
    calls: usize,
}

impl Pair {
    fn new() -> Pair {
        let store = Arc::new(MemStore::default());
        let chain = Chain::open(store.clone(), &story::genesis()).unwrap();
        let shadow = Shadow::new(chain.chain_id().unwrap());
        Pair { chain, store, shadow, code: BTreeMap::new(), handles: BTreeMap::new(), calls: 0 }
    }

    /// Runs a call on the second host; what does not end well is undone.
    fn second(&mut self, call: Call) -> CallEnd {
        self.calls += 1;
        let wasm = self.code[&call.contract].clone();
        let (after, end) = second::call(self.shadow.clone(), &wasm, call);
        if matches!(end, CallEnd::Done { .. }) {
            self.shadow = after;
        }
        end
    }

    fn block(&mut self, txs: Vec<SignedTx>) -> BlockReport {
        let report = self.chain.apply(txs.clone(), Verdicts::default()).unwrap();
        assert!(report.rejected.is_empty() && report.deferred.is_empty(), "{report:?}");
        self.shadow.height = report.header.height.0;
        self.shadow.events.clear();
        for (tx, receipt) in txs.iter().zip(&report.receipts) {
            match &tx.tx().action {
                Action::Publish(publication) => {
                    let id = zera_abi::PredicateId(receipt.data.as_slice().try_into().unwrap());
                    self.shadow.names.insert(publication.name.as_bytes().to_vec(), id);
                }
                Action::Deploy { wasm, config, .. } => {
                    let contract = AccountId(receipt.data.as_slice().try_into().unwrap());
                    self.code.insert(contract, wasm.clone());
                    for entry in config {
                        let key = entry.key.clone().into();
                        self.shadow.config.insert((contract, key), entry.amount);
                    }
                }
                Action::Call { contract, entry, input } => {
                    let entry = Entry::User(EntryName::parse(entry).unwrap());
                    let (contract, caller) = (*contract, tx.tx().sender);
                    let end = self.second(Call { contract, caller, entry, input: input.clone(), fuel_limit: 0 });
                    match (&receipt.ending, end) {
                        (Ending::Done, CallEnd::Done { data, .. }) => assert_eq!(receipt.data, data),
                        (Ending::Aborted { code, message }, CallEnd::Aborted { code: second, message: said }) => {
                            assert_eq!((code, message), (&second, &said));
                        }
                        (Ending::Trapped, CallEnd::Trapped { what }) => {
                            // A length that nobody can pay for is out of fuel here, and out of bounds where it is free.
                            let dry = receipt.detail == "trapped: out of fuel" && what == TrapKind::Memory;
                            let same = receipt.detail.starts_with(&format!("trapped: {what}"));
                            assert!(dry || same, "{}: {what}", receipt.detail);
                        }
                        (first, second) => panic!("{first:?} on the chain, {second:?} on the second host"),
                    }
                }
                _ => {}
            }
        }
        self.call_backs(&report.events);
        let emitted = report.events.iter().filter_map(|event| match event {
            Event::ContractEvent { contract, topic, data } => Some((*contract, topic.clone(), data.clone())),
            _ => None,
        });
        assert_eq!(emitted.collect::<Vec<_>>(), self.shadow.events, "the same events in the same order");
        let rows = self.store.scan(Table::Kv, &[], &[], usize::MAX).unwrap();
        let kept = self
            .shadow
            .storage
            .iter()
            .map(|((contract, key), value)| ([&contract.0, key.as_slice()].concat(), value.clone()));
        assert_eq!(rows, kept.collect::<Vec<_>>(), "the same storage");
        report
    }

    /// The call-backs of a block, with the answers that its events tell.
    fn call_backs(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::TaskOpened { task, contract, handle, .. } => {
                    assert!(self.shadow.asked.contains_key(&(*contract, *handle)), "the second host gave that handle");
                    self.handles.insert(*task, (*contract, *handle));
                }
                Event::TaskAccepted { task, outcome, .. } => {
                    self.shadow.answers.insert(self.handles[task], *outcome);
                }
                Event::Callback { task, contract, done, .. } => {
                    let (_, handle) = self.handles[task];
                    let result = self.shadow.answers[&(*contract, handle)] == zera_abi::Outcome::True;
                    let entry = Entry::Result { handle, result };
                    let call = Call { contract: *contract, caller: *contract, entry, input: vec![], fuel_limit: 0 };
                    assert_eq!(matches!(self.second(call), CallEnd::Done { .. }), *done);
                }
                _ => {}
            }
        }
    }

    fn act(&mut self, actions: Vec<Action>) -> BlockReport {
        let txs = sign(&self.chain, actions);
        self.block(txs)
    }

    /// Deploys a module and gives its address.
    fn deploy(&mut self, wasm: Vec<u8>) -> AccountId {
        let report = self.act(vec![Action::Deploy { wasm, config: vec![], endowment: Amount::from_zra(1).unwrap() }]);
        AccountId(report.receipts[0].data.as_slice().try_into().unwrap())
    }
}

/// Input: length of the key, key, value. Keeps it, says what was there, who called and when, and how often that was.
const NOTARY: &str = "
    (data (i32.const 3200) \"times\")
    (func $take
        (drop (call $input_read (i32.const 0) (i32.const 0) (call $input_len))))
    (func $put (local $k i32) (local $v i32)
        (call $take)
        (local.set $k (i32.load8_u (i32.const 0)))
        (local.set $v (i32.sub (i32.sub (call $input_len) (i32.const 1)) (local.get $k)))
        (i32.store8 (i32.const 1990)
            (call $storage_get (i32.const 1) (local.get $k) (i32.const 2048) (i32.const 60) (i32.const 2000)))
        (i32.store8 (i32.const 1991)
            (call $storage_set (i32.const 1) (local.get $k) (i32.add (i32.const 1) (local.get $k)) (local.get $v)))
        (i32.store8 (i32.const 1992)
            (call $emit_event (i32.const 1) (local.get $k) (i32.add (i32.const 1) (local.get $k)) (local.get $v)))
        (drop (call $storage_get (i32.const 3200) (i32.const 5) (i32.const 3072) (i32.const 8) (i32.const 2004)))
        (i64.store (i32.const 3072) (i64.add (i64.load (i32.const 3072)) (i64.const 1)))
        (drop (call $storage_set (i32.const 3200) (i32.const 5) (i32.const 3072) (i32.const 8)))
        (drop (call $caller (i32.const 3000))) (drop (call $self_address (i32.const 3032)))
        (i64.store (i32.const 3064) (call $block_height))
        (drop (call $return_data (i32.const 1990) (i32.const 1200))))
    (func (export \"put\") (call $put))
    (func (export \"put_and_trap\") (call $put) unreachable)
    (func (export \"put_and_abort\") (call $put) (call $abort (i32.const -3) (i32.const 3200) (i32.const 5)))
    (func (export \"drop\")
        (call $take)
        (i32.store8 (i32.const 1990) (call $storage_remove (i32.const 1) (i32.load8_u (i32.const 0))))
        (drop (call $return_data (i32.const 1990) (i32.const 1))))";

/// The story of the example, a task from opening to call-back, and then blocks of random calls of a contract that keeps rows.
#[test]
fn blocks_replay_on_the_second_engine() {
    let place = tempfile::tempdir().unwrap();
    let mut runtime = Runtime::open(&place.path().join("log"), &story::genesis()).unwrap();
    let played = story::play(&mut runtime).unwrap();
    let mut pair = Pair::new();
    for (wires, header) in &played {
        let report = pair.block(wires.iter().map(|wire| SignedTx::decode(wire).unwrap()).collect());
        assert_eq!(report.header, *header);
    }
    assert_eq!(pair.calls, 4, "two questions and two call-backs");

    let notary = pair.deploy(guest::contract(NOTARY));
    let mut rng = ChaCha20Rng::seed_from_u64(0xb10c);
    let mut endings = [0_u32; 3];
    for _ in 0..12 {
        let actions = (0..10)
            .map(|_| {
                let entry = ["put", "put", "put", "drop", "put_and_trap", "put_and_abort"][rng.gen_range(0..6)];
                // Few keys, so that they meet; at times one that is too long, or a length beyond the input.
                let klen = if rng.gen_bool(0.1) { rng.gen_range(120..140) } else { rng.gen_range(1..3) };
                let mut input = vec![klen];
                input.extend((0..rng.gen_range(0..160)).map(|_| rng.gen_range(0..3_u8)));
                Action::Call { contract: notary, entry: entry.into(), input }
            })
            .collect();
        for receipt in pair.act(actions).receipts {
            match receipt.ending {
                Ending::Done => endings[0] += 1,
                Ending::Aborted { .. } => endings[1] += 1,
                Ending::Trapped => endings[2] += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    println!("{} calls on both; done, aborted, trapped: {endings:?}", pair.calls);
    assert!(endings.iter().all(|count| *count > 10), "{endings:?}");
}

/// What a call may change, and fee, nonce and record may not.
const STATE: [Table; 15] = [
    Table::Tasks,
    Table::TaskSeq,
    Table::Rules,
    Table::Contracts,
    Table::Code,
    Table::Kv,
    Table::Config,
    Table::Handles,
    Table::Pending,
    Table::Inputs,
    Table::Keys,
    Table::KeyMeta,
    Table::Predicates,
    Table::Names,
    Table::Submissions,
];

fn copy(store: &MemStore) -> Arc<MemStore> {
    let changes: Vec<Change> = Table::ALL
        .iter()
        .flat_map(|table| {
            let rows = store.scan(*table, &[], &[], usize::MAX).unwrap();
            rows.into_iter().map(|(key, value)| Change { table: *table, key, value: Some(value) })
        })
        .collect();
    let copy = MemStore::default();
    copy.commit(&changes).unwrap();
    Arc::new(copy)
}

/// Random sequences of host calls as contracts of a chain that serves their predicate: one that traps or aborts leaves what an
/// empty block leaves, and a trap costs the whole limit.
#[test]
fn hostile_contracts_leave_fee_nonce_and_record() {
    let place = tempfile::tempdir().unwrap();
    let mut runtime = Runtime::open(&place.path().join("log"), &story::genesis()).unwrap();
    let played = story::play(&mut runtime).unwrap();
    let store = Arc::new(MemStore::default());
    let mut chain = Chain::open(store.clone(), &story::genesis()).unwrap();
    // The predicate is published and its key registered.
    for (wires, _) in &played[..2] {
        chain.apply(wires.iter().map(|wire| SignedTx::decode(wire).unwrap()).collect(), Verdicts::default()).unwrap();
    }
    let predicate = chain.predicates().unwrap()[0].publication.id();
    let key = chain.predicate(&predicate).unwrap().unwrap().key_at(Height(10)).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(0xbad);
    let (mut undone, mut stood, mut opened) = (0, 0, 0);
    for round in 0..60 {
        // The same sequence with and without a trap at its end, so that what it had done by then is known to be something.
        let sequence = sequence::random(&mut rng, 12);
        let public = if round % 3 == 0 { 0 } else { zera_library::special_price::PUBLIC_LEN };
        let height = chain.head().height.0;
        let sequence = sequence.on_a_chain(predicate, key, public, height + 50);
        for ending in ["", "unreachable"] {
            let wasm = sequence.module_with(ending);
            let txs =
                sign(&chain, vec![Action::Deploy { wasm, config: vec![], endowment: Amount::from_zra(1).unwrap() }]);
            let report = chain.apply(txs, Verdicts::default()).unwrap();
            assert_eq!(report.receipts[0].ending, Ending::Done, "{}", report.receipts[0].detail);
            let contract = AccountId(report.receipts[0].data.as_slice().try_into().unwrap());
            let call = Action::Call { contract, entry: "run".into(), input: vec![5; 90] };
            let txs = sign(&chain, vec![call]);
            let limit = txs[0].tx().fuel_limit;
            let before = copy(&store);
            let report = chain.apply(txs, Verdicts::default()).unwrap();
            let receipt = &report.receipts[0];
            if receipt.ending == Ending::Done {
                assert_eq!(ending, "");
                stood += 1;
                opened += report.events.iter().filter(|event| matches!(event, Event::TaskOpened { .. })).count();
                continue;
            }
            undone += 1;
            match &receipt.ending {
                Ending::Trapped => assert_eq!(receipt.fuel_used, limit, "round {round}"),
                Ending::Aborted { .. } => assert!(receipt.fuel_used < limit, "round {round}"),
                other => panic!("round {round}: {other:?}"),
            }
            let mut empty = Chain::open(before.clone(), &story::genesis()).unwrap();
            let control = empty.apply(Vec::new(), Verdicts::default()).unwrap();
            assert_eq!(report.events, control.events, "round {round}");
            for table in STATE {
                let rows = |store: &MemStore| store.scan(table, &[], &[], usize::MAX).unwrap();
                assert_eq!(rows(&store), rows(&before), "round {round}: {table:?}");
            }
            let others = |store: &MemStore| {
                let mut rows = store.scan(Table::Accounts, &[], &[], usize::MAX).unwrap();
                rows.retain(|(account, _)| *account != owner().0);
                rows
            };
            assert_eq!(others(&store), others(&before), "round {round}: only the sender pays");
            let free = |chain: &Chain| chain.market().unwrap().account(&owner());
            let (paid, had) = (free(&chain), free(&empty));
            assert_eq!(paid.free.checked_add(receipt.fee), Some(had.free), "round {round}: the fee and no more");
            assert_eq!(paid.locked, had.locked);
            chain.market().unwrap().conserved().unwrap();
        }
    }
    println!("{undone} calls undone, {stood} stood and opened {opened} tasks");
    assert!(undone > 60 && stood > 15 && opened > 0, "{undone} {stood} {opened}");
}
