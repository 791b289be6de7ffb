//! `manifest.toml`: what a folder of keys holds.

use std::path::Path;

use serde::{Deserialize, Serialize};
use zera_abi::id::decode_hex32;
use zera_abi::wire::{G1_LEN, G2_LEN, MAX_PUBLIC_INPUTS};
use zera_abi::{KeyId, PredicateId};
use zera_r1cs::matrices::{ROWS_MAX, WIRES_MAX};

use crate::error::KeysError;
use crate::keys::{Origin, Shape};
use crate::load::read_file;

/// The file's name.
pub const MANIFEST_FILE: &str = "manifest.toml";
/// Most bytes of a manifest.
pub const MANIFEST_LEN_MAX: u64 = 4096;
/// The only format so far.
const FORMAT: u32 = 1;

/// What a folder of keys says about itself. Nothing here is believed where bytes can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The predicate that the keys are for.
    pub predicate: PredicateId,
    /// SHA-256 of `vk.bin`.
    pub key: KeyId,
    /// SHA-256 of `pk.bin`.
    pub proving_key_sha256: [u8; 32],
    /// What alpha says.
    pub origin: Origin,
    /// Sizes of the circuit.
    pub shape: Shape,
}

/// The manifest's text, field by field.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    format: u32,
    predicate: String,
    key_id: String,
    proving_key_sha256: String,
    origin: String,
    rows: u32,
    wires: u32,
    publics: u32,
}

impl Manifest {
    /// Reads `manifest.toml` of a folder.
    ///
    /// # Errors
    /// [`KeysError::Io`], [`KeysError::NotAFile`], [`KeysError::TooLong`], [`KeysError::Manifest`].
    pub fn read(dir: &Path) -> Result<Manifest, KeysError> {
        let path = dir.join(MANIFEST_FILE);
        let bytes = read_file(&path, MANIFEST_LEN_MAX)?;
        Manifest::parse(&bytes).map_err(|reason| KeysError::Manifest { path, reason })
    }

    /// The text that [`read`](Manifest::read) reads.
    pub fn to_text(&self) -> String {
        let record = Record {
            format: FORMAT,
            predicate: self.predicate.to_string(),
            key_id: self.key.to_string(),
            proving_key_sha256: KeyId(self.proving_key_sha256).to_string(),
            origin: self.origin.name().to_owned(),
            rows: self.shape.rows,
            wires: self.shape.wires,
            publics: self.shape.publics,
        };
        toml::to_string(&record).expect("a flat record of strings and integers is TOML")
    }

    fn parse(bytes: &[u8]) -> Result<Manifest, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
        let record: Record = toml::from_str(text).map_err(|error| one_line(error.message()))?;
        if record.format != FORMAT {
            return Err(format!("format {}, expected {FORMAT}", record.format));
        }
        let id = |name: &str, text: &str| decode_hex32(text).map_err(|error| format!("{name}: {error}"));
        let manifest = Manifest {
            predicate: PredicateId(id("predicate", &record.predicate)?),
            key: KeyId(id("key_id", &record.key_id)?),
            proving_key_sha256: id("proving_key_sha256", &record.proving_key_sha256)?,
            origin: [Origin::Dev, Origin::Ceremony]
                .into_iter()
                .find(|origin| origin.name() == record.origin)
                .ok_or("origin is neither dev nor ceremony")?,
            shape: Shape { rows: record.rows, wires: record.wires, publics: record.publics },
        };
        check_shape(&manifest.shape)?;
        Ok(manifest)
    }
}

fn check_shape(shape: &Shape) -> Result<(), String> {
    let Shape { rows, wires, publics } = *shape;
    if rows as usize > ROWS_MAX {
        return Err(format!("{rows} rows, at most {ROWS_MAX}"));
    }
    if wires as usize > WIRES_MAX {
        return Err(format!("{wires} wires, at most {WIRES_MAX}"));
    }
    if publics == 0 || publics as usize > MAX_PUBLIC_INPUTS || publics >= wires {
        return Err(format!("{publics} public wires of {wires}, expected 1 to {MAX_PUBLIC_INPUTS}"));
    }
    Ok(())
}

/// Bytes of `pk.bin` for a circuit of these sizes: every list of the key has its length from them.
///
/// `shape` is within the ceilings, so nothing overflows.
pub fn proving_key_len(shape: &Shape) -> u64 {
    let (g1, g2) = (G1_LEN as u64, G2_LEN as u64);
    let [a, b_g1, b_g2, h, l] = list_lens(shape);
    let verifying = g1 + 3 * g2 + 8 + g1 * (u64::from(shape.publics) + 1);
    verifying + 2 * g1 + 5 * 8 + g1 * (a + b_g1 + h + l) + g2 * b_g2
}

/// Points of `a_query`, `b_g1_query`, `b_g2_query`, `h_query` and `l_query`.
pub(crate) fn list_lens(shape: &Shape) -> [u64; 5] {
    let wires = u64::from(shape.wires);
    [wires, wires, wires, shape.domain() - 1, wires - u64::from(shape.publics) - 1]
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
