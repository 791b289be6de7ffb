//! The `.zpred` file: one version of one predicate, ready to be proved.
//!
//! ```text
//! 0    8    magic: 89 7a 70 72 65 64 0d 0a
//! 8    4    version of the file layout: 2 with a program, else 1 (u32 LE, as are the lengths)
//! 12   4    length of the manifest       m
//! 16   4    length of the matrices       x
//! 20   4    length of the tape           t
//! 24   4    length of the certificate    c
//! 28   4    length of the spans          s
//! 32   4    length of the boolean wires  w
//! 36   4    length of the program        p, version 2 only
//! +    32   program hash
//! +    m    manifest                     (crate::manifest)
//! +    x    matrices                     (below)
//! +    t    tape                         (crate::tape)
//! +    c    certificate, may be empty            (crate::certificate)
//! +    s    spans
//! +    w    bitmap of boolean wires: wire i is bit i % 8 of byte i / 8
//! +    p    program, the bytes of a .wasm module: version 2 only, not empty, with an entry in the manifest
//! end  32   SHA-256 of everything before
//!
//! matrices; numbers are LEB128 groups of seven bits in their shortest form
//!   n    publics, wires
//!   n    scalars in the pool; 32 bytes (big-endian) each, in the order of their first use
//!   n    rows; per row A, then B, then C:
//!          n    terms; per term:
//!                 n    wire: the first as it is, then the distance from the one before, less 1
//!                 n    index of the coefficient in the pool
//!
//! spans
//!   n    spans; per span: rows skipped (n), rows (n), length of the text (1), text
//! ```
//!
//! One artefact has one encoding: [`Artefact::decode`] takes only bytes that [`Artefact::encode`] writes.

mod matrices;

use crate::booleans::Booleans;
use crate::codec::CodecError;
use crate::manifest::{Manifest, ManifestError};
use crate::matrices::{Matrices, MatrixError};
use crate::spans::Spans;
use crate::tape::{InvalidTape, Tape};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zera_abi::PredicateId;
use zera_abi::wire::{Reader, STATEMENT_INPUTS};

/// Most bytes of a file.
pub const FILE_MAX: usize = 1 << 28;
/// First bytes of every file. Not ASCII first, and a line end, so that a transfer as text shows.
pub const MAGIC: [u8; 8] = *b"\x89zpred\r\n";
/// Version of the file layout without a program.
pub const VERSION: u32 = 1;
/// Version of the file layout with a program.
pub const VERSION_PROGRAM: u32 = 2;
/// Bytes before the lengths of the sections.
const LENGTHS_AT: usize = 12;
/// Bytes after the last section.
const SEAL_LEN: usize = 32;

/// One version of one predicate.
///
/// Made by [`Artefact::new`], [`Artefact::with_program`] or [`Artefact::decode`], which check that the parts fit; the fields are public to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artefact {
    /// Name, version, input lengths and declared values.
    pub manifest: Manifest,
    /// SHA-256 of the program that the matrices were made from.
    pub program_hash: [u8; 32],
    /// The rows.
    pub matrices: Matrices,
    /// Computes the assignment.
    pub tape: Tape,
    /// What the uniqueness checker reads ([`crate::certificate`]); opaque here, may be empty.
    pub certificate: Vec<u8>,
    /// Rows and their places in the source.
    pub spans: Spans,
    /// Wires known to be 0 or 1.
    pub booleans: Booleans,
    /// The program that the matrices were made from, whose SHA-256 is `program_hash`; empty where the file holds none.
    pub program: Vec<u8>,
}

