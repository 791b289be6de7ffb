//! The host functions as the module imports them, and each of them once more over slices. All calls to the host are here.
//!
//! The externs are expanded from the table in `zera-abi`. A wrapper hands over a pointer only together with the length of
//! the slice that it comes from, and the host writes nowhere else than in `out` buffers of the length it is told.

use zera_abi::Status;

#[cfg(target_arch = "wasm32")]
macro_rules! externs {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ident),*) $(-> $ret:ident)?;)*) => {
        mod host {
            #[link(wasm_import_module = "zera1")]
            extern "C" {
                $(pub(super) fn $name($($arg: $ty),*) $(-> $ret)?;)*
            }
        }
    };
}

/// Outside a host there is none: the pure parts of the crate are tested natively, and nothing else runs there.
#[cfg(not(target_arch = "wasm32"))]
macro_rules! externs {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ident),*) $(-> $ret:ident)?;)*) => {
        mod host {
            $(pub(super) unsafe fn $name($(_: $ty),*) $(-> $ret)? {
                panic!(concat!("host function outside a host: ", stringify!($name)))
            })*
        }
    };
}

zera_abi::host_functions!(externs);

fn ptr(bytes: &[u8]) -> i32 {
    bytes.as_ptr() as usize as i32
}

fn out(bytes: &mut [u8]) -> i32 {
    bytes.as_mut_ptr() as usize as i32
}

fn len(bytes: &[u8]) -> i32 {
    bytes.len() as i32
}

/// A number that this version does not know is a refusal.
fn status(code: i32) -> Status {
    Status::from_code(code as u32).unwrap_or(Status::Unsupported)
}

// Everything below: SAFETY: numbers only, or pointers with the lengths of live slices, as the module's docs say.

pub(crate) fn abi_version() -> u32 {
    // SAFETY: see above.
    unsafe { host::abi_version() as u32 }
}

pub(crate) fn protocol_version() -> u32 {
    // SAFETY: see above.
    unsafe { host::protocol_version() as u32 }
}

pub(crate) fn chain_id(id: &mut [u8; 32]) {
    // SAFETY: see above; the host writes 32 bytes.
    unsafe { host::chain_id(out(id)) };
}

pub(crate) fn self_address(id: &mut [u8; 32]) {
    // SAFETY: see above; the host writes 32 bytes.
    unsafe { host::self_address(out(id)) };
}

pub(crate) fn caller(id: &mut [u8; 32]) {
    // SAFETY: see above; the host writes 32 bytes.
    unsafe { host::caller(out(id)) };
}

pub(crate) fn origin() -> i32 {
    // SAFETY: see above.
    unsafe { host::origin() }
}

pub(crate) fn block_height() -> u64 {
    // SAFETY: see above.
    unsafe { host::block_height() as u64 }
}

pub(crate) fn input_len() -> usize {
    // SAFETY: see above.
    unsafe { host::input_len() as u32 as usize }
}

pub(crate) fn input_read(buffer: &mut [u8], from: u32) -> Status {
    // SAFETY: see above; the host writes `buffer.len()` bytes or none.
    status(unsafe { host::input_read(out(buffer), from as i32, len(buffer)) })
}

pub(crate) fn config_amount(key: &[u8], amount: &mut [u8; 16]) -> Status {
    // SAFETY: see above; the host writes 16 bytes or none.
    status(unsafe { host::config_amount(ptr(key), len(key), out(amount)) })
}

pub(crate) fn storage_get(key: &[u8], value: &mut [u8], value_len: &mut [u8; 4]) -> Status {
    // SAFETY: see above; the host writes at most `value.len()` bytes, and 4.
    status(unsafe { host::storage_get(ptr(key), len(key), out(value), len(value), out(value_len)) })
}

pub(crate) fn storage_set(key: &[u8], value: &[u8]) -> Status {
    // SAFETY: see above.
    status(unsafe { host::storage_set(ptr(key), len(key), ptr(value), len(value)) })
}

pub(crate) fn storage_remove(key: &[u8]) -> Status {
    // SAFETY: see above.
    status(unsafe { host::storage_remove(ptr(key), len(key)) })
}

pub(crate) fn emit_event(topic: &[u8], data: &[u8]) -> Status {
    // SAFETY: see above.
    status(unsafe { host::emit_event(ptr(topic), len(topic), ptr(data), len(data)) })
}

