//! The context that a proof is bound to.

use crate::id::sha256;
use crate::scalar::scalar_from_be;
use ark_bn254::Fr;
use zera_abi::{AccountId, ChainId, Height, KeyId, PredicateId, TaskId};

/// Everything that a proof must not be moved between: one chain, task, key, predicate, provider and last height.
///
/// As a public input it is the SHA-256 of the fields below, with the three top bits cleared:
///
/// ```text
/// 0    17   "zera/statement/v1"
/// 17   32   chain_id
/// 49   32   task_id
/// 81   32   key_id
/// 113  32   predicate_id
/// 145  32   provider
/// 177  8    not_after_height (u64 LE)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The chain, by the hash of its genesis.
    pub chain: ChainId,
    /// The task; a direct one ([`crate::direct_task_id`]) where a contract brings its own proof.
    pub task: TaskId,
    /// The verifying key.
    pub key: KeyId,
    /// The predicate's version.
    pub predicate: PredicateId,
    /// Who is paid for the answer.
    pub provider: AccountId,
    /// Last height at which the proof counts: fixed when the task opens.
    pub not_after: Height,
}

impl Binding {
    /// The digest with its first byte masked by `0x1f`: a big-endian integer below 2^253, hence below r.
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = sha256(&[
            b"zera/statement/v1",
            self.chain.as_bytes(),
            self.task.as_bytes(),
            self.key.as_bytes(),
            self.predicate.as_bytes(),
            self.provider.as_bytes(),
            &self.not_after.0.to_le_bytes(),
        ]);
        bytes[0] &= 0x1f;
        bytes
    }

    /// [`Self::to_bytes`] as a scalar; never reduced.
    pub fn to_scalar(&self) -> Fr {
        scalar_from_be(&self.to_bytes()).expect("2^253 is below r")
    }
}
