//! Steps: small words for what may happen, which become events where they are taken. A step that no task is ready for
//! takes the one that leads there, so most are possible; some are not meant to be.

use std::collections::BTreeMap;
use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use zera_abi::{AccountId, Height, KeyId, Level, Outcome, TaskId};
use zera_market::{
    Delivery, KeyBond, Market, Mode, Opening, Proposal, ProposalState, Rules, Standing, Task, TaskState,
};

use super::ballot::VOTED;
use super::event::{Event, UNIT, account, key, task};
use super::fixture::{opening, units};
use super::model::{Quality, Reply, Values, fixed};

/// How many of the newest tasks steps are about.
const IN_SIGHT: usize = 16;
/// Blocks that one step waits at most.
const PATIENCE: u64 = 80;
/// How much money a part is of: 16 parts are all, and the next is a unit more.
const PARTS: u8 = 16;

/// One of the tasks that a step could be about, the newest first; or one of all.
#[derive(Clone, Copy)]
pub struct Pick {
    nth: u8,
    any: bool,
}

impl fmt::Debug for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.any { "any " } else { "" }, self.nth)
    }
}

/// Who acts, from where the task is seen.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    /// Holder, offender, attester or payee.
    Party,
    Requester,
    /// Who challenged.
    Challenger,
    Account(u8),
}

/// An outcome, from where an attested one is seen.
#[derive(Clone, Copy, Debug)]
pub enum Said {
    Same,
    Other,
    Trap,
    Bound,
}

/// Which private bytes a predicate reads.
#[derive(Clone, Copy, Debug)]
pub enum Reads {
    Nothing,
    Owed,
    Witness,
}

/// What a request asks for. `room` and `fee` are over the least; the value at risk is parts of the most where an
/// attested answer will do.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    by: u8,
    key: u8,
    bounty: u32,
    stake: u32,
    value: u8,
    mode: Mode,
    reads: Reads,
    declares: u8,
    fixes: u8,
    level: u8,
    room: i16,
    fee: i8,
}

/// What a proposal makes of a rule.
#[derive(Clone, Copy, Debug)]
pub enum Aim {
    Percent(u8),
    Step(i8),
}

#[derive(Clone, Debug)]
pub enum Step {
    Wait(u8),
    /// Until so many blocks after one of the heights that matter to a task.
    Until(Pick, u8, i8),
    Transfer(u8, u8, u8),
    Charge(u8, u8),
    Open(Ask),
    Lock(Pick, u8),
    Submit(Pick, Who, Reply),
    Cancel(Pick, Who),
    Release(Pick, Who),
    Commit(Pick, Who, Reply),
    /// Of the commitments one, by what was committed to or by something else.
    Reveal(Pick, u8, bool),
    Attest(Pick, Who, Reply),
    CommitChallenge(Pick, Who, Said),
    Challenge(Pick, u8, bool),
    Settle(Pick, Who, Said, Quality, Values),
    SettleNatively(Pick, Who, Said, u8),
    GiveKey(Pick, Who),
    Demand(Pick, Who),
    Deliver(Pick, Who),
    Complain(Pick, Who),
    Stake(u8, u8),
    Unstake(u8, u8),
    Bond(u8, u8, u8),
    WithdrawKey(u8, u8),
    ReleaseKey(u8, Option<u8>),
    /// One of the rules that are voted on, to a value from where it is.
    Propose(u8, u8, Aim),
    /// Of the newest proposals one, with part of what the account has; none of it: with nothing.
    Support(u8, u8, u8),
    /// Of what a proposal passed with, before it is a rule.
    TakeBack(u8),
    /// One of the sets of rules, for what opens from now on.
    Adopt(u8),
    /// The steps of a transaction or of a call in one, undone or kept.
    Call(Vec<Step>, bool),
    /// From what is on disk.
    Restart,
}

fn pick() -> impl Strategy<Value = Pick> {
    let nth = prop_oneof![3 => Just(0u8), 1 => 1..4u8];
    (nth, proptest::bool::weighted(0.06)).prop_map(|(nth, any)| Pick { nth, any })
}

/// Mostly who may.
fn who(may: Who) -> impl Strategy<Value = Who> {
    prop_oneof![12 => Just(may), 1 => (1..=6u8).prop_map(Who::Account)]
}

fn anyone() -> impl Strategy<Value = Who> {
    let account = (1..=6u8).prop_map(Who::Account);
    prop_oneof![6 => account, 1 => Just(Who::Party), 1 => Just(Who::Challenger), 1 => Just(Who::Requester)]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let traps = prop_oneof![Just(Outcome::Trap), Just(Outcome::BoundExceeded)];
    prop_oneof![5 => Just(Outcome::True), 3 => Just(Outcome::False), 1 => traps]
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![4 => Just(Said::Other), 4 => Just(Said::Same), 1 => Just(Said::Trap), 1 => Just(Said::Bound)]
}

