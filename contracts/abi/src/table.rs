//! Every host function, once. The host's dispatch, the SDK's imports and the reference docs are expanded from this table.

/// Import module of contracts; the digit is the ABI's major version.
pub const CONTRACT_MODULE: &str = "zera1";
/// Marker export that a contract of this version must have: `zera_abi_1: () -> ()`.
pub const MARKER_EXPORT: &str = "zera_abi_1";
/// Called by the host with `(handle: i64, result: i32)` when an answer reaches the level that was asked for.
pub const RESULT_EXPORT: &str = "process_verified_condition_result";
/// Called by the host with `(handle: i64, reason: i32)` when a task ends without an answer; optional.
pub const FAILED_EXPORT: &str = "on_result_failed";
/// Called by the host with `(handle: i64, reason: i32)` when an answer is withdrawn; optional.
pub const REVOKED_EXPORT: &str = "on_result_revoked";

/// Hash algorithm ids of the host function `hash`.
pub mod hash_alg {
    /// SHA-256.
    pub const SHA256: i32 = 1;
    /// Poseidon over BN254 with circomlib's parameters: the input root of the bytes (32 bytes, big-endian).
    pub const POSEIDON_INPUT_ROOT: i32 = 4;
}

/// Origin codes of the host function `origin`.
pub mod origin {
    /// A signed transaction.
    pub const USER: i32 = 0;
    /// A call-back of the host.
    pub const HOST: i32 = 1;
}

