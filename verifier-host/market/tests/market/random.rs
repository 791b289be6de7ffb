//! Random events: the market against the model after each one, with rollbacks and restarts in between.

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use zera_abi::{AccountId, Amount, Bps, Height, KeyId, Level, Outcome, Status, TaskId};
use zera_market::ports::{MemStore, Store};
use zera_market::{
    Answer, Delivery, KeyBond, Market, MarketError, Mode, NativeRun, Opening, Rules, Ruling, TaskState,
    challenge_digest, commit_digest,
};

use super::fixture::{Judge, opening, prove, units};
use super::model::{Model, Quality};

const UNIT: u128 = 1_000_000;

#[derive(Clone, Debug)]
pub enum Event {
    Tick,
    Transfer(AccountId, AccountId, u128),
    Charge(AccountId, u128),
    Open(Box<Opening>),
    Cancel(TaskId, AccountId),
    Lock(TaskId, AccountId),
    Release(TaskId, AccountId),
    Submit(TaskId, AccountId, Outcome, Quality),
    Commit(TaskId, AccountId, Outcome, Quality, u8),
    Reveal(TaskId, AccountId, Outcome, Quality, u8),
    Attest(TaskId, AccountId, Outcome),
    CommitChallenge(TaskId, AccountId, Outcome, u8),
    Challenge(TaskId, AccountId, Outcome, u8),
    Settle(TaskId, AccountId, Outcome, Quality),
    SettleNatively(TaskId, AccountId, Outcome, u128),
    Bond(KeyId, AccountId, u128),
    Withdraw(KeyId, AccountId),
    ReleaseKey(KeyId, AccountId),
    Stake(AccountId, u128),
    Unstake(AccountId, u128),
    GiveKey(TaskId, AccountId),
    Demand(TaskId, AccountId),
    Deliver(TaskId, AccountId),
    Complain(TaskId, AccountId),
}

fn account(n: u8) -> AccountId {
    AccountId([n; 32])
}

fn key(n: u32) -> KeyId {
    let mut id = [0x77; 32];
    id[..4].copy_from_slice(&n.wrapping_mul(0x9e37_79b1).to_be_bytes());
    KeyId(id)
}

/// `n` in the order of opening; ids do not sort that way.
pub fn task(n: u32) -> TaskId {
    let mut id = [0; 32];
    id[..4].copy_from_slice(&n.wrapping_mul(0x9e37_79b1).to_be_bytes());
    TaskId(id)
}

fn answer(market: &Market, id: &TaskId, who: AccountId, outcome: Outcome, quality: Quality) -> Answer {
    let mut answer = Answer { outcome, declared: vec![], proof: Box::new([0; 256]) };
    match quality {
        Quality::Good => {
            if let Ok(claim) = market.claim(id, who, &answer) {
                answer.proof = prove(&claim);
            }
        }
        Quality::Bad => answer.proof[0] = !id.0[0],
        Quality::Malformed => answer.proof[255] = 0xff,
    }
    answer
}

