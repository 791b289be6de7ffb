//! Words for why something was refused: few and fixed, so that they can be labels of a metric and fields of a log.

use zera_abi::Status;
use zera_host::{DecodeError, Rejection};
use zera_verifier::{Proof, ProofError};

use crate::pool::PoolError;
use crate::shared::{Refused, Unavailable};

/// Why bytes are no transaction.
pub(crate) fn decode(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::TooLong { .. } => "too_long",
        DecodeError::Signature => "signature",
        _ => "encoding",
    }
}

/// Why a transaction is in no block.
pub(crate) fn rejection(reason: &Rejection) -> &'static str {
    match reason {
        Rejection::Chain => "chain",
        Rejection::Expired { .. } => "expired",
        Rejection::NonceUsed { .. } => "nonce_used",
        Rejection::NonceGap { .. } => "nonce_gap",
        Rejection::FuelLimit { .. } => "fuel_limit",
        Rejection::FuelCeiling { .. } => "fuel_ceiling",
        Rejection::Fee { .. } => "fee",
        Rejection::Duplicate => "duplicate",
        Rejection::Node(_) => "node",
        _ => "other",
    }
}

/// Why a transaction may not wait.
pub(crate) fn refused(refused: &Refused) -> &'static str {
    match refused {
        Refused::Rejected(reason) => rejection(reason),
        Refused::Pool(PoolError::Full { .. }) => "pool_full",
        Refused::Pool(PoolError::GappedFull) => "gapped_full",
        Refused::Pool(PoolError::SenderFull) => "sender_full",
        Refused::Pool(PoolError::NonceTaken { .. }) => "nonce_taken",
        Refused::TooFar { .. } => "nonce_far",
        Refused::Unavailable(Unavailable::Closed) => "closing",
        Refused::Unavailable(_) => "node",
    }
}

/// Why a proof was not taken, where the judge's answer was `status`. The contract hears no more than that; the operator
/// hears which check it was.
pub(crate) fn proof(proof: &[u8; 256], status: Status) -> &'static str {
    match Proof::decode(proof) {
        Err(ProofError::Length { .. }) => "length",
        Err(ProofError::Flags { .. }) => "flags",
        Err(ProofError::Range { .. }) => "range",
        Err(ProofError::Infinity { .. }) => "infinity",
        Err(ProofError::Curve { .. }) => "curve",
        Err(ProofError::Subgroup { .. }) => "subgroup",
        Err(_) => "other",
        Ok(_) if status == Status::Encoding => "declared",
        Ok(_) => "equation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_that_is_no_proof_is_told_by_its_first_fault() {
        // A coordinate that is the base modulus itself, big-endian.
        let modulus = "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";
        let mut range = [0u8; 256];
        range[..32].copy_from_slice(&hex::decode(modulus).expect("hex"));
        let mut curve = [0u8; 256];
        for word in curve.chunks_mut(32) {
            word[31] = 1;
        }
        for (bytes, expected) in [([0xff; 256], "flags"), (range, "range"), ([0; 256], "infinity"), (curve, "curve")] {
            assert_eq!(proof(&bytes, Status::Encoding), expected);
        }
    }
}
