//! snarkjs' JSON forms of a proof, its public inputs and a verifying key.
//!
//! Written as snarkjs writes them, read strictly: one spelling a number, each below its modulus, exactly these fields, at most
//! [`LEN_MAX`] bytes. Points are checked by `zera-verifier`.
//!
//! ```text
//! proof    {"pi_a": [x, y, "1"], "pi_b": [[x.c0, x.c1], [y.c0, y.c1], ["1", "0"]], "pi_c": [x, y, "1"],
//!           "protocol": "groth16", "curve": "bn128"}
//! public   [scalar, ..]
//! key      {"protocol", "curve", "nPublic": n, "vk_alpha_1", "vk_beta_2", "vk_gamma_2", "vk_delta_2", "IC": [point, ..]}
//! ```
//! snarkjs adds `vk_alphabeta_12` to a key and does not read it; it is neither written nor read here.

mod decimal;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zera_abi::wire::{FIELD_LEN, G1_LEN, KEY_IC, PROOF_B, PROOF_C};
use zera_verifier::{InputsError, KeyError, Proof, ProofError, PublicInputs, VerifyingKey};

use decimal::{BASE, Modulus, SCALAR};

/// Most bytes of one document. The longest key that there is, indented, has 12 KiB.
pub const LEN_MAX: u64 = 64 * 1024;
const PROTOCOL: &str = "groth16";
const CURVE: &str = "bn128";

