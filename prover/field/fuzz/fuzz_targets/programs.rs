//! Registers and a program of field operations, made of the bytes: every backend ends where big integers do.

#![no_main]

#[path = "../../tests/support/programs.rs"]
mod programs;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Big integers are slow, and longer programs say nothing more.
    if bytes.len() <= 512 {
        programs::check(bytes);
    }
});
