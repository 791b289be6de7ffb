//! K1 and K7 on real blocks: the machine stops behind any operation of the disk, in blocks of every kind of transaction and of
//! what time does. What was acknowledged is there, nothing is mixed, and the chain goes on to the same head.
//!
//! A sample of the images, the same for every block that does something; all of them with `ZERA_CRASH_ALL=1`.

#[path = "support/court.rs"]
mod court;
#[path = "../../ledger/tests/support/crash.rs"]
mod crash;
#[path = "support/delivery.rs"]
mod delivery;
#[path = "../../ledger/tests/support/disk.rs"]
#[allow(dead_code, reason = "shared with the ledger's tests")]
mod disk;
#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/forger.rs"]
mod forger;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::thread;

use court::{Brought, Court, ENDS, ENOUGH, manifest, published};
use crash::Fate;
use delivery::{PRIVATE, demanded, done, expected, publish, secret};
use disk::{Disk, Op};
use fixture::*;
use forger::{Broken, binding_of, contradiction, forged};
use rand::seq::index;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};
use zera_abi::wire::Request;
use zera_abi::{Amount, Blocks, End, Level, Outcome, TaskId};
use zera_host::sealed::OVERHEAD;
use zera_host::{
    Action, BlockReport, Chain, Ending, Event, Genesis, Header, RequestBytes, RuleName, SignedTx, Verdicts,
};
use zera_ledger::Ledger;
use zera_library::range::Input;
use zera_market::ports::{MemStore, Store, Table};
use zera_market::{Answer, Rules, commit_digest};

const SEED: u64 = 0xc4a5;
/// Images of a block that does something, beside the one behind its acknowledgement.
const OTHERS: usize = 12;
/// One of so many images goes on to the end.
const GO_ON: usize = 7;
/// Blocks that the key of a script waits before tasks are pinned to it.
const ACTIVATION: u64 = 2;

macro_rules! kinds {
    ($($kind:ident)*) => {
        /// Every kind of transaction. A new one does not compile before it is named here, and has to be in a script then.
        const KINDS: &[&str] = &[$(stringify!($kind)),*];

        fn kind(action: &Action) -> &'static str {
            match action { $(Action::$kind { .. } => stringify!($kind)),* }
        }
    };
}
kinds! {
    Transfer Deploy Call Lock Release Submit Commit Reveal Publish RegisterKey Cancel Open Name Contradict Unregister
    Attest Challenge Settle SettleNatively Stake Unstake Propose Support SealingKey Demand Deliver Complain
}

/// What happens in the scripts beside, by the names of events.
const TOLD: &[&str] = &[
    "attestation_slashed",
    "callback",
    "challenge_lost",
    "challenge_settled",
    "challenge_voided",
    "contract_deployed",
    "delivery_demanded",
    "demand_closed",
    "deposit_slashed",
    "input_unavailable",
    "jailed",
    "key_contradicted",
    "key_unregistered",
    "key_withdrawn",
    "margin_called",
    "name_pointed",
    "native_run",
    "proof_rejected",
    "proposal_ended",
    "proposal_passed",
    "rescue_opened",
    "stake_slashed",
    "task_accepted",
    "task_cancelled",
    "task_expired",
    "task_final",
    "task_reauctioned",
    "task_released",
    "task_revoked",
    "unbonded",
];

/// What a chain goes through, on a disk of its own.
struct Script {
    name: &'static str,
    key_activation: u64,
    run: fn(Fixture) -> Fixture,
}

const SCRIPTS: [Script; 6] = [
    Script { name: "answers", key_activation: ACTIVATION, run: answers },
    Script { name: "deposits", key_activation: 0, run: deposits },
    Script { name: "registry", key_activation: 0, run: registry },
    Script { name: "disputes", key_activation: 0, run: disputes },
    Script { name: "withdrawal", key_activation: 0, run: withdrawal },
    Script { name: "deliveries", key_activation: 0, run: deliveries },
];

fn zra(zra: u64) -> Amount {
    Amount::from_zra(zra).unwrap()
}

