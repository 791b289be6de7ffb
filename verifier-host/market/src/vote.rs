#![doc = include_str!("../docs/vote.md")]

use std::collections::{BTreeMap, BTreeSet};

use zera_abi::{AccountId, Amount, Blocks, Bps, Height, Status};

use crate::fixed::{self, Bounds};
use crate::numbers::{ZRA, bps, numbers, zra};
use crate::rules::{Rules, RulesError};

/// Most proposals at a time that have not ended.
pub const PROPOSALS_MAX: usize = 32;
/// So many proposals at a time double the deposit of the next one.
pub const DEPOSIT_STEP: usize = 4;
/// Most units that one proposal's votes add up to: conviction has 64 bits before the point.
pub const SUPPORT_MAX: Amount = Amount::from_units(u64::MAX as u128);
/// What a step of one counts as, where no smaller one is within the greatest change: 36 times the least threshold.
const ONE_STEP_ROOM: u128 = u128::MAX / 36;

/// Why a vote was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the message of each variant says what its fields are")]
pub enum VoteError {
    #[error("rule {rule:?}: there is no such rule")]
    UnknownRule { rule: String },
    #[error("rule {rule}: is {value} already")]
    Same { rule: &'static str, value: u128 },
    #[error("rule {rule}: follows hero_share and requester_share, propose one of these")]
    Follows { rule: &'static str },
    #[error("rule {rule}: from {old} to {new} is more than a proposal may change at once")]
    Step { rule: &'static str, old: u128, new: u128 },
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error("proposal {proposal}: asks for the same")]
    Exists { proposal: u64 },
    #[error("proposal {proposal}: unknown")]
    Unknown { proposal: u64 },
    #[error("proposal {proposal}: {state}, takes no more votes")]
    Ended { proposal: u64, state: &'static str },
}

impl VoteError {
    /// The status that a receipt carries.
    pub const fn status(&self) -> Status {
        match self {
            VoteError::UnknownRule { .. } | VoteError::Unknown { .. } => Status::NotFound,
            VoteError::Same { .. } | VoteError::Exists { .. } => Status::Duplicate,
            VoteError::Follows { .. } => Status::Unsupported,
            VoteError::Step { .. } | VoteError::Rules(_) => Status::Limit,
            VoteError::Ended { .. } => Status::State,
        }
    }
}

numbers! {
    /// The numbers of voting itself, which no vote changes: a network says them once, in its genesis.
    Schedule, version 1;
    /// Blocks in which conviction comes half of the way to its votes: 3 days of blocks of 5 s.
    half_life_blocks: u64 = 51_840, 20, 8, 100_000_000;
    /// The same for what keeps the market safe: 7 days.
    safety_half_life_blocks: u64 = 120_960, 40, 8, 100_000_000;
    /// The same for a change of such a rule in the safer direction: 1 day.
    raise_half_life_blocks: u64 = 17_280, 8, 8, 100_000_000;
    /// Blocks after which a proposal that did not pass ends: 30 days.
    expiry_blocks: u64 = 518_400, 600, 8, 1_000_000_000;
    /// Conviction that the least change needs, as a share of the effective supply. Above 277 basis points a step of one would need more
    /// than all votes.
    share_min: Bps = bps(250), bps(250), 50, 270;
    /// Least effective supply, as a share of the supply.
    supply_share: Bps = bps(2_000), bps(2_000), 500, 10_000;
    /// Factor that no proposal may change a rule by, in basis points.
    step_bps: u32 = 15_000, 15_000, 10_100, 20_000;
    /// Deposit of a proposal while few others are open.
    deposit: Amount = zra(100_000), zra(10_000), ZRA, 1_000_000 * ZRA;
    /// Least votes of one account for one proposal.
    ballot_floor: Amount = zra(10), zra(10), ZRA / 1_000, 1_000 * ZRA;
}

impl Schedule {
    /// What holds between numbers, each with what is said where it does not.
    fn relations(&self) -> Vec<(bool, &'static str)> {
        vec![
            (
                self.half_life_blocks <= self.safety_half_life_blocks,
                "safety half-life is shorter than the ordinary one",
            ),
            (self.raise_half_life_blocks <= self.half_life_blocks, "raise half-life is longer than the ordinary one"),
            (
                self.safety_half_life_blocks.saturating_mul(2) <= self.expiry_blocks,
                "proposals expire before two half-lives",
            ),
        ]
    }

    /// The half-life, and the least time lock, at a pace.
    pub const fn half_life(&self, pace: Pace) -> u64 {
        match pace {
            Pace::Ordinary => self.half_life_blocks,
            Pace::Safety => self.safety_half_life_blocks,
            Pace::Raise => self.raise_half_life_blocks,
        }
    }

    /// The deposit of a proposal while `open` others have not ended: filling all places costs more than a thousand deposits.
    pub fn deposit(&self, open: usize) -> Amount {
        let doublings = u32::try_from(open.checked_div(DEPOSIT_STEP).unwrap_or(0)).unwrap_or(u32::MAX);
        1u128.checked_shl(doublings).and_then(|factor| self.deposit.checked_mul(factor)).unwrap_or(Amount::MAX)
    }

    /// What votes are measured against: those for all proposals, at least a share of the supply. Rounded up.
    pub fn effective(&self, supply: Amount, active: Amount) -> Amount {
        // The remainder below the whole, so that the floor is never understated.
        let floor = supply.share(self.supply_share).checked_add(Amount::from_units(1)).unwrap_or(Amount::MAX);
        active.max(floor.min(supply))
    }

    /// `(1 - delta / beta)^2` of a change, in parts of 2^128, rounded down; `None` where it is more than a proposal may change.
    ///
    /// `delta = |ln(new / old)|`, and `beta` the logarithm of the greatest step. From or to 0, and between 1 and 2 or so, no ratio is
    /// small enough: there a step of one is what can be asked for, as a change of five sixths of the greatest.
    fn room(&self, old: u128, new: u128) -> Option<u128> {
        let (high, low) = (old.max(new), old.min(new));
        let within = high.checked_mul(10_000)? < low.checked_mul(self.step_bps.into())?;
        if !within {
            return (high.checked_sub(low)? == 1).then_some(ONE_STEP_ROOM);
        }
        let delta = fixed::ln_ratio(high, low)?;
        let beta = fixed::ln_ratio(self.step_bps.into(), 10_000)?;
        // Rounded up, and one above the whole part of it taken from the greatest fraction.
        let part = fixed::ratio(delta.up, beta.down)?.checked_add(1)?;
        let left = u128::MAX.checked_sub(part)?;
        Some(fixed::mul_down(left, left))
    }

    /// The conviction that passes a change with this room: `share_min / room` of the effective supply, rounded up. `None` where
    /// no votes are enough.
    fn need(&self, effective: Amount, room: u128) -> Option<Amount> {
        let least = effective.units().checked_mul(u128::from(self.share_min.get()))?.div_ceil(10_000);
        let least = u64::try_from(least).ok()?;
        let room = u64::try_from(room.wrapping_shr(64)).ok().filter(|room| *room > 0)?;
        let need = u128::from(least).wrapping_shl(64).div_ceil(u128::from(room));
        Some(Amount::from_units(need)).filter(|need| *need < SUPPORT_MAX)
    }
}

/// How fast conviction for a change grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Prices, fees, counts.
    Ordinary,
    /// What keeps the market safe.
    Safety,
    /// The same in the safer direction, which alone is fast.
    Raise,
}

impl Pace {
    /// A word for views.
    pub const fn name(self) -> &'static str {
        match self {
            Pace::Ordinary => "ordinary",
            Pace::Safety => "safety",
            Pace::Raise => "raise",
        }
    }
}

/// What a rule is, to a vote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Ordinary,
    /// Safety, and neither direction is safer.
    Safety,
    /// Safety: more is safer.
    SaferUp,
    /// Safety: less is safer.
    SaferDown,
}

