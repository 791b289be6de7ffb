//! Why bytes are no key.

use crate::file::FileError;
use std::fmt;
use thiserror::Error;
use zera_abi::wire::WireError;

/// A section of which the length or the content is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Sizes and single points.
    Header,
    /// Points of the statement.
    Ic,
    /// Terms of A and B.
    Coefficients,
    /// A at tau.
    A,
    /// B at tau, in G1.
    B1,
    /// B at tau, in G2.
    B2,
    /// Points of the private wires.
    C,
    /// Points of the domain.
    H,
}

impl Section {
    /// Its type in the file.
    pub const fn number(self) -> u32 {
        match self {
            Section::Header => 2,
            Section::Ic => 3,
            Section::Coefficients => 4,
            Section::A => 5,
            Section::B1 => 6,
            Section::B2 => 7,
            Section::C => 8,
            Section::H => 9,
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Section::Header => "header",
            Section::Ic => "IC",
            Section::Coefficients => "coefficients",
            Section::A => "A",
            Section::B1 => "B1",
            Section::B2 => "B2",
            Section::C => "C",
            Section::H => "H",
        };
        write!(f, "section {} ({name})", self.number())
    }
}

/// Why bytes are not a point that may stand in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PointFault {
    /// A coordinate at or above q.
    #[error("{coordinate} is not below q")]
    Range {
        /// Which one.
        coordinate: &'static str,
    },
    /// The point is not on its curve.
    #[error("not on the curve")]
    Curve,
    /// The point is on the curve of G2 and outside its subgroup.
    #[error("not in the subgroup of order r")]
    Subgroup,
    /// Infinity, where no honest key has it.
    #[error("infinity")]
    Infinity,
}

/// Why bytes are not a proving key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ZkeyError {
    /// Not such a file.
    #[error("zkey: {0}")]
    File(#[from] FileError),
    /// Another proof system than Groth16.
    #[error("zkey: proof system {got}, expected 1 (groth16)")]
    System {
        /// The file's.
        got: u32,
    },
    /// Another curve.
    #[error("zkey: the coordinates are not those of BN254's points")]
    Curve,
    /// Wire 0 and the public wires do not fit the wires.
    #[error("zkey: {publics} public wires and wire 0 among {wires} wires")]
    Publics {
        /// Public wires.
        publics: u32,
        /// All wires.
        wires: u32,
    },
    /// A domain that there is none of.
    #[error("zkey: a domain of {got} points, expected a power of two up to {}", super::DOMAIN_MAX)]
    Domain {
        /// By the header.
        got: u32,
    },
    /// Another length than header or count give.
    #[error("zkey: {section}: expected {expected} bytes, got {got}")]
    Length {
        /// The section.
        section: Section,
        /// Bytes that there should be.
        expected: u64,
        /// Bytes there are.
        got: u64,
    },
    /// A point of the header is none.
    #[error("zkey: section 2 (header): {name}: {fault}")]
    HeaderPoint {
        /// Which one.
        name: &'static str,
        /// What is wrong with it.
        fault: PointFault,
    },
    /// A point of a list is none.
    #[error("zkey: {section}: point {index}: {fault}")]
    Point {
        /// The list.
        section: Section,
        /// Index in it.
        index: usize,
        /// What is wrong with it.
        fault: PointFault,
    },
    /// A term of another matrix, row or wire than there are.
    #[error("zkey: section 4 (coefficients): entry {index}: {what} {got}, there are {count}")]
    Entry {
        /// Index of the entry.
        index: usize,
        /// The part of it.
        what: &'static str,
        /// What it says.
        got: u32,
        /// How many of these there are.
        count: u32,
    },
    /// A coefficient at or above r.
    #[error("zkey: section 4 (coefficients): entry {index}: the coefficient is not below r")]
    Value {
        /// Index of the entry.
        index: usize,
    },
    /// What was to be written has a list of another length than the others give.
    #[error("zkey: {section}: expected {expected} points, got {got}")]
    Count {
        /// The list.
        section: Section,
        /// Points that there should be.
        expected: usize,
        /// Points there are.
        got: usize,
    },
    /// What was to be written has more entries than their count can say.
    #[error("zkey: section 4 (coefficients): {got} entries, at most {}", u32::MAX)]
    Entries {
        /// How many.
        got: usize,
    },
}

impl From<WireError> for ZkeyError {
    fn from(error: WireError) -> ZkeyError {
        ZkeyError::File(error.into())
    }
}