/// The same event on the market; a ruling reads as its status.
fn on_market(market: &mut Market, now: u64, event: &Event) -> Result<Status, Status> {
    let height = Height(now);
    let done = |result: Result<(), MarketError>| result.map(|()| Status::Ok).map_err(|error| error.status());
    let ruled = |result: Result<Ruling, MarketError>| result.map(Ruling::status).map_err(|error| error.status());
    let mut judge = Judge::default();
    match event {
        Event::Tick => {
            market.tick(height);
            Ok(Status::Ok)
        }
        Event::Transfer(from, to, amount) => done(market.transfer(*from, *to, units(*amount))),
        Event::Charge(from, amount) => done(market.charge(*from, units(*amount))),
        Event::Open(opening) => done(market.open(height, (**opening).clone())),
        Event::Cancel(id, by) => done(market.cancel(height, id, *by)),
        Event::Lock(id, who) => done(market.lock(height, id, *who)),
        Event::Release(id, who) => done(market.release(height, id, *who)),
        Event::Submit(id, who, outcome, quality) => {
            let answer = answer(market, id, *who, *outcome, *quality);
            ruled(market.submit(height, id, *who, answer, &mut judge))
        }
        Event::Commit(id, who, outcome, quality, salt) => {
            let answer = answer(market, id, *who, *outcome, *quality);
            let digest = commit_digest(&[*salt; 32], who, id, &answer.digest());
            done(market.commit(height, id, *who, digest))
        }
        Event::Reveal(id, who, outcome, quality, salt) => {
            let answer = answer(market, id, *who, *outcome, *quality);
            ruled(market.reveal(height, id, *who, [*salt; 32], answer, &mut judge))
        }
        Event::Attest(id, who, outcome) => done(market.attest(height, id, *who, *outcome, vec![])),
        Event::CommitChallenge(id, who, claimed, salt) => {
            let digest = commit_digest(&[*salt; 32], who, id, &challenge_digest(*claimed));
            done(market.commit(height, id, *who, digest))
        }
        Event::Challenge(id, who, claimed, salt) => done(market.challenge(height, id, *who, [*salt; 32], *claimed)),
        Event::Settle(id, who, outcome, quality) => {
            let answer = answer(market, id, *who, *outcome, *quality);
            ruled(market.settle(height, id, *who, answer, &mut judge))
        }
        Event::SettleNatively(id, who, outcome, fee) => {
            ruled(market.settle_natively(height, id, *who, NativeRun { outcome: *outcome, fee: units(*fee) }))
        }
        Event::Bond(key, owner, deposit) => done(market.bond_key(*key, *owner, units(*deposit))),
        Event::Withdraw(key, reporter) => done(market.withdraw_key(*key, *reporter).map(drop)),
        Event::ReleaseKey(key, owner) => done(market.release_key(*key, *owner).map(drop)),
        Event::Stake(who, amount) => done(market.stake(height, *who, units(*amount))),
        Event::Unstake(who, amount) => done(market.unstake(height, *who, units(*amount))),
        Event::GiveKey(id, who) => done(market.give_key(height, id, *who, [9; 32])),
        Event::Demand(id, who) => done(market.demand(height, id, *who)),
        Event::Deliver(id, by) => done(market.deliver(height, id, *by)),
        Event::Complain(id, who) => done(market.complain(height, id, *who)),
    }
}

/// What stands for a digest in the model: everything that the real one binds.
fn digest(outcome: Outcome, quality: Quality, salt: u8) -> [u8; 32] {
    let mut digest = [0; 32];
    digest[..3].copy_from_slice(&[outcome.code(), quality as u8, salt]);
    digest
}

/// The same of a challenge.
fn challenge(claimed: Outcome, salt: u8) -> [u8; 32] {
    let mut digest = digest(claimed, Quality::Good, salt);
    digest[3] = 1;
    digest
}

fn on_model(model: &mut Model, now: u64, event: &Event) -> Result<Status, Status> {
    let now = i128::from(now);
    match event {
        Event::Tick => {
            model.tick(now);
            Ok(Status::Ok)
        }
        Event::Transfer(from, to, amount) => model.transfer(*from, *to, *amount as i128),
        Event::Charge(from, amount) => model.charge(*from, *amount as i128),
        Event::Open(opening) => model.open(now, opening),
        Event::Cancel(id, by) => model.cancel(now, id, *by),
        Event::Lock(id, who) => model.lock(now, id, *who),
        Event::Release(id, who) => model.release(now, id, *who),
        Event::Submit(id, who, outcome, quality) => model.submit(now, id, *who, *outcome, *quality),
        Event::Commit(id, who, outcome, quality, salt) => {
            model.commit(now, id, *who, digest(*outcome, *quality, *salt))
        }
        Event::Reveal(id, who, outcome, quality, salt) => {
            model.reveal(now, id, *who, digest(*outcome, *quality, *salt), *outcome, *quality)
        }
        Event::Attest(id, who, outcome) => model.attest(now, id, *who, *outcome),
        Event::CommitChallenge(id, who, claimed, salt) => model.commit(now, id, *who, challenge(*claimed, *salt)),
        Event::Challenge(id, who, claimed, salt) => {
            model.challenge(now, id, *who, challenge(*claimed, *salt), *claimed)
        }
        Event::Settle(id, who, outcome, quality) => model.settle(now, id, *who, *outcome, *quality, None),
        Event::SettleNatively(id, who, outcome, fee) => {
            model.settle(now, id, *who, *outcome, Quality::Good, Some(*fee as i128))
        }
        Event::Bond(key, owner, deposit) => model.bond(*key, *owner, *deposit as i128),
        Event::Withdraw(key, reporter) => model.withdraw(*key, *reporter),
        Event::ReleaseKey(key, owner) => model.release_bond(*key, *owner),
        Event::Stake(who, amount) => model.stake(now, *who, *amount as i128),
        Event::Unstake(who, amount) => model.unstake(now, *who, *amount as i128),
        Event::GiveKey(id, who) => model.give_key(now, id, *who),
        Event::Demand(id, who) => model.demand(now, id, *who),
        Event::Deliver(id, by) => model.deliver(now, id, *by),
        Event::Complain(id, who) => model.complain(now, id, *who),
    }
}

