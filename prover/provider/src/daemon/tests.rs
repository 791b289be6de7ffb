//! The daemon against a node in memory that has the real market and a script of faults.

mod attested;
mod drills;
mod faults;
mod lies;
mod preflight;
mod private;
mod proofs;
mod rescues;
mod restarts;
mod traps;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use tokio::sync::watch;
use zera_abi::{AccountId, Amount, KeyId, Outcome, PredicateId, TaskId};
use zera_market::Answer;
use zera_statement::{input_root, scalar_to_be};

use super::{Daemon, DaemonHandle, ProviderConfig};
use crate::conduct::Conduct;
use crate::error::DaemonError;
use crate::journal::JournalError;
use crate::market::double::{Ask, Double, Judge, Miner, fake_proof};
use crate::predicate::Preview;
use crate::price::PriceRule;
use crate::prove::{KeySource, Offer, Order, ProveFault, Prover, Step};
use crate::report::Report;

const PREDICATE: PredicateId = PredicateId([7; 32]);
const KEY: KeyId = KeyId([8; 32]);
const ZRA: u128 = 1_000_000_000;
/// Block interval of tests, as told and as made.
const BLOCK_MS: u64 = 40;

/// Answers with the outcome that the first byte names, and proves by [`fake_proof`].
#[derive(Default)]
struct FakeProver {
    /// Of each proof but the sample's.
    delay: Duration,
    /// What the sample takes, and so what every proof is thought to take.
    sample_delay: Duration,
    blocked: AtomicBool,
    faulty: AtomicBool,
    /// Private bytes that it reads; it declares a commitment to them where there are any.
    private_len: usize,
    /// Proves over other private bytes than it looked at before.
    forgetful: bool,
    proofs: AtomicU32,
    /// How often it was asked what an answer will be.
    previews: AtomicU32,
}

/// Public bytes that begin with it take more fuel than there is.
const ENDLESS: u8 = 0xee;

/// The commitment to private bytes: their root.
fn root(private: &[u8]) -> [u8; 32] {
    scalar_to_be(&input_root(private))
}

fn declared(private: &[u8]) -> Vec<[u8; 32]> {
    if private.is_empty() { vec![] } else { vec![root(private)] }
}

impl Prover for FakeProver {
    fn offer(&self, predicate: &PredicateId) -> Option<Offer> {
        (*predicate == PREDICATE).then_some(Offer {
            name: "fake".to_owned(),
            key: KEY,
            public_len: 4,
            private_len: self.private_len,
            rows: 100,
        })
    }

    fn predicates(&self) -> Vec<PredicateId> {
        vec![PREDICATE]
    }

    fn sample(&self, _: &PredicateId) -> Vec<u8> {
        vec![1, 0xff, 0xff, 0xff]
    }

    fn preview(&self, predicate: &PredicateId, public: &[u8], private: &[u8]) -> Result<Preview, ProveFault> {
        self.previews.fetch_add(1, Ordering::SeqCst);
        if public[0] == ENDLESS {
            return Err(ProveFault::OutOfFuel { fuel: 1 });
        }
        let outcome = Outcome::from_code(public[0]).ok_or(ProveFault::NotServed(*predicate))?;
        Ok(Preview { outcome, declared: declared(private) })
    }

    fn prove(&self, order: &Order, tell: &mut dyn FnMut(Step)) -> Result<Answer, ProveFault> {
        let is_sample = order.public == self.sample(&PREDICATE);
        let outcome = Outcome::from_code(order.public[0]).unwrap();
        tell(Step::Native { outcome, ns: 1 });
        let delay = if is_sample { self.sample_delay } else { self.delay };
        std::thread::sleep(delay);
        if !is_sample {
            while self.blocked.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(2));
            }
            if self.faulty.load(Ordering::SeqCst) {
                return Err(ProveFault::Root);
            }
            self.proofs.fetch_add(1, Ordering::SeqCst);
        }
        let proof = fake_proof(&order.binding.task, &order.binding.provider, outcome);
        let declared = if self.forgetful { vec![] } else { declared(&order.private) };
        tell(Step::Witness { wires: 1, ns: 1 });
        tell(Step::Rows { rows: 1, ns: 1 });
        tell(Step::Proof { ns: delay.as_nanos() as u64 });
        tell(Step::Verified { ns: 1 });
        Ok(Answer { outcome, declared, proof: Box::new(proof) })
    }
}