fn quality() -> impl Strategy<Value = Quality> {
    prop_oneof![4 => Just(Quality::Good), 2 => Just(Quality::Bad), 1 => Just(Quality::Malformed)]
}

fn values() -> impl Strategy<Value = Values> {
    prop_oneof![12 => Just(Values::Usual), 5 => Just(Values::Other), 2 => Just(Values::Wrong), 1 => Just(Values::Short)]
}

fn reply() -> impl Strategy<Value = Reply> {
    (outcome(), quality(), values()).prop_map(|(outcome, quality, values)| Reply { outcome, quality, values })
}

/// A reply that is taken, where an outcome is.
const fn usual(outcome: Outcome, quality: Quality) -> Reply {
    Reply { outcome, quality, values: Values::Usual }
}

/// All of it and a unit more, now and then.
fn part() -> impl Strategy<Value = u8> {
    prop_oneof![8 => 0..PARTS / 2, 1 => Just(PARTS), 1 => Just(PARTS + 1)]
}

fn aim() -> impl Strategy<Value = Aim> {
    prop_oneof![
        6 => (80..125u8).prop_map(Aim::Percent),
        1 => (60..160u8).prop_map(Aim::Percent),
        3 => prop_oneof![Just(1i8), Just(-1)].prop_map(Aim::Step),
    ]
}

/// A vote: nothing, what is too little, and seldom much.
fn ballot() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(0u8), 8 => 1..5u8, 1 => Just(PARTS), 1 => Just(PARTS + 1)]
}

fn ask() -> impl Strategy<Value = Ask> {
    let room = prop_oneof![2 => Just(0i16), 1 => Just(-1i16), 4 => 1..40i16, 4 => 40..200i16];
    let fee = prop_oneof![6 => Just(0i8), 1 => Just(-1i8), 1 => Just(9i8)];
    let reads = prop_oneof![4 => Just(Reads::Nothing), 3 => Just(Reads::Owed), 1 => Just(Reads::Witness)];
    let value = prop_oneof![4 => Just(0u8), 4 => 1..PARTS, 1 => Just(PARTS), 1 => Just(PARTS + 1)];
    let bounty = prop_oneof![12 => 1_000_000..1_000_000_000u32, 1 => Just(999_999u32)];
    let mode = prop_oneof![Just(Mode::Proved), Just(Mode::Attested)];
    let stake = prop_oneof![2 => Just(0u32), 1 => 0..60_000_000u32];
    // Seldom more than there are.
    let declares = (0..3u8, 0..3u8, proptest::bool::weighted(0.05))
        .prop_map(|(declares, fixes, more)| (declares, if more { declares + 1 } else { fixes.min(declares) }));
    (1..=6u8, 0..3u8, bounty, stake, value, mode, (reads, declares), 0..3u8, room, fee).prop_map(
        |(by, key, bounty, stake, value, mode, (reads, (declares, fixes)), level, room, fee)| Ask {
            by,
            key,
            bounty,
            stake,
            value,
            mode,
            reads,
            declares,
            fixes,
            level,
            room,
            fee,
        },
    )
}