/// Hands the table to `$callback!`.
///
/// Each row is `fn name(arg: type, ..) -> type;` with `i32` and `i64` only (WebAssembly's own types). Pointers and lengths
/// are `i32` read as `u32`; a `handle` is an `i64` read as `u64`. `-> i32` is a [`crate::Status`] unless the docs say
/// otherwise. Variable output is `(out, cap, len_out)`: the full length is written to `len_out` (u32 LE); if it exceeds
/// `cap` nothing else is written and the status is `E_BUF`.
///
/// The docs of a row end with up to two lines that the reference, `docs/host_functions.md`, is made from: `Statuses:` is every
/// status that the function returns, in order of their numbers, and stands on rows that return one; `Price:` is what it costs
/// beside the call and its ranges, in the names of the host's schedule, and stands on rows that cost more than that.
#[macro_export]
macro_rules! host_functions {
    ($callback:ident) => {
        $callback! {
            /// The ABI's major version, 1.
            fn abi_version() -> i32;
            /// The version of the block rules.
            fn protocol_version() -> i32;
            /// Writes the 32-byte id of the chain.
            ///
            /// Statuses: `OK`
            fn chain_id(out32: i32) -> i32;
            /// Writes the 32-byte address of the running contract.
            ///
            /// Statuses: `OK`
            fn self_address(out32: i32) -> i32;
            /// Writes the 32-byte account that signed the transaction; the contract itself in a call-back.
            ///
            /// Statuses: `OK`
            fn caller(out32: i32) -> i32;
            /// 0 user transaction, 1 host call-back.
            fn origin() -> i32;
            /// Height of the block being built. There is no clock and no randomness.
            fn block_height() -> i64;
            /// Length of the call's input in bytes.
            fn input_len() -> i32;
            /// Copies `len` bytes of the input from `off`; `E_BUF` where they are not all there.
            ///
            /// Statuses: `OK`, `E_BUF`
            fn input_read(out: i32, off: i32, len: i32) -> i32;
            /// Writes a configured amount (u128 LE, 16 bytes); `E_NOT_FOUND` where it was never configured.
            ///
            /// Statuses: `OK`, `E_NOT_FOUND`
            /// Price: `storage_get` + `storage_get_byte` * 16
            fn config_amount(key: i32, klen: i32, out16: i32) -> i32;
            /// Reads an entry of the contract's storage; `E_NOT_FOUND`, `E_BUF`.
            ///
            /// Statuses: `OK`, `E_NOT_FOUND`, `E_LIMIT`, `E_BUF`
            /// Price: `storage_get` + `storage_get_byte` * min(`cap`, 16 KiB)
            fn storage_get(key: i32, klen: i32, out: i32, cap: i32, len_out: i32) -> i32;
            /// Writes an entry; key at most 128 bytes, value at most 16 KiB, 256 writes a call, else `E_LIMIT`.
            ///
            /// Statuses: `OK`, `E_LIMIT`
            /// Price: `storage_set` + `storage_set_byte` * `vlen`
            fn storage_set(key: i32, klen: i32, val: i32, vlen: i32) -> i32;
            /// Removes an entry; `E_NOT_FOUND` where there is none.
            ///
            /// Statuses: `OK`, `E_NOT_FOUND`, `E_LIMIT`
            /// Price: `storage_remove`
            fn storage_remove(key: i32, klen: i32) -> i32;
            /// Emits an event of the contract; topic at most 64 bytes, data at most 1 KiB, 32 a call, else `E_LIMIT`.
            ///
            /// Statuses: `OK`, `E_LIMIT`
            /// Price: `event` + `event_byte` * (`tlen` + `dlen`)
            fn emit_event(topic: i32, tlen: i32, data: i32, dlen: i32) -> i32;
            /// Hashes `len` bytes by an algorithm of [`hash_alg`]($crate::table::hash_alg); an unknown one traps.
            ///
            /// Statuses: `OK`
            /// Price: `sha256` + `sha256_byte` * `len`, or `poseidon` for every started 465 bytes, at least once
            fn hash(alg: i32, input: i32, len: i32, out32: i32) -> i32;
            /// Resolves a registered name to the id of its active version; `E_NOT_FOUND`.
            ///
            /// Statuses: `OK`, `E_NOT_FOUND`
            /// Price: `storage_get` + `storage_get_byte` * 32
            fn predicate_id(name: i32, nlen: i32, out32: i32) -> i32;
            /// Opens a task from a request ([`Request`]($crate::wire::Request)) and writes its handle (u64 LE, 8 bytes).
            /// The request's expected commitments are what the first declared values of the answer must be: an answer with
            /// others is refused unpaid. Where the predicate reads private bytes and the request does not fix the declared
            /// value that commits to them, outcome 1 (true: a witness exists) alone is an answer, and every other one is
            /// refused unpaid. `E_COUNT` where more is expected than is declared, `E_ENC` where a value is no scalar below r.
            ///
            /// Statuses: `OK`, `E_UNSUPPORTED`, `E_NOT_FOUND`, `E_DEADLINE`, `E_FUNDS`, `E_LIMIT`, `E_KEY`, `E_COUNT`, `E_ENC`
            /// Price: `task_open` + `storage_set_byte` * `rlen` + `poseidon` for every started 465 bytes of public input, at least once
            fn request_offchain_computation(req: i32, rlen: i32, out_handle8: i32) -> i32;
            /// Marks a task in the contract's pending set, at most 256; `E_STATE` where it is already there.
            ///
            /// Statuses: `OK`, `E_NOT_FOUND`, `E_STATE`, `E_LIMIT`
            /// Price: `storage_set`
            fn store_pending_computation(handle: i64) -> i32;
            /// `OK` where the answer stands at the level that was asked for, else `NO` or `E_NOT_FOUND`.
            ///
            /// Statuses: `NO`, `OK`, `E_NOT_FOUND`
            /// Price: `storage_get`
            fn is_computation_verified(handle: i64) -> i32;
            /// Consumes a pending task, exactly once, when its answer is there or it has ended; else `E_STATE`.
            ///
            /// Statuses: `OK`, `E_NOT_FOUND`, `E_STATE`
            /// Price: `storage_set`
            fn clear_pending_computation(handle: i64) -> i32;
            /// Writes the 32-byte task id behind one of the contract's handles.
            ///
            /// Statuses: `OK`, `E_NOT_FOUND`
            /// Price: `storage_get` + `storage_get_byte` * 32
            fn task_id(handle: i64, out32: i32) -> i32;
            /// Writes the handle (8 bytes) of a task id; `E_UNAUTH` where the task is another contract's.
            ///
            /// Statuses: `OK`, `E_NOT_FOUND`, `E_UNAUTH`
            /// Price: `storage_get` + `storage_get_byte` * 8
            fn task_handle(task32: i32, out8: i32) -> i32;
            /// Writes level u8, end u8, reason u16 LE.
            ///
            /// Statuses: `OK`, `E_NOT_FOUND`
            /// Price: `storage_get` + `storage_get_byte` * 4
            fn task_status(handle: i64, out4: i32) -> i32;
            /// Writes the outcome byte and the declared values (32 bytes each) once the asked level is reached, else `NO`.
            ///
            /// Statuses: `NO`, `OK`, `E_NOT_FOUND`, `E_BUF`
            /// Price: `storage_get` + `storage_get_byte` * min(`cap`, 16 KiB)
            fn task_outcome(handle: i64, out: i32, cap: i32, len_out: i32) -> i32;
            /// Cancels a task before its lock, else `E_STATE`.
            ///
            /// Statuses: `OK`, `E_NOT_FOUND`, `E_STATE`
            /// Price: `storage_set`
            fn cancel_task(handle: i64) -> i32;
            /// Writes the contract's free balance in units of 10^-9 ZRA (u128 LE, 16 bytes): what it may still spend or pay out.
            ///
            /// Statuses: `OK`
            /// Price: `storage_get` + `storage_get_byte` * 16
            fn balance(out16: i32) -> i32;
            /// Pays an amount (u128 LE, 16 bytes) of the contract's free balance to an account (32 bytes); `E_FUNDS` where it
            /// has less. The money moves at once, and not at all where the call is undone.
            ///
            /// Statuses: `OK`, `E_FUNDS`
            /// Price: 2 * `storage_set`
            fn transfer(to32: i32, amount16: i32) -> i32;
            /// Verifies a Groth16 proof on caller's public inputs (n times 32 bytes BE, below r): `OK`, `NO`, `E_KEY`,
            /// `E_COUNT`, `E_ENC`. The key is named by the 32-byte id of a registered key.
            ///
            /// Statuses: `NO`, `OK`, `E_KEY`, `E_COUNT`, `E_ENC`
            /// Price: `decode_proof` + `verify_base` + `verify_input` * `ilen` / 32
            fn verify_groth16(key32: i32, inputs: i32, ilen: i32, proof256: i32) -> i32;
            /// Verifies a proof on a claim ([`Claim`]($crate::wire::Claim)) whose statement the host derives. `NO` also where the
            /// predicate reads private bytes that no declared value commits to and the outcome is not 1: that claims nothing.
            ///
            /// Statuses: `NO`, `OK`, `E_DEADLINE`, `E_LIMIT`, `E_KEY`, `E_COUNT`, `E_ENC`
            /// Price: `decode_proof` + `verify_base` + `verify_input` * (3 + declared) + `poseidon` for every started 465 bytes of public input, at least once
            fn verify_statement(key32: i32, claim: i32, clen: i32, proof256: i32) -> i32;
            /// Sets the bytes that the call returns to its sender; at most 4 KiB, else `E_LIMIT`.
            ///
            /// Statuses: `OK`, `E_LIMIT`
            fn return_data(ptr: i32, len: i32) -> i32;
            /// Reverts the call with a code and a message of at most 256 bytes; fuel used is kept. Does not return.
            fn abort(code: i32, ptr: i32, len: i32);
            /// Writes to the operator's log; not part of the state.
            fn debug(ptr: i32, len: i32);
        }
    };
}