struct World {
    chain: Double,
    prover: Arc<FakeProver>,
    drill: watch::Sender<Conduct>,
    dir: tempfile::TempDir,
    key: SigningKey,
    images: AtomicU32,
}

impl World {
    fn new() -> World {
        World::with(FakeProver::default())
    }

    fn with(prover: FakeProver) -> World {
        let world = World {
            chain: Double::new(Judge::Fake, BLOCK_MS),
            prover: Arc::new(prover),
            drill: watch::channel(Conduct::Honest).0,
            dir: tempfile::tempdir().unwrap(),
            key: SigningKey::from_bytes(&[3; 32]),
            images: AtomicU32::new(0),
        };
        world.chain.fund(world.account(), 100);
        world
    }

    fn account(&self) -> AccountId {
        AccountId(self.key.verifying_key().to_bytes())
    }

    fn journal(&self) -> PathBuf {
        self.dir.path().join(format!("jobs-{}.redb", self.images.load(Ordering::SeqCst)))
    }

    fn config(&self) -> ProviderConfig {
        let keys = KeySource::Given(Default::default());
        let mut config = ProviderConfig::local(self.key.clone(), keys, self.journal());
        config.threads = 1;
        config.poll = Duration::from_millis(5);
        config.price = free();
        config.patience.resend_after = Duration::from_millis(100);
        config.patience.pause = Duration::from_millis(5);
        config.patience.pause_max = Duration::from_millis(20);
        config.drain = Duration::from_secs(5);
        config.drill = self.drill.subscribe();
        config
    }

    async fn start(&self) -> DaemonHandle {
        self.start_with(self.config()).await
    }

    async fn start_with(&self, config: ProviderConfig) -> DaemonHandle {
        Daemon::start_with(config, self.chain.clone(), self.prover.clone()).await.unwrap()
    }

    /// Blocks as the daemon was told.
    fn mine(&self) -> Miner {
        self.chain.mine_every(Duration::from_millis(BLOCK_MS))
    }

    fn ask(&self) -> TaskId {
        self.chain.ask(ask())
    }

    /// Kills the daemon; what it starts with next is the job book as the disk has it at this moment.
    fn crash(&self, handle: DaemonHandle) {
        let before = self.journal();
        self.images.fetch_add(1, Ordering::SeqCst);
        std::fs::copy(before, self.journal()).unwrap();
        drop(handle);
    }
}

fn ask() -> Ask {
    Ask {
        predicate: PREDICATE,
        key: KEY,
        public: vec![1, 2, 3, 4],
        bounty: Amount::from_units(ZRA),
        blocks: 120,
        declared: 0,
        expected: vec![],
        witness_only: false,
    }
}

fn free() -> PriceRule {
    let zero = Amount::ZERO;
    PriceRule { per_second: zero, per_job: zero, stake_risk_bps: 0, margin_bps: 0, floor: zero }
}

/// Reads reports up to the first that `wanted` takes.
async fn until(handle: &mut DaemonHandle, wanted: impl Fn(&Report) -> bool) -> Vec<Report> {
    let mut seen = Vec::new();
    let reading = async {
        loop {
            let report = handle.reports.recv().await.expect("the daemon goes on");
            let found = wanted(&report);
            seen.push(report);
            if found {
                return;
            }
        }
    };
    let timely = tokio::time::timeout(Duration::from_secs(10), reading).await.is_ok();
    assert!(timely, "not reported in time; so far {seen:#?}");
    seen
}

/// Waits for something about the chain.
async fn eventually(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what}: not in time");
}

fn is_locked(report: &Report) -> bool {
    matches!(report, Report::Locked { .. })
}

fn is_accepted(report: &Report) -> bool {
    matches!(report, Report::Accepted { .. })
}

fn is_final(report: &Report) -> bool {
    matches!(report, Report::Finalised { .. })
}

