//! Verifying a proof that the contract was given itself.

use alloc::vec;

use zera_abi::wire::{Claim, CLAIM_FIXED_LEN, PROOF_LEN};
use zera_abi::{KeyId, Status};

use crate::exit::done;
use crate::imports;

/// Verifies a Groth16 proof on the caller's public inputs: 32 bytes each, big-endian, below r, one after the other.
///
/// Whether the statement means anything is the contract's affair: prefer [`verify_statement`].
///
/// # Errors
/// [`Status::No`] where it does not verify, [`Status::Key`], [`Status::Count`], [`Status::Encoding`].
pub fn verify_groth16(key: &KeyId, inputs: &[u8], proof: &[u8; PROOF_LEN]) -> Result<(), Status> {
    done(imports::verify_groth16(&key.0, inputs, proof))
}

/// Verifies a proof on a claim; the host derives the statement, with this chain and this contract inside.
///
/// # Errors
/// As [`verify_groth16`], [`Status::Deadline`] where the proof no longer counts, [`Status::Limit`] for a claim too long.
pub fn verify_statement(key: &KeyId, claim: &Claim<'_>, proof: &[u8; PROOF_LEN]) -> Result<(), Status> {
    let mut bytes = vec![0; CLAIM_FIXED_LEN + claim.public.len() + claim.declared.len()];
    let len = claim.encode(&mut bytes).map_err(|_| Status::Limit)?;
    done(imports::verify_statement(&key.0, bytes.get(..len).unwrap_or(&[]), proof))
}
