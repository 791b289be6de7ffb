//! `CompoundGrowthPredicate`: a principal grows to a target, period by period, in whole units.
//!
//! ```text
//! 0    8    principal  (u64 LE; smallest units)
//! 8    8    target     (u64 LE; smallest units)
//! 16   2    rate_bps   (u16 LE; growth of one period, 10,000 doubles)
//! 18   2    periods    (u16 LE)
//! ```
//!
//! `v_0 = principal`, `v_{i+1} = floor(v_i (10^4 + rate_bps) / 10^4)`: does `v_periods >= target` hold? More than
//! [`MAX_PERIODS`] periods exceed the circuit's bound. Nothing grows from a principal of 0, and a value of `2^64` and above
//! is none: both trap. The one predicate here that can end in every outcome.

use super::next_u64;
use crate::json::Fields;
use crate::registry::program_hash;
use crate::{InputError, Predicate};
use serde_json::Value;
use std::sync::OnceLock;
use zera_abi::Outcome;
use zera_abi::wire::Reader;
use zera_ir::{Bit, Builder, Int, Layout, Lc, Verdict};
use zera_r1cs::{Artefact, Manifest};

/// Name in the registry.
pub const NAME: &str = "CompoundGrowthPredicate";
/// Version of the circuit.
pub const VERSION: u32 = 1;
/// Public input bytes.
pub const PUBLIC_LEN: usize = 20;
/// Periods that the circuit unrolls.
pub const MAX_PERIODS: u16 = 16;
/// `rate_bps` is in units of `10^-4`.
pub const BPS_SCALE: u64 = 10_000;

pub(crate) const PREDICATE: Predicate = Predicate {
    name: NAME,
    version: VERSION,
    summary: "a principal compounds to a target within 16 periods; traps on 0 and on overflow",
    example: r#"{"principal": 1000000, "target": 1795000, "rate_bps": 500, "periods": 12}"#,
    artefact,
    evaluate,
    parse,
    describe,
};

/// The input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// What it starts from.
    pub principal: u64,
    /// What it must reach.
    pub target: u64,
    /// Growth of one period, times [`BPS_SCALE`].
    pub rate_bps: u16,
    /// How often it grows.
    pub periods: u16,
}

impl Input {
    /// The public bytes.
    pub fn encode(&self) -> [u8; PUBLIC_LEN] {
        let mut bytes = [0; PUBLIC_LEN];
        bytes[..8].copy_from_slice(&self.principal.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.target.to_le_bytes());
        bytes[16..18].copy_from_slice(&self.rate_bps.to_le_bytes());
        bytes[18..].copy_from_slice(&self.periods.to_le_bytes());
        bytes
    }

    /// Reads the public bytes; every 20 bytes are an input.
    ///
    /// # Errors
    /// [`InputError::Length`].
    pub fn decode(public: &[u8]) -> Result<Self, InputError> {
        read(public).ok_or(InputError::Length { expected: PUBLIC_LEN, got: public.len() })
    }
}

fn read(public: &[u8]) -> Option<Input> {
    let mut reader = Reader::new(public);
    let [principal, target] = [next_u64(&mut reader)?, next_u64(&mut reader)?];
    let [rate_bps, periods] = [reader.u16().ok()?, reader.u16().ok()?];
    reader.end().ok()?;
    Some(Input { principal, target, rate_bps, periods })
}

/// The native answer; bytes of another length trap. The bound comes first: beyond it nothing is computed.
pub fn evaluate(public: &[u8], _private: &[u8]) -> Outcome {
    let Some(Input { principal, target, rate_bps, periods }) = read(public) else { return Outcome::Trap };
    if periods > MAX_PERIODS {
        return Outcome::BoundExceeded;
    }
    if principal == 0 {
        return Outcome::Trap;
    }
    let mut value = principal;
    for _ in 0..periods {
        let grown = u128::from(value) * u128::from(BPS_SCALE + u64::from(rate_bps)) / u128::from(BPS_SCALE);
        match u64::try_from(grown) {
            Ok(grown) => value = grown,
            Err(_) => return Outcome::Trap,
        }
    }
    if value >= target { Outcome::True } else { Outcome::False }
}

/// The artefact, built once.
pub fn artefact() -> &'static Artefact {
    static ARTEFACT: OnceLock<Artefact> = OnceLock::new();
    ARTEFACT.get_or_init(|| {
        let mut builder = Builder::new(Layout { public_len: PUBLIC_LEN, private_len: 0, declared: 0 });
        let verdict = circuit(&mut builder);
        let manifest = Manifest::new(NAME, VERSION, PUBLIC_LEN as u32, 0, Vec::new());
        let manifest = manifest.expect("a built-in name is short and plain, its input too");
        let artefact = builder.finish(&verdict, &[], manifest, program_hash(NAME, VERSION));
        artefact.expect("a built-in predicate is far below every ceiling")
    })
}

