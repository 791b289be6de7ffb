//! The proved object: matrices in canonical order, the tape that computes a witness, and the file that holds both.
//!
//! No wasm, no keys, no I/O. A compiler or a library predicate makes [`Matrices`] and a [`Tape`] once; a prover runs the
//! tape on the input bytes and gets the assignment `z`, with `(A z) * (B z) = C z` row by row.
//!
//! - [`matrices`]: [`Matrices`], [`SparseMatrix`], their digest and the check of an assignment.
//! - [`tape`]: [`Tape`], its operations, [`TapeBuilder`] and the interpreter.
//! - [`manifest`]: [`Manifest`], what a predicate is called, how many bytes it reads and what they are.
//! - [`spans`]: [`Spans`], which rows belong to which place in the source.
//! - [`booleans`]: [`Booleans`], which wires are known to be 0 or 1.
//! - [`certificate`]: [`Step`], the claims from which `zera-check` shows that the rows leave no choice.
//! - [`artefact`]: [`Artefact`], the `.zpred` file.
//! - [`hash`]: tables that are the same on every machine, for those who make artefacts.
//!
//! Wires: 0 is the constant 1, then the public ones (outcome, binding, input root, declared values), then the private
//! ones.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod artefact;
pub mod booleans;
pub mod certificate;
mod codec;
pub mod hash;
pub mod manifest;
pub mod matrices;
pub mod spans;
pub mod tape;

pub use artefact::{Artefact, ArtefactError};
pub use booleans::Booleans;
pub use certificate::Step;
pub use codec::CodecError;
pub use manifest::{Field, FieldInput, FieldKind, Manifest, ManifestError};
pub use matrices::{Matrices, MatrixError, SparseMatrix, Unsatisfied};
pub use spans::{Span, Spans, SpansError};
pub use tape::{InvalidTape, Register, Tape, TapeBuilder, TapeError, TapeInputs};
