//! The transition table again, plainly: maps, `i128`, scans instead of indices, and nothing shared with the market.

use std::collections::BTreeMap;
use std::rc::Rc;

use zera_abi::{AccountId, KeyId, Level, Outcome, Status, TaskId};
use zera_market::{Escrow, Mode, Opening, Rules, Standing, Task};

use super::ballot::{Moved, Votes};

/// What the model needs of the rules, as plain numbers.
#[derive(Clone, Debug)]
pub struct Numbers(Rc<BTreeMap<&'static str, i128>>);

impl Numbers {
    pub fn of(rules: &Rules) -> Numbers {
        Numbers(Rc::new(rules.entries().into_iter().map(|(name, value, ..)| (name, value as i128)).collect()))
    }
    fn get(&self, name: &str) -> i128 {
        self.0[name]
    }
}

/// Private bytes on their way to the holder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bytes {
    NoKey,
    Key { at: i128 },
    Demanded { at: i128, until: i128 },
    Delivered,
    Withdrawn,
}

#[derive(Clone, Debug, PartialEq)]
pub enum St {
    Open {
        round: i128,
        start: i128,
        end: i128,
    },
    Assigned {
        who: AccountId,
        p: i128,
        s: i128,
        may_release: i128,
        t_lock: i128,
        bad: i128,
        auction: (i128, i128, i128),
        locked: i128,
        bytes: Bytes,
    },
    Rescue {
        who: AccountId,
        late: bool,
        p: i128,
        from: i128,
        t_exp: i128,
        commits: Vec<(AccountId, i128, [u8; 32])>,
    },
    Attested {
        who: AccountId,
        y: Outcome,
        p: i128,
        until: i128,
        commits: Vec<(AccountId, i128, [u8; 32])>,
    },
    Challenged {
        who: AccountId,
        y: Outcome,
        p: i128,
        challenger: AccountId,
        until: i128,
    },
    Accepted {
        who: AccountId,
        t_final: i128,
    },
    /// Accepted after a challenge.
    Settled {
        attester: AccountId,
        payee: AccountId,
        challenger: AccountId,
        settler: AccountId,
        upheld: bool,
        fee: Option<i128>,
        t_final: i128,
    },
    Ended(&'static str),
}

#[derive(Clone, Debug)]
pub struct ModelTask {
    pub id: TaskId,
    /// The rules that it was opened under.
    n: Numbers,
    requester: AccountId,
    key: KeyId,
    b_max: i128,
    value: i128,
    /// How many values an answer declares, and what the first are.
    declares: u8,
    fixed: Vec<[u8; 32]>,
    /// Those of the answer that there is.
    said: Vec<[u8; 32]>,
    min_stake: i128,
    opened: i128,
    deadline: i128,
    pub st: St,
    e_bounty: i128,
    e_stake: i128,
    /// Of the stake, what came from its owner's deposit.
    e_backed: i128,
    e_bond: i128,
    e_hold: i128,
    e_chal: i128,
    attested: bool,
    /// Reads private bytes that nothing fixes; or the requester owes them.
    witness: bool,
    owes: bool,
    reopens: i128,
    /// The fee of a demand.
    e_demand: i128,
    /// A hero's share of the stake of `hero_from`, waiting or held.
    e_hero: i128,
    hero_from: AccountId,
}

/// Offences at a height.
type Score = (i128, i128);

/// A deposit and what its owner did.
#[derive(Clone, Debug, Default)]
struct Stand {
    staked: i128,
    /// Amount and when it is free.
    leaving: Vec<(i128, i128)>,
    live: Score,
    safe: Score,
    releases: Score,
    cap: Option<i128>,
    misses: i128,
    jail: i128,
    called: Option<i128>,
}

/// `value` halved every `half` blocks, straight in between.
fn decayed((value, then): Score, now: i128, half: i128) -> i128 {
    let (n, rest) = ((now - then) / half, (now - then) % half);
    let value = if n > 100 { 0 } else { value / (1 << n) };
    value * (2 * half - rest) / (2 * half)
}

/// `amount * 2^(score / 1000)`, straight in between.
fn doubled(amount: i128, score: i128) -> i128 {
    let score = score.min(10_000);
    amount * ((1 << (score / 1_000)) * (1_000 + score % 1_000)) / 1_000
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bond {
    Held(AccountId, i128),
    Released(AccountId),
    Withdrawn,
}

#[derive(Clone)]
pub struct Model {
    /// The rules in force.
    n: Numbers,
    pub votes: Votes,
    pub free: BTreeMap<AccountId, i128>,
    pub tasks: Vec<ModelTask>,
    bonds: BTreeMap<KeyId, Bond>,
    stands: BTreeMap<AccountId, Stand>,
    slashed: Score,
    pub insurance: i128,
    pub treasury: i128,
    pub burned: i128,
    pub minted: i128,
}

/// What an answer is worth to the judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    Good,
    Bad,
    Malformed,
}

/// What an answer declares: what everybody would; other values where the request left them open; one that the request fixed
/// otherwise; or not as many as it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    Usual,
    Other,
    Wrong,
    Short,
}

/// An answer with what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    pub outcome: Outcome,
    pub quality: Quality,
    pub values: Values,
}

/// As many values as a request fixes.
pub fn fixed(count: u8) -> Vec<[u8; 32]> {
    (0..count).map(|n| [0x50 + n; 32]).collect()
}

/// The values of an answer to a request for `declared`, of which it fixes the first.
pub fn declared(declared: u8, fixed: &[[u8; 32]], values: Values) -> Vec<[u8; 32]> {
    let free = if values == Values::Other { 0x22 } else { 0x11 };
    let mut all: Vec<[u8; 32]> = fixed.to_vec();
    all.resize(declared.into(), [free; 32]);
    match values {
        Values::Wrong => all.iter_mut().take(1).for_each(|value| *value = [0x33; 32]),
        Values::Short if all.pop().is_none() => all.push([0; 32]),
        Values::Short | Values::Usual | Values::Other => {}
    }
    all
}

type Step = Result<Status, Status>;

/// Whether two of `what` are one.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}: {got:?}, expected {expected:?}")) }
}

impl Model {
    pub fn new(rules: &Rules) -> Model {
        let n = Numbers::of(rules);
        let (free, bonds) = (BTreeMap::new(), BTreeMap::new());
        let stands = BTreeMap::new();
        Model {
            n,
            votes: Votes::new(rules),
            free,
            tasks: vec![],
            bonds,
            stands,
            slashed: (0, 0),
            insurance: 0,
            treasury: 0,
            burned: 0,
            minted: 0,
        }
    }

    /// Other rules, for tasks opened from now on.
    pub fn adopt(&mut self, rules: &Rules) {
        self.n = Numbers::of(rules);
        self.votes.adopt(rules);
    }

    /// What has a vote.
    fn supply(&self) -> i128 {
        self.minted - self.burned
    }

