//! Name or id -> predicate, one row each.

use crate::{InputError, collateral_ratio, compound_growth, range, special_price};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;
use zera_abi::{Outcome, PredicateId};
use zera_r1cs::Artefact;

/// A built-in predicate.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Predicate {
    /// Its name, the manifest's.
    pub name: &'static str,
    /// Version of its circuit, the manifest's.
    pub version: u32,
    /// One line on what it answers.
    pub summary: &'static str,
    /// An input as JSON, one that holds.
    pub example: &'static str,
    /// Matrices, tape and manifest; built on the first call, tens of milliseconds.
    pub artefact: fn() -> &'static Artefact,
    /// The native answer for public and private bytes. Bytes of another length than the manifest's trap.
    pub evaluate: fn(public: &[u8], private: &[u8]) -> Outcome,
    /// Public bytes from a JSON object.
    pub parse: fn(json: &serde_json::Value) -> Result<Vec<u8>, InputError>,
    /// Public bytes as one line for people; says what is wrong with bytes that are no input.
    pub describe: fn(public: &[u8]) -> String,
}

static REGISTRY: [Predicate; 4] =
    [special_price::PREDICATE, range::PREDICATE, collateral_ratio::PREDICATE, compound_growth::PREDICATE];

/// All built-in predicates.
pub fn registry() -> &'static [Predicate] {
    &REGISTRY
}

/// The predicate with this name.
pub fn by_name(name: &str) -> Option<&'static Predicate> {
    REGISTRY.iter().find(|predicate| predicate.name == name)
}

/// The predicate whose artefact has this id; the first call builds every artefact.
pub fn by_id(id: &PredicateId) -> Option<&'static Predicate> {
    static IDS: OnceLock<Vec<PredicateId>> = OnceLock::new();
    let ids = IDS.get_or_init(|| REGISTRY.iter().map(|predicate| (predicate.artefact)().predicate_id()).collect());
    REGISTRY.iter().zip(ids).find(|(_, known)| *known == id).map(|(predicate, _)| predicate)
}

/// What stands for the program of a predicate without one: `SHA-256("zera/library/v1" || name || version[u32 LE])`.
pub fn program_hash(name: &str, version: u32) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"zera/library/v1");
    hash.update(name.as_bytes());
    hash.update(version.to_le_bytes());
    hash.finalize().into()
}
