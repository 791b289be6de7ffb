//! What outsiders are told.

use zera_abi::Status;

/// Emits an event; topic at most 64 bytes, data at most 1 KiB, 32 events in a call.
///
/// # Errors
/// [`Status::Limit`].
pub fn emit(topic: &[u8], data: &[u8]) -> Result<(), Status> {
    crate::exit::done(crate::imports::emit_event(topic, data))
}
