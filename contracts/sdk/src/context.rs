//! Where and for whom the contract runs.

use alloc::vec;
use alloc::vec::Vec;

use zera_abi::table::origin;
use zera_abi::{AccountId, Amount, ChainId, Height, Status};

use crate::imports;

/// The input of the call, whole.
pub fn input() -> Vec<u8> {
    let mut bytes = vec![0; imports::input_len()];
    // The length is the host's own, so this can not fail.
    imports::input_read(&mut bytes, 0);
    bytes
}

/// Copies a part of the input.
///
/// # Errors
/// [`Status::Buffer`] where the input ends before the part does.
pub fn input_part(from: u32, part: &mut [u8]) -> Result<(), Status> {
    crate::exit::done(imports::input_read(part, from))
}

/// Height of the block being built.
pub fn height() -> Height {
    Height(imports::block_height())
}

/// Who signed the transaction; the contract itself in a call-back.
pub fn caller() -> AccountId {
    let mut id = [0; 32];
    imports::caller(&mut id);
    AccountId(id)
}

/// The contract's own address.
pub fn self_address() -> AccountId {
    let mut id = [0; 32];
    imports::self_address(&mut id);
    AccountId(id)
}

/// The chain.
pub fn chain_id() -> ChainId {
    let mut id = [0; 32];
    imports::chain_id(&mut id);
    ChainId(id)
}

/// Whether the host makes this call by itself, with an answer or its end.
pub fn is_callback() -> bool {
    imports::origin() == origin::HOST
}

/// The version of the interface that the host offers, and of its block rules.
pub fn versions() -> (u32, u32) {
    (imports::abi_version(), imports::protocol_version())
}

/// An amount of the contract's configuration; `None` where it was never configured.
pub fn config(key: &str) -> Option<Amount> {
    let mut units = [0; 16];
    match imports::config_amount(key.as_bytes(), &mut units) {
        Status::Ok => Some(Amount::from_units(u128::from_le_bytes(units))),
        _ => None,
    }
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    imports::hash(zera_abi::table::hash_alg::SHA256, bytes, &mut digest);
    digest
}

/// The input root of public input bytes, big-endian: Poseidon over BN254.
pub fn input_root(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    imports::hash(zera_abi::table::hash_alg::POSEIDON_INPUT_ROOT, bytes, &mut digest);
    digest
}
