//! What compiler and library build with: linear combinations, lazy bits, words with intervals, statement wires.

#![forbid(unsafe_code)]