/// Every rule by name. A test says which one is missing; until then it is as slow as safety.
const CLASSES: &[(&str, Class)] = &[
    // How an auction runs.
    ("auction_blocks", Class::Ordinary),
    ("ramp_blocks", Class::Ordinary),
    ("rounds_max", Class::Ordinary),
    ("lock_blocks", Class::Ordinary),
    ("rescue_blocks", Class::Ordinary),
    ("cancel_delay_blocks", Class::Ordinary),
    ("reveal_blocks", Class::Ordinary),
    ("deadline_min_blocks", Class::Ordinary),
    ("deadline_max_blocks", Class::Ordinary),
    ("start_share", Class::Ordinary),
    ("price_floor_share", Class::Ordinary),
    ("raise_bps", Class::Ordinary),
    ("commits_max", Class::Ordinary),
    ("locks_max", Class::Ordinary),
    // Fees and bonds of who asks.
    ("open_fee", Class::Ordinary),
    ("storage_fee", Class::Ordinary),
    ("bond_floor", Class::Ordinary),
    ("bond_share", Class::Ordinary),
    ("execution_share", Class::Ordinary),
    ("bounty_floor", Class::Ordinary),
    ("commit_deposit", Class::Ordinary),
    ("release_share", Class::Ordinary),
    ("late_floor_share", Class::Ordinary),
    // Stakes, and what bad proofs cost of them.
    ("stake_share", Class::SaferUp),
    ("stake_floor", Class::SaferUp),
    ("attested_stake_bps", Class::SaferUp),
    ("attempts_max", Class::Safety),
    ("attempt_share", Class::SaferUp),
    ("verify_fee", Class::SaferUp),
    ("key_deposit", Class::SaferUp),
    // Splits.
    ("burn_share", Class::Safety),
    ("hero_share", Class::Safety),
    ("requester_share", Class::Safety),
    ("bond_prover_share", Class::Safety),
    ("challenger_share", Class::Safety),
    // Windows.
    ("final_blocks", Class::SaferUp),
    ("challenge_blocks", Class::SaferUp),
    ("respond_blocks", Class::SaferUp),
    ("reopens_max", Class::Safety),
    // The value gate: to count on fewer finds, or on dearer runs, lets less through.
    ("detection_share", Class::SaferDown),
    ("execution_cost", Class::SaferUp),
    // A dearer challenge keeps griefers away, and honest challengers, too.
    ("challenge_bond_share", Class::Safety),
    ("challenge_bond_floor", Class::Safety),
    // Ceilings.
    ("bounty_ceiling", Class::SaferDown),
    ("value_ceiling", Class::SaferDown),
    ("key_value_ceiling", Class::SaferDown),
    // Deposits and offences.
    ("deposit_floor", Class::SaferUp),
    ("unbond_blocks", Class::SaferUp),
    ("offence_half_life_blocks", Class::SaferUp),
    ("jail_blocks", Class::Ordinary),
    ("grace_blocks", Class::Ordinary),
    ("margin_bps", Class::SaferUp),
    ("price_margin_bps", Class::SaferUp),
    ("release_share_max", Class::Ordinary),
    ("deposit_penalty_share", Class::SaferUp),
    ("correlation_bps", Class::SaferUp),
    ("correlation_half_life_blocks", Class::SaferUp),
    // Private bytes that a requester owes.
    ("deliver_blocks", Class::Ordinary),
    ("notice_blocks", Class::Ordinary),
    ("demand_share", Class::Ordinary),
    ("demand_fee", Class::Ordinary),
    ("delivery_len_max", Class::Ordinary),
    // What trouble costs its author.
    ("open_share", Class::Ordinary),
    ("challenge_deposit_share", Class::Safety),
];

