//! Any bytes: an error, or a circuit that does what the module does. Seeds: `contracts/predicates/prebuilt`.

#![no_main]

#[path = "../../tests/support/pipeline.rs"]
mod pipeline;
#[path = "../../tests/support/smith.rs"]
mod smith;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|wasm: &[u8]| {
    smith::agrees(wasm, wasm, (smith::PUBLIC_LEN, smith::PRIVATE_LEN), smith::LIMITS);
});
