//! `RangePredicate`: `lo <= x <= hi`.
//!
//! ```text
//! 0    8    x   (u64 LE)
//! 8    8    lo
//! 16   8    hi
//! ```

use super::{next_u64, public_predicate};
use crate::json::Fields;
use crate::{InputError, Predicate};
use serde_json::Value;
use std::sync::OnceLock;
use zera_abi::Outcome;
use zera_abi::wire::Reader;
use zera_ir::{Bit, Builder};
use zera_r1cs::Artefact;

/// Name in the registry.
pub const NAME: &str = "RangePredicate";
/// Version of the circuit.
pub const VERSION: u32 = 1;
/// Public input bytes.
pub const PUBLIC_LEN: usize = 24;

pub(crate) const PREDICATE: Predicate = Predicate {
    name: NAME,
    version: VERSION,
    summary: "a number lies within bounds: lo <= x <= hi",
    example: r#"{"x": 42, "lo": 18, "hi": 99}"#,
    artefact,
    evaluate,
    parse,
    describe,
};

/// The input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// The number.
    pub x: u64,
    /// The least that will do.
    pub lo: u64,
    /// The greatest that will do.
    pub hi: u64,
}

impl Input {
    /// The public bytes.
    pub fn encode(&self) -> [u8; PUBLIC_LEN] {
        let mut bytes = [0; PUBLIC_LEN];
        for (slot, number) in bytes.chunks_exact_mut(8).zip([self.x, self.lo, self.hi]) {
            slot.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// Reads the public bytes; every 24 bytes are an input.
    ///
    /// # Errors
    /// [`InputError::Length`].
    pub fn decode(public: &[u8]) -> Result<Self, InputError> {
        read(public).ok_or(InputError::Length { expected: PUBLIC_LEN, got: public.len() })
    }
}

fn read(public: &[u8]) -> Option<Input> {
    let mut reader = Reader::new(public);
    let [x, lo, hi] = [next_u64(&mut reader)?, next_u64(&mut reader)?, next_u64(&mut reader)?];
    reader.end().ok()?;
    Some(Input { x, lo, hi })
}

/// The native answer; bytes of another length trap.
pub fn evaluate(public: &[u8], _private: &[u8]) -> Outcome {
    match read(public) {
        Some(Input { x, lo, hi }) if (lo..=hi).contains(&x) => Outcome::True,
        Some(_) => Outcome::False,
        None => Outcome::Trap,
    }
}

/// The artefact, built once.
pub fn artefact() -> &'static Artefact {
    static ARTEFACT: OnceLock<Artefact> = OnceLock::new();
    ARTEFACT.get_or_init(|| public_predicate(NAME, VERSION, PUBLIC_LEN, circuit))
}

/// Two comparisons of 64 bits and a product.
fn circuit(builder: &mut Builder) -> (Bit, Bit) {
    let [x, lo, hi] = [0, 8, 16].map(|offset| builder.public_int(offset, 8));
    let above = builder.span("lo <= x", |builder| builder.at_most(&lo, &x));
    let below = builder.span("x <= hi", |builder| builder.at_most(&x, &hi));
    let both = builder.span("both", |builder| builder.and(&above, &below));
    (both, Bit::constant(false))
}

fn parse(json: &Value) -> Result<Vec<u8>, InputError> {
    let fields = Fields::new(json, &["x", "lo", "hi"])?;
    let number = |field| fields.number(field, u64::MAX);
    Ok(Input { x: number("x")?, lo: number("lo")?, hi: number("hi")? }.encode().to_vec())
}

fn describe(public: &[u8]) -> String {
    match Input::decode(public) {
        Ok(Input { x, lo, hi }) => format!("{lo} <= {x} <= {hi}?"),
        Err(error) => error.to_string(),
    }
}