    fn voted(&mut self, moved: Moved) -> Step {
        self.pay(moved.who, moved.paid);
        self.burned += moved.burned;
        Ok(Status::Ok)
    }

    pub fn propose(&mut self, now: i128, by: AccountId, rule: &'static str, value: u128) -> Step {
        let moved = self.votes.propose(now, by, (rule, value), self.has(&by), self.supply())?;
        self.voted(moved)
    }

    pub fn support(&mut self, proposal: u64, who: AccountId, amount: i128) -> Step {
        let moved = self.votes.support(proposal, who, amount, self.has(&who))?;
        self.voted(moved)
    }

    /// What a commitment to a rescue or a challenge of `t` deposits.
    fn deposit(t: &ModelTask) -> i128 {
        let (n, least) = (|name| t.n.get(name), t.n.get("commit_deposit"));
        if !matches!(t.st, St::Attested { .. }) {
            return least;
        }
        let bond = (t.b_max * n("challenge_bond_share") / 10_000).max(n("challenge_bond_floor"));
        (bond * n("challenge_deposit_share") / 10_000).max(least)
    }

    pub fn locked(&self, who: &AccountId) -> i128 {
        self.tasks
            .iter()
            .map(|t| match &t.st {
                St::Assigned { who: w, .. } if w == who => t.e_stake + t.e_demand,
                St::Accepted { who: w, .. } if w == who => t.e_stake,
                St::Rescue { who: w, commits, .. } | St::Attested { who: w, commits, .. } => {
                    let deposits = commits.iter().filter(|c| c.0 == *who).count() as i128 * Self::deposit(t);
                    deposits + if w == who { t.e_stake } else { 0 }
                }
                St::Challenged { who: w, challenger, .. } | St::Settled { attester: w, challenger, .. } => {
                    (if w == who { t.e_stake } else { 0 }) + (if challenger == who { t.e_chal } else { 0 })
                }
                _ => 0,
            })
            .sum()
    }

    pub fn escrowed(&self) -> i128 {
        self.tasks
            .iter()
            .map(|t| {
                let (St::Rescue { commits, .. } | St::Attested { commits, .. }) = &t.st else {
                    return t.e_bounty + t.e_stake + t.e_bond + t.e_hold + t.e_hero + t.e_chal + t.e_demand;
                };
                t.e_bounty + t.e_stake + t.e_bond + t.e_hold + t.e_hero + commits.len() as i128 * Self::deposit(t)
            })
            .sum()
    }

    pub fn staked(&self) -> i128 {
        let of = |stand: &Stand| stand.staked + stand.leaving.iter().map(|part| part.0).sum::<i128>();
        self.stands.values().map(of).sum()
    }

    /// Whose stake it is.
    fn party(t: &ModelTask) -> Option<AccountId> {
        match t.st {
            St::Assigned { who, .. }
            | St::Accepted { who, .. }
            | St::Rescue { who, .. }
            | St::Attested { who, .. }
            | St::Challenged { who, .. }
            | St::Settled { attester: who, .. } => Some(who),
            _ => None,
        }
    }

    /// Locks, the stakes at them, and what the deposit backs.
    fn holds(&self, who: &AccountId) -> (i128, i128, i128) {
        let (mut locks, mut reserved, mut backing) = (0, 0, 0);
        for t in self.tasks.iter().filter(|t| Model::party(t) == Some(*who)) {
            backing += t.e_backed;
            if let St::Assigned { s, .. } = t.st {
                (locks, reserved) = (locks + 1, reserved + s);
            }
        }
        (locks, reserved, backing)
    }

    fn stand(&mut self, who: AccountId) -> &mut Stand {
        self.stands.entry(who).or_default()
    }

    fn score(n: &Numbers, score: Score, now: i128) -> i128 {
        let left = decayed(score, now, n.get("offence_half_life_blocks"));
        if left < 63 { 0 } else { left }
    }

    /// What the deposit has to hold beside stakes of `reserved`.
    fn margin(&self, n: &Numbers, who: &AccountId, reserved: i128, now: i128) -> i128 {
        let live = self.stands.get(who).map_or((0, 0), |stand| stand.live);
        let worth = doubled(reserved, Self::score(n, live, now).min(4_000)) * n.get("price_margin_bps");
        (worth + 9_999) / 10_000 - reserved
    }

    fn review(&mut self, now: i128, who: AccountId) {
        let need = self.margin(&self.n, &who, self.holds(&who).1, now);
        let until = now + self.n.get("grace_blocks");
        let stand = self.stand(who);
        match stand.called {
            None if need > stand.staked => stand.called = Some(until),
            Some(_) if need <= stand.staked => stand.called = None,
            _ => {}
        }
    }

    pub fn stake(&mut self, now: i128, who: AccountId, amount: i128) -> Step {
        if amount == 0 {
            return Err(Status::Limit);
        }
        if amount > self.has(&who) {
            return Err(Status::Funds);
        }
        self.pay(who, -amount);
        self.stand(who).staked += amount;
        self.review(now, who);
        Ok(Status::Ok)
    }

    pub fn unstake(&mut self, now: i128, who: AccountId, amount: i128) -> Step {
        let (locks, reserved, backing) = self.holds(&who);
        let stand = self.stands.get(&who).cloned().unwrap_or_default();
        if amount == 0 || stand.leaving.len() >= 8 {
            return Err(Status::Limit);
        }
        let margin = self.margin(&self.n, &who, reserved, now) * self.n.get("margin_bps") / 10_000;
        let floor = if locks == 0 { 0 } else { self.n.get("deposit_floor") - backing };
        if stand.staked < amount + margin.max(floor) {
            return Err(Status::Funds);
        }
        let due = now + self.n.get("unbond_blocks");
        self.stand(who).staked -= amount;
        // The first due first, though rules of another time were asked for the last.
        self.stand(who).leaving.push((amount, due));
        self.stand(who).leaving.sort_by_key(|part| part.1);
        Ok(Status::Ok)
    }

    /// Returns a stake, what came from the deposit to the deposit.
    fn give_back(&mut self, i: usize, who: AccountId) {
        let stake = std::mem::take(&mut self.tasks[i].e_stake);
        let backed = std::mem::take(&mut self.tasks[i].e_backed).min(stake);
        if backed > 0 {
            self.stand(who).staked += backed;
        }
        self.pay(who, stake - backed);
    }

    fn burn_stake(&mut self, i: usize, amount: i128) {
        let t = &mut self.tasks[i];
        t.e_stake -= amount;
        t.e_backed = t.e_backed.min(t.e_stake);
        self.burned += amount;
    }

    fn succeed(&mut self, n: &Numbers, who: AccountId) {
        let max = n.get("locks_max");
        if let Some(stand) = self.stands.get_mut(&who) {
            stand.misses = 0;
            stand.cap = stand.cap.map(|cap| cap + 1).filter(|cap| *cap < max);
        }
    }

