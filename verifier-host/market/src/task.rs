//! A task: what was asked, how far it has come, and the money it holds.

use std::sync::Arc;

use zera_abi::{AccountId, Amount, End, Height, KeyId, Level, Outcome, PredicateId, TaskId};

use crate::price;
use crate::rules::Rules;

/// Why a task ended without an answer; the `u16` that a contract sees.
pub mod reason {
    /// The task has not ended, or ended with an answer.
    pub const NONE: u16 = 0;
    /// Failed: the predicate trapped.
    pub const TRAP: u16 = 2;
    /// Failed: a declared bound was exceeded.
    pub const BOUND_EXCEEDED: u16 = 3;
    /// Expired: nobody locked.
    pub const NO_LOCK: u16 = 16;
    /// Expired: the holder failed and nobody rescued.
    pub const NOT_RESCUED: u16 = 17;
    /// Revoked: the key was proven broken.
    pub const KEY_WITHDRAWN: u16 = 18;
    /// Expired: a challenge that nobody settled left no answer, and the task could not open again. Told, too, to a contract that was
    /// called back with the answer that fell.
    pub const UNSETTLED: u16 = 19;
    /// Told to a contract that was called back with an attested answer: it was wrong.
    pub const OVERTURNED: u16 = 20;
    /// Failed: the requester did not deliver the private bytes that it owes.
    pub const INPUT_UNAVAILABLE: u16 = 21;
}

/// What an answer has to come with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A proof.
    #[default]
    Proved,
    /// A proof, or a stake alone: then anyone may challenge it, and a proof settles the challenge.
    Attested,
}

impl Mode {
    /// The byte for it.
    pub const fn code(self) -> u8 {
        match self {
            Mode::Proved => 0,
            Mode::Attested => 1,
        }
    }

    /// The mode of a byte.
    pub const fn from_code(code: u8) -> Option<Mode> {
        match code {
            0 => Some(Mode::Proved),
            1 => Some(Mode::Attested),
            _ => None,
        }
    }

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Proved => "proved",
            Mode::Attested => "attested",
        }
    }
}

/// What opening a task takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The task's name.
    pub task: TaskId,
    /// Who pays and asks.
    pub requester: AccountId,
    /// The predicate, resolved and pinned.
    pub predicate: PredicateId,
    /// The verifying key, pinned.
    pub key: KeyId,
    /// Root of the public input bytes, a canonical big-endian scalar.
    pub input_root: [u8; 32],
    /// How many values an answer declares beside the outcome.
    pub declared: u8,
    /// What the first declared values must be.
    pub expected: Vec<[u8; 32]>,
    /// Greatest price, escrowed.
    pub bounty_max: Amount,
    /// Least stake that the requester asks for; the rules may ask for more.
    pub min_stake: Amount,
    /// What a false answer would be worth.
    pub value_at_risk: Amount,
    /// Last height at which an answer is accepted.
    pub deadline: Height,
    /// The level that the requester waits for.
    pub level: Level,
    /// Opening fee with the fuel of callbacks; to the treasury.
    pub fee: Amount,
    /// The predicate reads private bytes that `expected` does not fix: outcome 1 alone is an answer.
    pub witness_only: bool,
    /// What an answer has to come with.
    pub mode: Mode,
    /// The requester fixed what the private bytes commit to, and owes them to whoever holds the lock.
    pub delivers: bool,
}

/// Money that a task holds, by purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Escrow {
    /// The bounty not yet promised to anybody.
    pub bounty: Amount,
    /// The stake of the holder, of the offender during a rescue, or of the payee until final.
    pub stake: Amount,
    /// The requester's bond.
    pub bond: Amount,
    /// Payouts that wait for final, and a hero's share that waits for a rescuer.
    pub hold: Amount,
    /// Deposits of commitments, and the fee of a demand.
    pub deposit: Amount,
    /// The challenger's bond.
    pub challenge: Amount,
}

/// One of a task's buckets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bucket {
    Bounty,
    Stake,
    Bond,
    Hold,
    Deposit,
    Challenge,
}

