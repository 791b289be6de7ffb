//! Independent checker of the uniqueness certificate on the final matrices.
//!
//! [`check`] shows, from the rows alone, that for every assignment of the input bits and of the binding at most one
//! assignment of all other wires satisfies the rows, don't-cares aside. The certificate says only in which order to
//! look; what emitted the rows, what optimised them and what wrote the certificate need not be right. Together with a
//! tape that finds an assignment, whose outcome is the program's, no other outcome has a proof.
//!
//! # What is given
//! Wire 0, the binding (wire 2) and the input bits: after the public wires eight a byte, least first, public bytes before
//! private ones, each with a row that says that it is 0 or 1.
//!
//! # Facts and steps
//! Two things are kept apart. *Facts* hold in every assignment that satisfies the rows, whichever wires are determined:
//! ranges of wires as integers below `2^250`, and two-valued forms, from rows `L (L - s) = 0`. *Steps* determine wires,
//! given that those of the steps before are; [`zera_r1cs::certificate`] lists the seven kinds. Wherever integers matter,
//! every sum is shown to stay below `2^250 < r / 8`, so it cannot wrap.
//!
//! Slopes that are forms are shown to differ from zero by enumerating the bits that they are functions of, at most eight
//! at a time; so are wires that can only be 0 or 1, and the least and the greatest of other functions of bits.
//!
//! # What is not shown
//! That an assignment exists. The checker lists the rows for which it does not see it ([`Report::asserted`]): each may
//! refuse inputs, which is what an assertion is for, and else a flaw. Nor what the root is the root of.
//!
//! Cost: about a microsecond a nonzero coefficient.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod digits;
mod error;
mod facts;
mod form;
mod lint;
mod range;
mod replay;

pub use error::{CheckError, Reason};
pub use lint::lint;

use replay::Replay;
use std::ops::Range;
use zera_r1cs::{Artefact, Matrices, Step, certificate};

/// The wire of the binding in every statement.
const BINDING: u32 = 2;

/// What was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Wires, wire 0 included; each is given, determined by a step, or listed below as free or assumed.
    pub wires: u32,
    /// Rows.
    pub rows: usize,
    /// Steps of the certificate.
    pub steps: usize,
    /// Don't-cares: inverses of zero tests, each in one row alone. Private.
    pub free: Vec<u32>,
    /// Wires that the certificate takes on trust (`Assumed`). Whoever wants a proof refuses an artefact that has any.
    pub assumed: Vec<u32>,
    /// Rows that may refuse inputs: those that no step used to determine a wire, and those whose digits are not shown to
    /// reach every value.
    pub asserted: Vec<u32>,
}

/// Checks an artefact's certificate against its matrices.
///
/// # Errors
/// [`CheckError`]: the first step that does not show what it claims, with row, wire and reason, or the first wire that
/// no step determines.
pub fn check(artefact: &Artefact) -> Result<Report, CheckError> {
    let Artefact { manifest, matrices, certificate, .. } = artefact;
    if certificate.is_empty() {
        return Err(CheckError::Missing);
    }
    let steps = certificate::decode(certificate)?;
    let first = matrices.publics + 1;
    let expected = u64::from(first) + 8 * (u64::from(manifest.public_len) + u64::from(manifest.private_len));
    let end = u32::try_from(expected).ok().filter(|end| *end <= matrices.wires && BINDING < first);
    let end = end.ok_or(CheckError::Inputs { expected, got: matrices.wires })?;
    check_steps(matrices, &[BINDING], first..end, &steps)
}

/// Checks steps against matrices, for inputs of another layout: values that may be anything, and bits.
///
/// # Errors
/// As [`check`].
pub fn check_steps(
    matrices: &Matrices,
    values: &[u32],
    bits: Range<u32>,
    steps: &[Step],
) -> Result<Report, CheckError> {
    Replay::new(matrices, values, bits, steps)?.run(steps)
}