    fn miss(&mut self, n: &Numbers, who: AccountId) {
        let max = n.get("locks_max");
        let stand = self.stand(who);
        stand.misses += 1;
        if stand.misses == 2 {
            stand.misses = 0;
            stand.cap = Some((stand.cap.unwrap_or(max).min(max) / 2).max(1));
        }
    }

    fn offend(&mut self, n: &Numbers, now: i128, who: AccountId, weight: i128, jailed: bool) {
        let jail = n.get("jail_blocks");
        let before = self.stands.get(&who).map_or((0, 0), |stand| stand.live);
        let value = (Self::score(n, before, now) + weight).min(10_000);
        let stand = self.stand(who);
        stand.live = (value, now);
        if jailed && jail > 0 {
            stand.jail = stand.jail.max(now + doubled(jail, (value - 1_000).max(0)));
        }
        self.review(now, who);
    }

    /// A false answer of `who`, for which `stake` went.
    fn lie(&mut self, rules: &Numbers, now: i128, who: AccountId, stake: i128) {
        let n = |name| rules.get(name);
        let stand = self.stands.get(&who).cloned().unwrap_or_default();
        let deposit = stand.staked + stand.leaving.iter().map(|part| part.0).sum::<i128>();
        let score = Self::score(rules, stand.safe, now);
        let active = self.staked() + self.tasks.iter().map(|t| t.e_stake).sum::<i128>();
        let late = decayed(self.slashed, now, n("correlation_half_life_blocks"));
        let share = (late * n("correlation_bps") / active.max(1)).min(10_000);
        let alone = doubled(deposit * n("deposit_penalty_share") / 10_000, score);
        let penalty = (alone + deposit * share / 10_000).min(deposit);
        self.slashed = (late + stake + penalty, now);
        self.burned += penalty;
        let stand = self.stand(who);
        stand.safe = ((score + 1_000).min(10_000), now);
        let mut left = penalty;
        let mut cut = |part: &mut i128| {
            let taken = left.min(*part);
            (*part, left) = (*part - taken, left - taken);
        };
        cut(&mut stand.staked);
        stand.leaving.iter_mut().rev().for_each(|part| cut(&mut part.0));
        stand.leaving.retain(|part| part.0 > 0);
        self.review(now, who);
    }

    fn tick_stands(&mut self, now: i128) {
        let accounts: Vec<AccountId> = self.stands.keys().copied().collect();
        for who in accounts {
            let stand = self.stand(who);
            let freed: i128 = stand.leaving.iter().filter(|part| part.1 <= now).map(|part| part.0).sum();
            stand.leaving.retain(|part| part.1 > now);
            let called = stand.called.is_some_and(|at| at <= now);
            if called {
                stand.called = None;
            }
            self.pay(who, freed);
            let mut fresh: Vec<(i128, usize)> = (0..self.tasks.len())
                .filter(|i| !self.frozen(&self.tasks[*i]))
                .filter_map(|i| match self.tasks[i].st {
                    St::Assigned { who: w, locked, may_release, .. } if w == who && now <= may_release => {
                        Some((locked, i))
                    }
                    _ => None,
                })
                .collect();
            fresh.sort();
            while called && let Some((_, i)) = fresh.pop() {
                if self.stand(who).staked >= self.margin(&self.n, &who, self.holds(&who).1, now) {
                    break;
                }
                let St::Assigned { auction: (round, start, end), .. } = self.tasks[i].st else { unreachable!() };
                self.withdraw_demand(now, i);
                self.give_back(i, who);
                self.tasks[i].st = St::Open { round, start, end };
            }
        }
    }

    pub fn key_deposits(&self) -> i128 {
        self.bonds.values().map(|bond| if let Bond::Held(_, deposit) = bond { *deposit } else { 0 }).sum()
    }

    pub fn withdrawn(&self, key: &KeyId) -> bool {
        self.bonds.get(key) == Some(&Bond::Withdrawn)
    }

    /// Waits for its refund.
    pub fn frozen(&self, t: &ModelTask) -> bool {
        self.withdrawn(&t.key) && !matches!(t.st, St::Ended(_))
    }

    pub fn bond(&mut self, key: KeyId, owner: AccountId, deposit: i128) -> Step {
        if self.bonds.contains_key(&key) {
            return Err(Status::Duplicate);
        }
        if deposit > self.has(&owner) {
            return Err(Status::Funds);
        }
        self.pay(owner, -deposit);
        self.bonds.insert(key, Bond::Held(owner, deposit));
        Ok(Status::Ok)
    }

    pub fn withdraw(&mut self, key: KeyId, reporter: AccountId) -> Step {
        match self.bonds.get(&key).copied() {
            None if !self.tasks.iter().any(|t| t.key == key) => return Err(Status::Key),
            Some(Bond::Withdrawn) => return Err(Status::Duplicate),
            Some(Bond::Held(_, deposit)) => self.pay(reporter, deposit),
            None | Some(Bond::Released(_)) => {}
        }
        self.bonds.insert(key, Bond::Withdrawn);
        Ok(Status::Ok)
    }

    pub fn release_bond(&mut self, key: KeyId, owner: AccountId) -> Step {
        let (by, deposit) = match self.bonds.get(&key).copied() {
            None | Some(Bond::Withdrawn) => return Err(Status::Key),
            Some(Bond::Released(by)) => (by, None),
            Some(Bond::Held(by, deposit)) => (by, Some(deposit)),
        };
        if by != owner {
            return Err(Status::Unauthorized);
        }
        let Some(deposit) = deposit else { return Err(Status::State) };
        if self.tasks.iter().any(|t| t.key == key && !matches!(t.st, St::Ended(_))) {
            return Err(Status::State);
        }
        self.pay(owner, deposit);
        self.bonds.insert(key, Bond::Released(owner));
        Ok(Status::Ok)
    }

    /// T20, the oldest 64.
    fn revoke(&mut self) {
        let doomed: Vec<usize> = (0..self.tasks.len()).filter(|i| self.frozen(&self.tasks[*i])).take(64).collect();
        for i in doomed {
            let t = self.tasks[i].clone();
            self.pay(t.requester, t.e_bounty + t.e_bond);
            self.pay(t.hero_from, t.e_hero);
            match t.st {
                St::Assigned { who, .. } => {
                    self.pay(who, t.e_demand);
                    self.give_back(i, who);
                }
                St::Accepted { who, .. } => {
                    self.pay(t.requester, t.e_hold);
                    self.give_back(i, who);
                }
                St::Challenged { who, challenger, .. } | St::Settled { attester: who, challenger, .. } => {
                    self.pay(t.requester, t.e_hold);
                    self.give_back(i, who);
                    self.pay(challenger, t.e_chal);
                }
                St::Rescue { who, commits, .. } | St::Attested { who, commits, .. } => {
                    let deposit = Self::deposit(&self.tasks[i]);
                    self.give_back(i, who);
                    for (rescuer, ..) in commits {
                        self.pay(rescuer, deposit);
                    }
                }
                St::Open { .. } | St::Ended(_) => {}
            }
            self.close(i, "revoked");
        }
    }