/// A step that is not made of others.
pub fn single() -> impl Strategy<Value = Step> {
    let number = || 1..=6u8;
    let money = prop_oneof![
        2 => (number(), number(), part()).prop_map(|(from, to, part)| Step::Transfer(from, to, part)),
        1 => (number(), 0..2u8).prop_map(|(from, part)| Step::Charge(from, part)),
        4 => (number(), part()).prop_map(|(who, part)| Step::Stake(who, part)),
        3 => (number(), part()).prop_map(|(who, part)| Step::Unstake(who, part)),
        1 => (0..3u8, number(), part()).prop_map(|(key, by, part)| Step::Bond(key, by, part)),
        1 => (0..3u8, number()).prop_map(|(key, by)| Step::WithdrawKey(key, by)),
        1 => (0..3u8, proptest::option::weighted(0.1, number())).prop_map(|(key, by)| Step::ReleaseKey(key, by)),
        1 => (0..RULES).prop_map(Step::Adopt),
        3 => (number(), 0..VOTED.len() as u8, aim()).prop_map(|(who, rule, aim)| Step::Propose(who, rule, aim)),
        6 => (0..5u8, number(), ballot()).prop_map(|(nth, who, part)| Step::Support(nth, who, part)),
        3 => number().prop_map(Step::TakeBack),
    ];
    let time = prop_oneof![
        3 => (1..3u8).prop_map(Step::Wait),
        2 => (pick(), 0..4u8, -1..=1i8).prop_map(|(pick, nth, off)| Step::Until(pick, nth, off)),
    ];
    let proved = prop_oneof![
        3 => (pick(), who(Who::Party), reply()).prop_map(|(pick, who, reply)| Step::Submit(pick, who, reply)),
        1 => (pick(), who(Who::Requester)).prop_map(|(pick, who)| Step::Cancel(pick, who)),
        1 => (pick(), who(Who::Party)).prop_map(|(pick, who)| Step::Release(pick, who)),
        3 => (pick(), anyone(), reply()).prop_map(|(pick, who, reply)| Step::Commit(pick, who, reply)),
        6 => (pick(), 0..3u8, proptest::bool::weighted(0.95))
            .prop_map(|(pick, nth, true_to)| Step::Reveal(pick, nth, true_to)),
    ];
    let attested = prop_oneof![
        2 => (pick(), who(Who::Party), reply()).prop_map(|(pick, who, reply)| Step::Attest(pick, who, reply)),
        2 => (pick(), anyone(), said()).prop_map(|(pick, who, said)| Step::CommitChallenge(pick, who, said)),
        3 => (pick(), 0..3u8, proptest::bool::weighted(0.95))
            .prop_map(|(pick, nth, true_to)| Step::Challenge(pick, nth, true_to)),
        4 => (pick(), anyone(), said(), quality(), values())
            .prop_map(|(pick, who, said, quality, values)| Step::Settle(pick, who, said, quality, values)),
        1 => (pick(), anyone(), said(), 0..40u8)
            .prop_map(|(pick, who, said, fee)| Step::SettleNatively(pick, who, said, fee)),
    ];
    let delivered = prop_oneof![
        1 => (pick(), who(Who::Party)).prop_map(|(pick, who)| Step::GiveKey(pick, who)),
        2 => (pick(), who(Who::Party)).prop_map(|(pick, who)| Step::Demand(pick, who)),
        2 => (pick(), who(Who::Requester)).prop_map(|(pick, who)| Step::Deliver(pick, who)),
        4 => (pick(), who(Who::Party)).prop_map(|(pick, who)| Step::Complain(pick, who)),
    ];
    prop_oneof![
        6 => time,
        4 => ask().prop_map(Step::Open),
        5 => (pick(), number()).prop_map(|(pick, who)| Step::Lock(pick, who)),
        7 => proved,
        8 => attested,
        5 => delivered,
        3 => money,
    ]
}

/// Steps with transactions and restarts between them.
pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let call = vec(single(), 1..6).prop_flat_map(|steps| (Just(steps), any::<bool>()));
    let call = call.prop_map(|(steps, undone)| Step::Call(steps, undone));
    let transaction = (vec(prop_oneof![3 => single(), 1 => call], 1..8), proptest::bool::weighted(0.7));
    let transaction = transaction.prop_map(|(steps, undone)| Step::Call(steps, undone));
    vec(prop_oneof![40 => single(), 1 => transaction, 1 => Just(Step::Restart)], 1..most)
}

/// Sets of rules that tests run under.
pub const RULES: u8 = 4;

pub fn rules(set: u8) -> Rules {
    let bps = |bps| zera_abi::Bps::new(bps).expect("a share");
    let mut rules = Rules::local();
    // Tight enough that limits are met.
    (rules.locks_max, rules.commits_max) = (3, 2);
    rules.key_value_ceiling = units(6_000 * UNIT);
    match set {
        0 => {}
        1 => rules = Rules::standard(),
        // A deposit is asked of everyone, and more than a stake is worth.
        2 => {
            rules.deposit_floor = units(40 * UNIT);
            rules.price_margin_bps = 10_500;
            rules.start_share = bps(5_000);
            rules.unbond_blocks = 25;
        }
        // Nothing is round, and a holder has given its key and demanded before it has to start.
        _ => {
            (rules.hero_share, rules.requester_share, rules.burn_share) = (bps(3_333), bps(1_667), bps(5_000));
            (rules.start_share, rules.notice_blocks, rules.lock_blocks) = (bps(4_999), 1, 17);
            (rules.attempt_share, rules.attempts_max, rules.late_floor_share) = (bps(1_777), 4, bps(1_333));
            (rules.bond_prover_share, rules.challenger_share) = (bps(3_337), bps(1_111));
            (rules.execution_share, rules.bond_share) = (bps(7_777), bps(3_333));
            (rules.deposit_penalty_share, rules.correlation_bps) = (bps(1_357), 17_771);
            (rules.raise_bps, rules.price_floor_share, rules.ramp_blocks) = (13_331, bps(2_999), 7);
            (rules.reveal_blocks, rules.reopens_max, rules.final_blocks) = (3, 1, 13);
            (rules.release_share, rules.release_share_max) = (bps(333), bps(1_999));
            (rules.price_margin_bps, rules.jail_blocks, rules.grace_blocks) = (10_001, 7, 3);
        }
    }
    rules
}

