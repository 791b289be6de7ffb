//! What happened, for receipts, events and logs.

use zera_abi::{AccountId, Amount, Height, KeyId, Outcome, TaskId};

use crate::vote::ProposalState;

/// One thing that a transition did. Notes describe; nothing is decided by them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "fields are named after what they are; amounts are in ZRA units")]
pub enum Note {
    /// T1.
    Opened { task: TaskId },
    /// T21: nobody locked; a new round with a higher ceiling.
    Reauctioned { task: TaskId, round: u8, ceiling: Amount },
    /// T2.
    Cancelled { task: TaskId },
    /// T3.
    Locked { task: TaskId, provider: AccountId, price: Amount, stake: Amount, lock_deadline: Height },
    /// T22.
    Released { task: TaskId, provider: AccountId, burned: Amount },
    /// T5, and a reveal whose proof does not verify (its deposit burnt; `attempt` is 0).
    ProofRejected { task: TaskId, provider: AccountId, attempt: u8, burned: Amount },
    /// T5' and T11: `provider` failed, others may answer.
    RescueOpened { task: TaskId, provider: AccountId, late: bool, expires: Height },
    /// T12.
    RescueCommitted { task: TaskId, provider: AccountId },
    /// T12: a commitment was not revealed in its window.
    DepositBurned { task: TaskId, provider: AccountId, burned: Amount },
    /// The stake of `provider`, or the part of it that waited, went where the split says.
    Slashed {
        task: TaskId,
        provider: AccountId,
        burned: Amount,
        hero: Option<AccountId>,
        hero_paid: Amount,
        requester_paid: Amount,
        insurance_paid: Amount,
    },
    /// T4 and T13; `price` is held until final.
    Accepted { task: TaskId, provider: AccountId, outcome: Outcome, price: Amount },
    /// T15; `paid` is the execution fee.
    Failed { task: TaskId, provider: AccountId, outcome: Outcome, paid: Amount },
    /// T6: an answer with a stake and without a proof; it stands unless challenged.
    Attested { task: TaskId, provider: AccountId, outcome: Outcome, until: Height },
    /// T8, its first step.
    ChallengeCommitted { task: TaskId, challenger: AccountId },
    /// T8: `challenger` says that the outcome is `claimed`; a proof until `until` settles it.
    Challenged { task: TaskId, challenger: AccountId, claimed: Outcome, bond: Amount, until: Height },
    /// T9a, T9b, T9d: the challenge has an answer; its money moves when that is final. `native`: by a native run.
    Settled { task: TaskId, settler: AccountId, outcome: Outcome, upheld: bool, native: bool },
    /// T9c: nobody settled, so there is no answer; the bond goes back.
    Voided { task: TaskId, challenger: AccountId, bond_returned: Amount, reopened: bool },
    /// The bond of a challenge that was wrong.
    ChallengeLost { task: TaskId, challenger: AccountId, burned: Amount, settler: AccountId, settler_paid: Amount },
    /// The stake of an attested answer that was wrong, where it went.
    AttestationSlashed {
        task: TaskId,
        attester: AccountId,
        burned: Amount,
        challenger_paid: Amount,
        settler_paid: Amount,
        requester_paid: Amount,
    },
    /// T17, or T7 where it was `confirmed` by nobody's challenge.
    Finalised { task: TaskId, provider: AccountId, paid: Amount, stake_returned: Amount, confirmed: bool },
    /// T14, or T21 with its rounds used up.
    Expired { task: TaskId },
    /// A key was proven broken; `reward` is its deposit. Its tasks are revoked from the next block on.
    KeyWithdrawn { key: KeyId, reporter: AccountId, reward: Amount },
    /// Free money became a deposit.
    Staked { account: AccountId, amount: Amount },
    /// A part of a deposit is on its way back, slashable until `due`.
    Unstaking { account: AccountId, amount: Amount, due: Height },
    /// It is back.
    Unbonded { account: AccountId, amount: Amount },
    /// A false answer to `task` cost of the deposit, too.
    DepositSlashed { task: TaskId, provider: AccountId, burned: Amount },
    /// The deposit does not cover the locks any more: those that have not started are released at `until`.
    MarginCalled { provider: AccountId, need: Amount, have: Amount, until: Height },
    /// No lock until that height: an answer did not come.
    Jailed { provider: AccountId, until: Height },
    /// Two answers in a row did not come: at most so many locks, one more with each answer that does.
    Braked { provider: AccountId, capacity: u32 },
    /// T20: what was left went back. `stake_returned` includes a hero's share that was still held.
    Revoked { task: TaskId, requester_paid: Amount, stake_returned: Amount, deposits_returned: Amount },
    /// Somebody asks for another value of a rule.
    ProposalOpened { proposal: u64, proposer: AccountId, rule: &'static str, old: u128, new: u128, deposit: Amount },
    /// `voter` has `amount` locked for a proposal now, and all together `support`.
    ProposalSupported { proposal: u64, voter: AccountId, amount: Amount, support: Amount },
    /// It has the conviction that it needs; its time lock runs.
    ProposalPassed { proposal: u64, executes: Height },
    /// It did not have enough any more at the end of its time lock, and is voted on again.
    ProposalLapsed { proposal: u64 },
    /// It was adopted or overtaken, or it expired.
    ProposalEnded { proposal: u64, state: ProposalState, deposit_returned: Amount, burned: Amount },
    /// T16a: private bytes are sealed to this key from now on.
    Keyed { task: TaskId, provider: AccountId, key: [u8; 32] },
    /// T16b: the private bytes did not come; the requester delivers them on the chain, until a height.
    Demanded { task: TaskId, provider: AccountId, fee: Amount, until: Height },
    /// T16c: the demand is over, its fee the requester's. `delivered`: it was met; else the holder went on without.
    DemandClosed { task: TaskId, provider: AccountId, delivered: bool, fee_paid: Amount, lock_deadline: Height },
    /// T16d, or T16e where what was delivered was `wrong`; `paid` is the execution fee.
    Undelivered {
        task: TaskId,
        provider: AccountId,
        wrong: bool,
        paid: Amount,
        burned: Amount,
        stake_returned: Amount,
        fee_returned: Amount,
    },
}