    /// What the model itself has to keep.
    pub fn check(&self) -> Result<(), String> {
        let free: i128 = self.free.values().sum();
        let sum = free
            + self.escrowed()
            + self.staked()
            + self.key_deposits()
            + self.votes.money()
            + self.insurance
            + self.treasury
            + self.burned;
        same("the model's money", sum, self.minted)?;
        same("the model's debts", self.free.values().filter(|free| **free < 0).count(), 0)
    }

    pub fn mint(&mut self, who: AccountId, amount: i128) {
        *self.free.entry(who).or_default() += amount;
        self.minted += amount;
    }

    fn has(&self, who: &AccountId) -> i128 {
        self.free.get(who).copied().unwrap_or(0)
    }

    fn pay(&mut self, who: AccountId, amount: i128) {
        *self.free.entry(who).or_default() += amount;
    }

    pub fn transfer(&mut self, from: AccountId, to: AccountId, amount: i128) -> Step {
        if amount > self.has(&from) {
            return Err(Status::Funds);
        }
        self.pay(from, -amount);
        self.pay(to, amount);
        Ok(Status::Ok)
    }

    pub fn charge(&mut self, from: AccountId, amount: i128) -> Step {
        if amount > self.has(&from) {
            return Err(Status::Funds);
        }
        self.pay(from, -amount);
        self.treasury += amount;
        Ok(Status::Ok)
    }

    fn known(&self, id: &TaskId) -> bool {
        self.tasks.iter().any(|t| t.id == *id)
    }

    fn find(&self, id: &TaskId) -> Result<usize, Status> {
        let i = self.tasks.iter().position(|t| t.id == *id).ok_or(Status::NotFound)?;
        if self.frozen(&self.tasks[i]) { Err(Status::Key) } else { Ok(i) }
    }

    fn tail(n: &Numbers, attested: bool, owes: bool) -> i128 {
        let n = |name| n.get(name);
        let dispute = n("challenge_blocks") + n("reveal_blocks") + n("respond_blocks");
        let tail = if attested { dispute.max(n("rescue_blocks")) } else { n("rescue_blocks") };
        tail + if owes { n("deliver_blocks") } else { 0 }
    }

    fn room(n: &Numbers, attested: bool, owes: bool) -> i128 {
        n.get("ramp_blocks") + n.get("lock_blocks") + Self::tail(n, attested, owes)
    }

    /// A round of `t` that starts at `now`.
    fn round(&self, t: &ModelTask, round: i128, now: i128) -> St {
        let end = (now + t.n.get("auction_blocks")).min(t.deadline - Self::tail(&t.n, t.attested, t.owes));
        St::Open { round, start: now, end }
    }

    pub fn open(&mut self, now: i128, o: &Opening) -> Step {
        let n = |name| self.n.get(name);
        let attested = o.mode == Mode::Attested;
        if (o.level == Level::Attested && !attested)
            || (attested && (o.witness_only || o.delivers))
            || (o.delivers && o.witness_only)
        {
            return Err(Status::Unsupported);
        }
        if self.known(&o.task) {
            return Err(Status::Duplicate);
        }
        let distance = o.deadline.0 as i128 - now;
        if distance < n("deadline_min_blocks")
            || distance < Self::room(&self.n, attested, o.delivers)
            || distance > n("deadline_max_blocks")
        {
            return Err(Status::Deadline);
        }
        let (b, fee, v) = (o.bounty_max.units() as i128, o.fee.units() as i128, o.value_at_risk.units() as i128);
        let bond = (b * n("bond_share") / 10_000).max(n("bond_floor"));
        if fee < n("open_fee").max(b * n("open_share") / 10_000) || b + bond + fee > self.has(&o.requester) {
            return Err(Status::Funds);
        }
        let on_key: i128 = self
            .tasks
            .iter()
            .filter(|t| t.key == o.key && !matches!(t.st, St::Ended(_)))
            .map(|t| t.b_max + t.value)
            .sum();
        if b < n("bounty_floor")
            || b > n("bounty_ceiling")
            || v > n("value_ceiling")
            || on_key + b + v > n("key_value_ceiling")
        {
            return Err(Status::Limit);
        }
        if attested {
            let stake = (b * n("attested_stake_bps") / 10_000).max(o.min_stake.units() as i128).max(n("stake_floor"));
            let lost = stake - stake * n("hero_share") / 10_000 - stake * n("requester_share") / 10_000;
            let worth = (lost * n("detection_share") / 10_000 - n("execution_cost")).max(0);
            if v > worth * 10_000 / (10_000 - n("detection_share")) {
                return Err(Status::Limit);
            }
        }
        if matches!(self.bonds.get(&o.key), Some(Bond::Released(_) | Bond::Withdrawn)) {
            return Err(Status::Key);
        }
        if o.expected.len() > usize::from(o.declared) {
            return Err(Status::Count);
        }
        let end = (now + n("auction_blocks")).min(o.deadline.0 as i128 - Self::tail(&self.n, attested, o.delivers));
        self.pay(o.requester, -(b + bond + fee));
        self.treasury += fee;
        self.tasks.push(ModelTask {
            id: o.task,
            n: self.n.clone(),
            requester: o.requester,
            key: o.key,
            b_max: b,
            value: v,
            declares: o.declared,
            fixed: o.expected.clone(),
            said: vec![],
            min_stake: o.min_stake.units() as i128,
            opened: now,
            deadline: o.deadline.0 as i128,
            st: St::Open { round: 1, start: now, end },
            e_bounty: b,
            e_stake: 0,
            e_backed: 0,
            e_bond: bond,
            e_hold: 0,
            e_chal: 0,
            attested: o.mode == Mode::Attested,
            witness: o.witness_only,
            owes: o.delivers,
            reopens: 0,
            e_demand: 0,
            e_hero: 0,
            hero_from: o.requester,
        });
        Ok(Status::Ok)
    }

    fn clock_price(&self, t: &ModelTask, round: i128, start: i128, now: i128) -> i128 {
        let mut ceiling = t.b_max;
        for _ in round..t.n.get("rounds_max") {
            ceiling = ceiling * 10_000 / t.n.get("raise_bps");
        }
        let floor = ceiling * t.n.get("price_floor_share") / 10_000;
        let ramp = t.n.get("ramp_blocks");
        floor + (ceiling - floor) * (now - start).clamp(0, ramp) / ramp
    }

