//! Toy proofs, and the judge that knows them.

use zera_abi::{AccountId, Height, KeyId, Outcome, TaskId};
use zera_market::ports::{Claim, Verdict, Verify};

/// A proof of exactly `claim`: what of it differs between the tasks of a simulation.
pub fn prove(claim: &Claim) -> Box<[u8; 256]> {
    prove_for(&claim.task, &claim.provider, &claim.key, claim.not_after, claim.outcome)
}

/// The same of a claim's parts.
pub fn prove_for(
    task: &TaskId,
    provider: &AccountId,
    key: &KeyId,
    not_after: Height,
    outcome: Outcome,
) -> Box<[u8; 256]> {
    let mut proof = garbage();
    proof[..32].copy_from_slice(task.as_bytes());
    proof[32..64].copy_from_slice(provider.as_bytes());
    proof[64..96].copy_from_slice(key.as_bytes());
    proof[96..104].copy_from_slice(&not_after.0.to_le_bytes());
    proof[104..106].copy_from_slice(&[outcome.code(), 1]);
    proof
}

/// Bytes that prove nothing.
pub fn garbage() -> Box<[u8; 256]> {
    Box::new([0; 256])
}

/// Accepts the claim that a proof was made for, and no other.
#[derive(Debug, Default)]
pub struct Judge;

impl Verify for Judge {
    fn verify(&mut self, claim: &Claim, proof: &[u8; 256]) -> Verdict {
        let made_for = proof[..32] == claim.task.0
            && proof[32..64] == claim.provider.0
            && proof[64..96] == claim.key.0
            && proof[96..104] == claim.not_after.0.to_le_bytes()
            && proof[104..106] == [claim.outcome.code(), 1];
        if made_for { Verdict::Valid } else { Verdict::Invalid }
    }
}
