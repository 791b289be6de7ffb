//! What an account has at stake beside its locks, how it has done, and what follows from that for its next lock.
//!
//! A deposit backs locks: the stake of a lock comes out of it first, the rest out of free money, and goes back the way it came. What is
//! left of it answers for faults: a stake that is worth more after them, and a share of all of it after a false answer. Money on its way
//! back is slashed like the rest.

use zera_abi::{AccountId, Amount, Height, TaskId};

use crate::coins::Coins;
use crate::error::MarketError;
use crate::market::Market;
use crate::note::Note;
use crate::rules::Rules;
use crate::task::{Bucket, Clock, TaskState, later};

/// Deposits of one account on their way back, at most.
pub const UNBONDINGS_MAX: usize = 8;

/// One offence, in the unit of scores.
pub(crate) const OFFENCE: u32 = 1_000;
/// An answer that came late from who owed it.
pub(crate) const LATE: u32 = OFFENCE / 2;

/// Scores count to here.
const SCORE_MAX: u32 = 10 * OFFENCE;
/// Below this they count as nothing: after four half-lives an offence is forgotten.
const SCORE_LEAST: u32 = OFFENCE / 16 + 1;
/// What a lock is worth more than its stake grows until here.
const RISK_MAX: u32 = 4 * OFFENCE;

/// A part of a deposit on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbonding {
    /// How much.
    pub amount: Amount,
    /// The height at which it is free.
    pub due: Height,
}

/// Offences, forgotten by half every half-life. In thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// What it was at that height.
    pub value: u32,
    /// The height.
    pub height: Height,
}

impl Score {
    /// What it is at `now`: halved every half-life, a straight line in between, rounded down, and nothing below a sixteenth of
    /// an offence.
    pub fn at(self, now: Height, half_life: u64) -> u32 {
        let left = halved(Amount::from_units(self.value.into()), now.since(self.height).0, half_life);
        let left = u32::try_from(left.units()).unwrap_or(SCORE_MAX);
        if left < SCORE_LEAST { 0 } else { left }
    }

    /// With `weight` more at `now`.
    fn more(self, now: Height, half_life: u64, weight: u32) -> Score {
        Score { value: self.at(now, half_life).saturating_add(weight).min(SCORE_MAX), height: now }
    }
}

/// `amount` after `elapsed` blocks: halved every `half_life`, a straight line in between, rounded down.
fn halved(amount: Amount, elapsed: u64, half_life: u64) -> Amount {
    let half_life = half_life.max(1);
    let halvings = u32::try_from(elapsed.checked_div(half_life).unwrap_or(0)).unwrap_or(u32::MAX);
    let rest = elapsed.checked_rem(half_life).unwrap_or(0);
    let value = Amount::from_units(amount.units().checked_shr(halvings).unwrap_or(0));
    let whole = half_life.saturating_mul(2);
    value.mul_ratio(whole.saturating_sub(rest), whole).unwrap_or(value)
}

/// `amount * 2^(score / 1000)`, doubled at every whole offence and a straight line in between, rounded down; `None` where it does not fit.
pub fn doubled(amount: Amount, score: u32) -> Option<Amount> {
    let score = score.min(SCORE_MAX);
    let (whole, rest) = (score.checked_div(OFFENCE)?, score.checked_rem(OFFENCE)?);
    let factor = 1u64.checked_shl(whole)?.checked_mul(u64::from(OFFENCE.checked_add(rest)?))?;
    amount.mul_ratio(factor, u64::from(OFFENCE))
}

/// What an account has at stake beside its locks, and how it has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Standing {
    /// The deposit, without what backs locks.
    pub staked: Amount,
    /// The part of stakes that came from the deposit.
    pub(crate) backing: Amount,
    /// How many locks it may hold beside what the rules and its deposit allow; `None` where it never missed two in a row.
    pub capacity: Option<u32>,
    /// No lock until this height.
    pub jailed_until: Height,
    /// Answers that did not come.
    pub liveness: Score,
    /// Misses since the last answer.
    pub misses: u8,
    /// The deposit no longer covers the locks: those that have not started go at this height.
    pub called: Option<Height>,
    /// Parts on their way back, the first due first.
    pub unbonding: Vec<Unbonding>,
    /// False answers.
    pub safety: Score,
    /// Locks given back before they started.
    pub releases: Score,
}

