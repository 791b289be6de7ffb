//! What happened in a block, for those who follow it. Events are rows, so a reader resumes where it stopped.

use zera_abi::wire::{Reader, WireError};
use zera_abi::{AccountId, Amount, Height, KeyId, Outcome, PredicateId, TaskId, TxHash};

use crate::codec::Field;

/// One value of an event, for views that know nothing of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventValue {
    /// 32 bytes, shown as hex.
    Id([u8; 32]),
    /// Money.
    Amount(Amount),
    /// A height, count or code.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// A word or message.
    Text(String),
    /// Bytes, shown as hex.
    Bytes(Vec<u8>),
    /// Nothing, where a field is optional.
    Absent,
}

/// A field type that an event may have.
trait EventField: Field {
    fn value(&self) -> EventValue;
}

macro_rules! event_fields {
    ($($ty:ty => |$x:ident| $value:expr;)*) => {
        $(impl EventField for $ty { fn value(&self) -> EventValue { let $x = self; $value } })*
    };
}
event_fields! {
    AccountId => |x| EventValue::Id(x.0);
    KeyId => |x| EventValue::Id(x.0);
    PredicateId => |x| EventValue::Id(x.0);
    TaskId => |x| EventValue::Id(x.0);
    TxHash => |x| EventValue::Id(x.0);
    Amount => |x| EventValue::Amount(*x);
    Height => |x| EventValue::Number(x.0);
    Outcome => |x| EventValue::Text(x.as_str().to_owned());
    u8 => |x| EventValue::Number(u64::from(*x));
    u64 => |x| EventValue::Number(*x);
    bool => |x| EventValue::Flag(*x);
    String => |x| EventValue::Text(x.clone());
    Vec<u8> => |x| EventValue::Bytes(x.clone());
    [u8; 32] => |x| EventValue::Id(*x);
}