pub(crate) fn hash(algorithm: i32, input: &[u8], digest: &mut [u8; 32]) {
    // SAFETY: see above; the host writes 32 bytes.
    unsafe { host::hash(algorithm, ptr(input), len(input), out(digest)) };
}

pub(crate) fn predicate_id(name: &[u8], id: &mut [u8; 32]) -> Status {
    // SAFETY: see above; the host writes 32 bytes or none.
    status(unsafe { host::predicate_id(ptr(name), len(name), out(id)) })
}

pub(crate) fn request_offchain_computation(request: &[u8], handle: &mut [u8; 8]) -> Status {
    // SAFETY: see above; the host writes 8 bytes or none.
    status(unsafe { host::request_offchain_computation(ptr(request), len(request), out(handle)) })
}

pub(crate) fn store_pending_computation(handle: u64) -> Status {
    // SAFETY: see above.
    status(unsafe { host::store_pending_computation(handle as i64) })
}

pub(crate) fn is_computation_verified(handle: u64) -> Status {
    // SAFETY: see above.
    status(unsafe { host::is_computation_verified(handle as i64) })
}

pub(crate) fn clear_pending_computation(handle: u64) -> Status {
    // SAFETY: see above.
    status(unsafe { host::clear_pending_computation(handle as i64) })
}

pub(crate) fn task_id(handle: u64, id: &mut [u8; 32]) -> Status {
    // SAFETY: see above; the host writes 32 bytes or none.
    status(unsafe { host::task_id(handle as i64, out(id)) })
}

pub(crate) fn task_handle(task: &[u8; 32], handle: &mut [u8; 8]) -> Status {
    // SAFETY: see above; the host reads 32 bytes and writes 8 or none.
    status(unsafe { host::task_handle(ptr(task), out(handle)) })
}

pub(crate) fn task_status(handle: u64, state: &mut [u8; 4]) -> Status {
    // SAFETY: see above; the host writes 4 bytes or none.
    status(unsafe { host::task_status(handle as i64, out(state)) })
}

pub(crate) fn task_outcome(handle: u64, outcome: &mut [u8], outcome_len: &mut [u8; 4]) -> Status {
    // SAFETY: see above; the host writes at most `outcome.len()` bytes, and 4.
    status(unsafe { host::task_outcome(handle as i64, out(outcome), len(outcome), out(outcome_len)) })
}

pub(crate) fn cancel_task(handle: u64) -> Status {
    // SAFETY: see above.
    status(unsafe { host::cancel_task(handle as i64) })
}

pub(crate) fn balance(amount: &mut [u8; 16]) {
    // SAFETY: see above; the host writes 16 bytes.
    unsafe { host::balance(out(amount)) };
}

pub(crate) fn transfer(to: &[u8; 32], amount: &[u8; 16]) -> Status {
    // SAFETY: see above; the host reads 32 and 16 bytes behind the arrays.
    status(unsafe { host::transfer(ptr(to), ptr(amount)) })
}

pub(crate) fn verify_groth16(key: &[u8; 32], inputs: &[u8], proof: &[u8; 256]) -> Status {
    // SAFETY: see above; the host reads 32 and 256 bytes behind the arrays.
    status(unsafe { host::verify_groth16(ptr(key), ptr(inputs), len(inputs), ptr(proof)) })
}

pub(crate) fn verify_statement(key: &[u8; 32], claim: &[u8], proof: &[u8; 256]) -> Status {
    // SAFETY: see above; the host reads 32 and 256 bytes behind the arrays.
    status(unsafe { host::verify_statement(ptr(key), ptr(claim), len(claim), ptr(proof)) })
}

pub(crate) fn return_data(data: &[u8]) -> Status {
    // SAFETY: see above.
    status(unsafe { host::return_data(ptr(data), len(data)) })
}

pub(crate) fn abort(code: i32, message: &[u8]) -> ! {
    // SAFETY: see above; the host unwinds the call here.
    unsafe { host::abort(code, ptr(message), len(message)) };
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    unreachable!()
}

pub(crate) fn debug(text: &[u8]) {
    // SAFETY: see above.
    unsafe { host::debug(ptr(text), len(text)) };
}