impl Standing {
    /// The next height at which time does something.
    pub(crate) fn due(&self) -> Option<Height> {
        let unbonding = self.unbonding.first().map(|part| part.due);
        [self.called, unbonding].into_iter().flatten().min()
    }

    /// Everything of the deposit that a slash reaches.
    pub fn slashable(&self) -> Amount {
        let parts = self.unbonding.iter().map(|part| part.amount);
        parts.fold(self.staked, |sum, part| sum.checked_add(part).unwrap_or(Amount::MAX))
    }

    /// The part of stakes that came from the deposit.
    pub fn backing(&self) -> Amount {
        self.backing
    }

    /// What has to be in the deposit beside stakes of `reserved`, for an account with these offences at `now`:
    /// `reserved * (2^score * price_margin - 1)`, rounded up; `None` where it does not fit.
    pub fn margin(&self, reserved: Amount, rules: &Rules, now: Height) -> Option<Amount> {
        let score = self.liveness.at(now, rules.offence_half_life_blocks).min(RISK_MAX);
        let worth = doubled(reserved, score)?.units().checked_mul(u128::from(rules.price_margin_bps))?.div_ceil(10_000);
        Some(Amount::from_units(worth.saturating_sub(reserved.units())))
    }
}

/// What an account keeps for a lock, or lacks.
pub(crate) struct Collateral {
    pub(crate) account: u32,
    /// The part of the stake that comes from the deposit.
    pub(crate) backed: Amount,
}

impl Market {
    /// How an account stands; `None` for one that never deposited or failed.
    pub fn standing(&self, id: &AccountId) -> Option<&Standing> {
        self.find_account(id).and_then(|at| self.account_row(at).standing.as_ref())
    }

    /// How many tasks an account holds the lock of, and the stakes in them.
    pub fn locks(&self, id: &AccountId) -> (u32, Amount) {
        self.find_account(id).map_or((0, Amount::ZERO), |at| {
            let row = self.account_row(at);
            (row.locks(), row.reserved)
        })
    }

    /// Moves free money of `account` into its deposit. A margin call that it answers is off.
    ///
    /// # Errors
    /// [`MarketError::Range`] for nothing, [`Funds`](MarketError::Funds).
    pub fn stake(&mut self, now: Height, account: AccountId, amount: Amount) -> Result<(), MarketError> {
        if amount.is_zero() {
            return Err(nothing("stake"));
        }
        let at = self.payer(&account, amount)?;
        let coins = self.debit(at, amount);
        self.deposit_put(at, coins);
        self.note(Note::Staked { account, amount });
        self.review(now, at);
        self.assert_balanced();
        Ok(())
    }

    /// Takes `amount` out of the deposit; it is free after [`Rules::unbond_blocks`] and slashable until then.
    ///
    /// # Errors
    /// [`MarketError::Range`] for nothing, [`Limit`](MarketError::Limit) of parts on their way back; [`Deposit`](MarketError::Deposit)
    /// where the deposit does not hold it, or has to stay for the locks that it backs.
    pub fn unstake(&mut self, now: Height, account: AccountId, amount: Amount) -> Result<(), MarketError> {
        if amount.is_zero() {
            return Err(nothing("unstake"));
        }
        let none = Standing::default();
        let at = self.find_account(&account);
        let row = at.map(|at| self.account_row(at));
        let standing = row.and_then(|row| row.standing.as_ref()).unwrap_or(&none);
        let parts = standing.unbonding.len();
        if parts >= UNBONDINGS_MAX {
            let got = parts.saturating_add(1) as u64;
            return Err(MarketError::Limit {
                what: "parts of a deposit on their way back",
                got,
                max: UNBONDINGS_MAX as u64,
            });
        }
        let rules = self.rules();
        let (locks, reserved) = row.map_or((0, Amount::ZERO), |row| (row.locks(), row.reserved));
        let floor = if locks == 0 { Amount::ZERO } else { rules.deposit_floor };
        let floor = floor.checked_sub(standing.backing).unwrap_or(Amount::ZERO);
        let keep = margin_kept(standing, reserved, rules, now).max(floor);
        let need = keep.checked_add(amount).unwrap_or(Amount::MAX);
        let (Some(at), true) = (at, standing.staked >= need) else {
            return Err(MarketError::Deposit { account, need, have: standing.staked });
        };
        let due = later(now, rules.unbond_blocks);
        self.change_standing(at, |standing| {
            standing.staked = standing.staked.checked_sub(amount).unwrap_or(Amount::ZERO);
            let place = standing.unbonding.partition_point(|part| part.due <= due);
            standing.unbonding.insert(place, Unbonding { amount, due });
        });
        self.note(Note::Unstaking { account, amount, due });
        self.assert_balanced();
        Ok(())
    }