fn request<'a>(f: &Fixture, public: &'a [u8], callback_fuel: u64) -> Request<'a> {
    Request {
        predicate: f.predicate,
        public,
        bounty: 4_000_000_000,
        min_stake: 1_000_000_000,
        value_at_risk: 0,
        deadline: f.chain.head().height.0 + 100,
        callback_fuel,
        expected: &[],
        attested: false,
        level: Level::Accepted,
    }
}

fn wait(f: &mut Fixture, until: impl Fn(&Fixture) -> bool) {
    for _ in 0..100 {
        if until(f) {
            return;
        }
        f.block(&[]);
    }
    panic!("does not come");
}

fn all_ended(f: &Fixture) -> bool {
    f.chain.market().unwrap().tasks().all(|task| task.level() == Level::Final || task.end() != End::None)
}

/// Answered, called back, final; locked and left, slashed, expired; and one that nobody takes.
fn answers(mut f: Fixture) -> Fixture {
    for _ in 0..ACTIVATION {
        done(f.one(ALICE, Action::Transfer { to: account(BOB), amount: Amount::from_units(5) }));
    }
    let task = f.ask(HOLDS, Level::Accepted);
    done(f.one(ALICE, Action::Lock { task }));
    let answer = f.answer(ALICE, &task);
    let wrong = Answer { outcome: Outcome::False, ..answer.clone() };
    assert!(matches!(f.one(ALICE, Action::Submit { task, answer: wrong }).ending, Ending::Rejected(_)));
    let transfer = Action::Transfer { to: account(OWNER), amount: Amount::from_units(9) };
    f.block(&[(ALICE, Action::Submit { task, answer }), (BOB, transfer)]);
    let silent = f.ask(HOLDS_NOT, Level::Final);
    done(f.one(BOB, Action::Lock { task: silent }));
    f.ask(HOLDS, Level::Accepted);
    wait(&mut f, all_ended);
    f
}

/// A deposit backs two locks. One is late, and while another rescues it the margin of the other is called; what is left of the
/// deposit comes back.
fn deposits(mut f: Fixture) -> Fixture {
    done(f.one(ALICE, Action::Stake { amount: zra(5) }));
    let late = f.ask(HOLDS, Level::Accepted);
    done(f.one(ALICE, Action::Lock { task: late }));
    wait(&mut f, |f| f.task(&late).state().name() == "rescue");
    let task = f.ask(HOLDS, Level::Accepted);
    let (answer, salt) = (f.answer(BOB, &late), [6; 32]);
    let digest = commit_digest(&salt, &account(BOB), &late, &answer.digest());
    done(f.one(BOB, Action::Commit { task: late, digest }));
    let report = f.block(&[(ALICE, Action::Lock { task }), (BOB, Action::Reveal { task: late, salt, answer })]);
    report.receipts.into_iter().for_each(|receipt| drop(done(receipt)));
    wait(&mut f, |f| f.task(&task).state().name() == "open");
    done(f.one(ALICE, Action::Unstake { amount: Amount::from_units(800_000_000) }));
    done(f.one(BOB, Action::Lock { task }));
    done(f.one(BOB, Action::Release { task }));
    done(f.one(OWNER, Action::Cancel { task }));
    let market = |f: &Fixture| f.chain.market().unwrap().standing(&account(ALICE)).unwrap().clone();
    wait(&mut f, |f| market(f).unbonding.is_empty() && all_ended(f));
    f
}

