//! The large market: a calendar of what agents will do, applied block by block. Decisions and proofs are made before the clock of the
//! market's calls starts, so that what is timed is the market.

use std::time::{Duration, Instant};

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use zera_abi::{AccountId, Amount, Height, Outcome as Answered, TaskId};
use zera_market::{
    Answer, Market, MarketError, Mode, Note, Opening, READ_AHEAD, Rules, Ruling, Standing, TaskState, challenge_digest,
    commit_digest,
};

use super::Settings;
use super::record::{Capital, Record};
use crate::agent::{Costs, Kind};
use crate::error::SimulateError;
use crate::judge::{Judge, prove_for};
use crate::world::{Ask, KEY, bad, draw_truth, id, not, number, opening, signed, units, zra};

/// Money of a provider, in ZRA.
const PURSE_ZRA: f64 = 1_000.0;
/// What a provider has staked of it.
const DEPOSIT_ZRA: f64 = 200.0;
/// Blocks that a task may take; more than the bound of attested mode.
const DEADLINE_BLOCKS: u64 = 700;
const SALT: [u8; 32] = [0x5a; 32];
/// Samples of capital in a run.
const SAMPLES: u64 = 200;

/// What somebody will do with a task.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Lock,
    Release,
    Cancel,
    Submit,
    SubmitFalse,
    Attest,
    CommitRescue,
    Reveal,
    CommitChallenge,
    Challenge,
    Settle,
}

#[derive(Clone, Copy)]
struct Plan {
    job: u32,
    who: u32,
    act: Act,
}

#[derive(Clone, Copy)]
struct Job {
    opened: u32,
    requester: u32,
    holder: u32,
    mode: Mode,
    truth: Answered,
    said: Answered,
    /// The first round goes by without a lock.
    shunned: bool,
}

/// A call with all that it takes.
enum Call {
    Lock,
    Release,
    Cancel,
    Submit(Answer),
    Attest(Answered),
    Commit([u8; 32]),
    Reveal(Answer),
    Challenge(Answered),
    Settle(Answer),
}

/// A market with its agents and their calendar.
pub struct Economy<'a> {
    settings: &'a Settings,
    costs: Costs,
    rng: ChaCha8Rng,
    market: Market,
    now: u64,
    accounts: Vec<AccountId>,
    /// Of providers; requesters come after them.
    kinds: Vec<Kind>,
    of_kind: Vec<Vec<u32>>,
    /// Spent less gained beside the market, in units.
    spent: Vec<i128>,
    jobs: Vec<Job>,
    calendar: Vec<Vec<Plan>>,
    clock: Duration,
    paid: u128,
    record: Record,
}

