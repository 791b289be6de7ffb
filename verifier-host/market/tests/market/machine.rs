//! The market as a state machine: arbitrary steps, each done to the market and to the model, everything compared after
//! each, with nested rollbacks and restarts between them. What fails shrinks to a few steps.
//!
//! `ZERA_MARKET_CASES` sequences, 256 by themselves; `ZERA_MARKET_SEED` for others.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use zera_abi::{Level, Status, TaskId};
use zera_market::ports::{Claim, MemStore, Store};
use zera_market::{Market, Note, ProposalState, Task, TaskState, reason};

use super::event::{Event, account, compare, on_market, on_model, start};
use super::fixture::{Judge, ROWS};
use super::model::{Model, same};
use super::step::{RULES, Scene, Step, rules, steps};

const ACCOUNTS: u8 = 6;
/// Steps of a sequence, at most.
const STEPS: usize = 400;

/// What a whole run has seen.
#[derive(Default)]
struct Seen {
    states: BTreeMap<&'static str, u32>,
    /// Rows of the transition table, and some of what is beside it.
    rows: BTreeMap<&'static str, u32>,
    /// Kinds of events, by what came of them.
    results: HashSet<(std::mem::Discriminant<Event>, Status)>,
    steps: u32,
    ticks: u32,
    taken: u32,
    refused: u32,
}

/// What a sequence did.
enum Entry {
    Event(u64, Event, Result<Status, Status>),
    Checkpoint,
    Kept,
    Undone,
    Restart,
}

/// Both sides of a sequence of steps.
struct Play<'a> {
    market: Market,
    model: Model,
    scene: Scene,
    store: MemStore,
    /// How tasks ended, for good.
    ended: BTreeMap<TaskId, TaskState>,
    /// Checkpoints that are open.
    depth: u32,
    seen: &'a mut Seen,
    log: Vec<Entry>,
}