/// A vote that passes, names that are pointed, a task of an account's own, and a key that goes out of use.
fn registry(mut f: Fixture) -> Fixture {
    let rule = RuleName::new("open_fee").unwrap();
    done(f.one(ALICE, Action::Propose { rule, value: 1_100_000 }));
    done(f.one(BOB, Action::Support { proposal: 0, amount: zra(500) }));
    let other = zera_host::Publication { manifest_hash: [3; 32], name: "Other".to_owned(), ..publication(f.artefact) };
    let predicate = other.id();
    done(f.one(OWNER, Action::Publish(other)));
    done(f.one(OWNER, Action::Name { name: f.artefact.manifest.name.clone(), predicate }));
    let public = Input { x: 42, lo: 18, hi: 99 }.encode();
    let request = RequestBytes::new(&request(&f, &public, 0)).unwrap();
    let opened = done(f.one(ALICE, Action::Open { request }));
    let task = TaskId(opened.data.as_slice().try_into().unwrap());
    for _ in 0..Rules::local().cancel_delay_blocks {
        f.block(&[]);
    }
    done(f.one(ALICE, Action::Cancel { task }));
    let key = f.key;
    done(f.one(OWNER, Action::Unregister { key }));
    wait(&mut f, |f| f.chain.market().unwrap().proposal(0).unwrap().state().is_ended());
    done(f.one(BOB, Action::Support { proposal: 0, amount: Amount::ZERO }));
    f
}

/// Attested answers: one falls by a proof, one is upheld by a run, one nobody settles. Then a run contradicts a proof, while one is
/// attested and one challenged.
fn disputes(f: Fixture) -> Fixture {
    let program = wat::parse_str(ENDS).unwrap();
    let manifest = manifest(1);
    let mut court = Court::on(f, published(&program, &manifest), Brought::new(program, &manifest));
    done(court.f.one(ALICE, Action::Stake { amount: zra(100) }));
    let task = court.challenged(&[1], Outcome::False, Outcome::True);
    let answer = forged(&court.f, &court.broken, BOB, &task, Outcome::True);
    done(court.f.one(BOB, Action::Settle { task, answer }));
    let task = court.challenged(&[1], Outcome::True, Outcome::False);
    done(court.settle(OWNER, task, ENOUGH).0);
    let task = court.challenged(&[1], Outcome::True, Outcome::False);
    wait(&mut court.f, |f| f.task(&task).level() == Level::Pending);
    let alice = |f: &Fixture| f.chain.market().unwrap().standing(&account(ALICE)).unwrap().jailed_until;
    wait(&mut court.f, |f| f.chain.head().height >= alice(f));
    let lie = court.proved(&[0], Outcome::True);
    court.challenged(&[1], Outcome::True, Outcome::False);
    let attested = court.open(&[1], true);
    done(court.f.one(ALICE, Action::Attest { task: attested, outcome: Outcome::True, declared: vec![] }));
    done(court.settle(BOB, lie, ENOUGH).0);
    wait(&mut court.f, all_ended);
    court.f
}

/// Two proofs contradict each other. The refunds call contracts back with more fuel than a block gives to that.
fn withdrawal(mut f: Fixture) -> Fixture {
    let broken = Broken::new(0);
    let register = Action::RegisterKey { predicate: f.predicate, key: broken.key().encode() };
    done(f.one(OWNER, register));
    f.key = broken.key().id();
    let public = HOLDS.encode();
    let request = request(&f, &public, 20_000_000);
    let mut input = vec![0; request.encoded_len()];
    request.encode(&mut input).unwrap();
    let ask = Action::Call { contract: f.contract, entry: "ask".into(), input };
    f.block(&vec![(OWNER, ask); 11]);
    let tasks: Vec<TaskId> = f.chain.market().unwrap().tasks().map(|task| *task.id()).collect();
    assert_eq!(tasks.len(), 11);
    f.block(&[(ALICE, Action::Lock { task: tasks[0] }), (ALICE, Action::Lock { task: tasks[1] })]);
    let answer = forged(&f, &broken, ALICE, &tasks[0], Outcome::False);
    done(f.one(ALICE, Action::Submit { task: tasks[0], answer }));
    let report = contradiction(&f, &broken, BOB);
    done(f.one(BOB, report));
    for _ in 0..3 {
        f.block(&[]);
    }
    assert!(all_ended(&f));
    f
}