impl<'a> Economy<'a> {
    pub fn new(settings: &'a Settings, costs: &Costs, mut rng: ChaCha8Rng) -> Result<Economy<'a>, SimulateError> {
        let mut market = Market::new(Rules::standard())?;
        let total = settings.providers + settings.requesters;
        let accounts: Vec<AccountId> = (0..total).map(|n| AccountId(id(0xacc0, u64::from(n)))).collect();
        let rich = units(10.0 + 3.0 * f64::from(settings.tasks));
        for (at, account) in accounts.iter().enumerate() {
            if at < settings.providers as usize {
                market.mint(*account, units(PURSE_ZRA))?;
                market.stake(Height(0), *account, units(DEPOSIT_ZRA))?;
            } else {
                market.mint(*account, rich)?;
            }
        }
        let mut of_kind = vec![Vec::new(); Kind::ALL.len()];
        let kinds: Vec<Kind> = (0..settings.providers)
            .map(|n| {
                let mut draw = rng.gen_range(0.0..1.0);
                let drawn = settings.mix.iter().find(|(_, share)| {
                    draw -= **share;
                    draw < 0.0
                });
                let kind = drawn.map_or(Kind::Honest, |(kind, _)| *kind);
                of_kind[place(kind)].push(n);
                kind
            })
            .collect();
        Ok(Economy {
            settings,
            costs: *costs,
            rng,
            market,
            now: 0,
            spent: vec![0; accounts.len()],
            accounts,
            kinds,
            of_kind,
            jobs: Vec::with_capacity(settings.tasks as usize),
            calendar: Vec::new(),
            clock: Duration::ZERO,
            paid: 0,
            record: Record::default(),
        })
    }

    /// Every block until all tasks have ended.
    pub fn run(mut self, progress: &dyn Fn(u64)) -> Result<Record, SimulateError> {
        let (blocks, tasks) = (u64::from(self.settings.blocks), u64::from(self.settings.tasks));
        let last = blocks + DEADLINE_BLOCKS + self.market.rules().final_blocks + 2;
        let every = (blocks / SAMPLES).max(1);
        let mut ended = false;
        while !ended {
            self.now += 1;
            self.tick();
            let due = tasks * self.now.min(blocks) / blocks;
            self.open(due as usize - self.jobs.len())?;
            self.act();
            self.weigh(every)?;
            ended = self.now >= blocks && self.market.totals().escrowed.is_zero();
            if self.now > last {
                let tasks = self.market.tasks().filter(|task| !task.state().is_terminal()).count();
                return Err(SimulateError::Endless { tasks, height: self.now });
            }
            progress(self.now);
        }
        self.market.conserved()?;
        self.record.scans += 1;
        self.count();
        self.record.market_s = self.clock.as_secs_f64();
        Ok(self.record)
    }

    fn plan(&mut self, after: u64, act: Act, job: usize, who: u32) {
        let at = (self.now + after) as usize;
        if self.calendar.len() <= at {
            self.calendar.resize_with(at + 1, Vec::new);
        }
        self.calendar[at].push(Plan { job: job as u32, who, act });
    }

    fn anybody(&mut self) -> u32 {
        self.rng.gen_range(0..self.settings.providers)
    }

    /// Somebody of a kind, or an honest one, or anybody.
    fn one_of(&mut self, kind: Kind) -> u32 {
        for kind in [kind, Kind::Honest] {
            let these = &self.of_kind[place(kind)];
            if !these.is_empty() {
                return these[self.rng.gen_range(0..these.len())];
            }
        }
        self.anybody()
    }

    /// What is due at the start of the block, and what follows from it.
    fn tick(&mut self) {
        let start = Instant::now();
        self.market.tick(Height(self.now));
        let notes = self.market.drain_notes();
        self.clock += start.elapsed();
        for note in &notes {
            self.record.transitions += u64::from(matches!(
                note,
                Note::Finalised { .. }
                    | Note::RescueOpened { .. }
                    | Note::Reauctioned { .. }
                    | Note::Expired { .. }
                    | Note::Voided { .. }
                    | Note::DepositBurned { .. }
            ));
        }
        for note in notes {
            self.follow(note);
        }
    }

    fn follow(&mut self, note: Note) {
        match note {
            Note::Reauctioned { task, .. } => {
                self.record.reauctioned += 1;
                let job = number(&task.0);
                if std::mem::take(&mut self.jobs[job].shunned) {
                    let (who, after) = (self.anybody(), self.rng.gen_range(0..8));
                    self.plan(after, Act::Lock, job, who);
                }
            }
            Note::RescueOpened { task, .. } => {
                self.record.missed += 1;
                self.rescue(number(&task.0));
            }
            Note::Voided { task, reopened, .. } => {
                self.record.voided += 1;
                if reopened {
                    let (who, after) = (self.anybody(), self.rng.gen_range(2..8));
                    self.plan(after, Act::Lock, number(&task.0), who);
                }
            }
            Note::Finalised { task, paid, .. } => {
                self.paid += paid.units();
                self.ended(number(&task.0));
            }
            Note::Expired { task } => {
                self.record.expired += 1;
                self.ended(number(&task.0));
            }
            Note::Cancelled { task } => {
                self.record.cancelled += 1;
                self.ended(number(&task.0));
            }
            Note::Released { .. } => self.record.released += 1,
            Note::ProofRejected { .. } => self.record.rejected += 1,
            Note::Slashed { hero, .. } => {
                self.record.slashes += 1;
                // Of a challenge that nobody settled, the hero is the challenger, and nothing was rescued.
                let _ = hero;
            }
            Note::AttestationSlashed { .. } => self.record.slashes += 1,
            Note::Challenged { .. } => self.record.challenged += 1,
            Note::Settled { upheld, .. } => {
                self.record.upheld += u64::from(upheld);
                self.record.overturned += u64::from(!upheld);
            }
            _ => {}
        }
    }

    fn ended(&mut self, job: usize) {
        let Job { opened, mode, .. } = self.jobs[job];
        self.record.ended(usize::from(mode.code()), self.now - u64::from(opened));
    }

    /// An honest one comes to a task in rescue, now and then two; a colluder's friends come, too.
    fn rescue(&mut self, job: usize) {
        let holder = self.kinds[self.jobs[job].holder as usize];
        if holder == Kind::Colluder {
            let (who, after) = (self.one_of(Kind::Colluder), self.rng.gen_range(1..=12));
            self.plan(after, Act::CommitRescue, job, who);
        }
        for _ in 0..if self.rng.gen_bool(0.1) { 2 } else { 1 } {
            let (who, after) = (self.one_of(Kind::Honest), self.rng.gen_range(3..=6));
            self.plan(after, Act::CommitRescue, job, who);
        }
    }

    fn open(&mut self, count: usize) -> Result<(), SimulateError> {
        let mut openings: Vec<Opening> = Vec::with_capacity(count);
        for _ in 0..count {
            let job = self.jobs.len();
            let requester = self.settings.providers + self.rng.gen_range(0..self.settings.requesters);
            let mode = if self.rng.gen_bool(self.settings.attested) { Mode::Attested } else { Mode::Proved };
            let truth = draw_truth(&mut self.rng, self.settings.prior);
            let ask = Ask {
                bounty: units(1.0),
                stake: Amount::ZERO,
                value: Amount::ZERO,
                mode,
                deadline: Some(DEADLINE_BLOCKS),
            };
            let account = self.accounts[requester as usize];
            openings.push(opening(TaskId(id(0x7a5c, job as u64)), account, ask, self.now, self.market.rules()));
            let shunned = self.rng.gen_bool(0.01);
            self.jobs.push(Job { opened: self.now as u32, requester, holder: 0, mode, truth, said: truth, shunned });
            if self.rng.gen_bool(0.005) {
                self.plan(self.market.rules().cancel_delay_blocks, Act::Cancel, job, requester);
            } else if !shunned {
                // Two look at it; who is ready sooner locks.
                let bids = [0; 2].map(|_| {
                    let who = self.anybody();
                    let after = if self.kinds[who as usize] == Kind::Sniper { 0 } else { self.rng.gen_range(2..=8) };
                    (after, who)
                });
                let (after, who) = bids[0].min(bids[1]);
                self.plan(after, Act::Lock, job, who);
            }
        }
        let start = Instant::now();
        let mut openings = openings.into_iter();
        while !openings.as_slice().is_empty() {
            self.market.read_ahead(openings.as_slice().iter().map(|opening| (&opening.task, &opening.requester)));
            for opening in openings.by_ref().take(READ_AHEAD) {
                self.market.open(Height(self.now), opening)?;
            }
        }
        self.clock += start.elapsed();
        self.record.transitions += count as u64;
        Ok(())
    }

    /// The block's transactions.
    fn act(&mut self) {
        let plans = match self.calendar.get_mut(self.now as usize) {
            Some(plans) => std::mem::take(plans),
            None => return,
        };
        let mut calls: Vec<(Plan, TaskId, AccountId, Call)> = Vec::with_capacity(plans.len());
        for plan in plans {
            if let Some(call) = self.call(plan) {
                calls.push((plan, TaskId(id(0x7a5c, u64::from(plan.job))), self.accounts[plan.who as usize], call));
            }
        }
        let mut done = Vec::with_capacity(calls.len());
        let start = Instant::now();
        let mut calls = calls.into_iter();
        while !calls.as_slice().is_empty() {
            self.market.read_ahead(calls.as_slice().iter().map(|(_, task, who, _)| (task, who)));
            for (plan, task, who, call) in calls.by_ref().take(READ_AHEAD) {
                done.push((plan, apply(&mut self.market, Height(self.now), &task, who, call)));
            }
        }
        self.clock += start.elapsed();
        for (plan, result) in done {
            match result {
                Ok(accepted) => {
                    self.record.transitions += 1;
                    self.go_on(plan, accepted);
                }
                Err(error) => {
                    self.record.refused += 1;
                    // A provider whose money is in other locks lets another come.
                    if plan.act == Act::Lock && lets_another_come(&error) {
                        let who = self.anybody();
                        self.plan(1, Act::Lock, plan.job as usize, who);
                    }
                }
            }
        }
        for note in self.market.drain_notes() {
            self.follow(note);
        }
    }

    /// What it takes, with what it costs beside the market; nothing where the agent sees that it is for nothing.
    fn call(&mut self, Plan { job, who, act }: Plan) -> Option<Call> {
        let Job { opened, truth, said, .. } = self.jobs[job as usize];
        let (task, account) = (TaskId(id(0x7a5c, u64::from(job))), self.accounts[who as usize]);
        let deadline = Height(u64::from(opened) + DEADLINE_BLOCKS);
        let answer = |outcome| Answer {
            outcome,
            declared: Vec::new(),
            proof: prove_for(&task, &account, &KEY, deadline, outcome),
        };
        let (native, proof) = (signed(units(self.costs.native)), signed(units(self.costs.proof)));
        let spent = &mut self.spent[who as usize];
        Some(match act {
            Act::Lock => Call::Lock,
            Act::Release => Call::Release,
            Act::Cancel => Call::Cancel,
            Act::Submit => {
                *spent += native + proof;
                Call::Submit(answer(truth))
            }
            Act::SubmitFalse => Call::Submit(bad(not(truth))),
            Act::Attest => Call::Attest(said),
            Act::CommitRescue => {
                let found = self.market.task(&task)?;
                let price = found.price_at(Height(self.now))?;
                let hero = found.escrow().stake.share(found.rules().hero_share);
                let least = units(self.costs.proof * (1.0 + self.costs.margin));
                if !matches!(found.state(), TaskState::Rescue { .. }) || price.checked_add(hero)? < least {
                    return None;
                }
                *spent += native + proof;
                Call::Commit(commit_digest(&SALT, &account, &task, &answer(truth).digest()))
            }
            Act::Reveal => Call::Reveal(answer(truth)),
            Act::CommitChallenge => Call::Commit(commit_digest(&SALT, &account, &task, &challenge_digest(not(said)))),
            Act::Challenge => Call::Challenge(not(said)),
            Act::Settle => {
                *spent += proof;
                Call::Settle(answer(truth))
            }
        })
    }

    /// What follows from a call that went through.
    fn go_on(&mut self, Plan { job, who, act }: Plan, accepted: bool) {
        let job = job as usize;
        match act {
            Act::Lock => {
                self.jobs[job].holder = who;
                self.record.locks[place(self.kinds[who as usize])] += 1;
                self.locked(job, who);
            }
            Act::Release => {
                let other = self.anybody();
                self.plan(1, Act::Lock, job, other);
            }
            Act::SubmitFalse
                if matches!(
                    self.market.task(&TaskId(id(0x7a5c, job as u64))).map(|t| t.state()),
                    Some(TaskState::Assigned { .. })
                ) =>
            {
                self.plan(1, Act::SubmitFalse, job, who);
            }
            Act::Attest => self.attested(job),
            Act::CommitRescue => self.plan(1, Act::Reveal, job, who),
            Act::Reveal => self.record.rescued += u64::from(accepted),
            Act::CommitChallenge => self.plan(1, Act::Challenge, job, who),
            Act::Challenge => {
                let Job { holder, truth, said, .. } = self.jobs[job];
                let after = self.rng.gen_range(3..=8);
                if said != truth {
                    self.plan(after, Act::Settle, job, who);
                } else if self.kinds[holder as usize] != Kind::Lazy {
                    self.plan(after, Act::Settle, job, holder);
                }
            }
            Act::Cancel | Act::Submit | Act::SubmitFalse | Act::Settle => {}
        }
    }

    fn locked(&mut self, job: usize, who: u32) {
        let (kind, Job { mode, truth, .. }) = (self.kinds[who as usize], self.jobs[job]);
        let lock = self.market.rules().lock_blocks;
        let likelier = if self.settings.prior >= 0.5 { Answered::True } else { Answered::False };
        let tail = (2.0 * self.rng.gen_range(1e-9..1.0f64).powf(-2.0 / 3.0)).ceil() as u64;
        match (mode, kind) {
            (_, Kind::Griefer) => {}
            (_, Kind::Squatter) => {
                if self.rng.gen_bool(0.5) {
                    self.plan(1, Act::Release, job, who);
                }
            }
            (Mode::Proved, Kind::Colluder) => {}
            (Mode::Proved, Kind::Malicious) => self.plan(1, Act::SubmitFalse, job, who),
            (Mode::Proved, Kind::Slow) if tail > lock => {
                // Its own proof may still come in time for the rescue.
                self.plan(tail.min(lock + 18).max(lock + 1), Act::CommitRescue, job, who);
            }
            (Mode::Proved, Kind::Slow) => self.plan(tail, Act::Submit, job, who),
            (Mode::Proved, _) => {
                let after = self.rng.gen_range(2..=8);
                self.plan(after, Act::Submit, job, who);
            }
            (Mode::Attested, _) => {
                self.jobs[job].said = match kind {
                    Kind::Lazy => likelier,
                    Kind::Malicious | Kind::Colluder => not(truth),
                    _ => {
                        self.spent[who as usize] += signed(units(self.costs.native));
                        truth
                    }
                };
                let after = if kind == Kind::Slow { tail.min(lock) } else { self.rng.gen_range(1..=3) };
                self.plan(after, Act::Attest, job, who);
            }
        }
    }

    /// Watchers look, griefers challenge, colluders come before a challenge.
    fn attested(&mut self, job: usize) {
        let Job { holder, truth, said, .. } = self.jobs[job];
        if self.rng.gen_bool(self.settings.detection) {
            let watcher = self.one_of(Kind::Watcher);
            self.spent[watcher as usize] += signed(units(self.costs.native));
            if said != truth {
                let after = self.rng.gen_range(1..=20);
                if self.kinds[holder as usize] == Kind::Colluder {
                    let friend = self.one_of(Kind::Colluder);
                    if friend != holder {
                        self.plan(after, Act::CommitChallenge, job, friend);
                    }
                }
                if watcher != holder {
                    self.plan(after, Act::CommitChallenge, job, watcher);
                }
            }
        }
        if said == truth && !self.of_kind[place(Kind::Griefer)].is_empty() && self.rng.gen_bool(0.01) {
            let (griefer, after) = (self.one_of(Kind::Griefer), self.rng.gen_range(1..=25));
            self.plan(after, Act::CommitChallenge, job, griefer);
        }
    }

    /// Conservation in every block, all rows now and then, and where money is.
    fn weigh(&mut self, every: u64) -> Result<(), SimulateError> {
        let totals = self.market.totals();
        let (sum, minted) = (totals.sum().unwrap_or(Amount::MAX).units(), totals.minted.units());
        let error = sum.abs_diff(minted);
        self.record.conservation_error = self.record.conservation_error.max(error);
        if self.now.is_multiple_of(u64::from(self.settings.scan_blocks)) {
            self.market.conserved()?;
            self.record.scans += 1;
        }
        if self.now.is_multiple_of(every) {
            self.record.capital.push(Capital {
                block: self.now,
                escrowed: zra(signed(totals.escrowed)),
                burned: zra(signed(totals.burned)),
                paid: zra(self.paid as i128),
                treasury: zra(signed(totals.treasury)),
                error,
            });
        }
        Ok(())
    }

    /// Final answers against the truth, and what each kind made.
    fn count(&mut self) {
        let gain = signed(units(self.settings.gain));
        for (task, job) in self.market.tasks().zip(&self.jobs) {
            let TaskState::Final { outcome, provider, .. } = task.state() else { continue };
            let mode = usize::from(job.mode.code());
            self.record.finals[mode] += 1;
            if *outcome != job.truth {
                self.record.false_finals[mode] += 1;
                let provider = number(&provider.0);
                if matches!(self.kinds[provider], Kind::Malicious | Kind::Colluder) {
                    self.spent[provider] -= gain;
                }
            }
            debug_assert_eq!(number(&task.requester().0), job.requester as usize);
        }
        let purse = signed(units(PURSE_ZRA));
        for (at, kind) in self.kinds.iter().enumerate() {
            let balance = self.market.account(&self.accounts[at]);
            let deposit = self.market.standing(&self.accounts[at]).map_or(Amount::ZERO, Standing::slashable);
            let made =
                [balance.free, balance.locked, deposit].map(signed).iter().sum::<i128>() - purse - self.spent[at];
            self.record.made_zra[place(*kind)] += zra(made);
        }
    }
}

/// Whether it is the provider that may not lock now, and not the task.
fn lets_another_come(error: &MarketError) -> bool {
    matches!(
        error,
        MarketError::Funds { .. }
            | MarketError::Limit { .. }
            | MarketError::Deposit { .. }
            | MarketError::Jailed { .. }
    )
}

/// Whether an answer was accepted, where there was one.
fn apply(market: &mut Market, now: Height, task: &TaskId, who: AccountId, call: Call) -> Result<bool, MarketError> {
    let accepted = |ruling: Ruling| matches!(ruling, Ruling::Accepted);
    match call {
        Call::Lock => market.lock(now, task, who).map(|()| true),
        Call::Release => market.release(now, task, who).map(|()| true),
        Call::Cancel => market.cancel(now, task, who).map(|()| true),
        Call::Submit(answer) => market.submit(now, task, who, answer, &mut Judge).map(accepted),
        Call::Attest(outcome) => market.attest(now, task, who, outcome, Vec::new()).map(|()| true),
        Call::Commit(digest) => market.commit(now, task, who, digest).map(|()| true),
        Call::Reveal(answer) => market.reveal(now, task, who, SALT, answer, &mut Judge).map(accepted),
        Call::Challenge(claimed) => market.challenge(now, task, who, SALT, claimed).map(|()| true),
        Call::Settle(answer) => market.settle(now, task, who, answer, &mut Judge).map(accepted),
    }
}

/// A kind's place in [`Kind::ALL`].
fn place(kind: Kind) -> usize {
    kind as usize
}