impl<'a> Play<'a> {
    fn new(set: u8, seen: &'a mut Seen) -> Play<'a> {
        let (market, model) = start(&rules(set), ACCOUNTS);
        let store = MemStore::default();
        let (ended, log) = (BTreeMap::new(), Vec::new());
        Play { market, model, scene: Scene::new(ACCOUNTS), store, ended, depth: 0, seen, log }
    }

    fn steps(&mut self, steps: &[Step]) -> Result<(), String> {
        steps.iter().try_for_each(|step| self.step(step))
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        self.seen.steps += 1;
        match step {
            Step::Call(steps, undone) => self.call(steps, *undone),
            // A checkpoint does not outlive its block.
            Step::Restart if self.depth == 0 => self.restart(),
            Step::Restart => Ok(()),
            step => {
                let events = self.scene.events(step, &self.market);
                events.iter().try_for_each(|event| self.event(event))
            }
        }
    }

    /// What is undone leaves what it found, whether what it called was undone or kept.
    fn call(&mut self, steps: &[Step], undone: bool) -> Result<(), String> {
        self.log.push(Entry::Checkpoint);
        let before = undone.then(|| {
            (self.market.rows(), self.market.totals(), self.model.clone(), self.scene.clone(), self.ended.clone())
        });
        let checkpoint = self.market.checkpoint();
        self.depth += 1;
        self.steps(steps)?;
        self.depth -= 1;
        self.log.push(if undone { Entry::Undone } else { Entry::Kept });
        match before {
            None => drop(checkpoint),
            Some((rows, totals, model, scene, ended)) => {
                self.market.rollback(checkpoint);
                same("rows after a rollback", self.market.rows(), rows)?;
                same("totals after a rollback", self.market.totals(), totals)?;
                (self.model, self.scene, self.ended) = (model, scene, ended);
            }
        }
        compare(&self.market, &self.model, self.scene.now, ACCOUNTS)
    }

    /// What is on disk is the market.
    fn restart(&mut self) -> Result<(), String> {
        self.log.push(Entry::Restart);
        self.store.commit(&self.market.take_changes()).map_err(|error| error.to_string())?;
        let restored = Market::restore(&self.store).map_err(|error| error.to_string())?;
        same("rows after a restart", restored.rows(), self.market.rows())?;
        same("totals after a restart", restored.totals(), self.market.totals())?;
        self.market = restored;
        compare(&self.market, &self.model, self.scene.now, ACCOUNTS)
    }

    fn event(&mut self, event: &Event) -> Result<(), String> {
        self.scene.take(event);
        let live: Vec<Task> = self.market.tasks().filter(|task| !task.state().is_terminal()).cloned().collect();
        let wealth = (1..=ACCOUNTS).map(|n| wealth(&self.market, n)).collect::<Vec<u128>>();
        if self.depth == 0 {
            let _ = self.market.drain_notes();
        }
        let now = self.scene.now;
        let mut judge = Judge::default();
        let got = on_market(&mut self.market, now, event, &mut judge);
        let expected = on_model(&mut self.model, now, event);
        self.log.push(Entry::Event(now, event.clone(), got));
        same("the result", got, expected)?;
        compare(&self.market, &self.model, self.scene.now, ACCOUNTS)?;
        for task in &live {
            self.task(now, event, judge.proven.as_ref(), task)?;
        }
        self.ends()?;
        // I11: nobody gets more out of a task than there was in it.
        if let Some(escrow) = live.iter().find(|task| Some(task.id()) == event.task()).map(|task| task.escrow().total())
        {
            for (n, before) in (1..=ACCOUNTS).zip(wealth) {
                let gain = self.wealth_now(n).saturating_sub(before);
                require(gain <= escrow.units(), || format!("I11: {n} gains {gain} of {escrow}"))?;
            }
        }
        self.count(event, got, &live)
    }

    fn wealth_now(&self, n: u8) -> u128 {
        wealth(&self.market, n)
    }

    /// I2, I5 to I8, I10 and I12 of a task that had not ended.
    fn task(&self, now: u64, event: &Event, proven: Option<&Claim>, before: &Task) -> Result<(), String> {
        let after = self.market.task(before.id()).ok_or("a task is gone")?;
        let (from, to) = (before.state(), after.state());
        let says = |invariant: &str| format!("{invariant}: {to:?} after {from:?}");
        let (ended, frozen) = (to.is_terminal(), self.market.key_is_withdrawn(after.key()));
        require(!ended || after.escrow().total().is_zero(), || says("I2"))?;
        if let TaskState::Open { .. } = to {
            let escrow = after.escrow();
            let rest = [escrow.stake, escrow.hold, escrow.deposit, escrow.challenge];
            require(rest.iter().all(|amount| amount.is_zero()), || says("I2"))?;
        }
        let revoked = matches!(to, TaskState::Revoked { .. });
        let failed = matches!(to, TaskState::Failed { .. });
        let voided = matches!(from, TaskState::Challenged { .. }) && (failed || matches!(event, Event::Tick));
        require(after.level() >= before.level() || revoked || voided, || says("I5"))?;
        require(revoked <= frozen, || says("revoked on a key in force"))?;
        let accepted = |state: &TaskState| matches!(state, TaskState::Accepted { .. });
        if accepted(to) && !accepted(from) {
            self.accepted(event, proven, after).map_err(|error| format!("{}: {error}", says("I6, I12")))?;
        }
        if let TaskState::Final { provider, outcome, paid, .. } = to {
            // I4 and I12: what was held, for whom it was held, and nothing but time makes it final.
            let (payee, said, price) = match from {
                TaskState::Accepted { provider, outcome, .. } => (provider, outcome, before.escrow().hold),
                TaskState::Attested { provider, outcome, price, .. } => (provider, outcome, *price),
                _ => return Err(says("final")),
            };
            require((provider, outcome, *paid) == (payee, said, price), || says("I4, I12"))?;
            require(matches!(event, Event::Tick), || says("I6"))?;
        }
        if let TaskState::Failed { outcome, provider, .. } = to {
            let native = matches!(event, Event::SettleNatively(..));
            let by = proven.is_some_and(|claim| (claim.outcome, claim.provider) == (*outcome, *provider));
            require((native || by) && outcome.as_bool().is_none(), || says("I6"))?;
        }
        let answered =
            matches!(to, TaskState::Attested { .. } | TaskState::Challenged { .. } | TaskState::Final { .. });
        require(after.answer().is_some() == (answered || accepted(to)), || says("I7"))?;
        let shown = self.market.level(after) == Level::Pending || after.answer().is_some();
        require(shown && !(frozen && self.market.answer_stands(after.id())), || says("I7"))?;
        let bound = after.not_after().0 + 1 + after.rules().final_blocks;
        require(ended || frozen || now <= bound, || says("I8"))?;
        let terms = |task: &Task| (task.rules_version(), task.not_after(), *task.key(), *task.requester());
        require(terms(before) == terms(after) && before.rules() == after.rules(), || says("I10"))
    }

    /// An answer is accepted by a proof of exactly that, bound to who is paid, or by a native run.
    fn accepted(&self, event: &Event, proven: Option<&Claim>, task: &Task) -> Result<(), String> {
        let TaskState::Accepted { provider, outcome, declared, dispute, .. } = task.state() else { return Ok(()) };
        let prover = dispute.as_ref().map_or(*provider, |dispute| dispute.settler);
        if let Some(dispute) = dispute {
            same("who is paid", *provider, if dispute.upheld { dispute.attester } else { dispute.settler })?;
        }
        if let Event::SettleNatively(id, by, ran, _) = event {
            return same("the native run", (id, by, ran), (task.id(), &prover, outcome));
        }
        same("what happened to it", event.task(), Some(task.id()))?;
        let claim = Claim {
            task: *task.id(),
            key: *task.key(),
            predicate: *task.predicate(),
            provider: prover,
            not_after: task.not_after(),
            input_root: *task.input_root(),
            outcome: *outcome,
            declared: declared.clone(),
        };
        same("what was proven", proven, Some(&claim))
    }

    /// I4, I5: an end is the end.
    fn ends(&mut self) -> Result<(), String> {
        for task in self.market.tasks().filter(|task| task.state().is_terminal()) {
            match self.ended.get(task.id()) {
                Some(end) => same("an ended task", task.state(), end)?,
                None => drop(self.ended.insert(*task.id(), task.state().clone())),
            }
        }
        Ok(())
    }

    /// What was seen, outside of transactions; and what notes have to say.
    fn count(&mut self, event: &Event, got: Result<Status, Status>, live: &[Task]) -> Result<(), String> {
        match (event, got) {
            (Event::Tick, _) => self.seen.ticks += 1,
            (_, Ok(_)) => self.seen.taken += 1,
            (_, Err(_)) => self.seen.refused += 1,
        }
        self.seen.results.insert((std::mem::discriminant(event), got.unwrap_or_else(|status| status)));
        for task in self.market.tasks() {
            *self.seen.states.entry(state(task.state())).or_default() += 1;
        }
        if self.depth > 0 {
            return Ok(());
        }
        let notes = self.market.drain_notes();
        require(got.is_ok() || notes.is_empty(), || "a refusal is no event".into())?;
        for note in &notes {
            let (row, beside) = row(event, note, &notes, |id| self.market.task(id), live);
            for name in row.into_iter().chain(beside) {
                *self.seen.rows.entry(name).or_default() += 1;
            }
            if let Note::Revoked { task, requester_paid, stake_returned, deposits_returned } = note {
                // I9: all that was there goes back.
                let parts = [requester_paid, stake_returned, deposits_returned].map(|amount| amount.units());
                let before =
                    live.iter().find(|before| before.id() == task).map(|before| before.escrow().total().units());
                same("I9: what was refunded", Some(parts.iter().sum()), before)?;
            }
        }
        Ok(())
    }
}

fn require(holds: bool, says: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(says()) }
}

