//! `SpecialPriceOraclePredicate`: the median of up to 15 quotes is above a threshold, and the quotes agree.
//!
//! ```text
//! 0    1    n               number of quotes, 1 to 15
//! 1    2    max_spread_bps  (u16 LE)
//! 3    8    threshold       (u64 LE)
//! 11   120  15 quotes       (u64 LE each), those from n on are 0
//! ```
//!
//! Traps where `n` is 0 or above 15, or an unused quote is not 0. Else true where
//! `median > threshold` and `(greatest - least) * 10,000 <= max_spread_bps * median`, with the lower median
//! `sorted[(n - 1) / 2]`. Never exceeds a bound.

use super::public_predicate;
use crate::gadgets::sorted;
use crate::json::Fields;
use crate::{InputError, Predicate};
use serde_json::Value;
use std::sync::OnceLock;
use zera_abi::Outcome;
use zera_abi::wire::Reader;
use zera_ir::{Bit, Builder, Int, Interval, Lc};
use zera_r1cs::Artefact;

/// Name in the registry.
pub const NAME: &str = "SpecialPriceOraclePredicate";
/// Version of the circuit.
pub const VERSION: u32 = 1;
/// Most quotes.
pub const MAX_QUOTES: usize = 15;
/// Public input bytes.
pub const PUBLIC_LEN: usize = 131;
/// `max_spread_bps` is in units of `10^-4` of the median.
pub const BPS_SCALE: u64 = 10_000;

const SPREAD_AT: usize = 1;
const THRESHOLD_AT: usize = 3;
const QUOTES_AT: usize = 11;

pub(crate) const PREDICATE: Predicate = Predicate {
    name: NAME,
    version: VERSION,
    summary: "the median of 1 to 15 price quotes is above a threshold and their spread is within a bound",
    example: r#"{"threshold": 100, "max_spread_bps": 500, "quotes": [101, 102, 104]}"#,
    artefact,
    evaluate,
    parse,
    describe,
};

/// The input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What the median must exceed.
    pub threshold: u64,
    /// Most that greatest and least quote may differ, in `10^-4` of the median.
    pub max_spread_bps: u16,
    /// 1 to 15 quotes, in any order.
    pub quotes: Vec<u64>,
}

impl Input {
    /// The public bytes.
    ///
    /// # Errors
    /// [`InputError::Count`] unless there are 1 to 15 quotes.
    pub fn encode(&self) -> Result<[u8; PUBLIC_LEN], InputError> {
        let n = self.quotes.len();
        if !(1..=MAX_QUOTES).contains(&n) {
            return Err(InputError::Count { field: "quotes", min: 1, max: MAX_QUOTES, got: n });
        }
        let mut bytes = [0; PUBLIC_LEN];
        bytes[0] = n as u8;
        bytes[SPREAD_AT..THRESHOLD_AT].copy_from_slice(&self.max_spread_bps.to_le_bytes());
        bytes[THRESHOLD_AT..QUOTES_AT].copy_from_slice(&self.threshold.to_le_bytes());
        for (slot, quote) in bytes[QUOTES_AT..].chunks_exact_mut(8).zip(&self.quotes) {
            slot.copy_from_slice(&quote.to_le_bytes());
        }
        Ok(bytes)
    }

    /// Reads the public bytes.
    ///
    /// # Errors
    /// [`InputError::Length`]; [`InputError::Malformed`] where the predicate traps.
    pub fn decode(public: &[u8]) -> Result<Self, InputError> {
        let raw = read(public).ok_or(InputError::Length { expected: PUBLIC_LEN, got: public.len() })?;
        let n = usize::from(raw.n);
        if !(1..=MAX_QUOTES).contains(&n) {
            return Err(InputError::Malformed { reason: "the number of quotes is not within 1..=15" });
        }
        let (used, unused) = raw.quotes.split_at(n);
        if unused.iter().any(|quote| *quote != 0) {
            return Err(InputError::Malformed { reason: "an unused quote is not 0" });
        }
        Ok(Input { threshold: raw.threshold, max_spread_bps: raw.max_spread_bps, quotes: used.to_vec() })
    }
}

/// The fields, before any rule.
struct Raw {
    n: u8,
    max_spread_bps: u16,
    threshold: u64,
    quotes: [u64; MAX_QUOTES],
}

fn read(public: &[u8]) -> Option<Raw> {
    let mut reader = Reader::new(public);
    let n = reader.u8().ok()?;
    let max_spread_bps = reader.u16().ok()?;
    let threshold = reader.u64().ok()?;
    let mut quotes = [0; MAX_QUOTES];
    for quote in &mut quotes {
        *quote = reader.u64().ok()?;
    }
    reader.end().ok()?;
    Some(Raw { n, max_spread_bps, threshold, quotes })
}

/// The native answer; bytes of another length trap.
pub fn evaluate(public: &[u8], _private: &[u8]) -> Outcome {
    let Ok(Input { threshold, max_spread_bps, mut quotes }) = Input::decode(public) else { return Outcome::Trap };
    quotes.sort();
    let (Some(least), Some(greatest)) = (quotes.first(), quotes.last()) else { return Outcome::Trap };
    let median = quotes[(quotes.len() - 1) / 2];
    let spread = u128::from(greatest - least) * u128::from(BPS_SCALE);
    let allowed = u128::from(max_spread_bps) * u128::from(median);
    if median > threshold && spread <= allowed { Outcome::True } else { Outcome::False }
}