impl Escrow {
    /// Everything the task holds.
    pub fn total(&self) -> Amount {
        [self.bounty, self.stake, self.bond, self.hold, self.deposit, self.challenge]
            .into_iter()
            .try_fold(Amount::ZERO, |sum, part| sum.checked_add(part))
            .unwrap_or(Amount::MAX)
    }

    pub(crate) fn bucket(&self, bucket: Bucket) -> Amount {
        match bucket {
            Bucket::Bounty => self.bounty,
            Bucket::Stake => self.stake,
            Bucket::Bond => self.bond,
            Bucket::Hold => self.hold,
            Bucket::Deposit => self.deposit,
            Bucket::Challenge => self.challenge,
        }
    }

    pub(crate) fn bucket_mut(&mut self, bucket: Bucket) -> &mut Amount {
        match bucket {
            Bucket::Bounty => &mut self.bounty,
            Bucket::Stake => &mut self.stake,
            Bucket::Bond => &mut self.bond,
            Bucket::Hold => &mut self.hold,
            Bucket::Deposit => &mut self.deposit,
            Bucket::Challenge => &mut self.challenge,
        }
    }
}

/// One round of the auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// From 1.
    pub round: u8,
    /// Greatest price of the round.
    pub ceiling: Amount,
    /// Height at which the price starts to climb.
    pub started: Height,
    /// First height at which the round is over.
    pub ends: Height,
}

/// How a challenge ended with an answer; its money moves when the answer is final, so that a broken key gives all of it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// Who attested, and whose stake it is.
    pub attester: AccountId,
    /// Who challenged.
    pub challenger: AccountId,
    /// Who settled: proved, or asked for the native run.
    pub settler: AccountId,
    /// The attested answer was right.
    pub upheld: bool,
    /// What a native run cost that settled it; `None`: a proof did.
    pub native_fee: Option<Amount>,
}

/// The commitment of a rescuer or a challenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Who committed.
    pub provider: AccountId,
    /// [`commit_digest`](crate::commit_digest) of salt, provider, task and answer or [`challenge_digest`](crate::challenge_digest).
    pub digest: [u8; 32],
    /// The block that carries it.
    pub height: Height,
    /// What is burnt unless it is revealed.
    pub deposit: Amount,
    /// The provider's dense index.
    pub(crate) account: u32,
}

/// How far private bytes have come on their way to the holder. Once a lock each, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// The holder has given no key.
    #[default]
    Unkeyed,
    /// They are sealed to this key and sent without the chain.
    Keyed {
        /// An X25519 public key.
        key: [u8; 32],
        /// Height of the key.
        since: Height,
    },
    /// They did not come, says the holder. The lock's clock stands.
    Demanded {
        /// The key.
        key: [u8; 32],
        /// Height of the demand.
        since: Height,
        /// Last height of a delivery.
        until: Height,
        /// What the holder put up, in `Escrow::deposit`.
        fee: Amount,
    },
    /// They were delivered on the chain.
    Delivered {
        /// The key.
        key: [u8; 32],
    },
    /// The holder answered although it had demanded them.
    Withdrawn {
        /// The key.
        key: [u8; 32],
    },
}

impl Delivery {
    /// What is sent is sealed to it.
    pub const fn key(&self) -> Option<&[u8; 32]> {
        match self {
            Delivery::Unkeyed => None,
            Delivery::Keyed { key, .. }
            | Delivery::Demanded { key, .. }
            | Delivery::Delivered { key }
            | Delivery::Withdrawn { key } => Some(key),
        }
    }

    /// A lock's deadline at `now`: later by as long as its clock has stood.
    pub(crate) fn deadline(&self, lock_deadline: Height, now: Height) -> Height {
        match self {
            Delivery::Demanded { since, .. } => later(lock_deadline, now.since(*since).0),
            _ => lock_deadline,
        }
    }
}

