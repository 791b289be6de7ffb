//! .r1cs and .wtns files of circom and snarkjs, read and written.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
