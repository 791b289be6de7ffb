//! What a watcher tells whoever listens.

use zera_abi::{AccountId, Amount, Height, KeyId, Outcome, TaskId};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "fields are named after what they are")]
pub enum Sight {
    /// It watches; `resumed` challenges of before are under way.
    Started { account: AccountId, height: Height, resumed: usize },
    /// An answer was not looked at.
    Passed { task: TaskId, why: String },
    /// An answer was run again; nanoseconds of native run and circuit together.
    Looked { task: TaskId, said: Outcome, found: Outcome, ns: u64 },
    /// It is wrong, and is not challenged.
    Held { task: TaskId, why: String },
    /// It is wrong, and challenged; the bond is at stake.
    Challenged { task: TaskId, claimed: Outcome, bond: Amount },
    /// The challenge is settled, `by` a native run or a proof.
    Settled { task: TaskId, outcome: Outcome, by: &'static str, fee: Amount },
    /// It was proved and is wrong: the key that proved it is withdrawn.
    Contradicted { task: TaskId, key: KeyId, said: Outcome, found: Outcome, fee: Amount },
    /// A step came to nothing.
    Failed { task: TaskId, why: String },
    /// Money came of it.
    Earned { task: TaskId, amount: Amount, by: &'static str },
    /// The deposit of a key that was withdrawn on our word.
    Rewarded { key: KeyId, amount: Amount },
    /// Money went.
    Lost { task: TaskId, amount: Amount },
    /// The node does not answer.
    Unreachable { what: String },
}