/// How far a task has come. Each state carries what it needs and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskState {
    /// Waits for a lock.
    Open {
        /// The current round.
        clock: Clock,
    },
    /// One provider has the sole right to answer.
    Assigned {
        /// The holder.
        provider: AccountId,
        /// What an answer in time is paid.
        price: Amount,
        /// The stake at the lock; bad proofs have burnt the difference to `Escrow::stake`.
        stake: Amount,
        /// Height of the lock.
        locked: Height,
        /// Last height at which the holder may release.
        start_deadline: Height,
        /// Last height at which the holder may answer.
        lock_deadline: Height,
        /// Bad proofs so far.
        attempts: u8,
        /// The round that a release goes back to.
        clock: Clock,
        /// How far private bytes have come.
        delivery: Delivery,
    },
    /// The holder failed; anyone may commit and reveal.
    Rescue {
        /// Who failed.
        offender: AccountId,
        /// Too late (the stake is still whole), rather than too many bad proofs (slashed, the hero's share waits).
        late: bool,
        /// The lock's price, where the rescue's price starts.
        price: Amount,
        /// From where the price climbs and lateness counts.
        opened: Height,
        /// Last height of a reveal.
        expires: Height,
        /// Commitments not yet revealed, in the order in which they came.
        commits: Vec<Commit>,
    },
    /// The holder answered and staked for it, without a proof.
    Attested {
        /// The holder.
        provider: AccountId,
        /// The answer.
        outcome: Outcome,
        /// Its declared values.
        declared: Vec<[u8; 32]>,
        /// What it is paid.
        price: Amount,
        /// Height of the answer.
        attested: Height,
        /// Last height of a challenge's commitment.
        until: Height,
        /// Commitments to challenges, not yet revealed, in the order in which they came.
        commits: Vec<Commit>,
    },
    /// The answer was challenged; a proof of any answer settles it.
    Challenged {
        /// Who attested.
        provider: AccountId,
        /// The attested answer.
        outcome: Outcome,
        /// Its declared values.
        declared: Vec<[u8; 32]>,
        /// What it is paid.
        price: Amount,
        /// Who challenged.
        challenger: AccountId,
        /// What the challenger says the outcome is.
        claimed: Outcome,
        /// Height of the challenge.
        challenged: Height,
        /// Last height of an answer to it.
        until: Height,
    },
    /// A proof verified, or a native run settled a challenge; the payout is held.
    Accepted {
        /// The payee.
        provider: AccountId,
        /// The answer.
        outcome: Outcome,
        /// Its declared values.
        declared: Vec<[u8; 32]>,
        /// The price it is paid, without a hero's share.
        price: Amount,
        /// Height of the acceptance.
        accepted: Height,
        /// Height at which it becomes final.
        final_at: Height,
        /// Whose lock another repaired; the hero's share in `Escrow::hold` was part of its stake.
        offender: Option<AccountId>,
        /// The challenge that it settled.
        dispute: Option<Box<Dispute>>,
    },
    /// Settled for good.
    Final {
        /// Who was paid.
        provider: AccountId,
        /// The answer.
        outcome: Outcome,
        /// Its declared values.
        declared: Vec<[u8; 32]>,
        /// What was paid, a hero's share included.
        paid: Amount,
        /// Height.
        at: Height,
    },
    /// Ended by the requester before a lock.
    Cancelled {
        /// Height.
        at: Height,
    },
    /// Ended without an answer.
    Expired {
        /// [`reason::NO_LOCK`] or [`reason::NOT_RESCUED`].
        reason: u16,
        /// Height.
        at: Height,
    },
    /// Ended by a proven trap or exceeded bound.
    Failed {
        /// Who proved it.
        provider: AccountId,
        /// `Trap` or `BoundExceeded`.
        outcome: Outcome,
        /// Height.
        at: Height,
    },
    /// Ended with everything given back, whatever had come of it.
    Revoked {
        /// [`reason::KEY_WITHDRAWN`].
        reason: u16,
        /// Height.
        at: Height,
    },
    /// Ended by a requester who did not deliver the private bytes that it owes: a failure, [`reason::INPUT_UNAVAILABLE`].
    Undelivered {
        /// Who held the lock.
        provider: AccountId,
        /// Height.
        at: Height,
    },
}