fn pace(rule: &str, old: u128, new: u128) -> Pace {
    let class = CLASSES.iter().find(|(name, _)| *name == rule).map_or(Class::Safety, |(_, class)| *class);
    match class {
        Class::Ordinary => Pace::Ordinary,
        Class::SaferUp if new > old => Pace::Raise,
        Class::SaferDown if new < old => Pace::Raise,
        Class::Safety | Class::SaferUp | Class::SaferDown => Pace::Safety,
    }
}

/// How a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalState {
    /// Votes are counted.
    Voting,
    /// It had enough, and its time lock runs; it must have enough again at the end of that.
    Passed {
        /// Since when.
        at: Height,
        /// The block in which it becomes a rule.
        executes: Height,
    },
    /// It is a rule for tasks opened since.
    Adopted {
        /// Since when.
        at: Height,
        /// The version of the rules.
        version: u32,
    },
    /// The rules moved on without it.
    Overtaken {
        /// Since when.
        at: Height,
        /// What stands in its way.
        why: Overtaken,
    },
    /// It did not pass in time; its deposit is burnt.
    Expired {
        /// Since when.
        at: Height,
    },
}

/// Why the rules that are in force leave no room for a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Overtaken {
    /// The rule has another value than the one that it was to change.
    Value = 1,
    /// A rule beside it changed, and the numbers would not go together.
    Relation = 2,
}