    pub fn cancel(&mut self, now: i128, id: &TaskId, by: AccountId) -> Step {
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        if !matches!(t.st, St::Open { .. }) {
            return Err(Status::State);
        }
        if by != t.requester {
            return Err(Status::Unauthorized);
        }
        if now < t.opened + t.n.get("cancel_delay_blocks") {
            return Err(Status::State);
        }
        let fee = t.n.get("storage_fee");
        self.treasury += fee;
        self.pay(t.requester, t.e_bounty + t.e_bond - fee);
        self.close(i, "cancelled");
        Ok(Status::Ok)
    }

    fn close(&mut self, i: usize, how: &'static str) {
        let t = &mut self.tasks[i];
        (t.e_bounty, t.e_stake, t.e_backed, t.e_bond) = (0, 0, 0, 0);
        (t.e_hold, t.e_hero, t.e_chal, t.e_demand) = (0, 0, 0, 0);
        t.st = St::Ended(how);
    }

    pub fn lock(&mut self, now: i128, id: &TaskId, who: AccountId) -> Step {
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        let St::Open { round, start, end } = t.st else { return Err(Status::State) };
        if now >= end {
            return Err(Status::State);
        }
        let n = |name| t.n.get(name);
        let p = self.clock_price(&t, round, start, now);
        let kept = 10_000 - n("hero_share");
        let lapse = ((t.b_max - p) * 10_000 + kept - 1) / kept;
        let share = n(if t.attested { "attested_stake_bps" } else { "stake_share" });
        let s = lapse.max(t.b_max * share / 10_000).max(t.min_stake).max(n("stake_floor"));
        let stand = self.stands.get(&who).cloned().unwrap_or_default();
        if s > self.has(&who) + stand.staked {
            return Err(Status::Funds);
        }
        if now < stand.jail {
            return Err(Status::State);
        }
        let (held, reserved, backing) = self.holds(&who);
        if stand.staked + backing < n("deposit_floor") {
            return Err(Status::Funds);
        }
        let backed = stand.staked.min(s);
        if stand.staked - backed < self.margin(&t.n, &who, reserved + s, now) * n("margin_bps") / 10_000 {
            return Err(Status::Funds);
        }
        if held >= stand.cap.unwrap_or(i128::MAX).min(n("locks_max")) {
            return Err(Status::Limit);
        }
        let t_lock = (now + n("lock_blocks")).min(t.deadline - Self::tail(&t.n, t.attested, t.owes));
        let may_release = now + ((t_lock - now) * n("start_share") + 9_999) / 10_000;
        self.pay(who, -(s - backed));
        if backed > 0 {
            self.stand(who).staked -= backed;
        }
        (self.tasks[i].e_stake, self.tasks[i].e_backed) = (s, backed);
        let (auction, bytes) = ((round, start, end), Bytes::NoKey);
        self.tasks[i].st = St::Assigned { who, p, s, may_release, t_lock, bad: 0, auction, locked: now, bytes };
        Ok(Status::Ok)
    }

    pub fn release(&mut self, now: i128, id: &TaskId, who: AccountId) -> Step {
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        let St::Assigned { who: holder, s, may_release, auction: (round, start, end), .. } = t.st else {
            return Err(Status::State);
        };
        if now > may_release {
            return Err(Status::Deadline);
        }
        if who != holder {
            return Err(Status::Unauthorized);
        }
        self.withdraw_demand(now, i);
        let before = self.stands.get(&who).map_or((0, 0), |stand| stand.releases);
        let score = Self::score(&t.n, before, now);
        self.stand(who).releases = ((score + 1_000).min(10_000), now);
        let most = s * t.n.get("release_share_max") / 10_000;
        let burn = doubled(s * t.n.get("release_share") / 10_000, score).min(most).min(t.e_stake);
        // Of what came from the deposit all goes back that is left.
        self.burned += burn;
        self.tasks[i].e_stake -= burn;
        self.give_back(i, who);
        self.tasks[i].st = St::Open { round, start, end };
        Ok(Status::Ok)
    }

    /// The values of an answer to `id`, whatever became of it.
    pub fn values(&self, id: &TaskId, values: Values) -> Vec<[u8; 32]> {
        self.tasks.iter().find(|t| t.id == *id).map_or(vec![], |t| declared(t.declares, &t.fixed, values))
    }

    /// Whether the request takes such an answer; its values, where it does.
    fn takes(t: &ModelTask, reply: Reply) -> Result<Vec<[u8; 32]>, Status> {
        if t.witness && reply.outcome != Outcome::True {
            return Err(Status::Unsupported);
        }
        let wrong = reply.values == Values::Wrong && !t.fixed.is_empty();
        if wrong || reply.values == Values::Short {
            return Err(Status::Count);
        }
        Ok(declared(t.declares, &t.fixed, reply.values))
    }

    pub fn submit(&mut self, now: i128, id: &TaskId, who: AccountId, reply: Reply) -> Step {
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        let St::Assigned { who: holder, p, s, bad, .. } = t.st else { return Err(Status::State) };
        if self.over(&t, now) {
            return Err(Status::Deadline);
        }
        if who != holder {
            return Err(Status::Unauthorized);
        }
        let (said, Reply { outcome, quality, .. }) = (Self::takes(&t, reply)?, reply);
        self.withdraw_demand(now, i);
        let St::Assigned { t_lock, .. } = self.tasks[i].st else { unreachable!() };
        if quality == Quality::Good {
            self.succeed(&t.n, who);
            if outcome.as_bool().is_some() {
                self.accept(now, i, who, p, said);
            } else {
                self.fail(i, who);
            }
            return Ok(Status::Ok);
        }
        if bad + 1 < t.n.get("attempts_max") {
            let share = s * t.n.get("attempt_share") / 10_000 * (1 << bad);
            let burn = (share + t.n.get("verify_fee")).min(t.e_stake);
            self.burn_stake(i, burn);
            if let St::Assigned { bad, .. } = &mut self.tasks[i].st {
                *bad += 1;
            }
        } else {
            let hero = self.sigma(i);
            (self.tasks[i].e_hero, self.tasks[i].hero_from) = (hero, who);
            let t_exp = t_lock + t.n.get("rescue_blocks");
            self.tasks[i].st = St::Rescue { who, late: false, p, from: now, t_exp, commits: vec![] };
            self.miss(&t.n, who);
        }
        Ok(if quality == Quality::Bad { Status::No } else { Status::Encoding })
    }

    /// Empties the stake by the split and returns the hero's share.
    fn sigma(&mut self, i: usize) -> i128 {
        let s = std::mem::take(&mut self.tasks[i].e_stake);
        self.tasks[i].e_backed = 0;
        let hero = s * self.tasks[i].n.get("hero_share") / 10_000;
        let requester = s * self.tasks[i].n.get("requester_share") / 10_000;
        self.pay(self.tasks[i].requester, requester);
        self.burned += s - hero - requester;
        hero
    }

    fn accept(&mut self, now: i128, i: usize, who: AccountId, price: i128, said: Vec<[u8; 32]>) {
        let t_final = now + self.tasks[i].n.get("final_blocks");
        let t = &mut self.tasks[i];
        t.said = said;
        let back = t.e_bounty - price;
        t.e_bounty = 0;
        t.e_hold += price;
        t.st = St::Accepted { who, t_final };
        let requester = t.requester;
        self.pay(requester, back);
    }

