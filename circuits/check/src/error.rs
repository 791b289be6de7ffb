//! Why a certificate is refused.

use thiserror::Error;
use zera_r1cs::CodecError;

/// Why the rows of an artefact are not shown to leave no choice.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The artefact has no certificate.
    #[error("certificate: there is none")]
    Missing,
    /// The bytes are no certificate.
    #[error("certificate: {0}")]
    Codec(#[from] CodecError),
    /// Fewer wires than the manifest's input bits take.
    #[error("certificate: input bits and public values take {expected} wires, got {got}")]
    Inputs {
        /// Wires with one, public values and eight an input byte.
        expected: u64,
        /// Wires there are.
        got: u32,
    },
    /// No row keeps an input bit at 0 or 1.
    #[error("certificate: no row says that input bit {wire} is 0 or 1")]
    InputBit {
        /// The bit.
        wire: u32,
    },
    /// A step does not show what it claims.
    #[error("certificate step {step} (row {row}, wire {wire}): {reason}")]
    Step {
        /// Index of the step.
        step: usize,
        /// Its row; 0 where it has none.
        row: u32,
        /// Its wire, the first where it has several.
        wire: u32,
        /// What is missing.
        reason: Reason,
    },
    /// No step determines a wire.
    #[error("certificate: no step determines wire {wire}")]
    Undetermined {
        /// The first such wire.
        wire: u32,
    },
    /// A don't-care is used.
    #[error("certificate: wire {wire} is a don't-care and is in {rows} rows, not in one")]
    FreeUsed {
        /// The wire.
        wire: u32,
        /// Rows that it occurs in.
        rows: u32,
    },
}

/// What a step lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// No such row.
    #[error("there are {rows} rows")]
    NoRow {
        /// Rows there are.
        rows: usize,
    },
    /// No such wire.
    #[error("there are {wires} wires")]
    NoWire {
        /// Wires there are.
        wires: u32,
    },
    /// The wire is an input or was determined before.
    #[error("wire {wire} is determined already")]
    Again {
        /// The wire.
        wire: u32,
    },
    /// The row holds another wire that no earlier step determined.
    #[error("wire {wire} is not determined yet")]
    Pending {
        /// The wire.
        wire: u32,
    },
    /// The wire does not occur where it should.
    #[error("wire {wire} is not in the row")]
    Absent {
        /// The wire.
        wire: u32,
    },
    /// The rows are not of the form that the rule asks for.
    #[error("not of the rule's form")]
    Form,
    /// The slope is zero somewhere, as far as the facts go.
    #[error("the slope is not shown to differ from zero")]
    Slope,
    /// The row is not an equation of integers in the undetermined wires.
    #[error("not linear with integer coefficients in the undetermined wires")]
    NotLinear,
    /// Nothing bounds a wire.
    #[error("no bounds are known for wire {wire}")]
    Unbounded {
        /// The wire.
        wire: u32,
    },
    /// Nothing keeps a wire at 0 or 1.
    #[error("wire {wire} is not shown to be 0 or 1")]
    NotBoolean {
        /// The wire.
        wire: u32,
    },
    /// Different digits make the same number.
    #[error("digits overlap at wire {wire}")]
    Overlap {
        /// The first of the digits that is not above all lower ones together.
        wire: u32,
    },
    /// The integers may exceed the field.
    #[error("the integers are not shown to stay below 2^250")]
    Wraps,
    /// The remainder may be negative or as large as the divisor.
    #[error("the remainder is not shown to be within 0..divisor")]
    Remainder,
    /// A public value is assumed or free.
    #[error("wire {wire} is public, and is to be derived")]
    Public {
        /// The wire.
        wire: u32,
    },
}