    /// Whether `provider` may lock now and where the stake comes from: the deposit first.
    pub(crate) fn collateral(
        &self,
        now: Height,
        provider: &AccountId,
        stake: Amount,
        rules: &Rules,
    ) -> Result<Collateral, MarketError> {
        let none = Standing::default();
        let at = self.find_account(provider);
        let row = at.map(|at| self.account_row(at));
        let standing = row.and_then(|row| row.standing.as_ref()).unwrap_or(&none);
        let (free, locks, reserved) =
            row.map_or((Amount::ZERO, 0, Amount::ZERO), |row| (row.free, row.locks(), row.reserved));
        let have = free.checked_add(standing.staked).unwrap_or(Amount::MAX);
        let (Some(account), true) = (at, have >= stake) else {
            return Err(MarketError::Funds { account: *provider, need: stake, have });
        };
        if now < standing.jailed_until {
            return Err(MarketError::Jailed { account: *provider, now, until: standing.jailed_until });
        }
        let backed = standing.staked.min(stake);
        let left = standing.staked.checked_sub(backed).unwrap_or(Amount::ZERO);
        // The floor is of the whole deposit, what backs locks included.
        let deposit = standing.staked.checked_add(standing.backing).unwrap_or(Amount::MAX);
        if deposit < rules.deposit_floor {
            return Err(MarketError::Deposit { account: *provider, need: rules.deposit_floor, have: deposit });
        }
        let reserved = reserved.checked_add(stake).unwrap_or(Amount::MAX);
        let need = margin_kept(standing, reserved, rules, now);
        if left < need {
            return Err(MarketError::Deposit { account: *provider, need, have: left });
        }
        let max = standing.capacity.unwrap_or(u32::MAX).min(rules.locks_max);
        if locks >= max {
            let got = u64::from(locks).saturating_add(1);
            return Err(MarketError::Limit { what: "locks of the provider", got, max: u64::from(max) });
        }
        Ok(Collateral { account, backed })
    }

    /// Moves a stake into a task's escrow.
    pub(crate) fn lock_stake(&mut self, collateral: &Collateral, at: u32, stake: Amount) {
        let Collateral { account, backed } = *collateral;
        let rest = stake.checked_sub(backed).unwrap_or(Amount::ZERO);
        if !backed.is_zero() {
            let coins = self.deposit_take(account, backed);
            self.escrow_put(at, Bucket::Stake, coins);
            self.change_standing(account, |standing| {
                standing.backing = standing.backing.checked_add(backed).unwrap_or(Amount::MAX);
            });
            self.task_mut(at).live.backed = backed;
        }
        let coins = self.debit(account, rest);
        self.escrow_put(at, Bucket::Stake, coins);
        self.totals.stakes = self.totals.stakes.checked_add(stake).unwrap_or(Amount::MAX);
        let row = self.touch_account(account);
        row.locked = row.locked.checked_add(stake).unwrap_or(Amount::MAX);
    }

