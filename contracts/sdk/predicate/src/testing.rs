//! Runs a predicate outside WASM, for an author's `cargo test`.
//!
//! Inputs, `assume` and the hashes of bytes are imitated. `bound` does not count, and the intrinsics over cells panic with
//! a message: what needs them is tested with `zera predicate test`, which runs the module itself.

use std::panic::{catch_unwind, panic_any, resume_unwind, UnwindSafe};

use crate::native;

/// What became of a run; there is no bound exceeded outside WASM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 0.
    False,
    /// 1.
    True,
    /// 2.
    Trap,
}

/// Runs `entry` on the two inputs. A panic is a trap, as it is in WASM.
///
/// # Panics
/// Where the predicate uses an intrinsic that only WASM has.
pub fn run(public: &[u8], private: &[u8], entry: impl FnOnce() -> i32 + UnwindSafe) -> Outcome {
    native::set_inputs(public, private);
    match catch_unwind(entry) {
        Ok(0) => Outcome::False,
        Ok(_) => Outcome::True,
        Err(cause) if cause.is::<native::OnlyInWasm>() => resume_unwind(cause),
        Err(_) => Outcome::Trap,
    }
}

pub(crate) fn only_in_wasm(name: &'static str) -> ! {
    eprintln!("zera.{name} is only in WASM: test with `zera predicate test`");
    panic_any(native::OnlyInWasm)
}