/// Private bytes that are delivered and answered with, that are wrong, and that do not come.
fn deliveries(mut f: Fixture) -> Fixture {
    let broken = publish(&mut f, PRIVATE.len() as u32);
    let task = demanded(&mut f);
    delivery::deliver(&mut f, task, PRIVATE);
    let (declared, record) = (expected().to_vec(), f.task(&task));
    let binding = binding_of(&f, account(ALICE), task, record.not_after());
    let proof = Box::new(broken.prove(binding, record.input_root(), Outcome::True, &declared));
    done(f.one(ALICE, Action::Submit { task, answer: Answer { outcome: Outcome::True, declared, proof } }));
    let task = demanded(&mut f);
    done(f.one(OWNER, Action::Deliver { task, sealed: vec![1; PRIVATE.len() + OVERHEAD] }));
    let shown = secret(&f, &task).to_bytes();
    done(f.one(ALICE, Action::Complain { task, secret: shown }));
    demanded(&mut f);
    wait(&mut f, all_ended);
    f
}

/// A chain as it was behind a block, and the disk's log when that was acknowledged.
struct Point {
    header: Header,
    rows: Rows,
    acknowledged: usize,
}

/// SHA-256 of every row of every table, and which tables have rows.
#[derive(Debug, PartialEq, Eq)]
struct Rows {
    digest: [u8; 32],
    tables: BTreeSet<Table>,
}

impl Rows {
    fn of(store: &dyn Store) -> Rows {
        let (mut hasher, mut tables) = (Sha256::new(), BTreeSet::new());
        for &table in Table::ALL {
            for (key, value) in store.scan(table, &[], &[], usize::MAX).unwrap() {
                tables.insert(table);
                hasher.update([table.code()]);
                hasher.update((key.len() as u64).to_le_bytes());
                hasher.update(key);
                hasher.update((value.len() as u64).to_le_bytes());
                hasher.update(value);
            }
        }
        Rows { digest: hasher.finalize().into(), tables }
    }
}

/// A chain that has gone through a script.
struct Lived {
    name: &'static str,
    genesis: Genesis,
    blocks: Vec<Vec<SignedTx>>,
    /// Genesis, and behind each block.
    points: Vec<Point>,
    /// Kinds of what was done in each block.
    kinds: Vec<BTreeSet<&'static str>>,
    events: Vec<Vec<Event>>,
    log: Vec<Op>,
}

fn live(script: &Script) -> Lived {
    let rules = Rules::local().with(&[("unbond_blocks", 10)]).unwrap();
    let genesis = Genesis { rules, key_activation: Blocks(script.key_activation), ..genesis() };
    let disk = Disk::default();
    let store: Arc<dyn Store> = Arc::new(Ledger::with_backend(disk.clone()).unwrap());
    let chain = Chain::open(Arc::clone(&store), &genesis).unwrap();
    let point = {
        let disk = disk.clone();
        move |header: &Header| Point {
            header: header.clone(),
            acknowledged: disk.changes(),
            rows: Rows::of(store.as_ref()),
        }
    };
    let seen = Rc::new(RefCell::new((vec![point(chain.head())], Vec::new(), Vec::new())));
    let watch = {
        let seen = Rc::clone(&seen);
        move |report: &BlockReport| {
            assert!(report.rejected.is_empty() && report.deferred.is_empty(), "{report:?}");
            let (points, receipts, events) = &mut *seen.borrow_mut();
            points.push(point(&report.header));
            receipts.push(report.receipts.clone());
            events.push(report.events.clone());
        }
    };
    let Fixture { chain, log: blocks, watch, .. } = (script.run)(Fixture::watched(chain, "", Box::new(watch)));
    chain.market().unwrap().conserved().unwrap();
    drop((chain, watch));
    let (points, receipts, events) = Rc::into_inner(seen).expect("nobody watches").into_inner();
    let acted = |(tx, receipt): (&SignedTx, &zera_host::Receipt)| {
        (receipt.ending == Ending::Done).then(|| kind(&tx.tx().action))
    };
    let kinds =
        blocks.iter().zip(&receipts).map(|(txs, receipts)| txs.iter().zip(receipts).filter_map(acted).collect());
    let kinds = kinds.collect();
    Lived { name: script.name, genesis, blocks, points, kinds, events, log: disk.log() }
}