    /// Takes of a task's stake. Losses hit what came from free money first.
    pub(crate) fn take_stake(&mut self, account: u32, at: u32, amount: Amount) -> Stake {
        let coins = self.unlock_money(account, at, Bucket::Stake, amount);
        self.totals.stakes = self.totals.stakes.checked_sub(amount).unwrap_or(Amount::ZERO);
        let live = &mut self.task_mut(at).live;
        let stays = live.backed.min(live.escrow.stake);
        let backed = live.backed.checked_sub(stays).unwrap_or(Amount::ZERO);
        live.backed = stays;
        if !backed.is_zero() {
            self.change_standing(account, |standing| {
                standing.backing = standing.backing.checked_sub(backed).unwrap_or(Amount::ZERO);
            });
        }
        Stake { coins, backed }
    }

    /// All of it.
    pub(crate) fn take_whole_stake(&mut self, account: u32, at: u32) -> Stake {
        let left = self.task_at(at).live.escrow.stake;
        self.take_stake(account, at, left)
    }

    /// Gives what is left of a stake back the way it came.
    pub(crate) fn give_back(&mut self, account: u32, mut stake: Stake) {
        let deposit = stake.coins.split(stake.backed);
        if !deposit.amount().is_zero() {
            self.deposit_put(account, deposit);
        }
        self.credit(account, stake.coins);
    }

    fn deposit_put(&mut self, account: u32, coins: Coins) {
        let amount = coins.amount();
        coins.put(&mut self.totals.staked);
        self.change_standing(account, |standing| {
            standing.staked = standing.staked.checked_add(amount).unwrap_or(Amount::MAX);
        });
    }

    fn deposit_take(&mut self, account: u32, amount: Amount) -> Coins {
        self.change_standing(account, |standing| {
            standing.staked = standing.staked.checked_sub(amount).unwrap_or(Amount::ZERO);
        });
        self.staked_take(amount)
    }

    /// An answer that counts: the brake loosens by one.
    pub(crate) fn succeed(&mut self, account: u32, rules: &Rules) {
        let Some(standing) = self.account_row(account).standing.as_ref() else { return };
        if standing.misses == 0 && standing.capacity.is_none() {
            return;
        }
        let max = rules.locks_max;
        self.change_standing(account, |standing| {
            standing.misses = 0;
            standing.capacity = standing.capacity.map(|locks| locks.saturating_add(1)).filter(|locks| *locks < max);
        });
    }

    /// An answer that did not come: at the second in a row the brake halves how many locks it may hold.
    pub(crate) fn miss(&mut self, account: u32, rules: &Rules) {
        let (mut braked, max) = (None, rules.locks_max);
        self.change_standing(account, |standing| {
            standing.misses = standing.misses.saturating_add(1);
            if standing.misses >= 2 {
                let capacity = (standing.capacity.unwrap_or(max).min(max) >> 1).max(1);
                standing.misses = 0;
                standing.capacity = Some(capacity);
                braked = Some(capacity);
            }
        });
        if let Some(capacity) = braked {
            let provider = self.account_row(account).id;
            self.note(Note::Braked { provider, capacity });
        }
    }

    /// A lock given back before it started: what it costs of a stake, more where it comes often.
    pub(crate) fn release_fee(&mut self, now: Height, account: u32, stake: Amount, rules: &Rules) -> Amount {
        let half_life = rules.offence_half_life_blocks;
        let before = self.account_row(account).standing.as_ref().map_or(0, |row| row.releases.at(now, half_life));
        self.change_standing(account, |standing| standing.releases = standing.releases.more(now, half_life, OFFENCE));
        let most = stake.share(rules.release_share_max.max(rules.release_share));
        doubled(stake.share(rules.release_share), before).unwrap_or(most).min(most)
    }

    /// A fault of liveness; `jailed` where another had to repair it, or nobody did.
    pub(crate) fn offend(&mut self, now: Height, account: u32, weight: u32, jailed: bool, rules: &Rules) {
        let (half_life, jail) = (rules.offence_half_life_blocks, rules.jail_blocks);
        let mut until = None;
        self.change_standing(account, |standing| {
            standing.liveness = standing.liveness.more(now, half_life, weight);
            if jailed && jail > 0 {
                // What a lock would be worth more than before decides, as for stakes.
                let blocks =
                    doubled(Amount::from_units(u128::from(jail)), standing.liveness.value.saturating_sub(OFFENCE));
                let blocks = blocks.and_then(|blocks| u64::try_from(blocks.units()).ok()).unwrap_or(jail);
                standing.jailed_until = standing.jailed_until.max(later(now, blocks));
                until = Some(standing.jailed_until);
            }
        });
        if let Some(until) = until {
            let provider = self.account_row(account).id;
            self.note(Note::Jailed { provider, until });
        }
        self.review(now, account);
    }