impl Overtaken {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Overtaken::Value => "the rule changed meanwhile",
            Overtaken::Relation => "it no longer goes with the other rules",
        }
    }

    pub(crate) const fn from_code(code: u8) -> Option<Overtaken> {
        match code {
            1 => Some(Overtaken::Value),
            2 => Some(Overtaken::Relation),
            _ => None,
        }
    }
}

impl ProposalState {
    /// A word for views.
    pub const fn name(&self) -> &'static str {
        match self {
            ProposalState::Voting => "voting",
            ProposalState::Passed { .. } => "passed",
            ProposalState::Adopted { .. } => "adopted",
            ProposalState::Overtaken { .. } => "overtaken",
            ProposalState::Expired { .. } => "expired",
        }
    }

    /// Whether nothing more happens to it.
    pub const fn is_ended(&self) -> bool {
        !matches!(self, ProposalState::Voting | ProposalState::Passed { .. })
    }
}

/// What changes of a proposal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    /// Its votes, in money that is locked for it.
    pub(crate) support: Amount,
    /// Conviction at `updated`, Q64.64.
    pub(crate) conviction: u128,
    pub(crate) updated: Height,
    /// The greatest effective supply of any block since it was opened.
    pub(crate) effective: Amount,
    pub(crate) state: ProposalState,
}

/// One rule, and the value that it is to have.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub(crate) id: u32,
    pub(crate) proposer: AccountId,
    pub(crate) rule: &'static str,
    pub(crate) old: u128,
    pub(crate) new: u128,
    pub(crate) opened: Height,
    pub(crate) expires: Height,
    pub(crate) deposit: Amount,
    pub(crate) tally: Tally,
    /// Dense index of the proposer.
    pub(crate) proposer_at: u32,
    /// What the change leaves of the greatest one, and the version of the rules that says so. Derived.
    pub(crate) room: Option<(u32, u128)>,
}

impl Proposal {
    /// Its number, dense from 0.
    pub fn id(&self) -> u64 {
        u64::from(self.id)
    }
    /// Who put up the deposit.
    pub fn proposer(&self) -> &AccountId {
        &self.proposer
    }
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
    /// Its value when this was proposed.
    pub fn old(&self) -> u128 {
        self.old
    }
    /// The value proposed.
    pub fn new_value(&self) -> u128 {
        self.new
    }
    /// When.
    pub fn opened(&self) -> Height {
        self.opened
    }
    /// Last height at which it may pass.
    pub fn expires(&self) -> Height {
        self.expires
    }
    /// What it cost to propose.
    pub fn deposit(&self) -> Amount {
        self.deposit
    }
    /// How it stands.
    pub fn state(&self) -> &ProposalState {
        &self.tally.state
    }
    /// Money that is locked for it.
    pub fn support(&self) -> Amount {
        self.tally.support
    }
    /// How fast its conviction grows.
    pub fn pace(&self) -> Pace {
        pace(self.rule, self.old, self.new)
    }