    fn fail(&mut self, i: usize, who: AccountId) {
        let t = self.tasks[i].clone();
        let fee = t.e_bond * t.n.get("execution_share") / 10_000;
        let half = (t.e_bond - fee) / 2;
        self.pay(who, fee);
        self.give_back(i, who);
        self.pay(t.requester, half + t.e_bounty);
        self.burned += t.e_bond - fee - half;
        self.close(i, "failed");
    }

    /// A lock's deadline, at `now`: as much later as its clock has stood.
    fn t_lock(t: &ModelTask, now: i128) -> i128 {
        match t.st {
            St::Assigned { t_lock, bytes: Bytes::Demanded { at, .. }, .. } => t_lock + (now - at),
            St::Assigned { t_lock, .. } => t_lock,
            _ => unreachable!(),
        }
    }

    fn over(&self, t: &ModelTask, now: i128) -> bool {
        now > Self::t_lock(t, now)
    }

    fn withdraw_demand(&mut self, now: i128, i: usize) {
        let t = self.tasks[i].clone();
        if let St::Assigned { bytes: Bytes::Demanded { .. }, .. } = t.st {
            self.end_demand(now, i, Bytes::Withdrawn);
        }
    }

    fn end_demand(&mut self, now: i128, i: usize, to: Bytes) {
        let later = Self::t_lock(&self.tasks[i], now);
        let fee = std::mem::take(&mut self.tasks[i].e_demand);
        self.pay(self.tasks[i].requester, fee);
        if let St::Assigned { t_lock, bytes, .. } = &mut self.tasks[i].st {
            (*t_lock, *bytes) = (later, to);
        }
    }

    /// The requester is at fault.
    fn withhold(&mut self, i: usize) {
        let t = self.tasks[i].clone();
        let St::Assigned { who, .. } = t.st else { unreachable!() };
        let share = t.e_bond * t.n.get("execution_share") / 10_000;
        self.pay(who, t.e_demand + share);
        self.give_back(i, who);
        self.burned += t.e_bond - share;
        self.pay(t.requester, t.e_bounty);
        self.close(i, "failed");
    }

    pub fn give_key(&mut self, now: i128, id: &TaskId, who: AccountId) -> Step {
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        if !t.owes && !t.witness {
            return Err(Status::Unsupported);
        }
        let St::Assigned { who: holder, bytes, .. } = t.st else { return Err(Status::State) };
        if self.over(&t, now) {
            return Err(Status::Deadline);
        }
        if who != holder {
            return Err(Status::Unauthorized);
        }
        if bytes != Bytes::NoKey {
            return Err(Status::State);
        }
        if let St::Assigned { bytes, .. } = &mut self.tasks[i].st {
            *bytes = Bytes::Key { at: now };
        }
        Ok(Status::Ok)
    }

    pub fn demand(&mut self, now: i128, id: &TaskId, who: AccountId) -> Step {
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        if !t.owes {
            return Err(Status::Unsupported);
        }
        let St::Assigned { who: holder, bytes, locked, t_lock, .. } = t.st else { return Err(Status::State) };
        if self.over(&t, now) {
            return Err(Status::Deadline);
        }
        if who != holder {
            return Err(Status::Unauthorized);
        }
        let Bytes::Key { at } = bytes else { return Err(Status::State) };
        if now < at + t.n.get("notice_blocks") {
            return Err(Status::State);
        }
        if now > locked + ((t_lock - locked) * t.n.get("demand_share") + 9_999) / 10_000 {
            return Err(Status::Deadline);
        }
        let fee = t.n.get("demand_fee");
        if fee > self.has(&who) {
            return Err(Status::Funds);
        }
        self.pay(who, -fee);
        self.tasks[i].e_demand = fee;
        let until = now + t.n.get("deliver_blocks");
        if let St::Assigned { bytes, .. } = &mut self.tasks[i].st {
            *bytes = Bytes::Demanded { at: now, until };
        }
        Ok(Status::Ok)
    }

    pub fn deliver(&mut self, now: i128, id: &TaskId, by: AccountId) -> Step {
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        let St::Assigned { bytes: Bytes::Demanded { until, .. }, .. } = t.st else { return Err(Status::State) };
        if now > until {
            return Err(Status::Deadline);
        }
        if by != t.requester {
            return Err(Status::Unauthorized);
        }
        self.end_demand(now, i, Bytes::Delivered);
        Ok(Status::Ok)
    }

    pub fn complain(&mut self, now: i128, id: &TaskId, who: AccountId) -> Step {
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        let St::Assigned { who: holder, bytes, .. } = t.st else { return Err(Status::State) };
        if self.over(&t, now) {
            return Err(Status::Deadline);
        }
        if who != holder {
            return Err(Status::Unauthorized);
        }
        if bytes != Bytes::Delivered {
            return Err(Status::State);
        }
        self.withhold(i);
        Ok(Status::Ok)
    }

    pub fn commit(&mut self, now: i128, id: &TaskId, who: AccountId, digest: [u8; 32]) -> Step {
        let i = self.find(id)?;
        let (commits, late) = match &self.tasks[i].st {
            St::Rescue { commits, t_exp, .. } => (commits, now >= *t_exp),
            St::Attested { commits, until, .. } => (commits, now > *until),
            _ => return Err(Status::State),
        };
        if commits.iter().any(|c| c.0 == who) {
            return Err(Status::Duplicate);
        }
        if late {
            return Err(Status::Deadline);
        }
        let deposit = Self::deposit(&self.tasks[i]);
        if deposit > self.has(&who) {
            return Err(Status::Funds);
        }
        if commits.len() as i128 >= self.tasks[i].n.get("commits_max") {
            return Err(Status::Limit);
        }
        self.pay(who, -deposit);
        if let St::Rescue { commits, .. } | St::Attested { commits, .. } = &mut self.tasks[i].st {
            commits.push((who, now, digest));
        }
        Ok(Status::Ok)
    }

