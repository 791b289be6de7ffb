//! wasm-smith's modules, made of the bytes: an error, or a circuit that does what the module does.

#![no_main]

#[path = "../../tests/support/pipeline.rs"]
mod pipeline;
#[path = "../../tests/support/smith.rs"]
mod smith;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|dice: &[u8]| {
    if let Some(wasm) = smith::smith(dice) {
        smith::agrees(&wasm, dice, (smith::PUBLIC_LEN, smith::PRIVATE_LEN), smith::LIMITS);
    }
});
