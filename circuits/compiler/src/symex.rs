//! Symbolic execution of integer WebAssembly: from a module to one expression graph that says what the program does on
//! every input.

pub mod body;
pub mod decode;
pub mod module;
pub mod source;