/// Makes events that are often possible and sometimes not.
pub struct Source {
    pub rng: ChaCha8Rng,
    pub opened: u32,
    pub now: u64,
    accounts: u8,
    /// The keys in use; one that goes out of force has a successor in its place.
    pub keys: [u32; 3],
    /// What was committed lately, so that reveals can match.
    commits: Vec<(TaskId, AccountId, Outcome, Quality, u8)>,
}

impl Source {
    pub fn new(seed: u64, accounts: u8) -> Source {
        Source { rng: ChaCha8Rng::seed_from_u64(seed), opened: 0, now: 0, accounts, keys: [0, 1, 2], commits: vec![] }
    }

    fn who(&mut self) -> AccountId {
        account(self.rng.gen_range(1..=self.accounts))
    }

    /// One of the keys in use, or one that was.
    fn key(&mut self) -> KeyId {
        let n = *self.keys.choose(&mut self.rng).unwrap();
        key(if self.rng.gen_ratio(1, 20) { n.saturating_sub(3) } else { n })
    }

    /// The key in one of the places, the next one in it from then on, mostly.
    fn spent_key(&mut self) -> KeyId {
        let place = self.rng.gen_range(0..3);
        let n = self.keys[place];
        self.keys[place] += if self.rng.gen_bool(0.8) { 3 } else { 0 };
        key(n)
    }

    /// A recent task, mostly.
    fn pick(&mut self) -> TaskId {
        let back = self.rng.gen_range(0..14).min(self.opened);
        task(self.opened - back)
    }

    fn outcome(&mut self) -> Outcome {
        *[Outcome::True, Outcome::False, Outcome::True, Outcome::Trap, Outcome::BoundExceeded]
            .choose(&mut self.rng)
            .unwrap()
    }

    fn quality(&mut self) -> Quality {
        *[Quality::Good, Quality::Good, Quality::Bad, Quality::Malformed].choose(&mut self.rng).unwrap()
    }

    /// The account that the state allows, half of the time.
    fn insider(&mut self, market: &Market, id: &TaskId) -> AccountId {
        match market.task(id).and_then(|task| task.provider().copied()) {
            Some(provider) if self.rng.gen_bool(0.8) => provider,
            _ => self.who(),
        }
    }

    /// What may happen to keys; rarely, or nothing else would come to an end.
    fn key_event(&mut self, market: &Market) -> Event {
        match self.rng.gen_range(0..12) {
            0..=6 => Event::Bond(self.key(), self.who(), self.rng.gen_range(0..30) * UNIT),
            7..=10 => {
                let key = if self.rng.r#gen() { self.spent_key() } else { self.key() };
                let owner = match market.key_bond(&key) {
                    KeyBond::Bonded { owner, .. } | KeyBond::Released { owner } if self.rng.gen_bool(0.7) => owner,
                    _ => self.who(),
                };
                Event::ReleaseKey(key, owner)
            }
            _ => Event::Withdraw(self.spent_key(), self.who()),
        }
    }