/// The artefact, built once.
pub fn artefact() -> &'static Artefact {
    static ARTEFACT: OnceLock<Artefact> = OnceLock::new();
    ARTEFACT.get_or_init(|| public_predicate(NAME, VERSION, PUBLIC_LEN, circuit))
}

/// Every 131 bytes have a witness: where the predicate traps, the rest runs on whatever the low four bits of `n` select.
fn circuit(builder: &mut Builder) -> (Bit, Bit) {
    let n = builder.public_byte(0).to_vec();
    let (low, high) = n.split_at(4);
    let max_spread_bps = builder.public_int(SPREAD_AT, 2);
    let threshold = builder.public_int(THRESHOLD_AT, 8);
    let quotes: Vec<Int> = (0..MAX_QUOTES).map(|i| builder.public_int(QUOTES_AT + 8 * i, 8)).collect();

    // count[k]: the low bits of n spell k. used[i] = (i < n) is the sum of count[k] over k > i.
    let count = builder.span("number of quotes", |builder| builder.one_hot(low));
    let used: Vec<Bit> = (0..MAX_QUOTES).map(|i| any(&count[i + 1..])).collect();

    // key_i = used_i ? quote_i : 2^64 - 1, so unused slots sort last. Ties with a used quote of 2^64 - 1 do not matter:
    // equal keys are equal quotes.
    let last = Int::constant(u128::from(u64::MAX));
    let keys: Vec<Int> = builder.span("keys", |builder| {
        used.iter().zip(&quotes).map(|(used, quote)| builder.select_int(used, quote, &last)).collect()
    });

    // n = 0, n >= 16, or a quote left over: a sum of non-negative integers that is 0 exactly where none of them occurs.
    let trap = builder.span("malformed", |builder| {
        let mut faults = Int::from_bit(&count[0]);
        for bit in high {
            faults = faults.add(&Int::from_bit(bit));
        }
        for ((used, quote), key) in used.iter().zip(&quotes).zip(&keys) {
            // quote - key + (1 - used) (2^64 - 1) = (1 - used) quote
            let left_over = quote.sub(key).add(&Int::from_bit(&used.not()).scale(i128::from(u64::MAX)));
            faults = faults.add(&Int::assume_range(left_over.rep().clone(), quote.range()));
        }
        builder.is_zero_int(&faults).not()
    });

    // Ranks of the used keys: least 0, greatest n - 1, lower median (n - 1) / 2, which is j for n = 2j + 1 and 2j + 2.
    let ascending = builder.span("sorted", |builder| sorted(builder, &keys, 64));
    let least = &ascending[0];
    let greatest = builder.span("greatest", |builder| {
        let mut rank = count[1..].to_vec();
        rank[0] = any(&count[..2]);
        builder.select_one_hot(&rank, &ascending)
    });
    let median = builder.span("median", |builder| {
        let mut rank: Vec<Bit> = count[1..].chunks(2).map(any).collect();
        rank[0] = any(&count[..3]);
        builder.select_one_hot(&rank, &ascending[..rank.len()])
    });

    let above = builder.span("median > threshold", |builder| builder.less_than(&threshold, &median));
    let agree = builder.span("spread within bound", |builder| {
        // least <= greatest, because both are ranks of an ascending list.
        let spread = Int::assume_range(greatest.sub(least).rep().clone(), u64_range());
        let allowed = builder.mul_int(&max_spread_bps, &median);
        builder.at_most(&spread.scale(i128::from(BPS_SCALE)), &allowed)
    });
    let truth = builder.span("both", |builder| builder.and(&above, &agree));
    (truth, trap)
}

/// The sum of exclusive bits.
fn any(exclusive: &[Bit]) -> Bit {
    let one = ark_bn254::Fr::from(1);
    Bit::assume_boolean(Lc::combine(exclusive.iter().map(|bit| (one, bit.lc()))))
}

fn u64_range() -> Interval {
    Interval::unsigned(64).expect("64 bits are below 250")
}

fn parse(json: &Value) -> Result<Vec<u8>, InputError> {
    let fields = Fields::new(json, &["threshold", "max_spread_bps", "quotes"])?;
    let input = Input {
        threshold: fields.number("threshold", u64::MAX)?,
        max_spread_bps: fields.number("max_spread_bps", u64::from(u16::MAX))? as u16,
        quotes: fields.numbers("quotes", 1, MAX_QUOTES)?,
    };
    Ok(input.encode()?.to_vec())
}

fn describe(public: &[u8]) -> String {
    match Input::decode(public) {
        Ok(Input { threshold, max_spread_bps, quotes }) => {
            let quotes: Vec<String> = quotes.iter().map(u64::to_string).collect();
            format!("median of [{}] > {threshold}, spread within {max_spread_bps} bps?", quotes.join(", "))
        }
        Err(error) => error.to_string(),
    }
}
