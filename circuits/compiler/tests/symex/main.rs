//! Symbolic execution against wasmtime: what the graph says of a program on an input is what the program does.

mod bound;
mod control;
mod harness;
mod hostile;
mod input;
mod memory;
mod numeric;