    /// What belongs to attested answers, where the task is one.
    fn dispute_event(&mut self, market: &Market, id: TaskId) -> Option<Event> {
        let task = market.task(&id)?;
        match task.state() {
            TaskState::Assigned { .. } if task.mode() == Mode::Attested || self.rng.gen_ratio(1, 20) => {
                Some(Event::Attest(id, self.insider(market, &id), self.outcome()))
            }
            TaskState::Attested { commits, outcome, .. } => {
                let other = if *outcome == Outcome::True { Outcome::False } else { Outcome::True };
                let claimed = if self.rng.gen_bool(0.8) { other } else { self.outcome() };
                // One salt mostly, so that reveals match.
                let salt = u8::from(self.rng.gen_ratio(1, 20));
                let who = match commits.choose(&mut self.rng) {
                    Some(commit) if self.rng.gen_bool(0.8) => commit.provider,
                    _ => self.insider(market, &id),
                };
                Some(match self.rng.gen_range(0..10) {
                    0..=2 => {
                        self.now += 1;
                        Event::Tick
                    }
                    3..=5 => Event::CommitChallenge(id, self.who(), claimed, salt),
                    _ => Event::Challenge(id, who, claimed, salt),
                })
            }
            TaskState::Challenged { .. } => {
                let who = if self.rng.gen_bool(0.4) { self.insider(market, &id) } else { self.who() };
                Some(match self.rng.gen_range(0..12) {
                    0..=6 => {
                        self.now += 1;
                        Event::Tick
                    }
                    7 => Event::SettleNatively(id, who, self.outcome(), self.rng.gen_range(0..40) * UNIT),
                    _ => Event::Settle(id, who, self.outcome(), self.quality()),
                })
            }
            _ => None,
        }
    }

    /// What belongs to private bytes, where a lock is held and they are delivered.
    fn delivery_event(&mut self, market: &Market, id: TaskId) -> Option<Event> {
        let task = market.task(&id)?;
        let TaskState::Assigned { delivery, .. } = task.state() else { return None };
        if !task.delivers() && !task.witness_only() && self.rng.gen_ratio(19, 20) {
            return None;
        }
        let who = self.insider(market, &id);
        let by = if self.rng.gen_bool(0.8) { *task.requester() } else { who };
        Some(match (delivery, self.rng.gen_range(0..10)) {
            (_, 0..=2) => {
                self.now += 1;
                Event::Tick
            }
            (_, 3) => Event::Submit(id, who, self.outcome(), self.quality()),
            (Delivery::Unkeyed, 4..=8) => Event::GiveKey(id, who),
            (Delivery::Keyed { .. }, 4..=8) => Event::Demand(id, who),
            (Delivery::Demanded { .. }, 4..=5) => Event::Deliver(id, by),
            (Delivery::Delivered { .. }, 4..=6) => Event::Complain(id, who),
            (_, 9) => match self.rng.gen_range(0..4) {
                0 => Event::GiveKey(id, who),
                1 => Event::Demand(id, who),
                2 => Event::Deliver(id, by),
                _ => Event::Complain(id, who),
            },
            _ => return None,
        })
    }

