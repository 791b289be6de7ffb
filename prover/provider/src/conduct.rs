//! Drills: how a provider behaves on purpose, to show and test what a network does about it.
//!
//! Only demonstrations and tests set anything but [`Conduct::Honest`]. A drill costs the provider what it costs everybody:
//! stakes are real.

use std::ops::Neg;

use ark_ec::{AffineRepr, CurveGroup};
use zera_market::Answer;
use zera_verifier::Proof;

/// How the daemon behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Conduct {
    /// Takes what pays and delivers it.
    #[default]
    Honest,
    /// Takes nothing; what was taken before is delivered.
    Idle,
    /// Locks, and then does nothing: the lock lapses and others rescue the task.
    SilentAfterLock,
    /// Locks, and hands the lock back at once, where its start deadline still allows it.
    ReleaseAfterLock,
    /// Locks, is silent until the lock has lapsed, and then rescues its own task.
    RescueItself,
    /// Locks nothing; proves for a rescue and holds the commitment back until the drill is over. For races.
    HoldRescue,
    /// Submits well-formed proofs that do not verify, one after another, until the lock is lost or the drill is over.
    CorruptProof,
    /// Submits this proof, somebody else's, in place of its own.
    ReplayProof(Box<[u8; 256]>),
    /// Where it answers without a proof, says the opposite of what is right, and is silent when challenged.
    AttestFalsely,
    /// Where it answers without a proof, says what is right, and is silent when challenged.
    SilentWhenChallenged,
}

impl Conduct {
    /// The word for it.
    pub const fn name(&self) -> &'static str {
        match self {
            Conduct::Honest => "honest",
            Conduct::Idle => "idle",
            Conduct::SilentAfterLock => "silent_after_lock",
            Conduct::ReleaseAfterLock => "release_after_lock",
            Conduct::RescueItself => "rescue_itself",
            Conduct::HoldRescue => "hold_rescue",
            Conduct::CorruptProof => "corrupt_proof",
            Conduct::ReplayProof(_) => "replay_proof",
            Conduct::AttestFalsely => "attest_falsely",
            Conduct::SilentWhenChallenged => "silent_when_challenged",
        }
    }

    /// What goes out in place of an honest answer; `None` where nothing does.
    pub fn bend(&self, answer: &Answer) -> Option<Answer> {
        match self {
            Conduct::Honest
            | Conduct::Idle
            | Conduct::ReleaseAfterLock
            | Conduct::AttestFalsely
            | Conduct::SilentWhenChallenged => Some(answer.clone()),
            Conduct::SilentAfterLock | Conduct::RescueItself | Conduct::HoldRescue => None,
            Conduct::CorruptProof => Some(Answer { proof: corrupt(&answer.proof), ..answer.clone() }),
            Conduct::ReplayProof(proof) => Some(Answer { proof: proof.clone(), ..answer.clone() }),
        }
    }

    /// Whether tasks are delivered, be it late.
    pub const fn delivers(&self) -> bool {
        matches!(
            self,
            Conduct::Honest
                | Conduct::Idle
                | Conduct::ReleaseAfterLock
                | Conduct::RescueItself
                | Conduct::AttestFalsely
                | Conduct::SilentWhenChallenged
        )
    }

    /// Whether nothing is done with a lock while it lasts.
    pub const fn is_silent(&self) -> bool {
        matches!(self, Conduct::SilentAfterLock | Conduct::RescueItself)
    }

    /// Whether a challenge of its unproved answer is left unanswered.
    pub const fn is_silent_when_challenged(&self) -> bool {
        matches!(self, Conduct::AttestFalsely | Conduct::SilentWhenChallenged)
    }

    /// Whether others' lapsed locks are looked for.
    pub const fn rescues(&self) -> bool {
        matches!(self, Conduct::Honest | Conduct::HoldRescue)
    }
}

/// A well-formed proof that verifies for nothing that `proof` verifies for: its A negated.
///
/// `e(-A, B)` is the inverse of `e(A, B)`, which is 1 for no proof in use. Bytes that are no proof come back as they are.
pub fn corrupt(proof: &[u8; 256]) -> Box<[u8; 256]> {
    let bent = Proof::decode(proof)
        .ok()
        .and_then(|good| Proof::from_points(good.a().into_group().neg().into_affine(), *good.b(), *good.c()).ok());
    Box::new(bent.map_or(*proof, |bad| bad.encode()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::{G1Affine, G2Affine};
    use zera_abi::Outcome;

    #[test]
    fn a_corrupt_proof_is_well_formed_and_another() {
        let good = Proof::from_points(G1Affine::generator(), G2Affine::generator(), G1Affine::generator()).unwrap();
        let bad = corrupt(&good.encode());
        assert_ne!(*bad, good.encode());
        assert!(Proof::decode(bad.as_slice()).is_ok());
        assert_eq!(*corrupt(&bad), good.encode());
    }

    #[test]
    fn only_honest_and_idle_send_what_was_proved() {
        let answer = Answer { outcome: Outcome::True, declared: vec![], proof: Box::new([1; 256]) };
        assert_eq!(Conduct::Honest.bend(&answer).as_ref(), Some(&answer));
        assert_eq!(Conduct::Idle.bend(&answer).as_ref(), Some(&answer));
        assert_eq!(Conduct::SilentAfterLock.bend(&answer), None);
        let other = Box::new([2; 256]);
        assert_eq!(Conduct::ReplayProof(other.clone()).bend(&answer).map(|bent| bent.proof), Some(other));
    }
}
