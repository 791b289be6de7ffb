//! Why an input is refused.

use thiserror::Error;

/// Why a JSON value or bytes are not the input of a predicate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InputError {
    /// The input is not a JSON object.
    #[error("input: expected an object with the fields {fields}")]
    NotAnObject {
        /// The fields of the predicate.
        fields: String,
    },
    /// A field is missing.
    #[error("input: field {field} is missing")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// The predicate has no such field.
    #[error("input: unknown field {field:?}, the fields are {fields}")]
    Unknown {
        /// Its name.
        field: String,
        /// The fields of the predicate.
        fields: String,
    },
    /// A field is not a whole number in range.
    #[error("input: {field} must be a whole number within 0..={max}, got {got}")]
    Number {
        /// The field, with its index where it is an element of a list.
        field: String,
        /// The greatest number.
        max: u64,
        /// What came instead.
        got: String,
    },
    /// A field is not a list.
    #[error("input: {field} must be a list, got {got}")]
    NotAList {
        /// Its name.
        field: &'static str,
        /// What came instead.
        got: String,
    },
    /// A list has too few or too many elements.
    #[error("input: {field} must have {min} to {max} elements, got {got}")]
    Count {
        /// Its name.
        field: &'static str,
        /// The least count.
        min: usize,
        /// The greatest count.
        max: usize,
        /// What came instead.
        got: usize,
    },
    /// Public bytes of another length than the predicate's.
    #[error("input: expected {expected} public bytes, got {got}")]
    Length {
        /// The predicate's length.
        expected: usize,
        /// The length of the bytes.
        got: usize,
    },
    /// Bytes on which the predicate traps, so that they name no input.
    #[error("input: {reason}")]
    Malformed {
        /// Which rule they break.
        reason: &'static str,
    },
}