impl TaskState {
    /// The word for it.
    pub const fn name(&self) -> &'static str {
        match self {
            TaskState::Open { .. } => "open",
            TaskState::Assigned { .. } => "assigned",
            TaskState::Rescue { .. } => "rescue",
            TaskState::Attested { .. } => "attested",
            TaskState::Challenged { .. } => "challenged",
            TaskState::Accepted { .. } => "accepted",
            TaskState::Final { .. } => "final",
            TaskState::Cancelled { .. } => "cancelled",
            TaskState::Expired { .. } => "expired",
            TaskState::Failed { .. } | TaskState::Undelivered { .. } => "failed",
            TaskState::Revoked { .. } => "revoked",
        }
    }

    /// Commitments not yet revealed, of rescuers or challengers.
    pub fn commits(&self) -> &[Commit] {
        match self {
            TaskState::Rescue { commits, .. } | TaskState::Attested { commits, .. } => commits,
            _ => &[],
        }
    }

    pub(crate) fn commits_mut(&mut self) -> Option<&mut Vec<Commit>> {
        match self {
            TaskState::Rescue { commits, .. } | TaskState::Attested { commits, .. } => Some(commits),
            _ => None,
        }
    }

    /// What the holder put up for a demand that is not met yet.
    pub const fn demand_fee(&self) -> Amount {
        match self {
            TaskState::Assigned { delivery: Delivery::Demanded { fee, .. }, .. } => *fee,
            _ => Amount::ZERO,
        }
    }

    /// Whose bond the task holds.
    pub fn challenger(&self) -> Option<&AccountId> {
        match self {
            TaskState::Challenged { challenger, .. } => Some(challenger),
            TaskState::Accepted { dispute: Some(dispute), .. } => Some(&dispute.challenger),
            _ => None,
        }
    }

    /// Whether nothing follows; then the escrow is empty.
    pub const fn is_terminal(&self) -> bool {
        matches!(
            self,
            TaskState::Final { .. }
                | TaskState::Cancelled { .. }
                | TaskState::Expired { .. }
                | TaskState::Failed { .. }
                | TaskState::Revoked { .. }
                | TaskState::Undelivered { .. }
        )
    }
}

/// What a task was opened with; never changes.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) id: TaskId,
    pub(crate) requester: AccountId,
    pub(crate) predicate: PredicateId,
    pub(crate) key: KeyId,
    pub(crate) input_root: [u8; 32],
    pub(crate) witness_only: bool,
    pub(crate) mode: Mode,
    pub(crate) delivers: bool,
    pub(crate) declared: u8,
    pub(crate) expected: Vec<[u8; 32]>,
    pub(crate) bounty_max: Amount,
    pub(crate) min_stake: Amount,
    pub(crate) value_at_risk: Amount,
    pub(crate) opened: Height,
    pub(crate) deadline: Height,
    pub(crate) level: Level,
    pub(crate) rules_version: u32,
    pub(crate) rules: Arc<Rules>,
    /// Dense indices of requester and key.
    pub(crate) requester_at: u32,
    pub(crate) key_at: u32,
}

/// The part of a task that transitions change.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) state: TaskState,
    pub(crate) escrow: Escrow,
    /// Dense index of whose stake it is: the holder, offender, attester or payee; 0 and meaningless while there is none.
    pub(crate) party: u32,
    /// How often it opened again.
    pub(crate) reopens: u8,
    /// The part of the stake that came from its owner's deposit.
    pub(crate) backed: Amount,
}

/// One request for an answer.
#[derive(Clone, Debug)]
pub struct Task {
    pub(crate) sequence: u32,
    pub(crate) terms: Terms,
    pub(crate) live: Live,
    pub(crate) dirty: bool,
}