    pub fn reveal(&mut self, now: i128, id: &TaskId, who: AccountId, digest: [u8; 32], reply: Reply) -> Step {
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        let St::Rescue { who: offender, late, p, from, t_exp, commits } = t.st.clone() else {
            return Err(Status::State);
        };
        if now > t_exp {
            return Err(Status::Deadline);
        }
        let Some((_, at, committed)) = commits.iter().find(|c| c.0 == who).copied() else {
            return Err(Status::Unauthorized);
        };
        if now <= at {
            return Err(Status::State);
        }
        if now > at + t.n.get("reveal_blocks") {
            return Err(Status::Deadline);
        }
        if digest != committed {
            return Err(Status::Unauthorized);
        }
        let (said, Reply { outcome, quality, .. }) = (Self::takes(&t, reply)?, reply);
        let deposit = t.n.get("commit_deposit");
        if quality != Quality::Good {
            self.burned += deposit;
            if let St::Rescue { commits, .. } = &mut self.tasks[i].st {
                commits.retain(|c| c.0 != who);
            }
            return Ok(if quality == Quality::Bad { Status::No } else { Status::Encoding });
        }
        for (other, ..) in &commits {
            self.pay(*other, deposit);
        }
        let window = t_exp - from;
        let price = if who == offender {
            self.burned += std::mem::take(&mut self.tasks[i].e_hero);
            if late {
                let floor = t.e_stake * t.n.get("late_floor_share") / 10_000;
                let fee = floor + (t.e_stake - floor) * (now - from).min(window) / window;
                self.burn_stake(i, fee);
            }
            p
        } else {
            if late {
                let hero = self.sigma(i);
                (self.tasks[i].e_hero, self.tasks[i].hero_from) = (hero, offender);
            }
            p + (t.b_max - p) * (now - from).min(window) / window
        };
        self.offend(&t.n, now, offender, if who == offender { 500 } else { 1_000 }, who != offender);
        if outcome.as_bool().is_some() {
            self.accept(now, i, who, price, said);
        } else {
            let hero = std::mem::take(&mut self.tasks[i].e_hero);
            self.pay(who, hero);
            self.fail(i, who);
        }
        Ok(Status::Ok)
    }

    pub fn attest(&mut self, now: i128, id: &TaskId, who: AccountId, reply: Reply) -> Step {
        let y = reply.outcome;
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        let St::Assigned { who: holder, p, bad: 0, .. } = t.st else { return Err(Status::State) };
        if self.over(&t, now) {
            return Err(Status::Deadline);
        }
        if who != holder {
            return Err(Status::Unauthorized);
        }
        if !t.attested || y.as_bool().is_none() {
            return Err(Status::Unsupported);
        }
        self.tasks[i].said = Self::takes(&t, reply)?;
        self.withdraw_demand(now, i);
        let until = now + t.n.get("challenge_blocks");
        self.tasks[i].st = St::Attested { who, y, p, until, commits: vec![] };
        Ok(Status::Ok)
    }

    pub fn challenge(&mut self, now: i128, id: &TaskId, who: AccountId, digest: [u8; 32], claimed: Outcome) -> Step {
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        let St::Attested { who: attester, y, p, commits, .. } = t.st else { return Err(Status::State) };
        let Some((_, at, committed)) = commits.iter().find(|c| c.0 == who).copied() else {
            return Err(Status::Unauthorized);
        };
        if now <= at {
            return Err(Status::State);
        }
        if now > at + t.n.get("reveal_blocks") {
            return Err(Status::Deadline);
        }
        if digest != committed {
            return Err(Status::Unauthorized);
        }
        if claimed == y && usize::from(t.declares) == t.fixed.len() {
            return Err(Status::Unsupported);
        }
        let d = (t.b_max * t.n.get("challenge_bond_share") / 10_000).max(t.n.get("challenge_bond_floor"));
        if d > self.has(&who) {
            return Err(Status::Funds);
        }
        let deposit = Self::deposit(&self.tasks[i]);
        for (other, ..) in &commits {
            self.pay(*other, deposit);
        }
        self.pay(who, -d);
        self.tasks[i].e_chal = d;
        let until = now + t.n.get("respond_blocks");
        self.tasks[i].st = St::Challenged { who: attester, y, p, challenger: who, until };
        Ok(Status::Ok)
    }

    /// By a proof, or with `fee` by a native run.
    pub fn settle(&mut self, now: i128, id: &TaskId, settler: AccountId, reply: Reply, fee: Option<i128>) -> Step {
        let i = self.find(id)?;
        let t = self.tasks[i].clone();
        let St::Challenged { who: attester, y, p, challenger, until } = t.st else { return Err(Status::State) };
        if now > until {
            return Err(Status::Deadline);
        }
        let Reply { outcome, quality, .. } = reply;
        let said = match fee {
            None => Self::takes(&t, reply)?,
            // A run has no values but those that are fixed.
            Some(_) if usize::from(t.declares) > t.fixed.len() => return Err(Status::Unsupported),
            Some(_) => t.said.clone(),
        };
        let cost = t.n.get("commit_deposit");
        if fee.is_none() && cost > self.has(&settler) {
            return Err(Status::Funds);
        }
        if fee.is_none() && quality != Quality::Good {
            self.pay(settler, -cost);
            self.burned += cost;
            return Ok(if quality == Quality::Bad { Status::No } else { Status::Encoding });
        }
        let upheld = outcome == y && said == t.said;
        self.tasks[i].said = said;
        let payee = if upheld { attester } else { settler };
        let t_final = now + t.n.get("final_blocks");
        self.tasks[i].st = St::Settled { attester, payee, challenger, settler, upheld, fee, t_final };
        if outcome.as_bool().is_none() {
            self.pay_dispute(now, i);
            if fee.is_some() {
                self.pay(t.requester, t.e_bounty + t.e_bond);
                self.close(i, "failed");
            } else {
                self.fail(i, settler);
            }
            return Ok(Status::Ok);
        }
        let price = if !upheld && fee.is_some() { 0 } else { p };
        self.pay(t.requester, t.e_bounty - price);
        self.tasks[i].e_bounty = 0;
        self.tasks[i].e_hold = price;
        Ok(Status::Ok)
    }

    fn pay_dispute(&mut self, now: i128, i: usize) {
        let t = self.tasks[i].clone();
        let St::Settled { attester, challenger, settler, upheld, fee, .. } = t.st else { unreachable!() };
        let of = |whole: i128, name| whole * t.n.get(name) / 10_000;
        let capped = |part: i128| fee.map_or(part, |fee| fee.min(part));
        if upheld {
            let part = if settler == challenger { 0 } else { capped(of(t.e_chal, "bond_prover_share")) };
            self.pay(settler, part);
            self.give_back(i, attester);
            self.succeed(&t.n, attester);
            self.burned += t.e_chal - part;
        } else {
            let mut challengers = of(t.e_stake, "challenger_share");
            let mut settlers = capped(of(t.e_stake, "hero_share") - challengers);
            let requesters = of(t.e_stake, "requester_share");
            if challenger == attester {
                challengers = 0;
            }
            if settler == attester {
                settlers = 0;
            }
            self.pay(challenger, t.e_chal + challengers);
            self.pay(settler, settlers);
            self.pay(t.requester, requesters);
            self.burned += t.e_stake - challengers - settlers - requesters;
            (self.tasks[i].e_stake, self.tasks[i].e_backed) = (0, 0);
            self.lie(&t.n, now, attester, t.e_stake);
        }
        self.tasks[i].e_chal = 0;
    }

