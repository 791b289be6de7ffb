//! The watcher against a node in memory that has the real market, and runs programs as the host does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zera_abi::{AccountId, Amount, Bps, KeyId, Outcome, PredicateId, TaskId};
use zera_compiler::{Options, compile, symex::Limits};
use zera_library::range;
use zera_market::{Answer, Mode, Rules, Ruling};
use zera_r1cs::{Artefact, Manifest};

use super::{Sight, Tally, WatchConfig, Watcher};
use crate::error::DaemonError;
use crate::market::double::{Ask, Double, Judge, Miner, fake_proof};

const LIAR: AccountId = AccountId([0x66; 32]);
const BLOCK: Duration = Duration::from_millis(30);
const ZRA: u128 = 1_000_000_000;

/// Whether the first byte is above five; a zero traps.
fn above_five() -> Artefact {
    let wasm = wat::parse_str(
        r#"(module
            (import "zera" "read_public" (func $read (param i32 i32 i32)))
            (memory (export "memory") 1)
            (func (export "predicate") (result i32)
                (call $read (i32.const 0) (i32.const 0) (i32.const 1))
                (if (i32.eqz (i32.load8_u (i32.const 0))) (then unreachable))
                (i32.gt_u (i32.load8_u (i32.const 0)) (i32.const 5))))"#,
    )
    .unwrap();
    let manifest = Manifest::new("above", 1, 1, 0, vec![]).unwrap().with_entry("predicate").unwrap();
    compile(&wasm, &Options { manifest, limits: Limits::ORDINARY }).expect("compiles").artefact
}

struct World {
    chain: Double,
    key: SigningKey,
    predicate: PredicateId,
    served: KeyId,
    sights: Arc<Mutex<Vec<Sight>>>,
}

/// A watcher at work; the handle is its stop.
struct Running(watch::Sender<bool>, JoinHandle<Result<Tally, DaemonError>>);

impl Running {
    async fn stop(self) -> Tally {
        self.0.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(20), self.1).await.expect("stops").unwrap().unwrap()
    }
}

impl World {
    /// A node that has the file of a program.
    fn program() -> World {
        let artefact = above_five();
        let world = World::of(Judge::Fake, artefact.predicate_id(), KeyId([8; 32]));
        world.chain.lock().script.files.push((artefact.predicate_id(), artefact.encode()));
        world
    }

    fn of(judge: Judge, predicate: PredicateId, served: KeyId) -> World {
        let chain = Double::new(judge, BLOCK.as_millis() as u64);
        chain.lock().mode = Mode::Attested;
        chain.fund(LIAR, 100);
        let world = World { chain, key: SigningKey::from_bytes(&[4; 32]), predicate, served, sights: Arc::default() };
        world.chain.fund(world.account(), 100);
        world
    }

    fn account(&self) -> AccountId {
        AccountId(self.key.verifying_key().to_bytes())
    }

    fn config(&self) -> WatchConfig {
        WatchConfig { poll: Duration::from_millis(5), ..WatchConfig::local(self.key.clone()) }
    }

    async fn start(&self, config: WatchConfig) -> Running {
        let sights = Arc::clone(&self.sights);
        let tell = move |sight: &Sight| sights.lock().unwrap().push(sight.clone());
        let watcher = Watcher::new(config, self.chain.clone(), tell).await.unwrap();
        let (stop, stopping) = watch::channel(false);
        Running(stop, tokio::spawn(watcher.run(stopping)))
    }

    fn mine(&self) -> Miner {
        self.chain.mine_every(BLOCK)
    }

    fn locked(&self, public: Vec<u8>) -> TaskId {
        let task = self.chain.ask(Ask {
            predicate: self.predicate,
            key: self.served,
            public,
            bounty: Amount::from_units(ZRA),
            blocks: 160,
            declared: 0,
            expected: vec![],
            witness_only: false,
        });
        self.chain.lock_as(&task, LIAR);
        task
    }

    /// The liar attests; whether that is a lie depends on the bytes.
    fn attested(&self, public: Vec<u8>, outcome: Outcome) -> TaskId {
        let task = self.locked(public);
        let mut inner = self.chain.lock();
        let now = inner.height;
        inner.market.attest(now, &task, LIAR, outcome, vec![]).unwrap();
        task
    }

    /// The liar has a proof that its key accepts.
    fn proved(&self, public: Vec<u8>, outcome: Outcome) -> TaskId {
        let task = self.locked(public);
        let proof = Box::new(fake_proof(&task, &LIAR, outcome));
        let mut inner = self.chain.lock();
        let now = inner.height;
        let answer = Answer { outcome, declared: vec![], proof };
        let ruling = inner.market.submit(now, &task, LIAR, answer, &mut Judge::Fake).unwrap();
        assert_eq!(ruling, Ruling::Accepted);
        task
    }

    fn saw(&self, wanted: impl Fn(&Sight) -> bool) -> bool {
        self.sights.lock().unwrap().iter().any(wanted)
    }

    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        for _ in 0..3_000 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{what}: not in time; {:#?}", self.sights.lock().unwrap());
    }