    /// A false answer: burns of the whole deposit `deposit_penalty_share * 2^score`, and what false answers of late amount to of
    /// everything that is staked, `correlation_bps` times; at most all of it. `stake` is what was slashed beside it.
    pub(crate) fn lie(&mut self, now: Height, account: u32, task: TaskId, stake: Amount, rules: &Rules) {
        let half_life = rules.offence_half_life_blocks;
        let active = self.totals.staked.checked_add(self.totals.stakes).unwrap_or(Amount::MAX);
        let standing = self.account_row(account).standing.clone().unwrap_or_default();
        let score = standing.safety.at(now, half_life);
        let deposit = standing.slashable();
        let alone = doubled(deposit.share(rules.deposit_penalty_share), score).unwrap_or(deposit);
        let late = self.totals.slashed.at(now, rules.correlation_half_life_blocks);
        let share = late.units().saturating_mul(u128::from(rules.correlation_bps)).checked_div(active.units().max(1));
        let share = u64::try_from(share.unwrap_or(0).min(10_000)).unwrap_or(10_000);
        let together = deposit.mul_ratio(share, 10_000).unwrap_or(deposit);
        let penalty = alone.checked_add(together).unwrap_or(deposit).min(deposit);

        self.change_standing(account, |standing| {
            standing.safety = standing.safety.more(now, half_life, OFFENCE);
            let mut left = penalty;
            let mut cut = |part: &mut Amount| {
                let taken = left.min(*part);
                *part = part.checked_sub(taken).unwrap_or(Amount::ZERO);
                left = left.checked_sub(taken).unwrap_or(Amount::ZERO);
            };
            cut(&mut standing.staked);
            standing.unbonding.iter_mut().rev().for_each(|part| cut(&mut part.amount));
            standing.unbonding.retain(|part| !part.amount.is_zero());
        });
        let coins = self.staked_take(penalty);
        self.burn(coins);
        let slashed = stake.checked_add(penalty).unwrap_or(Amount::MAX);
        self.totals.slashed = self.totals.slashed.more(now, rules.correlation_half_life_blocks, slashed);
        self.totals_dirty = true;
        if !penalty.is_zero() {
            let provider = self.account_row(account).id;
            self.note(Note::DepositSlashed { task, provider, burned: penalty });
        }
        self.review(now, account);
    }

    fn staked_take(&mut self, amount: Amount) -> Coins {
        #[expect(clippy::expect_used, reason = "the total is at least each deposit: anything else is our bug")]
        Coins::take(&mut self.totals.staked, amount).expect("deposits hold less than is taken")
    }

    /// Whether the deposit still covers the locks: calls for more where it does not, takes the call back where it does.
    fn review(&mut self, now: Height, account: u32) {
        let row = self.account_row(account);
        let Some(standing) = row.standing.as_ref() else { return };
        let rules = self.rules();
        let need = standing.margin(row.reserved, rules, now).unwrap_or(Amount::MAX);
        let short = need > standing.staked;
        let until = later(now, rules.grace_blocks);
        match standing.called {
            None if short => {
                let (provider, have) = (row.id, standing.staked);
                self.change_standing(account, |standing| standing.called = Some(until));
                self.note(Note::MarginCalled { provider, need, have, until });
            }
            Some(_) if !short => self.change_standing(account, |standing| standing.called = None),
            _ => {}
        }
    }