    pub fn next(&mut self, market: &Market, rules: &Rules) -> Event {
        if self.rng.gen_ratio(1, 50) {
            return self.key_event(market);
        }
        if self.rng.gen_ratio(1, 15) {
            let (who, most) = (self.who(), if self.rng.r#gen() { 60 } else { 2_000 });
            let amount = self.rng.gen_range(0..most) * UNIT + u128::from(self.rng.r#gen::<u8>());
            let out = self.rng.gen_bool(0.3);
            return if out { Event::Unstake(who, amount) } else { Event::Stake(who, amount) };
        }
        let id = self.pick();
        if self.rng.gen_bool(0.6)
            && let Some(event) = self.dispute_event(market, id)
        {
            return event;
        }
        if self.rng.gen_bool(0.6)
            && let Some(event) = self.delivery_event(market, id)
        {
            return event;
        }
        match self.rng.gen_range(0..100) {
            0..=24 => {
                self.now += 1;
                Event::Tick
            }
            25..=27 => {
                let (from, to) = (self.who(), self.who());
                Event::Transfer(from, to, self.rng.gen_range(0..40) * UNIT)
            }
            28 => Event::Charge(self.who(), self.rng.gen_range(0..3) * UNIT),
            29..=40 => {
                self.opened += 1;
                let mut opening = opening(0);
                opening.task = if self.rng.gen_ratio(1, 30) { id } else { task(self.opened) };
                opening.requester = self.who();
                opening.key = self.key();
                opening.bounty_max = units(self.rng.gen_range(500_000..1_000 * UNIT));
                opening.min_stake = units(self.rng.gen_range(0..60) * UNIT);
                opening.value_at_risk = units(self.rng.gen_range(0..100) * UNIT);
                if self.rng.gen_bool(0.5) {
                    opening.mode = Mode::Attested;
                    opening.value_at_risk = units(self.rng.gen_range(0..20) * UNIT);
                    opening.witness_only = self.rng.gen_ratio(1, 40);
                }
                opening.level = *[Level::Attested, Level::Accepted, Level::Final].choose(&mut self.rng).unwrap();
                match self.rng.gen_range(0..8) {
                    // An unproved answer about private bytes is refused.
                    0..=2 if opening.mode == Mode::Proved || self.rng.gen_ratio(1, 20) => opening.delivers = true,
                    3 if opening.mode == Mode::Proved => opening.witness_only = true,
                    _ => {}
                }
                let room = rules.deadline_min_blocks.max(rules.room_blocks(opening.mode, opening.delivers));
                opening.deadline = Height(self.now + self.rng.gen_range(room - 2..room + 50));
                let least = rules.opening_fee(opening.bounty_max).units();
                opening.fee = units(least * self.rng.gen_range(99..120) / 100);
                Event::Open(Box::new(opening))
            }
            41..=43 => {
                let by = match market.task(&id).map(|task| *task.requester()) {
                    Some(requester) if self.rng.gen_bool(0.7) => requester,
                    _ => self.who(),
                };
                Event::Cancel(id, by)
            }
            44..=62 => Event::Lock(id, self.who()),
            63..=66 => Event::Release(id, self.insider(market, &id)),
            67..=80 => Event::Submit(id, self.insider(market, &id), self.outcome(), self.quality()),
            81..=90 => {
                let who = if self.rng.gen_bool(0.3) { self.insider(market, &id) } else { self.who() };
                let commit = (id, who, self.outcome(), self.quality(), self.rng.r#gen::<u8>());
                self.commits.push(commit);
                if self.commits.len() > 12 {
                    self.commits.remove(0);
                }
                Event::Commit(commit.0, commit.1, commit.2, commit.3, commit.4)
            }
            _ => match self.commits.choose(&mut self.rng).copied() {
                Some((id, who, outcome, quality, salt)) if self.rng.gen_bool(0.9) => {
                    Event::Reveal(id, who, outcome, quality, salt)
                }
                _ => Event::Reveal(id, self.who(), Outcome::True, Quality::Good, 0),
            },
        }
    }
}

fn compare(market: &Market, model: &Model, accounts: u8, at: &str) {
    let number = |amount: Amount| amount.units() as i128;
    for n in 1..=accounts {
        let who = account(n);
        let balance = market.account(&who);
        assert_eq!(number(balance.free), model.free[&who], "{at}: free of {n}");
        assert_eq!(number(balance.locked), model.locked(&who), "{at}: locked of {n}");
        model.same_standing(&who, market.standing(&who), &format!("{at}: standing of {n}"));
    }
    let totals = market.totals();
    assert_eq!(
        [
            totals.escrowed,
            totals.staked,
            totals.key_deposits,
            totals.insurance,
            totals.treasury,
            totals.burned,
            totals.minted,
        ]
        .map(number),
        [
            model.escrowed(),
            model.staked(),
            model.key_deposits(),
            model.insurance,
            model.treasury,
            model.burned,
            model.minted,
        ],
        "{at}: totals"
    );
    model.check();
    assert_eq!(market.tasks().len(), model.tasks.len());
    for (task, expected) in market.tasks().zip(&model.tasks).rev().take(16) {
        assert_eq!((task.id(), task.state().name()), (&expected.id, Model::name(expected)), "{at}");
        assert_eq!(market.key_is_withdrawn(task.key()), model.withdrawn(task.key()), "{at}");
        let level = if model.frozen(expected) { Level::Pending } else { task.level() };
        assert_eq!(market.level(task), level, "{at}");
        assert_eq!(market.answer_stands(task.id()), task.answer().is_some() && level >= task.minimum_level(), "{at}");
    }
}

fn start(rules: &Rules, accounts: u8) -> (Market, Model) {
    let (mut market, mut model) = (Market::new(rules.clone()).expect("rules"), Model::new(rules));
    for n in 1..=accounts {
        let amount = 8_000 * UNIT;
        market.mint(account(n), units(amount)).expect("minted");
        model.mint(account(n), amount as i128);
    }
    (market, model)
}

/// Tight enough that limits are met.
fn tight() -> Rules {
    let mut rules = Rules::local();
    rules.locks_max = 3;
    rules.commits_max = 2;
    rules.key_value_ceiling = units(6_000 * UNIT);
    rules
}

/// The same where a deposit is asked of everyone, and more than a stake is worth.
fn strict() -> Rules {
    let mut rules = tight();
    rules.deposit_floor = units(40 * UNIT);
    rules.price_margin_bps = 10_500;
    rules.start_share = Bps::new(5_000).unwrap();
    rules
}

#[test]
fn the_market_does_what_the_model_does() {
    const ACCOUNTS: u8 = 6;
    const EVENTS: usize = 3_200;
    let mut statuses = std::collections::BTreeMap::<String, u32>::new();
    let mut revoked = 0;
    for seed in 0..24 {
        let rules = match seed % 4 {
            0 => Rules::standard(),
            1 => strict(),
            _ => tight(),
        };
        let (mut market, mut model) = start(&rules, ACCOUNTS);
        let store = MemStore::default();
        let mut source = Source::new(seed, ACCOUNTS);
        for step in 0..EVENTS {
            // A transaction that is rolled back, its calls rolled back or kept inside it.
            if source.rng.gen_ratio(1, 40) {
                let (rows, totals) = (market.rows(), market.totals());
                let (now, opened, keys, commits) = (source.now, source.opened, source.keys, source.commits.clone());
                let outer = market.checkpoint();
                for _ in 0..source.rng.gen_range(0..10) {
                    let event = source.next(&market, &rules);
                    let _ = on_market(&mut market, source.now, &event);
                    let inner_rows = market.rows();
                    let inner = market.checkpoint();
                    let event = source.next(&market, &rules);
                    let _ = on_market(&mut market, source.now, &event);
                    if source.rng.r#gen() {
                        market.rollback(inner);
                        assert_eq!(market.rows(), inner_rows, "seed {seed} step {step}: inner rollback");
                    }
                }
                market.rollback(outer);
                assert_eq!((market.rows(), market.totals()), (rows, totals), "seed {seed} step {step}: rollback");
                market.conserved().expect("conserved after a rollback");
                (source.now, source.opened, source.keys, source.commits) = (now, opened, keys, commits);
            }
            // A restart: what is on disk is the market.
            if source.rng.gen_ratio(1, 60) {
                store.commit(&market.take_changes()).expect("memory");
                let restored = Market::restore(&store).expect("restores");
                assert_eq!(restored.rows(), market.rows(), "seed {seed} step {step}: restart");
                assert_eq!(restored.totals(), market.totals());
                market = restored;
            }
            let event = source.next(&market, &rules);
            let at = format!("seed {seed} step {step} height {}: {event:?}", source.now);
            let _ = market.drain_notes();
            let (got, expected) =
                (on_market(&mut market, source.now, &event), on_model(&mut model, source.now, &event));
            assert_eq!(got, expected, "{at}");
            compare(&market, &model, ACCOUNTS, &at);
            if got.is_err() {
                assert!(market.drain_notes().is_empty(), "{at}: a refusal is no event");
            }
            *statuses.entry(format!("{:?} {got:?}", std::mem::discriminant(&event))).or_default() += 1;
            if step % 50 == 0 {
                market.conserved().unwrap_or_else(|error| panic!("{at}: {error}"));
            }
        }
        market.conserved().expect("conserved at the end");
        revoked += market.tasks().filter(|task| task.end() == zera_abi::End::Revoked).count();
    }
    assert!(revoked > 200, "only {revoked} refunds");
    // The events were not all refused: each kind succeeded and failed in more than one way.
    assert!(statuses.len() > 42, "only {} kinds of results: {statuses:?}", statuses.len());
}

/// A restored market and the one that wrote the rows write the same rows from then on.
#[test]
fn a_restored_market_goes_on_identically() {
    let rules = tight();
    let (mut market, _) = start(&rules, 5);
    let store = MemStore::default();
    let mut source = Source::new(99, 5);
    for _ in 0..600 {
        let event = source.next(&market, &rules);
        let _ = on_market(&mut market, source.now, &event);
    }
    store.commit(&market.take_changes()).expect("memory");
    let mut restored = Market::restore(&store).expect("restores");
    market.drain_notes();
    assert_eq!(restored.take_changes(), vec![], "nothing is left to write");
    for step in 0..2_000 {
        let event = source.next(&market, &rules);
        assert_eq!(on_market(&mut market, source.now, &event), on_market(&mut restored, source.now, &event));
        assert_eq!(market.drain_notes(), restored.drain_notes(), "step {step}");
        if step % 100 == 99 {
            assert_eq!(market.take_changes(), restored.take_changes(), "step {step}");
        }
    }
}

/// What a rolled-back transaction touched is not written: else a query would change a node's state root.
#[test]
fn a_rolled_back_transaction_leaves_nothing_to_write() {
    let rules = tight();
    let (mut market, _) = start(&rules, 5);
    let mut source = Source::new(3, 5);
    for _ in 0..300 {
        let event = source.next(&market, &rules);
        let _ = on_market(&mut market, source.now, &event);
    }
    let _ = market.take_changes();
    for _ in 0..40 {
        let checkpoint = market.checkpoint();
        for _ in 0..20 {
            let event = source.next(&market, &rules);
            let _ = on_market(&mut market, source.now, &event);
        }
        market.rollback(checkpoint);
    }
    let notes = market.drain_notes();
    assert_eq!(market.take_changes(), vec![]);
    assert!(notes.len() < 1_000);
}

#[test]
fn a_checkpoint_does_not_outlive_its_block() {
    let (mut market, _) = start(&tight(), 2);
    let checkpoint = market.checkpoint();
    let _ = market.take_changes();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| market.rollback(checkpoint)));
    let message = panic.expect_err("refused").downcast::<&str>().expect("a message");
    assert_eq!(*message, "a checkpoint does not outlive its block");
}