/// Free money and deposit.
fn wealth(market: &Market, n: u8) -> u128 {
    let who = account(n);
    market.account(&who).free.units() + market.standing(&who).map_or(0, |standing| standing.slashable().units())
}

const STATES: [&str; 12] = [
    "open",
    "assigned",
    "rescue",
    "attested",
    "challenged",
    "accepted",
    "final",
    "cancelled",
    "expired",
    "failed",
    "undelivered",
    "revoked",
];

fn state(state: &TaskState) -> &'static str {
    if matches!(state, TaskState::Undelivered { .. }) { "undelivered" } else { state.name() }
}

/// What happens beside the table's rows, or in more than one way in them.
const BESIDE: [&str; 27] = [
    "T9b by its values",
    "T9d the answer was wrong",
    "T12 a deposit burnt",
    "T13 by the locker",
    "T13 by the locker of bad proofs",
    "T13 of a late lock",
    "T13 of bad proofs",
    "T15 from a rescue",
    "T15 from a challenge",
    "T15 natively",
    "T16c withdrawn",
    "T9c reopened",
    "T9c expired",
    "T20 of a dispute",
    "T20 of a demand",
    "a margin call",
    "a release by a margin call",
    "jail",
    "the brake",
    "a deposit slashed",
    "a deposit free again",
    "a proposal passed",
    "a proposal lapsed",
    "a proposal adopted",
    "a proposal overtaken",
    "a proposal expired",
    "votes taken back",
];