    /// Conviction at `now`, Q64.64: what votes of `support` since `updated` made of it. Rounded down.
    pub(crate) fn conviction_at(&self, now: Height, half_life: u64) -> u128 {
        let Tally { support, conviction, updated, .. } = self.tally;
        if self.tally.state.is_ended() {
            return conviction;
        }
        // `support` is at most SUPPORT_MAX, 64 bits.
        let target = support.units().wrapping_shl(64);
        let blocks = now.0.saturating_sub(updated.0);
        fixed::approach(conviction, target, left_after(half_life, blocks))
    }
}

/// What is left of one after `blocks`; `None` where that is all of it.
fn left_after(half_life: u64, blocks: u64) -> Option<Bounds> {
    fixed::alpha(half_life).and_then(|alpha| fixed::pow(alpha, blocks))
}

/// How a proposal stands at a height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// Its conviction, rounded down.
    pub conviction: Amount,
    /// The conviction that it needs; `None` where no votes are enough, or it has ended.
    pub need: Option<Amount>,
    /// What both are measured against: the greatest effective supply since it was opened.
    pub effective: Amount,
    /// The block in which it passes if no vote changes; `None` where it does not.
    pub passes: Option<Height>,
}

/// A change as it would be adopted now.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) rule: &'static str,
    pub(crate) old: u128,
    pub(crate) rules: Rules,
    pub(crate) room: u128,
}

impl Change {
    /// What `rule = new` makes of `rules`.
    ///
    /// The three shares of a slash add up to the whole, so the burnt share gives way to the other two, and the greater of both
    /// changes counts.
    pub(crate) fn new(rules: &Rules, schedule: &Schedule, rule: &str, new: u128) -> Result<Change, VoteError> {
        let entries = rules.entries();
        let value =
            |name: &str| entries.iter().find(|(known, ..)| *known == name).map(|(known, value, ..)| (*known, *value));
        let (rule, old) =
            value(rule).ok_or_else(|| VoteError::UnknownRule { rule: rule.chars().take(64).collect() })?;
        if new == old {
            return Err(VoteError::Same { rule, value: new });
        }
        let too_far = || VoteError::Step { rule, old, new };
        let mut room = schedule.room(old, new).ok_or_else(too_far)?;
        let changed = match rule {
            "burn_share" => return Err(VoteError::Follows { rule }),
            "hero_share" | "requester_share" => {
                let (burn_share, burnt) = value("burn_share").unwrap_or(("burn_share", 0));
                // At most 10,000 each, by what room there is.
                let sum = burnt.checked_add(old).and_then(|sum| sum.checked_sub(new)).ok_or_else(too_far)?;
                room = room.min(schedule.room(burnt, sum).ok_or_else(too_far)?);
                rules.with(&[(rule, new), (burn_share, sum)])
            }
            _ => rules.with(&[(rule, new)]),
        };
        Ok(Change { rule, old, rules: changed?, room })
    }
}

/// Proposals and votes: a part of the market.
#[derive(Clone, Debug)]
pub(crate) struct Votes {
    pub(crate) schedule: Schedule,
    pub(crate) proposals: Vec<Proposal>,
    /// Those that have not ended, in order of opening; at most [`PROPOSALS_MAX`].
    pub(crate) open: BTreeSet<u32>,
    /// Money by account and proposal, never zero.
    pub(crate) ballots: BTreeMap<(u32, u32), Amount>,
    // Rows to write; what is named twice is written once.
    pub(crate) proposals_dirty: Vec<u32>,
    pub(crate) ballots_dirty: Vec<(u32, u32)>,
    pub(crate) schedule_saved: bool,
}