    /// What is due of an account at `now`: deposits that are free again, and a margin call that nobody answered.
    pub(crate) fn tick_standing(&mut self, now: Height, account: u32) {
        let mut freed = Amount::ZERO;
        let mut called = false;
        self.change_standing(account, |standing| {
            let ripe = standing.unbonding.partition_point(|part| part.due <= now);
            for part in standing.unbonding.drain(..ripe) {
                freed = freed.checked_add(part.amount).unwrap_or(Amount::MAX);
            }
            called = standing.called.is_some_and(|at| at <= now);
            if called {
                standing.called = None;
            }
        });
        if !freed.is_zero() {
            let coins = self.staked_take(freed);
            self.credit(account, coins);
            let id = self.account_row(account).id;
            self.note(Note::Unbonded { account: id, amount: freed });
        }
        if called {
            self.release_unstarted(now, account);
        }
        self.assert_balanced();
    }

    /// Gives back locks that have not had to start, the newest first, until the deposit covers the rest. Without a fee: the price of stakes
    /// changed, not the holder's mind. Work under way goes on, as its end would harm who asked.
    fn release_unstarted(&mut self, now: Height, account: u32) {
        let tasks = &self.account_row(account).held;
        let mut unstarted: Vec<(Height, u32, Clock)> = tasks
            .iter()
            .copied()
            .filter_map(|at| match self.task_at(at).live.state {
                TaskState::Assigned { locked, start_deadline, clock, .. } if now <= start_deadline => {
                    Some((locked, at, clock))
                }
                _ => None,
            })
            .filter(|(_, at, _)| !self.is_frozen(self.task_at(*at)))
            .collect();
        unstarted.sort_unstable_by_key(|(locked, at, _)| (*locked, *at));
        while let Some((_, at, clock)) = unstarted.pop() {
            let row = self.account_row(account);
            let Some(standing) = row.standing.as_ref() else { return };
            let need = standing.margin(row.reserved, self.rules(), now).unwrap_or(Amount::MAX);
            if standing.staked >= need {
                return;
            }
            let provider = row.id;
            self.touch_task(at);
            self.withdraw_demand(now, at);
            let stake = self.take_whole_stake(account, at);
            self.give_back(account, stake);
            self.leave_lock(at);
            self.set_state(at, |state| *state = TaskState::Open { clock });
            let task = self.task_at(at).terms.id;
            self.note(Note::Released { task, provider, burned: Amount::ZERO });
            self.assert_task(at);
        }
    }

    /// Changes a standing and keeps its place in the order of what is due.
    pub(crate) fn change_standing(&mut self, account: u32, change: impl FnOnce(&mut Standing)) {
        let row = self.touch_account(account);
        let standing = row.standing.get_or_insert_default();
        let before = standing.due();
        change(standing);
        let after = standing.due();
        self.reschedule_standing(account, before, after);
    }

    pub(crate) fn reschedule_standing(&mut self, account: u32, before: Option<Height>, after: Option<Height>) {
        if before == after {
            return;
        }
        if let Some(height) = before {
            self.standings_due.remove(&(height, account));
        }
        if let Some(height) = after {
            self.standings_due.insert((height, account));
        }
    }
}

/// Money that was a stake, with the part that came from a deposit.
#[must_use]
pub(crate) struct Stake {
    pub(crate) coins: Coins,
    backed: Amount,
}

/// What a new lock has to leave in the deposit: the margin with the reserve above it.
fn margin_kept(standing: &Standing, reserved: Amount, rules: &Rules, now: Height) -> Amount {
    let margin = standing.margin(reserved, rules, now);
    margin.and_then(|margin| margin.mul_ratio(u64::from(rules.margin_bps), 10_000)).unwrap_or(Amount::MAX)
}

fn nothing(what: &'static str) -> MarketError {
    MarketError::Range { what, got: Amount::ZERO, min: Amount::from_units(1), max: Amount::MAX }
}

/// An amount that is forgotten by half every half-life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decayed {
    /// What it was at that height.
    pub amount: Amount,
    /// The height.
    pub height: Height,
}

impl Decayed {
    /// What it is at `now`: halved every half-life, a straight line in between, rounded down.
    pub fn at(self, now: Height, half_life: u64) -> Amount {
        halved(self.amount, now.since(self.height).0, half_life)
    }

    fn more(self, now: Height, half_life: u64, amount: Amount) -> Decayed {
        let sum = self.at(now, half_life).checked_add(amount).unwrap_or(Amount::MAX);
        Decayed { amount: sum, height: now }
    }
}
