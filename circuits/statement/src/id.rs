//! 32-byte names: SHA-256 under a domain, fields of fixed length after it.

use sha2::{Digest, Sha256};
use zera_abi::{AccountId, ChainId, CodeHash, KeyId, PredicateId, TaskId};

/// `SHA-256("zera/task/v1" || chain || contract || nonce[u64 LE])`.
pub fn task_id(chain: &ChainId, contract: &AccountId, nonce: u64) -> TaskId {
    TaskId(sha256(&[b"zera/task/v1", chain.as_bytes(), contract.as_bytes(), &nonce.to_le_bytes()]))
}

/// Where there is no task: `SHA-256("zera/direct/v1" || contract || context)`, for a contract's own 32 bytes.
pub fn direct_task_id(contract: &AccountId, context: &[u8; 32]) -> TaskId {
    TaskId(sha256(&[b"zera/direct/v1", contract.as_bytes(), context]))
}

/// `SHA-256("zera/predicate/v1" || matrices digest || program hash || manifest hash)`.
pub fn predicate_id(matrices_digest: &[u8; 32], program_hash: &[u8; 32], manifest_hash: &[u8; 32]) -> PredicateId {
    PredicateId(sha256(&[b"zera/predicate/v1", matrices_digest, program_hash, manifest_hash]))
}

/// SHA-256 of a verifying key's canonical bytes ([`zera_abi::wire`]).
pub fn key_id(canonical_key_bytes: &[u8]) -> KeyId {
    KeyId(sha256(&[canonical_key_bytes]))
}

/// `SHA-256("zera/address/v1" || creator || nonce[u64 LE] || code_hash)`.
pub fn contract_address(creator: &AccountId, nonce: u64, code: &CodeHash) -> AccountId {
    AccountId(sha256(&[b"zera/address/v1", creator.as_bytes(), &nonce.to_le_bytes(), code.as_bytes()]))
}

/// SHA-256 of a contract module's bytes.
pub fn code_hash(wasm: &[u8]) -> CodeHash {
    CodeHash(sha256(&[wasm]))
}

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}