/// Every script once, for all tests.
fn lived() -> &'static [Lived] {
    static LIVED: OnceLock<Vec<Lived>> = OnceLock::new();
    LIVED.get_or_init(|| beside(&SCRIPTS, live))
}

/// `work` on each of `items`, beside each other.
fn beside<T: Sync, U: Send>(items: &[T], work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    thread::scope(|scope| {
        let threads: Vec<_> = items.iter().map(|item| scope.spawn(|| work(item))).collect();
        threads.into_iter().map(|thread| thread.join().expect("said above")).collect()
    })
}

/// What was looked at.
#[derive(Default)]
struct Explored {
    images: u32,
    /// With a block that was not acknowledged.
    early: u32,
    went_on: u32,
    /// Images of blocks of each kind.
    kinds: BTreeMap<&'static str, u32>,
}

impl Lived {
    /// The images that are looked at of a sample: of each block the one that has what was synced when it was acknowledged and no more,
    /// and of each that does something others.
    fn sample(&self) -> BTreeSet<(usize, usize)> {
        let mut rng = ChaCha20Rng::seed_from_u64(SEED);
        let mut sample = BTreeSet::new();
        for (at, ends) in self.points.windows(2).enumerate() {
            let [from, to] = [ends[0].acknowledged, ends[1].acknowledged];
            sample.insert((to, Fate::Dropped as usize));
            if !self.blocks[at].is_empty() || !self.events[at].is_empty() {
                let fates = Fate::ALL.len();
                let all = (to - from) * fates;
                let others = index::sample(&mut rng, all, OTHERS.min(all));
                sample.extend(others.iter().map(|other| (from + 1 + other / fates, other % fates)));
            }
        }
        sample
    }

    fn explore(&self, all: bool) -> Explored {
        let Lived { name, genesis, blocks, points, log, .. } = self;
        let (sample, mut explored) = (self.sample(), Explored::default());
        let first = points[0].acknowledged;
        let mut rng = ChaCha20Rng::seed_from_u64(SEED);
        crash::explore(
            log,
            SEED,
            // Before genesis was acknowledged there is nothing to lose.
            |done, fate| done >= first && (all || sample.contains(&(done, fate as usize))),
            |done, fate, image| {
                let at = format!("{name}, seed {SEED}, operation {done} of {} {fate:?}", log.len());
                explored.images += 1;
                // The block that was being written; acknowledged where it was whole.
                let block = points.partition_point(|point| point.acknowledged < done);
                for kind in block.checked_sub(1).and_then(|block| self.kinds.get(block)).into_iter().flatten() {
                    *explored.kinds.entry(kind).or_default() += 1;
                }
                let least = points.partition_point(|point| point.acknowledged <= done) - 1;
                let ledger = Ledger::with_backend(Disk::holding(image)).unwrap_or_else(|error| panic!("{at}: {error}"));
                let found = Rows::of(&ledger);
                let height = (least..points.len().min(least + 2))
                    .find(|&height| points[height].rows == found)
                    .unwrap_or_else(|| panic!("{at}: neither the state of block {least} nor the next one's"));
                explored.early += u32::from(height > least);
                if rng.gen_range(0..GO_ON) > 0 {
                    return;
                }
                explored.went_on += 1;
                let mut chain = Chain::open(Arc::new(ledger), genesis).unwrap_or_else(|error| panic!("{at}: {error}"));
                assert_eq!(*chain.head(), points[height].header, "{at}");
                // A transaction of the past is a duplicate, not a second effect.
                if let Some(tx) = blocks[..height].iter().flatten().last() {
                    assert!(chain.admit(tx).is_err(), "{at}");
                }
                // K6: what follows is the same, events and receipts included, whatever had been told before the crash.
                for (txs, point) in blocks.iter().zip(&points[1..]).skip(height) {
                    let report = chain.apply(txs.clone(), Verdicts::default()).unwrap();
                    assert_eq!(report.header, point.header, "{at}");
                }
            },
        );
        println!(
            "{name}: {} blocks, {} operations, {} images, {} with an unacknowledged block, {} went on",
            blocks.len(),
            log.len(),
            explored.images,
            explored.early,
            explored.went_on
        );
        explored
    }
}