impl Task {
    /// Its name.
    pub fn id(&self) -> &TaskId {
        &self.terms.id
    }
    /// Its place in the order of opening, from 0.
    pub fn sequence(&self) -> u64 {
        u64::from(self.sequence)
    }
    /// Who asks and pays.
    pub fn requester(&self) -> &AccountId {
        &self.terms.requester
    }
    /// The predicate pinned when it opened.
    pub fn predicate(&self) -> &PredicateId {
        &self.terms.predicate
    }
    /// The verifying key pinned when it opened.
    pub fn key(&self) -> &KeyId {
        &self.terms.key
    }
    /// Root of the public input bytes.
    pub fn input_root(&self) -> &[u8; 32] {
        &self.terms.input_root
    }
    /// How many values an answer declares.
    pub fn declared(&self) -> u8 {
        self.terms.declared
    }
    /// What the first declared values must be.
    pub fn expected(&self) -> &[[u8; 32]] {
        &self.terms.expected
    }
    /// Whether outcome 1 alone is an answer.
    pub fn witness_only(&self) -> bool {
        self.terms.witness_only
    }
    /// What an answer has to come with.
    pub fn mode(&self) -> Mode {
        self.terms.mode
    }
    /// How often it opened again after a challenge that nobody settled.
    pub fn reopens(&self) -> u8 {
        self.live.reopens
    }
    /// Greatest price.
    pub fn bounty_max(&self) -> Amount {
        self.terms.bounty_max
    }
    /// Least stake that the requester asked for.
    pub fn min_stake(&self) -> Amount {
        self.terms.min_stake
    }
    /// Declared value at risk.
    pub fn value_at_risk(&self) -> Amount {
        self.terms.value_at_risk
    }
    /// Height of opening.
    pub fn opened(&self) -> Height {
        self.terms.opened
    }
    /// Last height at which an answer is accepted; inside the binding.
    pub fn not_after(&self) -> Height {
        self.terms.deadline
    }
    /// The level that the requester waits for.
    pub fn minimum_level(&self) -> Level {
        self.terms.level
    }
    /// Version of the rules it was opened under.
    pub fn rules_version(&self) -> u32 {
        self.terms.rules_version
    }
    /// The requester owes private bytes to the holder, and has fixed what they commit to.
    pub fn delivers(&self) -> bool {
        self.terms.delivers
    }
    /// How far private bytes have come on their way to the holder; [`Delivery::Unkeyed`] while nobody holds it.
    pub fn delivery(&self) -> Delivery {
        match &self.live.state {
            TaskState::Assigned { delivery, .. } => *delivery,
            _ => Delivery::Unkeyed,
        }
    }
    /// The last height at which the holder may answer, as it is at `now`: later where the lock's clock stands.
    pub fn lock_deadline_at(&self, now: Height) -> Option<Height> {
        match &self.live.state {
            TaskState::Assigned { delivery, lock_deadline, .. } => Some(delivery.deadline(*lock_deadline, now)),
            _ => None,
        }
    }
    /// The first and the last height at which the holder may demand its private bytes; `None` where it can not, yet or any more.
    pub fn demand_window(&self) -> Option<(Height, Height)> {
        let rules = &self.terms.rules;
        match &self.live.state {
            TaskState::Assigned { delivery: Delivery::Keyed { since, .. }, locked, lock_deadline, .. }
                if self.terms.delivers =>
            {
                // Rounded up, as the time to start is.
                let blocks = price::start_blocks(lock_deadline.since(*locked).0, rules.demand_share);
                Some((later(*since, rules.notice_blocks), later(*locked, blocks)))
            }
            _ => None,
        }
    }
    /// The rules it was opened under.
    pub fn rules(&self) -> &Rules {
        &self.terms.rules
    }
    /// How far it has come.
    pub fn state(&self) -> &TaskState {
        &self.live.state
    }
    /// The money it holds.
    pub fn escrow(&self) -> &Escrow {
        &self.live.escrow
    }

    /// The level of its answer, whatever became of its key since; see [`Market::level`](crate::Market::level).
    pub fn level(&self) -> Level {
        match self.live.state {
            TaskState::Attested { .. } | TaskState::Challenged { .. } => Level::Attested,
            TaskState::Accepted { .. } => Level::Accepted,
            TaskState::Final { .. } => Level::Final,
            _ => Level::Pending,
        }
    }

    /// How it ended without a final answer, if it did.
    pub fn end(&self) -> End {
        match self.live.state {
            TaskState::Failed { .. } | TaskState::Undelivered { .. } => End::Failed,
            TaskState::Expired { .. } => End::Expired,
            TaskState::Cancelled { .. } => End::Cancelled,
            TaskState::Revoked { .. } => End::Revoked,
            _ => End::None,
        }
    }

    /// Why it ended; see [`reason`].
    pub fn reason(&self) -> u16 {
        match &self.live.state {
            TaskState::Failed { outcome: Outcome::Trap, .. } => reason::TRAP,
            TaskState::Failed { .. } => reason::BOUND_EXCEEDED,
            TaskState::Undelivered { .. } => reason::INPUT_UNAVAILABLE,
            TaskState::Expired { reason, .. } | TaskState::Revoked { reason, .. } => *reason,
            _ => reason::NONE,
        }
    }

