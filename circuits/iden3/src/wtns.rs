//! `.wtns`, version 2: an assignment.
//!
//! ```text
//! sections (crate::FileError has the frame), magic "wtns"
//!   1    bytes of a scalar, 32 (u32 LE); modulus (32, little-endian); number of values (u32)
//!   2    values, 32 bytes each, little-endian, below the modulus
//! ```

use crate::file::{FileError, Writer, present, sections};
use crate::scalar;
use ark_bn254::Fr;
use thiserror::Error;
use zera_abi::wire::{Reader, WireError};

const MAGIC: &str = "wtns";
const VERSION: u32 = 2;

/// Why bytes are not an assignment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WtnsError {
    /// Not such a file.
    #[error("wtns: {0}")]
    File(#[from] FileError),
    /// Another number of values than the header says.
    #[error("wtns: expected {expected} values, got {got} bytes of them")]
    Length {
        /// By the header.
        expected: u32,
        /// Bytes there are.
        got: usize,
    },
    /// A value at or above r.
    #[error("wtns: value {index} is not below r")]
    Scalar {
        /// Index of the value.
        index: usize,
    },
}

impl From<WireError> for WtnsError {
    fn from(error: WireError) -> WtnsError {
        WtnsError::File(error.into())
    }
}

/// The file of an assignment; 76 bytes and 32 a value.
///
/// # Panics
/// For 2^32 values or more; matrices have fewer wires.
pub fn write_wtns(values: &[Fr]) -> Vec<u8> {
    let count = u32::try_from(values.len()).expect("an assignment has fewer than 2^32 values");
    let mut file = Writer::new(MAGIC, VERSION);
    file.section(1, |out| {
        scalar::put_field(out);
        out.extend_from_slice(&count.to_le_bytes());
    });
    file.section(2, |out| {
        out.reserve_exact(values.len() * scalar::LEN);
        values.iter().for_each(|value| scalar::put(out, value));
    });
    file.finish()
}

/// The values of a file, in order. Whether the first is 1 and rows hold is for
/// [`Matrices::check`](zera_r1cs::Matrices::check) to say.
///
/// # Errors
/// [`WtnsError`].
pub fn read_wtns(bytes: &[u8]) -> Result<Vec<Fr>, WtnsError> {
    let sections = sections::<2>(bytes, MAGIC, VERSION)?;
    let mut header = Reader::new(present(&sections, 1)?);
    let content = present(&sections, 2)?;
    scalar::read_field(&mut header)?;
    let expected = header.u32()?;
    header.end()?;
    let (values, rest) = content.as_chunks::<{ scalar::LEN }>();
    if values.len() as u64 != u64::from(expected) || !rest.is_empty() {
        return Err(WtnsError::Length { expected, got: content.len() });
    }
    let values = values.iter().enumerate();
    values.map(|(index, value)| scalar::read(value).ok_or(WtnsError::Scalar { index })).collect()
}