/// Why a text is not one of these documents.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnarkjsError {
    /// Not JSON of this shape.
    #[error("not snarkjs JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Too long to be one.
    #[error("{got} bytes, at most {LEN_MAX}")]
    TooLong {
        /// Its length.
        got: usize,
    },
    /// Another proof system or curve.
    #[error("{field} is {got:?}, expected {expected:?}")]
    System {
        /// The field.
        field: &'static str,
        /// What it says.
        got: String,
        /// What is read here.
        expected: &'static str,
    },
    /// Not a canonical number below its modulus.
    #[error("{place}: not a decimal number without leading zeros below the {modulus} modulus")]
    Number {
        /// Where it stands.
        place: String,
        /// Which modulus.
        modulus: &'static str,
    },
    /// The third coordinate is not that of an affine point.
    #[error("{place}: the third coordinate is not 1")]
    Affine {
        /// The point.
        place: String,
    },
    /// `nPublic` and `IC` disagree.
    #[error("nPublic is {inputs}, IC has {points} points")]
    Inputs {
        /// By `nPublic`.
        inputs: u64,
        /// Points there are.
        points: usize,
    },
    /// The points are no proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The scalars are no public inputs.
    #[error(transparent)]
    PublicInputs(#[from] InputsError),
    /// The points are no key that a verifier takes.
    #[error(transparent)]
    Key(#[from] KeyError),
}

type G1 = [String; 3];
type G2 = [[String; 2]; 3];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofForm {
    pi_a: G1,
    pi_b: G2,
    pi_c: G1,
    protocol: String,
    curve: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyForm {
    protocol: String,
    curve: String,
    #[serde(rename = "nPublic")]
    inputs: u64,
    vk_alpha_1: G1,
    vk_beta_2: G2,
    vk_gamma_2: G2,
    vk_delta_2: G2,
    #[serde(default, rename = "vk_alphabeta_12")]
    _alphabeta: Option<IgnoredAny>,
    #[serde(rename = "IC")]
    ic: Vec<G1>,
}

/// The document of a proof.
pub fn proof_to_json(proof: &Proof) -> Value {
    let bytes = proof.encode();
    let (a, rest) = bytes.split_at(PROOF_B);
    let (b, c) = rest.split_at(PROOF_C - PROOF_B);
    json!({"pi_a": g1(a), "pi_b": g2(b), "pi_c": g1(c), "protocol": PROTOCOL, "curve": CURVE})
}

/// Reads a proof.
///
/// # Errors
/// [`SnarkjsError`].
pub fn proof_from_json(text: &[u8]) -> Result<Proof, SnarkjsError> {
    let form: ProofForm = parse(text)?;
    check_system(&form.protocol, &form.curve)?;
    let mut bytes = Vec::new();
    put_g1("pi_a", &form.pi_a, &mut bytes)?;
    put_g2("pi_b", &form.pi_b, &mut bytes)?;
    put_g1("pi_c", &form.pi_c, &mut bytes)?;
    Ok(Proof::decode(&bytes)?)
}

/// The document of public inputs.
pub fn public_to_json(inputs: &PublicInputs) -> Value {
    words(&inputs.encode()).into()
}

/// Reads public inputs.
///
/// # Errors
/// [`SnarkjsError`].
pub fn public_from_json(text: &[u8]) -> Result<PublicInputs, SnarkjsError> {
    let form: Vec<String> = parse(text)?;
    let mut bytes = Vec::new();
    for (index, number) in form.iter().enumerate() {
        bytes.extend_from_slice(&read(number, &SCALAR, || format!("input {index}"))?);
    }
    Ok(PublicInputs::decode(&bytes)?)
}

/// The document of a verifying key.
pub fn key_to_json(key: &VerifyingKey) -> Value {
    let bytes = key.encode();
    let (fixed, ic) = bytes.split_at(KEY_IC);
    let (alpha, g2s) = fixed.split_at(G1_LEN);
    let mut g2s = g2s.chunks(2 * G1_LEN).map(g2);
    let mut next = || g2s.next().unwrap_or(Value::Null);
    json!({
        "protocol": PROTOCOL,
        "curve": CURVE,
        "nPublic": key.inputs(),
        "vk_alpha_1": g1(alpha),
        "vk_beta_2": next(),
        "vk_gamma_2": next(),
        "vk_delta_2": next(),
        "IC": ic.chunks(G1_LEN).map(g1).collect::<Vec<_>>(),
    })
}

/// Reads a verifying key, with every check of [`VerifyingKey::decode`].
///
/// # Errors
/// [`SnarkjsError`].
pub fn key_from_json(text: &[u8]) -> Result<VerifyingKey, SnarkjsError> {
    let form: KeyForm = parse(text)?;
    check_system(&form.protocol, &form.curve)?;
    let (inputs, points) = (form.inputs, form.ic.len());
    if inputs.checked_add(1) != u64::try_from(points).ok() {
        return Err(SnarkjsError::Inputs { inputs, points });
    }
    let mut bytes = Vec::new();
    put_g1("vk_alpha_1", &form.vk_alpha_1, &mut bytes)?;
    for (place, point) in
        [("vk_beta_2", &form.vk_beta_2), ("vk_gamma_2", &form.vk_gamma_2), ("vk_delta_2", &form.vk_delta_2)]
    {
        put_g2(place, point, &mut bytes)?;
    }
    for (index, point) in form.ic.iter().enumerate() {
        put_g1(&format!("IC[{index}]"), point, &mut bytes)?;
    }
    Ok(VerifyingKey::decode(&bytes)?)
}

fn parse<T: for<'a> Deserialize<'a>>(text: &[u8]) -> Result<T, SnarkjsError> {
    if text.len() as u64 > LEN_MAX {
        return Err(SnarkjsError::TooLong { got: text.len() });
    }
    Ok(serde_json::from_slice(text)?)
}

fn check_system(protocol: &str, curve: &str) -> Result<(), SnarkjsError> {
    for (field, got, expected) in [("protocol", protocol, PROTOCOL), ("curve", curve, CURVE)] {
        if got != expected {
            return Err(SnarkjsError::System { field, got: crate::arg::shorten(got), expected });
        }
    }
    Ok(())
}

fn words(bytes: &[u8]) -> Vec<String> {
    bytes.as_chunks::<FIELD_LEN>().0.iter().map(decimal::write).collect()
}

fn g1(bytes: &[u8]) -> Value {
    let mut point = words(bytes);
    point.push("1".to_owned());
    point.into()
}

/// `c1` stands before `c0` on the wire, and after it in JSON.
fn g2(bytes: &[u8]) -> Value {
    let words = words(bytes);
    let mut point: Vec<Value> =
        words.chunks(2).map(|pair| pair.iter().rev().cloned().collect::<Vec<_>>().into()).collect();
    point.push(json!(["1", "0"]));
    point.into()
}

fn put_g1(place: &str, [x, y, one]: &G1, out: &mut Vec<u8>) -> Result<(), SnarkjsError> {
    for (coordinate, number) in [("x", x), ("y", y)] {
        out.extend_from_slice(&read(number, &BASE, || format!("{place}.{coordinate}"))?);
    }
    if one == "1" { Ok(()) } else { Err(SnarkjsError::Affine { place: place.to_owned() }) }
}

fn put_g2(place: &str, [x, y, one]: &G2, out: &mut Vec<u8>) -> Result<(), SnarkjsError> {
    for (coordinate, [c0, c1]) in [("x", x), ("y", y)] {
        for (part, number) in [("c1", c1), ("c0", c0)] {
            out.extend_from_slice(&read(number, &BASE, || format!("{place}.{coordinate}.{part}"))?);
        }
    }
    if *one == ["1", "0"] { Ok(()) } else { Err(SnarkjsError::Affine { place: place.to_owned() }) }
}

fn read(number: &str, modulus: &Modulus, place: impl Fn() -> String) -> Result<[u8; FIELD_LEN], SnarkjsError> {
    decimal::read(number, modulus).ok_or_else(|| SnarkjsError::Number { place: place(), modulus: modulus.name })
}

#[cfg(test)]
mod tests;
