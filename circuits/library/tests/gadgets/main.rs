//! Every gadget: the circuit's value is the native twin's and an independent implementation's, the rows are as many as
//! documented, and no other value satisfies them.

mod circuit;
mod eddsa;
mod field;
mod keccak;
mod merkle;
mod sha256;