/// Damaged rows are refused with their name, never with a panic.
#[test]
fn damaged_rows_are_refused() {
    use zera_market::RestoreError;
    use zera_market::ports::{Change, Table};
    let rules = tight();
    let (mut market, _) = start(&rules, 4);
    let mut source = Source::new(5, 4);
    for _ in 0..400 {
        let event = source.next(&market, &rules);
        let _ = on_market(&mut market, source.now, &event);
    }
    let rows = market.rows();
    assert!(matches!(Market::restore(&MemStore::default()), Err(RestoreError::Empty)));
    let mut refused = 0;
    for round in 0..400 {
        let mut damaged = rows.clone();
        let at = source.rng.gen_range(0..damaged.len());
        let row: &mut Change = &mut damaged[at];
        let what = match round % 3 {
            0 => {
                row.value = None;
                "removed"
            }
            1 => {
                row.value.as_mut().expect("a value").pop();
                "cut"
            }
            _ => {
                let value = row.value.as_mut().expect("a value");
                let byte = source.rng.gen_range(0..value.len());
                value[byte] ^= 1 << source.rng.gen_range(0..8);
                "flipped"
            }
        };
        let table = row.table;
        let store = MemStore::default();
        store.commit(&damaged).expect("memory");
        match Market::restore(&store) {
            Err(_) => refused += 1,
            // A flipped bit in an id, a height or an empty account says nothing that could be checked.
            Ok(restored) => {
                let silent = [Table::Totals, Table::Accounts, Table::KeyBonds];
                assert!(what == "flipped" || silent.contains(&table), "{what} {table:?}");
                restored.conserved().expect("it adds up at least");
            }
        }
    }
    assert!(refused > 250, "{refused} of 400");
}

/// 200,000 transitions and more, invariants after each, a full scan now and then.
#[test]
fn two_hundred_thousand_transitions_conserve_money() {
    const ACCOUNTS: u8 = 40;
    let mut rules = Rules::local();
    rules.locks_max = 50;
    let mut market = Market::new(rules.clone()).expect("rules");
    for n in 1..=ACCOUNTS {
        market.mint(account(n), units(1_000_000 * UNIT)).expect("minted");
    }
    let mut source = Source::new(2_026, ACCOUNTS);
    let mut done = 0u32;
    for step in 0..470_000u32 {
        let event = source.next(&market, &rules);
        done += u32::from(on_market(&mut market, source.now, &event).is_ok());
        if step % 20_000 == 0 {
            market.conserved().expect("conserved");
            let _ = market.drain_notes();
        }
    }
    market.conserved().expect("conserved");
    assert!(done >= 200_000, "{done} transitions");
}
