//! What the sections of an artefact share: short numbers, counted text and pools of scalars.

use crate::hash::Table;
use ark_bn254::Fr;
use thiserror::Error;
use zera_abi::wire::{Reader, WireError};
use zera_statement::{scalar_from_be, scalar_to_be};

/// Why bytes are not the fields they should be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The bytes end inside a field, or go on after the last one.
    #[error("length does not match the fields")]
    Length,
    /// A number in more bytes than it needs, or above 32 bits.
    #[error("a number is not in its shortest form or exceeds 32 bits")]
    Number,
    /// A count above its ceiling, or above what the bytes could hold.
    #[error("{count} {what}, at most {max} here")]
    Count {
        /// What is counted.
        what: &'static str,
        /// The count.
        count: usize,
        /// The ceiling.
        max: usize,
    },
    /// A scalar at or above r.
    #[error("scalar {index} of the pool is not below r")]
    Scalar {
        /// Index in the pool.
        index: usize,
    },
    /// An index beyond the pool.
    #[error("scalar {index} of a pool of {len}")]
    Pool {
        /// The index.
        index: u32,
        /// Scalars in the pool.
        len: usize,
    },
    /// A layout or a kind of entry that this build does not know.
    #[error("unknown layout or kind of entry")]
    Kind,
    /// Text that is not printable UTF-8 of the right length.
    #[error("text is empty, too long, not UTF-8 or holds control characters")]
    Text,
}

impl From<WireError> for CodecError {
    /// [`Reader`] fails for one reason alone.
    fn from(_: WireError) -> CodecError {
        CodecError::Length
    }
}

/// Most bytes of a number.
pub(crate) const NUMBER_MAX: u64 = 5;

/// Appends a number as little-endian groups of seven bits, the eighth bit set on all but the last: 1 to 5 bytes.
pub(crate) fn put_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads what [`put_number`] writes; refuses longer forms of the same number.
pub(crate) fn number(reader: &mut Reader<'_>) -> Result<u32, CodecError> {
    let mut value: u32 = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = reader.u8()?;
        let group = u32::from(byte & 0x7f);
        if shift == 28 && byte > 0x0f {
            return Err(CodecError::Number);
        }
        value |= group << shift;
        if byte & 0x80 == 0 {
            return if group == 0 && shift > 0 { Err(CodecError::Number) } else { Ok(value) };
        }
    }
    Err(CodecError::Number)
}

/// Reads a count of things that take at least `least` bytes each, so that what it allocates is paid for in bytes.
pub(crate) fn count(
    reader: &mut Reader<'_>,
    what: &'static str,
    least: usize,
    max: usize,
) -> Result<usize, CodecError> {
    let count = number(reader)? as usize;
    let max = max.min(reader.remaining() / least);
    if count > max { Err(CodecError::Count { what, count, max }) } else { Ok(count) }
}

/// Scalars by index, in the order of their first use.
#[derive(Default)]
pub(crate) struct PoolWriter {
    /// Keyed by Montgomery limbs, which need no conversion.
    index: Table<[u64; 4], u32>,
    scalars: Vec<Fr>,
}

impl PoolWriter {
    /// The index of this scalar, new or not.
    pub(crate) fn index(&mut self, scalar: &Fr) -> u32 {
        *self.index.entry(scalar.0.0).or_insert_with(|| {
            self.scalars.push(*scalar);
            (self.scalars.len() - 1) as u32
        })
    }

    /// The scalars, by index.
    pub(crate) fn into_scalars(self) -> Vec<Fr> {
        self.scalars
    }
}

/// Appends a count and 32 big-endian bytes for each scalar.
pub(crate) fn put_scalars(out: &mut Vec<u8>, scalars: &[Fr]) {
    put_number(out, scalars.len() as u32);
    for scalar in scalars {
        out.extend_from_slice(&scalar_to_be(scalar));
    }
}

/// Reads what [`put_scalars`] writes.
pub(crate) fn scalars(reader: &mut Reader<'_>) -> Result<Vec<Fr>, CodecError> {
    let count = count(reader, "scalars", 32, usize::MAX)?;
    let mut scalars = Vec::with_capacity(count);
    for index in 0..count {
        scalars.push(scalar_from_be(&reader.array()?).ok_or(CodecError::Scalar { index })?);
    }
    Ok(scalars)
}
