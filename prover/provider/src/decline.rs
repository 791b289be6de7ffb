//! Why a task was not taken, for machines.

use std::collections::BTreeMap;
use std::fmt;

macro_rules! declines {
    ($($(#[$doc:meta])* $variant:ident = $code:literal;)*) => {
        /// Why a task was not taken. The codes are append-only: requesters read them to learn why nobody bids.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Decline { $($(#[$doc])* $variant,)* }

        impl Decline {
            /// Every reason.
            pub const ALL: &'static [Decline] = &[$(Decline::$variant,)*];

            /// The code in the job book, logs and reports.
            pub const fn code(self) -> &'static str {
                match self { $(Decline::$variant => $code,)* }
            }
        }
    };
}

declines! {
    /// The price is below this machine's cost with its margin. The clock may still climb.
    Underpriced = "underpriced";
    /// No artefact for it here, or not on the list of what is served.
    UnknownPredicate = "unknown_predicate";
    /// The task is pinned to a key that is not here.
    UnknownKey = "unknown_key";
    /// More input or rows than this provider takes.
    TooLarge = "too_large";
    /// Can not be proved before the lock's deadline.
    Deadline = "deadline";
    /// Could be, were it not for what was taken before.
    OverCapacity = "over_capacity";
    /// The stake is above what is free, or above what may be at risk.
    CollateralLow = "collateral_low";
    /// The native answer is one that this provider does not sell.
    OutcomeNotServed = "outcome_not_served";
    /// The requester is on the deny list.
    DenyListed = "deny_listed";
    /// Input bytes are missing: too few, or private ones that nobody delivered.
    InputMissing = "input_missing";
    /// The input bytes are not those that the task's root, or what the request fixes of the declared values, commits to: a proof
    /// over them would never be taken.
    InputMismatch = "input_mismatch";
    /// The predicate traps or exceeds a bound on this input, and the fee for proving that does not cover its cost. The fee is
    /// a share of the requester's bond and does not climb.
    FeeBelowCost = "fee_below_cost";
    /// The task's name is not the one that follows from chain, requester and number: the node shows something else than the
    /// chain holds.
    IdMismatch = "id_mismatch";
    /// The native answer is one that this task does not take: anything but true, over private bytes that nothing fixes.
    OutcomeRefused = "outcome_refused";
    /// The answer can not be computed here: the predicate's own fault, or that of its file.
    NoAnswer = "no_answer";
    /// The native run of the predicate's program takes more fuel than this provider gives one.
    OutOfFuel = "out_of_fuel";
    /// The market gives this account no locks for a while: an answer of it did not come.
    Jailed = "jailed";
}

impl Decline {
    /// The reason with this code.
    pub fn from_code(code: &str) -> Option<Decline> {
        Decline::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}

impl fmt::Display for Decline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A reason and its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declined {
    /// For machines.
    pub reason: Decline,
    /// For people: what was compared, with both numbers.
    pub detail: String,
}

impl Declined {
    pub(crate) fn new(reason: Decline, detail: impl Into<String>) -> Declined {
        Declined { reason, detail: detail.into() }
    }
}

/// How often each reason occurred. A task counts once for each reason it was declined for, not once a block.
pub type Declines = BTreeMap<Decline, u64>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_differ() {
        for reason in Decline::ALL {
            assert_eq!(Decline::from_code(reason.code()), Some(*reason));
        }
        assert_eq!(Decline::from_code("Underpriced"), None);
    }
}
