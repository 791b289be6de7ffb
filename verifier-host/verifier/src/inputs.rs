//! Public inputs: canonical scalars.

use ark_bn254::Fr;
use zera_abi::wire::{FIELD_LEN, MAX_PUBLIC_INPUTS};

use crate::error::InputsError;
use crate::point::{read_field, write_field};

/// Public inputs of a proof, in the order of the key's IC points.
///
/// `x` and `x + r` name the same scalar; only `x < r` is read, so a statement has one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicInputs(Vec<Fr>);

impl PublicInputs {
    /// Reads scalars of 32 bytes, big-endian, each below r.
    ///
    /// # Errors
    /// [`InputsError`]: length, count (1 to 16), range, in that order.
    pub fn decode(bytes: &[u8]) -> Result<PublicInputs, InputsError> {
        let (words, rest) = bytes.as_chunks::<FIELD_LEN>();
        if !rest.is_empty() {
            return Err(InputsError::Length { got: bytes.len() });
        }
        if words.is_empty() || words.len() > MAX_PUBLIC_INPUTS {
            return Err(InputsError::Count { got: words.len() });
        }
        let scalars =
            words.iter().enumerate().map(|(index, word)| read_field(word).ok_or(InputsError::Range { index }));
        scalars.collect::<Result<_, _>>().map(PublicInputs)
    }

    /// The inputs with these values. Their number is compared with the key's when a proof is verified.
    pub const fn from_scalars(scalars: Vec<Fr>) -> PublicInputs {
        PublicInputs(scalars)
    }

    /// The bytes that [`decode`](PublicInputs::decode) reads.
    pub fn encode(&self) -> Vec<u8> {
        self.0.iter().flat_map(write_field).collect()
    }

    /// The values.
    pub fn scalars(&self) -> &[Fr] {
        &self.0
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none; no key verifies none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