/// Why bytes or parts are not an artefact.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ArtefactError {
    /// Not a `.zpred` file.
    #[error("artefact: does not start as a .zpred file")]
    Magic,
    /// A layout that this build does not read.
    #[error("artefact: layout version {got}, this build reads {VERSION} and {VERSION_PROGRAM}")]
    Version {
        /// The version.
        got: u32,
    },
    /// Another length than the header says.
    #[error("artefact: expected {expected} bytes, got {got}")]
    Length {
        /// By the header.
        expected: u64,
        /// Bytes there are.
        got: usize,
    },
    /// Above the ceiling.
    #[error("artefact: {got} bytes, at most {FILE_MAX}")]
    TooLong {
        /// Bytes there are.
        got: usize,
    },
    /// The checksum is that of other bytes.
    #[error("artefact: the checksum does not match")]
    Checksum,
    /// The manifest is not one.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The matrices are not canonical.
    #[error(transparent)]
    Matrices(#[from] MatrixError),
    /// The tape is not one.
    #[error(transparent)]
    Tape(#[from] InvalidTape),
    /// Fields of the matrices or spans.
    #[error("artefact {section}: {source}")]
    Section {
        /// The section.
        section: &'static str,
        /// What is wrong with it.
        source: CodecError,
    },
    /// A set bit past the last wire.
    #[error("artefact: the bitmap of boolean wires does not have {wires} bits")]
    Booleans {
        /// Wires there are.
        wires: u32,
    },
    /// Two parts disagree.
    #[error("artefact: {what}: expected {expected}, got {got}")]
    Mismatch {
        /// What they disagree on.
        what: &'static str,
        /// By the first part.
        expected: u64,
        /// By the second.
        got: u64,
    },
    /// The program is not the one that the matrices were made from.
    #[error("artefact: the program's SHA-256 is not the program hash")]
    ProgramHash,
    /// A program, but no name of the function to call.
    #[error("artefact: a program, and a manifest without an entry")]
    NoEntry,
    /// The bytes mean an artefact that is written otherwise.
    #[error("artefact: not the canonical encoding")]
    NotCanonical,
}

impl Artefact {
    /// Puts the parts together, without the program itself.
    ///
    /// # Errors
    /// [`ArtefactError::Mismatch`] where numbers of wires, publics, rows or input bytes differ between the parts;
    /// [`ArtefactError::TooLong`].
    pub fn new(
        manifest: Manifest,
        program_hash: [u8; 32],
        matrices: Matrices,
        tape: Tape,
        certificate: Vec<u8>,
        spans: Spans,
        booleans: Booleans,
    ) -> Result<Artefact, ArtefactError> {
        let program = Vec::new();
        Artefact { manifest, program_hash, matrices, tape, certificate, spans, booleans, program }.checked()
    }

    /// With the program in the file, so that others can run it; the empty one takes it out.
    ///
    /// # Errors
    /// [`ArtefactError::ProgramHash`], [`ArtefactError::NoEntry`], [`ArtefactError::TooLong`].
    pub fn with_program(self, program: Vec<u8>) -> Result<Artefact, ArtefactError> {
        Artefact { program, ..self }.checked()
    }

    fn checked(self) -> Result<Artefact, ArtefactError> {
        self.fits()?;
        // Only what might be too long is written out to see.
        if self.len_bound() > FILE_MAX as u64 {
            let got = self.encode_sections().len() + SEAL_LEN;
            if got > FILE_MAX {
                return Err(ArtefactError::TooLong { got });
            }
        }
        Ok(self)
    }

    /// At least as many bytes as the file has, told from the numbers of its parts alone.
    fn len_bound(&self) -> u64 {
        let header = (LENGTHS_AT + 4 * 7 + 32 + SEAL_LEN) as u64;
        let plain = self.manifest.to_bytes().len()
            + self.certificate.len()
            + self.booleans.as_bytes().len()
            + self.program.len();
        header + plain as u64 + matrices::len_bound(&self.matrices) + self.tape.len_bound() + self.spans.len_bound()
    }

    /// The name of this version: [`zera_statement::predicate_id`] of matrices, program hash and manifest. Tape, certificate,
    /// spans and bitmap are no part of it: another tape for the same matrices proves the same statements.
    pub fn predicate_id(&self) -> PredicateId {
        zera_statement::predicate_id(&self.matrices.digest(), &self.program_hash, &self.manifest.hash())
    }

    /// The bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.encode_sections();
        let seal = Sha256::digest(&out);
        out.extend_from_slice(&seal);
        debug_assert!(out.len() as u64 <= self.len_bound(), "the bound holds");
        out
    }

    /// All but the seal.
    fn encode_sections(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC);
        let (version, sections) = if self.program.is_empty() { (VERSION, 6) } else { (VERSION_PROGRAM, 7) };
        out.extend_from_slice(&version.to_le_bytes());
        out.resize(LENGTHS_AT + 4 * sections, 0);
        out.extend_from_slice(&self.program_hash);
        for at in 0..sections {
            let start = out.len();
            match at {
                0 => out.extend_from_slice(&self.manifest.to_bytes()),
                1 => matrices::encode(&self.matrices, &mut out),
                2 => self.tape.encode(&mut out),
                3 => out.extend_from_slice(&self.certificate),
                4 => self.spans.encode(&mut out),
                5 => out.extend_from_slice(self.booleans.as_bytes()),
                _ => out.extend_from_slice(&self.program),
            }
            let length = (out.len() - start) as u32;
            out[LENGTHS_AT + 4 * at..][..4].copy_from_slice(&length.to_le_bytes());
        }
        out
    }

    /// Reads a file. Allocates in proportion to `bytes`.
    ///
    /// # Errors
    /// [`ArtefactError`]; every byte sequence that [`Self::encode`] does not write is refused.
    pub fn decode(bytes: &[u8]) -> Result<Artefact, ArtefactError> {
        let got = bytes.len();
        if got > FILE_MAX {
            return Err(ArtefactError::TooLong { got });
        }
        if !bytes.starts_with(&MAGIC) {
            return Err(ArtefactError::Magic);
        }
        let short = |header: usize| ArtefactError::Length { expected: (header + SEAL_LEN) as u64, got };
        let mut reader = Reader::new(bytes);
        reader.take(MAGIC.len()).map_err(|_| short(LENGTHS_AT))?;
        let version = reader.u32().map_err(|_| short(LENGTHS_AT))?;
        let present = match version {
            VERSION => 6,
            VERSION_PROGRAM => 7,
            got => return Err(ArtefactError::Version { got }),
        };
        let header = LENGTHS_AT + 4 * present + 32;
        let short = |_| short(header);
        let mut lengths = [0u32; 7];
        for length in &mut lengths[..present] {
            *length = reader.u32().map_err(short)?;
        }
        let program_hash = reader.array().map_err(short)?;
        let sections: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
        let expected = (header + SEAL_LEN) as u64 + sections;
        if expected != got as u64 {
            return Err(ArtefactError::Length { expected, got });
        }
        let (sealed, seal) = bytes.split_at(got - SEAL_LEN);
        if Sha256::digest(sealed).as_slice() != seal {
            return Err(ArtefactError::Checksum);
        }

        let mut section = |at: usize| reader.take(lengths[at] as usize).map_err(short);
        let manifest = Manifest::from_bytes(section(0)?)?;
        let matrices = matrices::decode(section(1)?)?;
        let tape = Tape::decode(section(2)?)?;
        let certificate = section(3)?.to_vec();
        let spans = Spans::decode(section(4)?).map_err(|source| ArtefactError::Section { section: "spans", source })?;
        let booleans = Booleans::from_bytes(matrices.wires, section(5)?)
            .ok_or(ArtefactError::Booleans { wires: matrices.wires })?;
        let program = section(6)?.to_vec();
        let artefact = Artefact { manifest, program_hash, matrices, tape, certificate, spans, booleans, program };
        artefact.fits()?;
        if artefact.encode() == bytes { Ok(artefact) } else { Err(ArtefactError::NotCanonical) }
    }

    /// Whether the parts agree.
    fn fits(&self) -> Result<(), ArtefactError> {
        let Artefact { manifest, matrices, tape, spans, booleans, .. } = self;
        let pairs = [
            ("public wires", (STATEMENT_INPUTS + manifest.declared.len()) as u64, u64::from(matrices.publics)),
            ("wires of the tape", u64::from(matrices.wires), u64::from(tape.wires())),
            ("public input bytes", u64::from(manifest.public_len), u64::from(tape.public_len())),
            ("private input bytes", u64::from(manifest.private_len), u64::from(tape.private_len())),
            ("wires of the bitmap", u64::from(matrices.wires), u64::from(booleans.wires())),
        ];
        for (what, expected, got) in pairs {
            if expected != got {
                return Err(ArtefactError::Mismatch { what, expected, got });
            }
        }
        let (rows, end) = (matrices.rows() as u64, u64::from(spans.end()));
        if end > rows {
            return Err(ArtefactError::Mismatch { what: "rows of the spans", expected: rows, got: end });
        }
        if self.program.is_empty() {
            return Ok(());
        }
        if Sha256::digest(&self.program).as_slice() != self.program_hash {
            return Err(ArtefactError::ProgramHash);
        }
        if manifest.entry.is_empty() { Err(ArtefactError::NoEntry) } else { Ok(()) }
    }
}