    /// Blocks only where something waits for one.
    async fn step_until(&self, task: &TaskId, stage: &str) {
        self.chain.mine();
        for _ in 0..4_000 {
            if self.chain.has_pending() {
                self.chain.mine();
            }
            if self.chain.stage(task) == stage {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("not {stage} in time; {:#?}", self.sights.lock().unwrap());
    }

    fn owned(&self) -> Amount {
        let balance = self.chain.lock().market.account(&self.account());
        balance.free.checked_add(balance.locked).unwrap()
    }
}

fn stake() -> Amount {
    Amount::from_units(2 * ZRA)
}

#[tokio::test]
async fn a_lie_is_found_challenged_settled_natively_and_paid() {
    let world = World::program();
    let running = world.start(world.config()).await;
    let _miner = world.mine();
    let lie = world.attested(vec![9], Outcome::False);
    let truth = world.attested(vec![5], Outcome::False);
    world.until("both end", || [lie, truth].iter().all(|task| world.chain.stage(task) == "final")).await;
    world.until("paid", || world.saw(|sight| matches!(sight, Sight::Earned { .. }))).await;
    let tally = running.stop().await;
    let looked = |task: TaskId, said: Outcome, found: Outcome| {
        world.saw(|sight| matches!(sight, Sight::Looked { task: t, said: s, found: f, .. } if (*t, *s, *f) == (task, said, found)))
    };
    assert!(looked(lie, Outcome::False, Outcome::True) && looked(truth, Outcome::False, Outcome::False));
    assert!(world.saw(|sight| matches!(sight, Sight::Settled { by: "native run", outcome: Outcome::True, .. })));
    let inner = world.chain.lock();
    let count = |action| inner.included.iter().filter(|(name, ..)| *name == action).count();
    assert_eq!((count("commit"), count("challenge"), count("settle_natively")), (1, 1, 1));
    drop(inner);
    let part = stake().share(Rules::local().challenger_share);
    assert_eq!((tally.challenges, tally.earned, tally.lost), (1, part, Amount::ZERO));
    assert_eq!(world.owned(), Amount::from_zra(100).unwrap().checked_add(part).unwrap());
}

#[tokio::test]
async fn an_answer_that_hides_a_trap_is_a_lie() {
    let world = World::program();
    let running = world.start(world.config()).await;
    let _miner = world.mine();
    let task = world.attested(vec![0], Outcome::False);
    world.until("ends", || world.chain.stage(&task) == "failed").await;
    world.until("settled", || world.saw(|sight| matches!(sight, Sight::Settled { outcome: Outcome::Trap, .. }))).await;
    running.stop().await;
}

/// Whoever looks at proofs, too, finds what a broken key proves, and is paid its deposit. Who does not, does not.
#[tokio::test]
async fn a_proof_of_something_false_costs_its_key() {
    for proved in [true, false] {
        let world = World::program();
        let deposit = Amount::from_units(3 * ZRA);
        world.chain.lock().market.bond_key(world.served, LIAR, deposit).unwrap();
        let running = world.start(WatchConfig { proved, ..world.config() }).await;
        let (truth, lie) = (world.proved(vec![9], Outcome::True), world.proved(vec![9], Outcome::False));
        let _miner = world.mine();
        let end = if proved { "revoked" } else { "final" };
        world.until("ends", || world.chain.stage(&lie) == end).await;
        if proved {
            world.until("paid", || world.saw(|sight| matches!(sight, Sight::Rewarded { .. }))).await;
        }
        let tally = running.stop().await;
        let contradicted = Sight::Contradicted {
            task: lie,
            key: world.served,
            said: Outcome::False,
            found: Outcome::True,
            fee: Amount::ZERO,
        };
        let rewarded = Sight::Rewarded { key: world.served, amount: deposit };
        for sight in [contradicted, rewarded] {
            assert_eq!(world.saw(|seen| *seen == sight), proved, "{sight:?}");
        }
        assert!(!world.saw(|sight| matches!(sight, Sight::Contradicted { task, .. } if *task == truth)));
        assert!(!world.saw(|sight| matches!(sight, Sight::Failed { .. })));
        assert_eq!(world.chain.included("settle_natively"), usize::from(proved));
        let earned = if proved { deposit } else { Amount::ZERO };
        assert_eq!((tally.challenges, tally.earned, tally.lost), (0, earned, Amount::ZERO));
        assert_eq!(world.owned(), Amount::from_zra(100).unwrap().checked_add(earned).unwrap());
    }
}

/// Killed after each step: what comes after is the same as without.
#[tokio::test]
async fn a_restart_acts_once() {
    for stage in ["committed", "challenged"] {
        let world = World::program();
        let running = world.start(world.config()).await;
        let lie = world.attested(vec![9], Outcome::False);
        world.until("commits", || world.chain.has_pending()).await;
        if stage == "challenged" {
            world.chain.mine();
            world.until("reveals", || world.chain.has_pending()).await;
        }
        running.1.abort();
        world.chain.mine();
        let running = world.start(world.config()).await;
        // Only where something waits for it: the window of a reveal is two blocks.
        world.step_until(&lie, "accepted").await;
        let _miner = world.mine();
        world.until("ends", || world.chain.stage(&lie) == "final").await;
        running.stop().await;
        let inner = world.chain.lock();
        let count = |action| inner.included.iter().filter(|(name, _, done)| *name == action && *done).count();
        assert_eq!((count("commit"), count("challenge"), count("settle_natively")), (1, 1, 1), "{stage}");
    }
}

#[tokio::test]
async fn nothing_is_bonded_beyond_the_budget() {
    let world = World::program();
    // A bounty of 1 ZRA is a bond.
    let budget = Amount::from_units(2 * ZRA - 1);
    let running = world.start(WatchConfig { budget, ..world.config() }).await;
    let (first, second) = (world.attested(vec![9], Outcome::False), world.attested(vec![8], Outcome::False));
    let _miner = world.mine();
    world.until("held", || world.saw(|sight| matches!(sight, Sight::Held { why, .. } if why.contains("budget")))).await;
    world.until("end", || [first, second].iter().all(|task| world.chain.stage(task) == "final")).await;
    let tally = running.stop().await;
    assert_eq!((tally.challenges, world.chain.included("challenge")), (1, 1));
    let world = World::program();
    let running = world.start(WatchConfig { budget: Amount::from_units(ZRA - 1), ..world.config() }).await;
    let lie = world.attested(vec![9], Outcome::False);
    let _miner = world.mine();
    world.until("ends", || world.chain.stage(&lie) == "final").await;
    running.stop().await;
    assert_eq!(world.chain.included("commit"), 0);
}

#[tokio::test]
async fn a_sample_is_drawn_by_the_key_and_the_same_after_a_restart() {
    let world = World::program();
    let config = WatchConfig { sample: Bps::new(5_000).unwrap(), ..world.config() };
    let tasks: Vec<TaskId> = (0..12).map(|_| world.attested(vec![9], Outcome::True)).collect();
    let mut drawn = Vec::new();
    for _ in 0..2 {
        world.sights.lock().unwrap().clear();
        let running = world.start(config.clone()).await;
        let seen = |task: &TaskId| {
            world.saw(
                |sight| matches!(sight, Sight::Looked { task: t, .. } | Sight::Passed { task: t, .. } if t == task),
            )
        };
        world.until("all are seen", || tasks.iter().all(seen)).await;
        running.stop().await;
        let looked = |task: &&TaskId| world.saw(|sight| matches!(sight, Sight::Looked { task: t, .. } if t == *task));
        drawn.push(tasks.iter().filter(looked).copied().collect::<Vec<_>>());
    }
    assert_eq!(drawn[0], drawn[1]);
    assert!((1..12).contains(&drawn[0].len()), "{}", drawn[0].len());
}

/// A predicate of the library is no program that the chain could run.
#[tokio::test]
async fn a_predicate_without_a_program_is_settled_by_a_proof() {
    let predicate = zera_library::by_name(range::NAME).unwrap();
    let artefact = (predicate.artefact)();
    let keys = tempfile::tempdir().unwrap();
    let made = zera_params::dev_keys_cached(keys.path(), artefact).unwrap();
    let judge = Judge::Real(Box::new(made.verifying.prepare()));
    let world = World::of(judge, artefact.predicate_id(), made.verifying.id());
    let config = WatchConfig { keys: Some(keys.path().to_path_buf()), ..world.config() };
    let running = world.start(config).await;
    let lie = world.attested(range::Input { x: 42, lo: 18, hi: 99 }.encode().to_vec(), Outcome::False);
    // Proving time is then no matter of blocks.
    world.step_until(&lie, "accepted").await;
    let _miner = world.mine();
    world.until("ends", || world.chain.stage(&lie) == "final").await;
    world.until("paid", || world.saw(|sight| matches!(sight, Sight::Earned { by: "answer", .. }))).await;
    let tally = running.stop().await;
    assert!(world.saw(|sight| matches!(sight, Sight::Settled { by: "proof", .. })));
    let rules = Rules::local();
    // The challenger's part, the prover's, and the price.
    assert!(tally.earned > stake().share(rules.hero_share));
    assert_eq!(world.owned(), Amount::from_zra(100).unwrap().checked_add(tally.earned).unwrap());
}

#[tokio::test]
async fn other_bytes_than_the_task_s_are_not_judged() {
    let world = World::program();
    world.chain.lock().script.lie = true;
    let running = world.start(world.config()).await;
    let _miner = world.mine();
    let task = world.attested(vec![9], Outcome::False);
    world.until("passed", || world.saw(|sight| matches!(sight, Sight::Passed { task: t, why } if *t == task && why.contains("another question")))).await;
    running.stop().await;
    assert_eq!(world.chain.included("commit"), 0);
}