impl<T: EventField> EventField for Option<T> {
    fn value(&self) -> EventValue {
        self.as_ref().map_or(EventValue::Absent, T::value)
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal { $($(#[$fdoc:meta])* $field:ident : $ty:ty),* $(,)? })*) => {
        /// An event. Codes and fields are append-only.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "fields are named by the words of the market; see zera_market::Note")]
        pub enum Event { $($(#[$doc])* $variant { $($(#[$fdoc])* $field: $ty),* }),* }

        impl Event {
            /// The name on the wire.
            pub fn name(&self) -> &'static str {
                match self { $(Event::$variant { .. } => $name),* }
            }

            /// Its fields in order.
            pub fn fields(&self) -> Vec<(&'static str, EventValue)> {
                match self { $(Event::$variant { $($field),* } => vec![$((stringify!($field), $field.value())),*]),* }
            }
        }

        impl Field for Event {
            fn put(&self, out: &mut Vec<u8>) {
                match self { $(Event::$variant { $($field),* } => { u8::put(&$code, out); $($field.put(out);)* }),* }
            }

            fn take(from: &mut Reader<'_>) -> Result<Event, WireError> {
                match from.u8()? {
                    $($code => Ok(Event::$variant { $($field: <$ty as Field>::take(from)?),* }),)*
                    _ => Err(WireError::Flags),
                }
            }
        }
    };
}

events! {
    /// A contract asked.
    TaskOpened = 1, "task_opened" {
        task: TaskId, contract: AccountId, handle: u64, predicate: PredicateId, key: KeyId, bounty: Amount,
        min_stake: Amount, deadline: Height, public_len: u64
    }
    /// Nobody locked; the price starts again from a higher ceiling.
    TaskReauctioned = 2, "task_reauctioned" { task: TaskId, round: u8, ceiling: Amount }
    /// The requester withdrew before a lock.
    TaskCancelled = 3, "task_cancelled" { task: TaskId }
    /// A provider locked its stake.
    TaskLocked = 4, "task_locked" {
        task: TaskId, provider: AccountId, price: Amount, stake: Amount, lock_deadline: Height
    }
    /// A provider gave its lock back in time.
    TaskReleased = 5, "task_released" { task: TaskId, provider: AccountId, burned: Amount }
    /// A proof did not verify.
    ProofRejected = 6, "proof_rejected" { task: TaskId, provider: AccountId, attempt: u8, burned: Amount }
    /// The lock was missed or lost: anyone may rescue.
    RescueOpened = 7, "rescue_opened" { task: TaskId, provider: AccountId, late: bool, expires: Height }
    /// Somebody has a proof and has not shown it yet.
    RescueCommitted = 8, "rescue_committed" { task: TaskId, provider: AccountId }
    /// A stake was split.
    StakeSlashed = 9, "stake_slashed" {
        task: TaskId, provider: AccountId, burned: Amount, hero: Option<AccountId>, hero_paid: Amount,
        requester_paid: Amount, insurance_paid: Amount
    }
    /// The proof verified: the contract may act.
    TaskAccepted = 10, "task_accepted" { task: TaskId, provider: AccountId, outcome: Outcome, price: Amount }
    /// The predicate trapped or exceeded a bound.
    TaskFailed = 11, "task_failed" { task: TaskId, provider: AccountId, outcome: Outcome, paid: Amount }
    /// Settled for good.
    TaskFinal = 12, "task_final" { task: TaskId, provider: AccountId, paid: Amount, stake_returned: Amount }
    /// Nobody answered in time.
    TaskExpired = 13, "task_expired" { task: TaskId }
    /// The host called the contract back.
    Callback = 14, "callback" { task: TaskId, contract: AccountId, entry: String, done: bool, detail: String }
    /// A rescuer did not show what it had committed.
    DepositBurned = 19, "deposit_burned" { task: TaskId, provider: AccountId, burned: Amount }
    /// A contract emitted an event.
    ContractEvent = 15, "contract_event" { contract: AccountId, topic: Vec<u8>, data: Vec<u8> }
    /// A contract was created.
    ContractDeployed = 16, "contract_deployed" { contract: AccountId, creator: AccountId }
    /// A predicate's version was published.
    PredicatePublished = 17, "predicate_published" { predicate: PredicateId, owner: AccountId, name: String }
    /// A key was registered.
    KeyRegistered = 18, "key_registered" { key: KeyId, predicate: PredicateId, owner: AccountId, activates: Height }
    /// A name was pointed at a predicate, from a height on.
    NamePointed = 20, "name_pointed" { name: String, predicate: PredicateId, owner: AccountId, from: Height }
    /// A key's owner took it out of use.
    KeyUnregistered = 21, "key_unregistered" { key: KeyId, predicate: PredicateId, owner: AccountId, returned: Amount }
    /// A key proved two outcomes for one input: no task on it goes on.
    KeyWithdrawn = 22, "key_withdrawn" { key: KeyId, reporter: AccountId, reward: Amount }
    /// A task ended with its key: everybody has back what they put in.
    TaskRevoked = 23, "task_revoked" {
        task: TaskId, requester_paid: Amount, stake_returned: Amount, deposits_returned: Amount
    }
    /// An answer without a proof: it stands unless it is challenged.
    TaskAttested = 24, "task_attested" { task: TaskId, provider: AccountId, outcome: Outcome, until: Height }
    /// Somebody is about to challenge an answer.
    ChallengeCommitted = 25, "challenge_committed" { task: TaskId, challenger: AccountId }
    /// An answer was challenged: a proof settles it, until a height.
    TaskChallenged = 26, "task_challenged" {
        task: TaskId, challenger: AccountId, claimed: Outcome, bond: Amount, until: Height
    }
    /// A proof, or a native run, showed what the answer is.
    ChallengeSettled = 27, "challenge_settled" {
        task: TaskId, settler: AccountId, outcome: Outcome, upheld: bool, native: bool
    }
    /// Nobody showed what the answer is: there is none.
    ChallengeVoided = 28, "challenge_voided" {
        task: TaskId, challenger: AccountId, bond_returned: Amount, reopened: bool
    }
    /// Where the bond of a challenge went that was wrong.
    ChallengeLost = 29, "challenge_lost" {
        task: TaskId, challenger: AccountId, burned: Amount, settler: AccountId, settler_paid: Amount
    }
    /// Where the stake of an answer went that was wrong.
    AttestationSlashed = 30, "attestation_slashed" {
        task: TaskId, attester: AccountId, burned: Amount, challenger_paid: Amount, settler_paid: Amount,
        requester_paid: Amount
    }
    /// Free money became a deposit.
    Staked = 31, "staked" { account: AccountId, amount: Amount }
    /// A part of a deposit is on its way back, slashable until a height.
    Unstaking = 32, "unstaking" { account: AccountId, amount: Amount, due: Height }
    /// A part of a deposit is free again.
    Unbonded = 33, "unbonded" { account: AccountId, amount: Amount }
    /// A false answer cost of the deposit, too.
    DepositSlashed = 34, "deposit_slashed" { task: TaskId, provider: AccountId, burned: Amount }
    /// A deposit does not cover its locks any more: those that have not started go at a height.
    MarginCalled = 35, "margin_called" { provider: AccountId, need: Amount, have: Amount, until: Height }
    /// An answer did not come: no lock until a height.
    Jailed = 47, "jailed" { provider: AccountId, until: Height }
    /// Two answers in a row did not come: at most so many locks, one more with each that does.
    Braked = 48, "braked" { provider: AccountId, capacity: u64 }
    /// Somebody asks for another value of a rule; values are decimal digits, in units.
    ProposalOpened = 36, "proposal_opened" {
        proposal: u64, proposer: AccountId, rule: String, old: String, new: String, deposit: Amount
    }
    /// An account has this much locked for a proposal now, and all together `support`.
    ProposalSupported = 37, "proposal_supported" {
        proposal: u64, voter: AccountId, amount: Amount, support: Amount
    }
    /// A proposal has the conviction that it needs; its time lock runs.
    ProposalPassed = 38, "proposal_passed" { proposal: u64, executes: Height }
    /// At the end of its time lock it did not have it any more: it is voted on again.
    ProposalLapsed = 39, "proposal_lapsed" { proposal: u64 }
    /// A proposal was adopted, as a version of the rules, or overtaken, or it expired.
    ProposalEnded = 40, "proposal_ended" {
        proposal: u64, state: String, version: Option<u64>, reason: Option<String>, deposit_returned: Amount,
        burned: Amount
    }
    /// The holder said what its private bytes are to be sealed to.
    SealingKeyGiven = 41, "sealing_key_given" { task: TaskId, provider: AccountId, sealing_key: [u8; 32] }
    /// The private bytes did not come: the requester has to deliver them on the chain, until a height.
    DeliveryDemanded = 42, "delivery_demanded" { task: TaskId, provider: AccountId, fee: Amount, until: Height }
    /// A demand is over: met on the chain, or the holder needs it no longer.
    DemandClosed = 43, "demand_closed" {
        task: TaskId, provider: AccountId, delivered: bool, fee_paid: Amount, lock_deadline: Height
    }
    /// A task ended with a requester who did not deliver, or delivered something `wrong`.
    InputUnavailable = 44, "input_unavailable" {
        task: TaskId, provider: AccountId, wrong: bool, paid: Amount, burned: Amount, stake_returned: Amount,
        fee_returned: Amount
    }
    /// The host ran a task's predicate, for whoever paid for it.
    NativeRun = 45, "native_run" {
        task: TaskId, settler: AccountId, outcome: Outcome, fuel_used: u64, fee: Amount
    }
    /// A proof that was taken says something else than the predicate: its key goes.
    KeyContradicted = 46, "key_contradicted" {
        task: TaskId, key: KeyId, reporter: AccountId, proved: Outcome, native: Outcome
    }
}

impl Event {
    /// The task that it concerns.
    pub fn task(&self) -> Option<TaskId> {
        match self.fields().first() {
            Some(("task", EventValue::Id(id))) => Some(TaskId(*id)),
            _ => None,
        }
    }
}