/// The table's row that a note tells of, and what else it shows.
fn row<'a>(
    event: &Event,
    note: &Note,
    notes: &[Note],
    task: impl Fn(&TaskId) -> Option<&'a Task>,
    live: &[Task],
) -> (Option<&'static str>, Option<&'static str>) {
    let before = |id: &TaskId| live.iter().find(|task| task.id() == id).map(Task::state);
    let rescued = notes.iter().any(|note| matches!(note, Note::RescueOpened { late: false, .. }));
    match note {
        Note::Opened { .. } => (Some("T1"), None),
        Note::Cancelled { .. } => (Some("T2"), None),
        Note::Locked { .. } => (Some("T3"), None),
        Note::Accepted { task: id, provider, .. } => match (event, before(id)) {
            (Event::Submit(..), _) => (Some("T4"), None),
            (Event::Reveal(..), Some(TaskState::Rescue { offender, late, .. })) => {
                let beside = match (offender == provider, late) {
                    (true, true) => "T13 by the locker",
                    (true, false) => "T13 by the locker of bad proofs",
                    (false, true) => "T13 of a late lock",
                    (false, false) => "T13 of bad proofs",
                };
                (Some("T13"), Some(beside))
            }
            _ => (None, None),
        },
        Note::ProofRejected { attempt: 1.., .. } if !rescued => (Some("T5"), None),
        Note::RescueOpened { late: false, .. } => (Some("T5'"), None),
        Note::RescueOpened { late: true, .. } => (Some("T11"), None),
        Note::Attested { .. } => (Some("T6"), None),
        Note::Finalised { confirmed: true, .. } => (Some("T7"), None),
        Note::Finalised { confirmed: false, .. } => (Some("T17"), None),
        Note::Challenged { .. } => (Some("T8"), None),
        Note::Settled { native: true, upheld, .. } => (Some("T9d"), (!upheld).then_some("T9d the answer was wrong")),
        Note::Settled { upheld: true, .. } => (Some("T9a"), None),
        Note::Settled { task: id, outcome, .. } => {
            let said = match before(id) {
                Some(TaskState::Challenged { outcome, .. }) => Some(outcome),
                _ => None,
            };
            (Some("T9b"), (said == Some(outcome)).then_some("T9b by its values"))
        }
        Note::Voided { reopened, .. } => (Some("T9c"), Some(if *reopened { "T9c reopened" } else { "T9c expired" })),
        Note::RescueCommitted { .. } => (Some("T12"), None),
        Note::DepositBurned { .. } => (None, Some("T12 a deposit burnt")),
        Note::Expired { task: id } => match task(id).map(Task::reason) {
            Some(reason::NO_LOCK) => (Some("T21"), None),
            Some(reason::NOT_RESCUED) => (Some("T14"), None),
            _ => (None, None),
        },
        Note::Reauctioned { .. } => (Some("T21"), None),
        Note::Failed { .. } => {
            let beside = match event {
                Event::Reveal(..) => Some("T15 from a rescue"),
                Event::Settle(..) => Some("T15 from a challenge"),
                Event::SettleNatively(..) => Some("T15 natively"),
                _ => None,
            };
            (Some("T15"), beside)
        }
        Note::Keyed { .. } => (Some("T16a"), None),
        Note::Demanded { .. } => (Some("T16b"), None),
        Note::DemandClosed { delivered, .. } => (Some("T16c"), (!delivered).then_some("T16c withdrawn")),
        Note::Undelivered { wrong: false, .. } => (Some("T16d"), None),
        Note::Undelivered { wrong: true, .. } => (Some("T16e"), None),
        Note::Revoked { task: id, .. } => {
            let beside = match before(id) {
                Some(TaskState::Accepted { dispute: Some(_), .. }) => Some("T20 of a dispute"),
                Some(state) if !state.demand_fee().is_zero() => Some("T20 of a demand"),
                _ => None,
            };
            (Some("T20"), beside)
        }
        Note::Released { .. } if matches!(event, Event::Tick) => (None, Some("a release by a margin call")),
        Note::Released { .. } => (Some("T22"), None),
        Note::MarginCalled { .. } => (None, Some("a margin call")),
        Note::Jailed { .. } => (None, Some("jail")),
        Note::Braked { .. } => (None, Some("the brake")),
        Note::DepositSlashed { .. } => (None, Some("a deposit slashed")),
        Note::Unbonded { .. } => (None, Some("a deposit free again")),
        Note::ProposalPassed { .. } => (None, Some("a proposal passed")),
        Note::ProposalLapsed { .. } => (None, Some("a proposal lapsed")),
        Note::ProposalEnded { state, .. } => match state {
            ProposalState::Adopted { .. } => (None, Some("a proposal adopted")),
            ProposalState::Expired { .. } => (None, Some("a proposal expired")),
            _ => (None, Some("a proposal overtaken")),
        },
        Note::ProposalSupported { amount, .. } => (None, amount.is_zero().then_some("votes taken back")),
        _ => (None, None),
    }
}