    /// The answer and its declared values, from when it was attested or accepted; none at any end but final.
    pub fn answer(&self) -> Option<(Outcome, &[[u8; 32]])> {
        match &self.live.state {
            TaskState::Attested { outcome, declared, .. }
            | TaskState::Challenged { outcome, declared, .. }
            | TaskState::Accepted { outcome, declared, .. }
            | TaskState::Final { outcome, declared, .. } => Some((*outcome, declared)),
            _ => None,
        }
    }

    /// The holder, offender, attester or payee.
    pub fn provider(&self) -> Option<&AccountId> {
        match &self.live.state {
            TaskState::Assigned { provider, .. }
            | TaskState::Rescue { offender: provider, .. }
            | TaskState::Attested { provider, .. }
            | TaskState::Challenged { provider, .. }
            | TaskState::Accepted { provider, .. }
            | TaskState::Final { provider, .. }
            | TaskState::Failed { provider, .. }
            | TaskState::Undelivered { provider, .. } => Some(provider),
            TaskState::Open { .. }
            | TaskState::Cancelled { .. }
            | TaskState::Expired { .. }
            | TaskState::Revoked { .. } => None,
        }
    }

    /// What a lock at `now` would be paid, or a reveal during a rescue by another than the offender; monotone in `now`.
    pub fn price_at(&self, now: Height) -> Option<Amount> {
        let rules = &self.terms.rules;
        match &self.live.state {
            TaskState::Open { clock } => {
                let elapsed = now.since(clock.started).0;
                Some(price::clock_price(clock.ceiling, rules.price_floor_share, elapsed, rules.ramp_blocks))
            }
            TaskState::Rescue { price, opened, expires, .. } => {
                let (elapsed, window) = (now.since(*opened).0, expires.since(*opened).0);
                Some(price::rescue_price(*price, self.terms.bounty_max, elapsed, window))
            }
            _ => None,
        }
    }

    /// The stake of a lock at `now`; `None` unless open, or where it does not fit 128 bits.
    pub fn stake_required_at(&self, now: Height) -> Option<Amount> {
        if !matches!(self.live.state, TaskState::Open { .. }) {
            return None;
        }
        let (terms, rules) = (&self.terms, &self.terms.rules);
        let lapse = price::lapse_stake(terms.bounty_max, self.price_at(now)?, rules.hero_share)?;
        let share = match terms.mode {
            Mode::Proved => terms.bounty_max.share(rules.stake_share),
            Mode::Attested => rules.attested_stake(terms.bounty_max)?,
        };
        Some(lapse.max(share).max(terms.min_stake).max(rules.stake_floor))
    }

    /// Height at which [`tick`](crate::Market::tick) has something to do while the key is in force; `None` once it has ended.
    pub fn due(&self) -> Option<Height> {
        match &self.live.state {
            TaskState::Open { clock } => Some(clock.ends),
            TaskState::Assigned { delivery: Delivery::Demanded { until, .. }, .. } => Some(later(*until, 1)),
            TaskState::Assigned { lock_deadline, .. } => Some(later(*lock_deadline, 1)),
            TaskState::Rescue { expires, commits, .. } => {
                let window = self.terms.rules.reveal_blocks.saturating_add(1);
                let first = commits.first().map(|commit| later(commit.height, window));
                let end = later(*expires, 1);
                Some(first.map_or(end, |first| first.min(end)))
            }
            TaskState::Attested { until, commits, .. } => {
                let window = self.terms.rules.reveal_blocks.saturating_add(1);
                // The answer stands once no commitment can become a challenge any more.
                Some(commits.first().map_or(later(*until, 1), |commit| later(commit.height, window)))
            }
            TaskState::Challenged { until, .. } => Some(later(*until, 1)),
            TaskState::Accepted { final_at, .. } => Some(*final_at),
            _ => None,
        }
    }
}

/// The height `blocks` after `height`; the last height where there is none.
pub(crate) fn later(height: Height, blocks: u64) -> Height {
    Height(height.0.saturating_add(blocks))
}