impl Votes {
    pub(crate) fn new(schedule: Schedule) -> Votes {
        Votes {
            schedule,
            proposals: Vec::new(),
            open: BTreeSet::new(),
            ballots: BTreeMap::new(),
            proposals_dirty: Vec::new(),
            ballots_dirty: Vec::new(),
            schedule_saved: false,
        }
    }

    #[expect(clippy::indexing_slicing, reason = "proposal indices are made by proposing alone")]
    pub(crate) fn at(&self, at: u32) -> &Proposal {
        &self.proposals[at as usize]
    }

    #[expect(clippy::indexing_slicing, reason = "proposal indices are made by proposing alone")]
    pub(crate) fn at_mut(&mut self, at: u32) -> &mut Proposal {
        &mut self.proposals[at as usize]
    }

    pub(crate) fn find(&self, proposal: u64) -> Result<u32, VoteError> {
        let at = u32::try_from(proposal).ok().filter(|at| (*at as usize) < self.proposals.len());
        at.ok_or(VoteError::Unknown { proposal })
    }

    /// Sets what changes of a proposal, and keeps the set of those that have not ended.
    pub(crate) fn set_tally(&mut self, at: u32, tally: Tally) {
        self.at_mut(at).tally = tally;
        if tally.state.is_ended() {
            self.open.remove(&at);
        } else {
            self.open.insert(at);
        }
    }

    /// Forgets what was derived for versions of the rules.
    pub(crate) fn forget_rooms(&mut self) {
        for at in self.open.clone() {
            self.at_mut(at).room = None;
        }
    }

    /// Votes for all proposals that have not ended.
    pub(crate) fn active(&self) -> Amount {
        let parts = self.open.iter().map(|at| self.at(*at).tally.support);
        parts.fold(Amount::ZERO, |sum, part| sum.checked_add(part).unwrap_or(Amount::MAX))
    }

    /// The conviction that a proposal needs under `rules`, the version `version`; why it can not be adopted under them.
    pub(crate) fn need(&self, at: u32, version: u32, rules: &Rules) -> Result<Option<Amount>, Overtaken> {
        let proposal = self.at(at);
        let room = match proposal.room {
            Some((known, room)) if known == version => room,
            _ => self.change(at, rules)?.room,
        };
        Ok(self.schedule.need(proposal.tally.effective, room))
    }

    /// What a proposal makes of `rules`.
    pub(crate) fn change(&self, at: u32, rules: &Rules) -> Result<Change, Overtaken> {
        let Proposal { rule, old, new, .. } = self.at(at);
        match Change::new(rules, &self.schedule, rule, *new) {
            Ok(change) if change.old == *old => Ok(change),
            Ok(_) | Err(VoteError::Same { .. }) => Err(Overtaken::Value),
            Err(_) if rules.entries().iter().any(|(name, value, ..)| name == rule && value != old) => {
                Err(Overtaken::Value)
            }
            Err(_) => Err(Overtaken::Relation),
        }
    }

    /// The first height from `now` to the expiry at which conviction is enough, if no vote changes.
    pub(crate) fn passes(&self, at: u32, now: Height, need: Amount) -> Option<Height> {
        let proposal = self.at(at);
        let half_life = self.schedule.half_life(proposal.pace());
        let enough = |height: u64| reached(proposal.conviction_at(Height(height), half_life)) >= need;
        let (mut low, mut high) = (now.0, proposal.expires.0);
        if enough(low) {
            return Some(now);
        }
        // Conviction goes one way while no vote changes: where it is not enough at the end, it never is.
        if low >= high || !enough(high) {
            return None;
        }
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            if enough(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(Height(high))
    }
}

/// Whole units of a conviction.
pub(crate) fn reached(conviction: u128) -> Amount {
    Amount::from_units(conviction.wrapping_shr(64))
}

/// The height `blocks` after `height`.
pub(crate) fn after(height: Height, blocks: u64) -> Height {
    height.checked_add(Blocks(blocks)).unwrap_or(Height(u64::MAX))
}

#[cfg(test)]
mod tests;
