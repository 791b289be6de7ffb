//! Hashes of bytes.

use crate::imports;

/// SHA-256.
#[inline(always)]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    imports::sha256(&mut digest, bytes);
    digest
}

/// Ethereum's Keccak-256.
#[inline(always)]
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    imports::keccak256(&mut digest, bytes);
    digest
}