/// Makes events of steps, by what there is in the market.
#[derive(Clone)]
pub struct Scene {
    pub now: u64,
    pub opened: u32,
    accounts: u8,
    /// The keys in use; one that goes out of force has a successor in its place.
    keys: [u32; 3],
    /// What was committed to.
    secrets: BTreeMap<(TaskId, AccountId), Reply>,
}

/// What a fallback needs of the task that it opens or locks.
#[derive(Clone, Copy, Default)]
struct Need {
    attested: bool,
    delivers: bool,
}

const SALT: u8 = 7;

impl Scene {
    pub fn new(accounts: u8) -> Scene {
        Scene { now: 0, opened: 0, accounts, keys: [0, 1, 2], secrets: BTreeMap::new() }
    }

    fn account(&self, n: u8) -> AccountId {
        account(1 + n % self.accounts)
    }

    fn who(&self, who: Who, task: &Task) -> AccountId {
        let party = || task.provider().copied().unwrap_or_else(|| self.account(0));
        match who {
            Who::Party => party(),
            Who::Requester => *task.requester(),
            Who::Challenger => task.state().challenger().copied().unwrap_or_else(party),
            Who::Account(n) => self.account(n),
        }
    }

    fn find<'a>(&self, market: &'a Market, pick: Pick, ready: impl Fn(&Task) -> bool) -> Option<&'a Task> {
        let fit = |task: &&Task| pick.any || ready(task);
        let count = market.tasks().rev().take(IN_SIGHT).filter(fit).count();
        let nth = usize::from(pick.nth).checked_rem(count)?;
        market.tasks().rev().take(IN_SIGHT).filter(fit).nth(nth)
    }

    /// The events of a step, one but where it waits; none for what is no event.
    pub fn events(&mut self, step: &Step, market: &Market) -> Vec<Event> {
        match step {
            Step::Wait(blocks) => vec![Event::Tick; usize::from(*blocks)],
            Step::Until(pick, nth, off) => vec![Event::Tick; self.until(market, *pick, *nth, *off) as usize],
            Step::Call(..) | Step::Restart => vec![],
            step => vec![self.event(step, market)],
        }
    }

    /// To be told of each event before it happens.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Tick => self.now += 1,
            Event::Open(opening) if opening.task == task(self.opened + 1) => self.opened += 1,
            _ => {}
        }
    }

    fn event(&mut self, step: &Step, market: &Market) -> Event {
        let part = |of: u128, part: u8| of * u128::from(part.min(PARTS)) / u128::from(PARTS) + u128::from(part > PARTS);
        let free = |who: &AccountId| market.account(who).free.units();
        match *step {
            Step::Transfer(from, to, n) => {
                let from = self.account(from);
                let all = if n > PARTS { free(&from) } else { free(&from) / 8 };
                Event::Transfer(from, self.account(to), part(all, n))
            }
            Step::Charge(from, n) => Event::Charge(self.account(from), u128::from(n) * UNIT),
            Step::Open(ask) => self.open(market, ask),
            Step::Lock(pick, who) => self.lock(market, pick, who, Need::default()),
            Step::Propose(who, rule, aim) => self.propose(market, who, rule, aim),
            Step::Support(nth, who, n) => {
                let (who, newest) = (self.account(who), (market.proposals().len() as u64).saturating_sub(1));
                let proposal = newest.saturating_sub(u64::from(nth));
                Event::Support(proposal, who, part(market.ballot(proposal, &who).units() + free(&who), n))
            }
            Step::TakeBack(who) => self.take_back(market, who),
            Step::Cancel(pick, who) => match self.find(market, pick, |t| matches!(t.state(), TaskState::Open { .. })) {
                Some(task) => Event::Cancel(*task.id(), self.who(who, task)),
                None => self.ask(market, pick, Need::default()),
            },
            Step::Release(pick, who) => {
                let fresh = |t: &Task| match t.state() {
                    TaskState::Assigned { start_deadline, .. } => self.now <= start_deadline.0 + 1,
                    _ => false,
                };
                match self.find(market, pick, fresh) {
                    Some(task) => Event::Release(*task.id(), self.who(who, task)),
                    None => self.lock(market, pick, pick.nth, Need::default()),
                }
            }
            Step::Submit(pick, who, reply) => self.submit(market, pick, who, reply),
            Step::Commit(pick, who, reply) => self.commit(market, pick, who, reply),
            Step::Reveal(pick, nth, true_to) => self.reveal(market, pick, nth, true_to),
            Step::Attest(pick, who, reply) => self.attest(market, pick, who, reply),
            Step::CommitChallenge(pick, who, said) => self.commit_challenge(market, pick, who, said),
            Step::Challenge(pick, nth, true_to) => self.challenge(market, pick, nth, true_to),
            Step::Settle(pick, who, said, quality, values) => match self.find(market, pick, is_challenged) {
                Some(task) => {
                    let reply = Reply { outcome: outcome_of(task, said), quality, values };
                    Event::Settle(*task.id(), self.who(who, task), reply)
                }
                None => self.challenge(market, pick, 0, true),
            },
            Step::SettleNatively(pick, who, said, fee) => match self.find(market, pick, is_challenged) {
                Some(task) => {
                    let fee = u128::from(fee) * UNIT;
                    Event::SettleNatively(*task.id(), self.who(who, task), outcome_of(task, said), fee)
                }
                None => self.challenge(market, pick, 0, true),
            },
            Step::GiveKey(pick, who) => self.give_key(market, pick, who),
            Step::Demand(pick, who) => self.demand(market, pick, who),
            Step::Deliver(pick, who) => self.deliver(market, pick, who),
            Step::Complain(pick, who) => {
                match self.find(market, pick, |t| matches!(t.delivery(), Delivery::Delivered { .. })) {
                    Some(task) => Event::Complain(*task.id(), self.who(who, task)),
                    None => self.deliver(market, pick, Who::Requester),
                }
            }
            Step::Stake(who, n) => {
                let who = self.account(who);
                Event::Stake(who, part(free(&who), n))
            }
            Step::Unstake(who, n) => {
                let who = self.account(who);
                match market.standing(&who).map_or(0, |standing| standing.staked.units()) {
                    0 if n > 0 => Event::Stake(who, part(free(&who), n)),
                    staked => Event::Unstake(who, part(staked, n)),
                }
            }
            Step::Bond(place, by, n) => {
                let by = self.account(by);
                Event::Bond(self.key(place), by, part(free(&by), n) / 16)
            }
            Step::WithdrawKey(place, by) => Event::Withdraw(self.spent_key(place), self.account(by)),
            Step::ReleaseKey(place, by) => {
                let key = self.key(place);
                let owner = match market.key_bond(&key) {
                    KeyBond::Bonded { owner, .. } | KeyBond::Released { owner } => owner,
                    _ if by.is_none() => return Event::Bond(key, self.account(place), UNIT),
                    _ => self.account(0),
                };
                // One that is released has a successor, one that is not is used on.
                if by.is_none() && !market.tasks().any(|t| *t.key() == key && !t.state().is_terminal()) {
                    self.spent_key(place);
                }
                Event::ReleaseKey(key, by.map_or(owner, |by| self.account(by)))
            }
            Step::Adopt(set) => Event::Adopt(Box::new(rules(set))),
            Step::Wait(_) | Step::Until(..) | Step::Call(..) | Step::Restart => Event::Tick,
        }
    }

    fn key(&self, place: u8) -> KeyId {
        key(self.keys[usize::from(place) % 3])
    }

    /// The key in that place, the next one in it from then on.
    fn spent_key(&mut self, place: u8) -> KeyId {
        let key = self.key(place);
        self.keys[usize::from(place) % 3] += 3;
        key
    }

    /// How many blocks it is until `off` blocks after the `nth` of the heights that matter to a task, at least one.
    fn until(&self, market: &Market, pick: Pick, nth: u8, off: i8) -> u64 {
        let Some(task) = self.find(market, pick, |t| !t.state().is_terminal()) else { return 1 };
        let rules = task.rules();
        let mut heights: Vec<Option<Height>> = vec![task.due()];
        match task.state() {
            TaskState::Open { clock } => {
                heights.extend([Some(clock.ends), Some(Height(task.opened().0 + rules.cancel_delay_blocks))]);
            }
            TaskState::Assigned { start_deadline, .. } => {
                heights.extend([Some(*start_deadline), task.lock_deadline_at(Height(self.now))]);
                let (from, until) = task.demand_window().unzip();
                heights.extend([from, until]);
            }
            TaskState::Rescue { expires, .. } => heights.push(Some(*expires)),
            TaskState::Attested { until, .. } | TaskState::Challenged { until, .. } => heights.push(Some(*until)),
            _ => {}
        }
        let last = |commit: &zera_market::Commit| Some(Height(commit.height.0 + rules.reveal_blocks));
        heights.extend(task.state().commits().iter().map(last));
        if let Some(standing) = task.provider().and_then(|who| market.standing(who)) {
            heights.extend([Some(standing.jailed_until), standing.called]);
            heights.push(standing.unbonding.first().map(|part| part.due));
        }
        let mut blocks: Vec<u64> = heights
            .into_iter()
            .flatten()
            .filter_map(|height| height.0.checked_add_signed(off.into())?.checked_sub(self.now))
            .filter(|blocks| (1..=PATIENCE).contains(blocks))
            .collect();
        blocks.sort_unstable();
        blocks.dedup();
        usize::from(nth).checked_rem(blocks.len()).and_then(|nth| blocks.get(nth)).copied().unwrap_or(1)
    }

    fn propose(&self, market: &Market, who: u8, rule: u8, aim: Aim) -> Event {
        let (rule, _) = VOTED[usize::from(rule)];
        let old = market.rules().entries().into_iter().find(|(name, ..)| *name == rule).expect("a rule").1;
        let value = match aim {
            Aim::Percent(percent) => old * u128::from(percent) / 100,
            Aim::Step(by) => old.saturating_add_signed(by.into()),
        };
        Event::Propose(self.account(who), rule, value)
    }

    /// Takes votes back from what has passed, or leads there: to a proposal, to votes for it, to the block in which it passes.
    fn take_back(&self, market: &Market, who: u8) -> Event {
        let votes = |proposal: &Proposal, who: &AccountId| market.ballot(proposal.id(), who).units() > 0;
        let passed = |p: &&Proposal| matches!(p.state(), ProposalState::Passed { .. });
        let voting = |p: &&Proposal| matches!(p.state(), ProposalState::Voting);
        let mut accounts = (0..self.accounts).map(|more| self.account(who.wrapping_add(more)));
        if let Some(proposal) = market.proposals().find(passed) {
            let who = accounts.find(|who| votes(proposal, who)).unwrap_or_else(|| self.account(who));
            Event::Support(proposal.id(), who, 0)
        } else if let Some(proposal) = market.proposals().find(voting) {
            let passes = market.poll(proposal.id(), Height(self.now)).and_then(|poll| poll.passes);
            let who = self.account(who);
            let more = market.account(&who).free.units() / 16;
            let votes = market.ballot(proposal.id(), &who).units();
            if passes.is_some() { Event::Tick } else { Event::Support(proposal.id(), who, votes + more) }
        } else {
            self.propose(market, who, 0, Aim::Percent(102))
        }
    }

    /// A request for what a step needs.
    fn ask(&mut self, market: &Market, pick: Pick, need: Need) -> Event {
        let ask = Ask {
            by: pick.nth,
            key: pick.nth,
            bounty: 100_000_001 + 17 * self.opened,
            stake: 0,
            value: 0,
            mode: if need.attested { Mode::Attested } else { Mode::Proved },
            reads: if need.delivers { Reads::Owed } else { Reads::Nothing },
            declares: pick.nth % 3,
            fixes: pick.nth % 2,
            level: 0,
            room: 60,
            fee: 0,
        };
        self.open(market, ask)
    }

    /// The first account from there on that can pay for it.
    fn payer(&self, market: &Market, ask: Ask) -> AccountId {
        let need = |bounty: u128| 2 * bounty + 10 * UNIT;
        let rich = |who: &AccountId| market.account(who).free.units() >= need(ask.bounty.into());
        let mut accounts = (0..self.accounts).map(|n| self.account(ask.by.wrapping_add(n)));
        accounts.find(|who| ask.fee < 0 || rich(who)).unwrap_or_else(|| self.account(ask.by))
    }

    fn open(&mut self, market: &Market, ask: Ask) -> Event {
        let rules = market.rules();
        let mut opening = Opening {
            task: task(self.opened + 1),
            requester: self.payer(market, ask),
            key: self.key(ask.key),
            bounty_max: units(ask.bounty.into()),
            min_stake: units(ask.stake.into()),
            mode: ask.mode,
            delivers: matches!(ask.reads, Reads::Owed),
            witness_only: matches!(ask.reads, Reads::Witness),
            level: [Level::Accepted, Level::Final, Level::Attested][usize::from(ask.level)],
            declared: ask.declares,
            expected: fixed(ask.fixes),
            ..opening(0)
        };
        if opening.mode == Mode::Proved && opening.level == Level::Attested {
            opening.level = Level::Accepted;
        }
        // Few of what is not to be had.
        if opening.mode == Mode::Attested && ask.fee >= 0 {
            (opening.witness_only, opening.delivers) = (false, false);
        }
        let stake = rules.attested_stake(opening.bounty_max).expect("it fits").max(opening.min_stake);
        let most = match ask.mode {
            Mode::Proved => units(100 * UNIT),
            Mode::Attested => rules.value_gate(stake.max(rules.stake_floor)),
        };
        let value = most.units() * u128::from(ask.value.min(PARTS)) / u128::from(PARTS);
        opening.value_at_risk = units(value + u128::from(ask.value > PARTS));
        let room = rules.deadline_min_blocks.max(rules.room_blocks(opening.mode, opening.delivers));
        opening.deadline = Height((self.now + room).saturating_add_signed(ask.room.into()));
        opening.fee = units(rules.opening_fee(opening.bounty_max).units().saturating_add_signed(ask.fee.into()));
        Event::Open(Box::new(opening))
    }

    fn lock(&mut self, market: &Market, pick: Pick, who: u8, need: Need) -> Event {
        let open = |t: &Task| {
            matches!(t.state(), TaskState::Open { clock } if self.now < clock.ends.0)
                && (!need.attested || t.mode() == Mode::Attested)
                && (!need.delivers || t.delivers())
        };
        match self.find(market, pick, open) {
            Some(task) if pick.any => Event::Lock(*task.id(), self.account(who)),
            Some(task) => self.lock_by(market, task, who),
            None => self.ask(market, pick, need),
        }
    }

    /// A lock by the first account from `who` on that may, or the deposit that it takes.
    fn lock_by(&self, market: &Market, task: &Task, who: u8) -> Event {
        let (rules, stake) = (task.rules(), task.stake_required_at(Height(self.now)).unwrap_or_default());
        let none = Standing::default();
        for n in 0..self.accounts {
            let who = self.account(who.wrapping_add(n));
            let (free, standing) = (market.account(&who).free, market.standing(&who).unwrap_or(&none));
            let (locks, reserved) = market.locks(&who);
            if self.now < standing.jailed_until.0 || locks >= standing.capacity.unwrap_or(u32::MAX).min(rules.locks_max)
            {
                continue;
            }
            let reserved = units(reserved.units() + stake.units());
            let margin = standing.margin(reserved, rules, Height(self.now)).unwrap_or_default().units();
            let kept = margin * u128::from(rules.margin_bps) / 10_000;
            let (staked, backing) = (standing.staked.units(), standing.backing().units());
            let floor = rules.deposit_floor.units().saturating_sub(staked + backing);
            let asked = if kept > 0 { (stake.units() + kept).saturating_sub(staked) } else { 0 };
            let lacks = floor.max(asked);
            if free.units() + staked >= stake.units() + kept && lacks == 0 {
                return Event::Lock(*task.id(), who);
            }
            if lacks > 0 && free.units() >= lacks {
                return Event::Stake(who, lacks);
            }
        }
        Event::Lock(*task.id(), self.account(who))
    }

    fn submit(&mut self, market: &Market, pick: Pick, who: Who, reply: Reply) -> Event {
        match self.find(market, pick, |t| matches!(t.state(), TaskState::Assigned { .. })) {
            Some(task) => Event::Submit(*task.id(), self.who(who, task), reply),
            None => self.lock(market, pick, pick.nth, Need::default()),
        }
    }

    fn commit(&mut self, market: &Market, pick: Pick, who: Who, reply: Reply) -> Event {
        match self.find(market, pick, |t| matches!(t.state(), TaskState::Rescue { .. })) {
            Some(task) => {
                let (id, who) = (*task.id(), self.who(who, task));
                self.remember(task, who, reply);
                Event::Commit(id, who, reply, SALT)
            }
            None => self.submit(market, pick, Who::Party, usual(reply.outcome, Quality::Bad)),
        }
    }

    /// One commitment of an account at a time: what it holds.
    fn remember(&mut self, task: &Task, who: AccountId, reply: Reply) {
        if !task.state().commits().iter().any(|commit| commit.provider == who) {
            self.secrets.insert((*task.id(), who), reply);
        }
    }

    fn reveal(&mut self, market: &Market, pick: Pick, nth: u8, true_to: bool) -> Event {
        let committed = |t: &Task| matches!(t.state(), TaskState::Rescue { commits, .. } if !commits.is_empty());
        let Some(task) = self.find(market, pick, committed) else {
            return self.commit(market, pick, Who::Account(nth), usual(Outcome::True, Quality::Good));
        };
        match self.secret(task, nth) {
            Some((who, reply)) => Event::Reveal(*task.id(), who, reply, if true_to { SALT } else { SALT + 1 }),
            None => Event::Tick,
        }
    }

    /// Of the commitments of earlier blocks the `nth`, and what it is to.
    fn secret(&self, task: &Task, nth: u8) -> Option<(AccountId, Reply)> {
        let commits: Vec<AccountId> = (task.state().commits().iter())
            .filter(|commit| commit.height.0 < self.now)
            .map(|commit| commit.provider)
            .collect();
        let who = *commits.get(usize::from(nth).checked_rem(commits.len())?)?;
        Some((who, *self.secrets.get(&(*task.id(), who))?))
    }

    fn attest(&mut self, market: &Market, pick: Pick, who: Who, reply: Reply) -> Event {
        let may = |t: &Task| matches!(t.state(), TaskState::Assigned { attempts: 0, .. }) && t.mode() == Mode::Attested;
        match self.find(market, pick, may) {
            Some(task) => Event::Attest(*task.id(), self.who(who, task), reply),
            None => self.lock(market, pick, pick.nth, Need { attested: true, ..Need::default() }),
        }
    }

    fn commit_challenge(&mut self, market: &Market, pick: Pick, who: Who, said: Said) -> Event {
        match self.find(market, pick, |t| matches!(t.state(), TaskState::Attested { .. })) {
            Some(task) => {
                // What is the same can not be challenged: seldom.
                let open = usize::from(task.declared()) > task.expected().len();
                let said = if matches!(said, Said::Same) && pick.nth == 0 && !open { Said::Other } else { said };
                let (id, who, claimed) = (*task.id(), self.who(who, task), outcome_of(task, said));
                self.remember(task, who, usual(claimed, Quality::Good));
                Event::CommitChallenge(id, who, claimed, SALT)
            }
            None => self.attest(market, pick, Who::Party, usual(Outcome::True, Quality::Good)),
        }
    }

    fn challenge(&mut self, market: &Market, pick: Pick, nth: u8, true_to: bool) -> Event {
        let committed = |t: &Task| matches!(t.state(), TaskState::Attested { commits, .. } if !commits.is_empty());
        let Some(task) = self.find(market, pick, committed) else {
            return self.commit_challenge(market, pick, Who::Account(nth), Said::Other);
        };
        match self.secret(task, nth) {
            Some((who, reply)) => {
                Event::Challenge(*task.id(), who, reply.outcome, if true_to { SALT } else { SALT + 1 })
            }
            None => Event::Tick,
        }
    }

    fn give_key(&mut self, market: &Market, pick: Pick, who: Who) -> Event {
        let unkeyed = |t: &Task| {
            matches!(t.state(), TaskState::Assigned { delivery: Delivery::Unkeyed, .. })
                && (t.delivers() || t.witness_only())
        };
        match self.find(market, pick, unkeyed) {
            Some(task) => Event::GiveKey(*task.id(), self.who(who, task)),
            None => self.lock(market, pick, pick.nth, Need { delivers: true, ..Need::default() }),
        }
    }

    fn demand(&mut self, market: &Market, pick: Pick, who: Who) -> Event {
        let within =
            |t: &Task| t.demand_window().is_some_and(|(from, until)| self.now + 1 >= from.0 && self.now <= until.0 + 1);
        let keyed = |t: &Task| t.demand_window().is_some_and(|(from, until)| self.now < from.0 && from <= until);
        match self.find(market, pick, within) {
            Some(task) => Event::Demand(*task.id(), self.who(who, task)),
            None if self.find(market, pick, keyed).is_some() => Event::Tick,
            None => self.give_key(market, pick, Who::Party),
        }
    }

    fn deliver(&mut self, market: &Market, pick: Pick, who: Who) -> Event {
        match self.find(market, pick, |t| matches!(t.delivery(), Delivery::Demanded { .. })) {
            Some(task) => Event::Deliver(*task.id(), self.who(who, task)),
            None => self.demand(market, pick, Who::Party),
        }
    }
}

fn is_challenged(task: &Task) -> bool {
    matches!(task.state(), TaskState::Challenged { .. })
}

fn outcome_of(task: &Task, said: Said) -> Outcome {
    let is = task.answer().map_or(Outcome::True, |(outcome, _)| outcome);
    match said {
        Said::Same => is,
        Said::Other if is == Outcome::True => Outcome::False,
        Said::Other => Outcome::True,
        Said::Trap => Outcome::Trap,
        Said::Bound => Outcome::BoundExceeded,
    }
}
