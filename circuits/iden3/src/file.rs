//! Files of sections.
//!
//! ```text
//! 0    4    magic, four letters
//! 4    4    version (u32 LE, as is every number here)
//! 8    4    number of sections
//! then per section, in any order:
//! +    4    type
//! +    8    length (u64)
//! +    ..   content
//! ```

use thiserror::Error;
use zera_abi::wire::{Reader, WireError};

/// Why bytes are not the file of sections that they should be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileError {
    /// Another kind of file.
    #[error("does not start as a .{expected} file")]
    Magic {
        /// The kind that was asked for.
        expected: &'static str,
    },
    /// A version that this build does not read.
    #[error("version {got}, this build reads {expected}")]
    Version {
        /// The version that this build reads.
        expected: u32,
        /// The file's.
        got: u32,
    },
    /// The bytes end inside a section, or go on after the last one.
    #[error("length does not match the sections")]
    Length,
    /// A section that there must be one of occurs again.
    #[error("section {kind} occurs twice")]
    Duplicate {
        /// Type of the section.
        kind: u32,
    },
    /// A section is not there.
    #[error("section {kind} is missing")]
    Missing {
        /// Type of the section.
        kind: u32,
    },
    /// Another field than the scalars of BN254.
    #[error("the field is not that of BN254's scalars")]
    Field,
}

impl From<WireError> for FileError {
    /// [`Reader`] fails for one reason alone.
    fn from(_: WireError) -> FileError {
        FileError::Length
    }
}

/// Contents of the sections of types `1..=N`; sections of other types are stepped over, as the format says.
pub(crate) fn sections<'a, const N: usize>(
    bytes: &'a [u8],
    magic: &'static str,
    version: u32,
) -> Result<[Option<&'a [u8]>; N], FileError> {
    let mut reader = Reader::new(bytes);
    if reader.take(4).ok() != Some(magic.as_bytes()) {
        return Err(FileError::Magic { expected: magic });
    }
    let got = reader.u32()?;
    if got != version {
        return Err(FileError::Version { expected: version, got });
    }
    let mut sections = [None; N];
    for _ in 0..reader.u32()? {
        let kind = reader.u32()?;
        let len = usize::try_from(reader.u64()?).map_err(|_| FileError::Length)?;
        let content = reader.take(len)?;
        let place = (kind as usize).checked_sub(1).and_then(|index| sections.get_mut(index));
        if let Some(place) = place
            && place.replace(content).is_some()
        {
            return Err(FileError::Duplicate { kind });
        }
    }
    reader.end()?;
    Ok(sections)
}

/// The content of section `kind`, which must be there.
pub(crate) fn present<'a, const N: usize>(sections: &[Option<&'a [u8]>; N], kind: u32) -> Result<&'a [u8], FileError> {
    sections[kind as usize - 1].ok_or(FileError::Missing { kind })
}

/// A file while it is written.
pub(crate) struct Writer {
    out: Vec<u8>,
    sections: u32,
}

impl Writer {
    pub(crate) fn new(magic: &str, version: u32) -> Writer {
        let mut out = magic.as_bytes().to_vec();
        out.extend_from_slice(&version.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        Writer { out, sections: 0 }
    }

    /// Appends a section of what `content` appends.
    pub(crate) fn section(&mut self, kind: u32, content: impl FnOnce(&mut Vec<u8>)) {
        self.sections += 1;
        self.out.extend_from_slice(&kind.to_le_bytes());
        let at = self.out.len();
        self.out.extend_from_slice(&[0; 8]);
        content(&mut self.out);
        let len = (self.out.len() - at - 8) as u64;
        self.out[at..at + 8].copy_from_slice(&len.to_le_bytes());
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.out[8..12].copy_from_slice(&self.sections.to_le_bytes());
        self.out
    }
}
