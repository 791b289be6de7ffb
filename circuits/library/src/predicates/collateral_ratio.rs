//! `CollateralRatioPredicate`: a position is covered, `collateral * price >= debt * min_ratio`.
//!
//! ```text
//! 0    8    collateral     (u64 LE; smallest units of the collateral)
//! 8    8    price          (smallest units of the debt per unit of the collateral, times 10^8)
//! 16   8    debt           (smallest units of the debt)
//! 24   4    min_ratio_bps  (u32 LE; 10,000 is one to one)
//! ```
//!
//! In whole numbers, without rounding: `collateral * price * 10^4 >= debt * min_ratio_bps * 10^8`. No debt is covered by
//! anything.

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
pub const NAME: &str = "CollateralRatioPredicate";
/// Version of the circuit.
pub const VERSION: u32 = 1;
/// Public input bytes.
pub const PUBLIC_LEN: usize = 28;
/// `price` is in units of `10^-8`.
pub const PRICE_SCALE: u64 = 100_000_000;
/// `min_ratio_bps` is in units of `10^-4`.
pub const BPS_SCALE: u64 = 10_000;

pub(crate) const PREDICATE: Predicate = Predicate {
    name: NAME,
    version: VERSION,
    summary: "a position is covered: collateral * price >= debt * min_ratio",
    example: r#"{"collateral": 3000, "price": 250000000, "debt": 5000, "min_ratio_bps": 15000}"#,
    artefact,
    evaluate,
    parse,
    describe,
};

/// The input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Collateral in its smallest units.
    pub collateral: u64,
    /// Units of the debt per unit of the collateral, times [`PRICE_SCALE`].
    pub price: u64,
    /// Debt in its smallest units.
    pub debt: u64,
    /// Least ratio of the collateral's value to the debt, times [`BPS_SCALE`].
    pub min_ratio_bps: u32,
}

impl Input {
    /// The public bytes.
    pub fn encode(&self) -> [u8; PUBLIC_LEN] {
        let mut bytes = [0; PUBLIC_LEN];
        for (slot, number) in bytes.chunks_exact_mut(8).zip([self.collateral, self.price, self.debt]) {
            slot.copy_from_slice(&number.to_le_bytes());
        }
        bytes[24..].copy_from_slice(&self.min_ratio_bps.to_le_bytes());
        bytes
    }

    /// Reads the public bytes; every 28 bytes are an input.
    ///
    /// # Errors
    /// [`InputError::Length`].
    pub fn decode(public: &[u8]) -> Result<Self, InputError> {
        read(public).ok_or(InputError::Length { expected: PUBLIC_LEN, got: public.len() })
    }
}

fn read(public: &[u8]) -> Option<Input> {
    let mut reader = Reader::new(public);
    let [collateral, price, debt] = [next_u64(&mut reader)?, next_u64(&mut reader)?, next_u64(&mut reader)?];
    let min_ratio_bps = reader.u32().ok()?;
    reader.end().ok()?;
    Some(Input { collateral, price, debt, min_ratio_bps })
}

/// The native answer; bytes of another length trap.
///
/// The right side is below `2^123`. Dividing both sides by `10^4`, which divides the right one, leaves the left one
/// below `2^128`.
pub fn evaluate(public: &[u8], _private: &[u8]) -> Outcome {
    let Some(Input { collateral, price, debt, min_ratio_bps }) = read(public) else { return Outcome::Trap };
    let value = u128::from(collateral) * u128::from(price);
    let required = u128::from(debt) * u128::from(min_ratio_bps) * u128::from(PRICE_SCALE / BPS_SCALE);
    if value >= required { Outcome::True } else { Outcome::False }
}

/// The artefact, built once.
pub fn artefact() -> &'static Artefact {
    static ARTEFACT: OnceLock<Artefact> = OnceLock::new();
    ARTEFACT.get_or_init(|| public_predicate(NAME, VERSION, PUBLIC_LEN, circuit))
}

/// Two products and one comparison of 142 bits, as the definition reads.
fn circuit(builder: &mut Builder) -> (Bit, Bit) {
    let [collateral, price, debt] = [0, 8, 16].map(|offset| builder.public_int(offset, 8));
    let min_ratio_bps = builder.public_int(24, 4);
    let value = builder.span("collateral * price", |builder| builder.mul_int(&collateral, &price));
    let required = builder.span("debt * min_ratio_bps", |builder| builder.mul_int(&debt, &min_ratio_bps));
    let covered = builder.span("value >= required", |builder| {
        builder.at_most(&required.scale(i128::from(PRICE_SCALE)), &value.scale(i128::from(BPS_SCALE)))
    });
    (covered, Bit::constant(false))
}

fn parse(json: &Value) -> Result<Vec<u8>, InputError> {
    let fields = Fields::new(json, &["collateral", "price", "debt", "min_ratio_bps"])?;
    let number = |field| fields.number(field, u64::MAX);
    let input = Input {
        collateral: number("collateral")?,
        price: number("price")?,
        debt: number("debt")?,
        min_ratio_bps: fields.number("min_ratio_bps", u64::from(u32::MAX))? as u32,
    };
    Ok(input.encode().to_vec())
}

fn describe(public: &[u8]) -> String {
    match Input::decode(public) {
        Ok(Input { collateral, price, debt, min_ratio_bps }) => {
            format!("{collateral} at {price} e-8 covers {debt} at {min_ratio_bps} bps?")
        }
        Err(error) => error.to_string(),
    }
}