#[test]
fn a_crash_at_any_operation_leaves_whole_blocks_and_the_chain_goes_on() {
    let all = std::env::var_os("ZERA_CRASH_ALL").is_some();
    let explored = beside(lived(), |lived| lived.explore(all));
    let sum = |count: fn(&Explored) -> u32| explored.iter().map(count).sum::<u32>();
    let (images, went_on) = (sum(|script| script.images), sum(|script| script.went_on));
    println!("{images} images, {went_on} went on");
    for kind in KINDS {
        let images: u32 = explored.iter().filter_map(|script| script.kinds.get(kind)).sum();
        assert!(images > 1, "{images} images of blocks with {kind}");
    }
    assert!(images > 500 && went_on > 50, "{images} {went_on}");
}

#[test]
fn every_kind_of_transaction_and_of_row_is_in_a_block() {
    let kinds: BTreeSet<&str> = lived().iter().flat_map(|lived| &lived.kinds).flatten().copied().collect();
    let missing: Vec<&str> = KINDS.iter().copied().filter(|kind| !kinds.contains(kind)).collect();
    assert!(missing.is_empty(), "in no script: {missing:?}");
    let events: BTreeSet<&str> = lived().iter().flat_map(|lived| &lived.events).flatten().map(Event::name).collect();
    let missing: Vec<&str> = TOLD.iter().copied().filter(|event| !events.contains(event)).collect();
    assert!(missing.is_empty(), "not told: {missing:?}");
    let tables: BTreeSet<Table> =
        lived().iter().flat_map(|lived| &lived.points).flat_map(|point| &point.rows.tables).copied().collect();
    let missing: Vec<&str> =
        Table::ALL.iter().filter(|table| !tables.contains(table)).map(|table| table.name()).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
}

/// K10: the same blocks on an empty store give the same header and the same rows at every height, and what the market has in memory is
/// what lies there.
#[test]
fn a_replay_from_genesis_is_the_live_state_at_every_height() {
    beside(lived(), |lived| replay(lived, false));
}

/// What is in memory and not on the disk, or other than on the disk, is gone when a chain is opened.
#[test]
fn a_chain_that_is_opened_before_every_block_has_the_same_state_at_every_height() {
    beside(lived(), |lived| replay(lived, true));
}

/// The market's tables.
const MARKET: [Table; 9] = [
    Table::Accounts,
    Table::Tasks,
    Table::TaskSeq,
    Table::Totals,
    Table::Rules,
    Table::KeyBonds,
    Table::Voting,
    Table::Proposals,
    Table::Ballots,
];

fn replay(lived: &Lived, restarts: bool) {
    let Lived { name, genesis, blocks, points, .. } = lived;
    let store = Arc::new(MemStore::default());
    let open = || Chain::open(Arc::clone(&store) as Arc<dyn Store>, genesis).unwrap();
    let mut chain = open();
    for (height, txs) in blocks.iter().enumerate() {
        assert_eq!(Rows::of(store.as_ref()), points[height].rows, "{name}: rows behind block {height}");
        if restarts {
            chain = open();
        }
        let report = chain.apply(txs.clone(), Verdicts::default()).unwrap();
        assert_eq!(report.header, points[height + 1].header, "{name}");
        let (mut held, mut lies) = (Vec::new(), Vec::new());
        for change in chain.market().unwrap().rows() {
            held.push((change.table, change.key, change.value.expect("a row that is there")));
        }
        for table in MARKET {
            let rows = store.scan(table, &[], &[], usize::MAX).unwrap();
            lies.extend(rows.into_iter().map(|(key, value)| (table, key, value)));
        }
        held.sort();
        lies.sort();
        assert!(held == lies, "{name}: the market in memory and its rows behind block {}", height + 1);
    }
    assert_eq!(Some(Rows::of(store.as_ref())).as_ref(), points.last().map(|point| &point.rows), "{name}");
}