fn words(reports: &[Report]) -> Vec<&'static str> {
    reports
        .iter()
        .filter_map(|report| match report {
            Report::Seen { .. } => Some("seen"),
            Report::Locked { .. } => Some("locked"),
            Report::Native { .. } => Some("native"),
            Report::Witness { .. } => Some("witness"),
            Report::Rows { .. } => Some("rows"),
            Report::Proved { .. } => Some("proved"),
            Report::SelfVerified { .. } => Some("verified"),
            Report::Submitted { .. } => Some("submitted"),
            Report::Committed { .. } => Some("committed"),
            Report::Revealed { .. } => Some("revealed"),
            Report::Accepted { .. } => Some("accepted"),
            Report::Rejected { .. } => Some("rejected"),
            Report::Finalised { .. } => Some("final"),
            Report::Lost { .. } => Some("lost"),
            Report::Released { .. } => Some("released"),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_task_is_found_locked_proved_submitted_and_paid() {
    let world = World::new();
    let mut handle = world.start().await;
    let _miner = world.mine();
    let task = world.ask();
    let reports = until(&mut handle, is_final).await;
    assert_eq!(
        words(&reports),
        ["seen", "locked", "native", "witness", "rows", "proved", "verified", "submitted", "accepted", "final"]
    );
    let price = reports.iter().find_map(|report| match report {
        Report::Locked { price, .. } => Some(*price),
        _ => None,
    });
    let Some(Report::Finalised { paid, .. }) = reports.last() else { unreachable!() };
    assert_eq!(price, Some(*paid));
    assert_eq!(world.chain.stage(&task), "final");
    let balance = world.chain.lock().market.account(&world.account());
    assert_eq!(balance.free, Amount::from_zra(100).unwrap().checked_add(*paid).unwrap());
    assert_eq!(balance.locked, Amount::ZERO);
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn several_tasks_at_once_each_once() {
    let world = World::with(FakeProver { delay: Duration::from_millis(5), ..FakeProver::default() });
    let mut handle = world.start().await;
    let _miner = world.mine();
    let tasks: Vec<TaskId> = (0..6).map(|_| world.ask()).collect();
    eventually("all answered", || tasks.iter().all(|task| matches!(world.chain.stage(task), "accepted" | "final")))
        .await;
    assert_eq!(world.chain.included("lock"), 6);
    assert_eq!(world.chain.included("submit"), 6);
    assert!(world.chain.lock().included.iter().all(|(.., done)| *done));
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn a_stop_hands_back_what_waits_and_finishes_what_runs() {
    let world = World::new();
    world.prover.blocked.store(true, Ordering::SeqCst);
    let mut handle = world.start().await;
    // Blocks only where something waits for one: the start deadline is two blocks after the lock.
    let step = |chain: &Double| {
        if chain.has_pending() {
            chain.mine();
        }
    };
    let running = world.ask();
    eventually("the first is locked", || {
        step(&world.chain);
        world.chain.included("lock") == 1
    })
    .await;
    until(&mut handle, |report| matches!(report, Report::Native { .. })).await;
    let waiting = world.ask();
    eventually("the second is locked", || {
        step(&world.chain);
        world.chain.included("lock") == 2
    })
    .await;
    let (chain, prover) = (world.chain.clone(), world.prover.clone());
    let blocks = tokio::spawn(async move {
        eventually("handed back", || {
            step(&chain);
            chain.included("release") == 1
        })
        .await;
        prover.blocked.store(false, Ordering::SeqCst);
        eventually("answered", || {
            step(&chain);
            chain.stage(&running) == "accepted"
        })
        .await;
    });
    handle.stop().await.unwrap();
    blocks.await.unwrap();
    assert_eq!(world.chain.stage(&waiting), "open");
    assert_eq!(world.chain.included("submit"), 1);
}

#[tokio::test]
async fn one_job_book_has_one_daemon() {
    let world = World::new();
    let _first = world.start().await;
    let second = Daemon::start_with(world.config(), world.chain.clone(), world.prover.clone()).await;
    assert!(matches!(second, Err(DaemonError::Journal(JournalError::Busy { .. }))));
}

#[tokio::test]
async fn a_node_that_changes_its_chain_ends_the_daemon() {
    let world = World::new();
    let mut handle = world.start().await;
    world.chain.move_to_chain(zera_abi::ChainId([1; 32]));
    let ended = tokio::time::timeout(Duration::from_secs(5), handle.ended()).await.unwrap();
    assert!(matches!(ended, Err(DaemonError::OtherChain { .. })));
}
