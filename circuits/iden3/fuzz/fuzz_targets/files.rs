//! Any bytes as each kind of file: an error, or a value that is written as bytes that are read as it.
//!
//! Seeds: `circuits/iden3/tests/vectors`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use zera_iden3::{read_r1cs, read_wtns, read_zkey, write_wtns};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(values) = read_wtns(bytes) {
        assert_eq!(read_wtns(&write_wtns(&values)), Ok(values));
    }
    let _ = read_r1cs(bytes);
    // Lists are decoded as they are read; what the header says of them bounds nothing but them.
    let _ = read_zkey(bytes).map(|key| key.check());
});
