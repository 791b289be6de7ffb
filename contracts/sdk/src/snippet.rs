//! The names of ZERA's published snippet, so that it compiles and runs as it stands.
//!
//! Nothing here fails in silence: what the host refuses reverts the call with the status and a message.

use alloc::vec::Vec;

use zera_abi::Status;

use crate::exit::{abort, abort_status};
use crate::task::Ask;
use crate::{context, event, imports, storage, task};

/// Configuration entry with the bounty of a request, in units; the snippet names none.
pub const BOUNTY_CONFIG: &str = "OFFCHAIN_COMP_BOUNTY";
/// Configuration entry with the fuel of the call-back.
pub const CALLBACK_FUEL_CONFIG: &str = "OFFCHAIN_COMP_CALLBACK_FUEL";
/// Storage key of the state that [`update_contract_state_true`] and its counterpart write.
pub const STATE_KEY: &[u8] = b"state";
/// Topic of the event that they emit.
pub const CONDITION_TOPIC: &[u8] = b"condition";

/// The call's input.
pub fn get_current_context_data() -> Vec<u8> {
    context::input()
}

/// An amount of the contract's configuration, in units; aborts where it was never configured.
pub fn amount_from_config(key: &str) -> u128 {
    match context::config(key) {
        Some(amount) => amount.units(),
        None => abort_status("config", key, Status::NotFound),
    }
}

/// Height of the block being built; aborts where it does not fit 32 bits.
pub fn get_current_block_number() -> u32 {
    let height = imports::block_height();
    if height > u64::from(u32::MAX) {
        abort(Status::Unsupported.code() as i32, "height: does not fit 32 bits, use context::height");
    }
    height as u32
}

/// Asks a predicate by its registered name and returns the handle of the task; aborts where the host refuses.
///
/// The bounty is the configured [`BOUNTY_CONFIG`], the call-back's fuel [`CALLBACK_FUEL_CONFIG`]; an answer must be proved.
pub fn request_offchain_computation(predicate_name: &str, data: &[u8], stake: u128, deadline: u32) -> u64 {
    let predicate = match task::predicate(predicate_name) {
        Ok(predicate) => predicate,
        Err(status) => abort_status("predicate", predicate_name, status),
    };
    let bounty = amount_from_config(BOUNTY_CONFIG);
    let callback_fuel = amount_from_config(CALLBACK_FUEL_CONFIG);
    if callback_fuel > u128::from(u64::MAX) {
        abort_status("config", CALLBACK_FUEL_CONFIG, Status::Limit);
    }
    let ask = Ask::new(predicate, data).bounty(bounty).min_stake(stake).deadline(u64::from(deadline));
    match ask.callback_fuel(callback_fuel as u64).send() {
        Ok(handle) => handle,
        Err(status) => abort_status("request", predicate_name, status),
    }
}

/// Marks the task as waited for; aborts where the host refuses.
pub fn store_pending_computation(id: u64) {
    if let Err(status) = task::store_pending(id) {
        abort_status("store", "pending computation", status);
    }
}

/// Whether the answer stands at the level that was asked for.
pub fn is_computation_verified(id: u64) -> bool {
    task::is_verified(id)
}

/// Records that the condition holds: state 1, event `condition` with 1.
pub fn update_contract_state_true() {
    update_contract_state(1);
}

/// Records that the condition does not hold: state 0, event `condition` with 0.
pub fn update_contract_state_false() {
    update_contract_state(0);
}

/// Consumes the pending task; aborts where the host refuses, as for a second time.
pub fn clear_pending_computation(id: u64) {
    if let Err(status) = task::clear_pending(id) {
        abort_status("clear", "pending computation", status);
    }
}

fn update_contract_state(value: u8) {
    if let Err(status) = storage::set(STATE_KEY, &[value]) {
        abort_status("set", "state", status);
    }
    if let Err(status) = event::emit(CONDITION_TOPIC, &[value]) {
        abort_status("emit", "condition", status);
    }
}