/// A setting from the environment, where there is one.
fn setting(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
}

/// A runner with a seed of its own.
pub fn runner(cases: u32, seed: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Plays a sequence; what it did is left in `log`, however it ends.
fn play(set: u8, steps: &[Step], seen: &mut Seen, log: &mut Vec<Entry>) -> Result<(), String> {
    let mut play = Play::new(set, seen);
    let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play.steps(steps)));
    *log = std::mem::take(&mut play.log);
    run.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
        Err(said.unwrap_or_else(|| "a panic".to_owned()))
    })
}

/// Takes steps out as long as what is left fails, and calls apart: a step that leads to another does not have to stay
/// for it.
fn shortest(set: u8, mut steps: Vec<Step>) -> Vec<Step> {
    let fails = |steps: &[Step]| play(set, steps, &mut Seen::default(), &mut Vec::new()).is_err();
    let mut width = steps.len();
    while width > 0 {
        let mut shorter = None;
        for at in 0..=steps.len().saturating_sub(width) {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + width).min(steps.len()));
            if fails(&fewer) {
                shorter = Some(fewer);
                break;
            }
            if let Some(Step::Call(called, _)) = steps.get(at) {
                let mut flat = steps.clone();
                flat.splice(at..=at, called.clone());
                if fails(&flat) {
                    shorter = Some(flat);
                    break;
                }
            }
        }
        match shorter {
            Some(fewer) => (steps, width) = (fewer, width.min(steps.len())),
            None => width /= 2,
        }
    }
    steps
}

/// The events of a sequence in words.
fn told(log: &[Entry]) -> String {
    let (mut lines, mut depth) = (Vec::new(), 0);
    for entry in log {
        let (line, deeper) = match entry {
            Entry::Event(now, event, got) => (format!("{now} {} {got:?}", event.told()), depth),
            Entry::Checkpoint => ("{".to_owned(), depth + 1),
            Entry::Kept => ("} kept".to_owned(), depth - 1),
            Entry::Undone => ("} undone".to_owned(), depth - 1),
            Entry::Restart => ("restart".to_owned(), depth),
        };
        lines.push(format!("{}{line}", "  ".repeat(depth.min(deeper))));
        depth = deeper;
    }
    lines.join("\n")
}

#[test]
fn the_market_does_what_the_model_does() {
    let (cases, seed) = (setting("ZERA_MARKET_CASES", 256), setting("ZERA_MARKET_SEED", 1));
    let seen = RefCell::new(Seen::default());
    let strategy = (0..RULES, steps(STEPS));
    let result = runner(cases, seed).run(&strategy, |(set, steps)| {
        play(set, &steps, &mut seen.borrow_mut(), &mut Vec::new()).map_err(TestCaseError::fail)
    });
    if let Err(TestError::Fail(_, (set, steps))) = result {
        let (steps, mut log) = (shortest(set, steps), Vec::new());
        let error = play(set, &steps, &mut Seen::default(), &mut log).expect_err("it failed before");
        let steps: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
        let (steps, events) = (steps.join("\n"), told(&log));
        panic!("ZERA_MARKET_SEED={seed}, rules {set}\nsteps:\n{steps}\nevents:\n{events}\n{error}");
    }
    result.expect("no sequence is given up");
    let seen = seen.into_inner();
    println!(
        "{cases} sequences, {} steps, {} events taken, {} refused, {} ticks",
        seen.steps, seen.taken, seen.refused, seen.ticks
    );
    println!("{:?}\n{:?}", seen.states, seen.rows);
    if cases < 256 {
        return;
    }
    let missing = |seen: &BTreeMap<&'static str, u32>, all: BTreeSet<&'static str>| {
        all.into_iter().filter(|name| !seen.contains_key(name)).collect::<Vec<_>>()
    };
    assert_eq!(missing(&seen.states, STATES.into()), [""; 0], "states that no task was in");
    assert_eq!(missing(&seen.rows, ROWS.split(' ').collect()), [""; 0], "rows that were not taken");
    assert_eq!(missing(&seen.rows, BESIDE.into()), [""; 0], "what did not happen");
    // Most are possible, and each kind is refused, too.
    assert!(seen.taken > seen.refused, "{} taken, {} refused", seen.taken, seen.refused);
    assert!(seen.results.len() > 100, "only {} kinds of results", seen.results.len());
}