/// Every 20 bytes have a witness: where a value overflows its low 64 bits go on, and the trap is remembered.
fn circuit(builder: &mut Builder) -> Verdict {
    let [principal, target] = [0, 8].map(|offset| builder.public_int(offset, 8));
    let factor = builder.public_int(16, 2).add(&Int::constant(i128::from(BPS_SCALE)));
    let periods: Vec<Bit> = [18, 19].iter().flat_map(|byte| builder.public_byte(*byte).to_vec()).collect();
    let (low, high) = periods.split_at(5);

    // count[k]: the low five bits of `periods` spell k. More than 16 periods: k above 16, or a higher bit; a sum of bits
    // that is 0 exactly where none of them is set.
    let count = builder.span("number of periods", |builder| builder.one_hot(low));
    let bound = usize::from(MAX_PERIODS);
    let exceeded = builder.span("beyond the bound", |builder| {
        let beyond = sum(count[bound + 1..].iter().chain(high));
        builder.is_zero_int(&beyond).not()
    });

    let mut value = principal.clone();
    let mut faults = builder.span("no principal", |builder| Int::from_bit(&builder.is_zero_int(&principal)));
    for period in 0..bound {
        // Period i is one of them where k > i.
        let active = any(&count[period + 1..]);
        let (grown, overflow) = builder.span("growth", |builder| grow(builder, &value, &factor));
        value = builder.span("period", |builder| builder.select_int(&active, &grown, &value));
        let fault = builder.span("overflow", |builder| builder.mul_int(&overflow, &Int::from_bit(&active)));
        faults = faults.add(&fault);
    }
    let trap = builder.span("trap", |builder| builder.is_zero_int(&faults).not());
    let truth = builder.span("value >= target", |builder| builder.at_most(&target, &value));
    Verdict { truth, trap, exceeded }
}

/// Shift of the reciprocal, see [`grow`].
const SHIFT: u32 = 91;
/// `ceil(2^91 / 10^4)`.
const RECIPROCAL: u128 = (1 << SHIFT) / BPS_SCALE as u128 + 1;

/// `q = floor(value factor / 10^4)` in its low 64 bits and what is above them: one product and one split.
///
/// With `x = value factor`, `m = ceil(2^k / d)` and `e = m d - 2^k` the quotient is `floor(x m / 2^k)` wherever
/// `x e < 2^k`, because `x m / 2^k = q + r/d + x e / (d 2^k)` with `r <= d - 1`. So the quotient is a part of the bits of
/// `x m`, and nothing is taken as advice.
///
/// Source: Granlund, Montgomery, "Division by Invariant Integers using Multiplication", PLDI 1994, theorem 4.2.
fn grow(builder: &mut Builder, value: &Int, factor: &Int) -> (Int, Int) {
    let product = builder.mul_int(value, factor);
    let bits = builder.split(&product.scale(RECIPROCAL));
    let quotient = &bits[SHIFT as usize..];
    let (low, high) = quotient.split_at(64);
    (Int::from_bits(low), Int::from_bits(high))
}

/// How many of the bits are set.
fn sum<'a>(bits: impl Iterator<Item = &'a Bit>) -> Int {
    bits.fold(Int::constant(0i128), |sum, bit| sum.add(&Int::from_bit(bit)))
}

/// The sum of exclusive bits.
fn any(exclusive: &[Bit]) -> Bit {
    let one = ark_bn254::Fr::from(1);
    Bit::assume_boolean(Lc::combine(exclusive.iter().map(|bit| (one, bit.lc()))))
}

fn parse(json: &Value) -> Result<Vec<u8>, InputError> {
    let fields = Fields::new(json, &["principal", "target", "rate_bps", "periods"])?;
    let short = |field| fields.number(field, u64::from(u16::MAX)).map(|number| number as u16);
    let input = Input {
        principal: fields.number("principal", u64::MAX)?,
        target: fields.number("target", u64::MAX)?,
        rate_bps: short("rate_bps")?,
        periods: short("periods")?,
    };
    Ok(input.encode().to_vec())
}

fn describe(public: &[u8]) -> String {
    match Input::decode(public) {
        Ok(Input { principal, target, rate_bps, periods }) => {
            format!("{principal} at {rate_bps} bps for {periods} periods reaches {target}?")
        }
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The condition under [`grow`], at the greatest product that an input can have; one bit less of shift breaks it.
    #[test]
    fn the_reciprocal_divides_every_product() {
        let d = u128::from(BPS_SCALE);
        let greatest = u128::from(u64::MAX) * (d + u128::from(u16::MAX));
        let holds = |shift: u32| {
            let excess = ((1u128 << shift) / d + 1) * d - (1 << shift);
            greatest.checked_mul(excess).is_some_and(|product| product < 1 << shift)
        };
        assert!(holds(SHIFT));
        assert!(!holds(SHIFT - 1));
    }
}