    /// Everything that is due at `now`, where every block is ticked.
    pub fn tick(&mut self, now: i128) {
        for moved in self.votes.tick(now, self.supply()) {
            let _ = self.voted(moved);
        }
        self.n = Numbers::of(self.votes.rules());
        self.revoke();
        self.tick_stands(now);
        for i in 0..self.tasks.len() {
            let t = self.tasks[i].clone();
            if self.frozen(&t) {
                continue;
            }
            match t.st {
                St::Open { round, end, .. } if now >= end => {
                    if round < t.n.get("rounds_max") && now + Self::room(&t.n, t.attested, t.owes) <= t.deadline {
                        self.tasks[i].st = self.round(&t, round + 1, now);
                    } else {
                        self.pay(t.requester, t.e_bounty + t.e_bond);
                        self.close(i, "expired");
                    }
                }
                St::Assigned { bytes: Bytes::Demanded { until, .. }, .. } if now > until => self.withhold(i),
                St::Assigned { bytes: Bytes::Demanded { .. }, .. } => {}
                St::Assigned { who, p, t_lock, .. } if now > t_lock => {
                    let t_exp = t_lock + t.n.get("rescue_blocks");
                    self.tasks[i].st = St::Rescue { who, late: true, p, from: t_lock, t_exp, commits: vec![] };
                    self.miss(&t.n, who);
                }
                St::Rescue { who, t_exp, commits, .. } => {
                    let (deposit, window) = (t.n.get("commit_deposit"), t.n.get("reveal_blocks"));
                    let over = now > t_exp;
                    let gone = commits.iter().filter(|c| over || now > c.1 + window).count() as i128;
                    self.burned += gone * deposit;
                    if let St::Rescue { commits, .. } = &mut self.tasks[i].st {
                        commits.retain(|c| !over && now <= c.1 + window);
                    }
                    if over {
                        self.insurance += t.e_hero;
                        let hero = self.sigma(i);
                        self.insurance += hero;
                        self.pay(t.requester, t.e_bounty + t.e_bond);
                        self.close(i, "expired");
                        self.offend(&t.n, now, who, 1_000, true);
                    }
                }
                St::Attested { who, p, until, commits, .. } => {
                    let (deposit, window) = (Self::deposit(&self.tasks[i]), t.n.get("reveal_blocks"));
                    let left: Vec<_> = commits.iter().filter(|c| now <= c.1 + window).copied().collect();
                    self.burned += (commits.len() - left.len()) as i128 * deposit;
                    if left.is_empty() && now > until {
                        self.pay(who, p);
                        self.give_back(i, who);
                        self.succeed(&t.n, who);
                        self.pay(t.requester, t.e_bounty - p + t.e_bond);
                        self.close(i, "final");
                    } else if let St::Attested { commits, .. } = &mut self.tasks[i].st {
                        *commits = left;
                    }
                }
                St::Challenged { who, challenger, until, .. } if now > until => {
                    let hero = self.sigma(i);
                    self.pay(challenger, t.e_chal);
                    self.tasks[i].e_chal = 0;
                    if who == challenger {
                        self.burned += hero;
                    } else {
                        self.pay(challenger, hero);
                    }
                    self.offend(&t.n, now, who, 1_000, true);
                    if t.reopens < t.n.get("reopens_max") && now + Self::room(&t.n, true, t.owes) <= t.deadline {
                        self.tasks[i].reopens += 1;
                        self.tasks[i].st = self.round(&t, 1, now);
                    } else {
                        self.pay(t.requester, t.e_bounty + t.e_bond);
                        self.close(i, "expired");
                    }
                }
                St::Settled { payee, t_final, .. } if now >= t_final => {
                    self.pay(payee, t.e_hold);
                    self.pay(t.requester, t.e_bond);
                    self.pay_dispute(now, i);
                    self.close(i, "final");
                }
                St::Accepted { who, t_final } if now >= t_final => {
                    self.pay(who, t.e_hold + t.e_hero);
                    self.give_back(i, who);
                    self.pay(t.requester, t.e_bond);
                    self.close(i, "final");
                }
                _ => {}
            }
        }
    }

    /// The standing of `who` against the market's.
    pub fn same_standing(&self, who: &AccountId, got: Option<&Standing>) -> Result<(), String> {
        let (ours, got) = (self.stands.get(who).cloned().unwrap_or_default(), got.cloned().unwrap_or_default());
        let height = |height: zera_abi::Height| i128::from(height.0);
        let score = |score: zera_market::Score| (i128::from(score.value), height(score.height));
        let leaving = got.unbonding.iter().map(|part| (part.amount.units() as i128, height(part.due)));
        same("a deposit", (got.staked.units() as i128, leaving.collect()), (ours.staked, ours.leaving))?;
        let scores = [score(got.liveness), score(got.safety), score(got.releases)];
        same("scores of liveness, safety, releases", scores, [ours.live, ours.safe, ours.releases])?;
        let brake = (got.capacity.map(i128::from), i128::from(got.misses));
        same("the brake", brake, (ours.cap, ours.misses))?;
        let times = (height(got.jailed_until), got.called.map(height));
        same("jail and call", times, (ours.jail, ours.called))?;
        same("what a deposit backs", got.backing().units() as i128, self.holds(who).2)
    }

    /// The task against the market's: its state, whose it is, and each bucket.
    pub fn same_task(&self, t: &ModelTask, got: &Task) -> Result<(), String> {
        same("a task", (got.id(), got.state().name()), (&t.id, Model::name(t)))?;
        let (who, commits) = match &t.st {
            St::Open { .. } => (None, 0),
            St::Assigned { who, .. } | St::Challenged { who, .. } | St::Accepted { who, .. } => (Some(who), 0),
            St::Settled { payee, .. } => (Some(payee), 0),
            St::Rescue { who, commits, .. } | St::Attested { who, commits, .. } => (Some(who), commits.len()),
            St::Ended(_) => (got.provider(), 0),
        };
        same("whose it is", got.provider(), who)?;
        if let Some((_, said)) = got.answer() {
            same("what it declares", said, &t.said)?;
        }
        let deposits = t.e_demand + commits as i128 * Self::deposit(t);
        let Escrow { bounty, stake, bond, hold, deposit, challenge } = *got.escrow();
        same(
            "bounty, stake, bond, hold, deposits and challenge",
            [bounty, stake, bond, hold, deposit, challenge].map(|amount| amount.units() as i128),
            [t.e_bounty, t.e_stake, t.e_bond, t.e_hold + t.e_hero, deposits, t.e_chal],
        )
    }

    pub fn name(t: &ModelTask) -> &'static str {
        match t.st {
            St::Open { .. } => "open",
            St::Assigned { .. } => "assigned",
            St::Rescue { .. } => "rescue",
            St::Attested { .. } => "attested",
            St::Challenged { .. } => "challenged",
            St::Accepted { .. } | St::Settled { .. } => "accepted",
            St::Ended(how) => how,
        }
    }
}
