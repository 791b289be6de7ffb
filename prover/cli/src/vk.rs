//! A verifying key in any form that a person may have: a keys folder, canonical bytes, snarkjs' JSON or proving key.

use std::path::Path;

use anyhow::Context;
use zera_iden3::read_zkey;
use zera_params::load::VERIFYING_KEY_FILE;
use zera_params::{Manifest, load_verifying_key};
use zera_verifier::VerifyingKey;

use crate::output::{Blame, Failure};
use crate::{file, snarkjs, zkey};

/// A key, and the manifest of the folder that it lies in.
pub struct Found {
    /// The key.
    pub key: VerifyingKey,
    /// Where it came from a folder.
    pub manifest: Option<Manifest>,
}

/// Reads a key. In a folder it must be the one that the manifest names.
///
/// # Errors
/// Bad input: none of the forms, or refused by a verifier's checks.
pub fn open(path: &Path) -> Result<Found, Failure> {
    let shown = || path.display().to_string();
    if path.is_dir() {
        let manifest = Manifest::read(path).input()?;
        let bytes = file::read(&path.join(VERIFYING_KEY_FILE), snarkjs::LEN_MAX)?;
        let key = load_verifying_key(&bytes, &manifest.key).with_context(shown).input()?;
        return Ok(Found { key, manifest: Some(manifest) });
    }
    let bytes =
        file::read_after(path, |start| Ok(if start == zkey::MAGIC { zkey::LEN_MAX } else { snarkjs::LEN_MAX }))?;
    if bytes.starts_with(zkey::MAGIC) {
        let key = read_zkey(&bytes).map_err(Into::into).and_then(|key| zkey::verifying(&key));
        return Ok(Found { key: key.with_context(shown).input()?, manifest: None });
    }
    // Hundreds of bytes of curve points are not UTF-8.
    let is_json = std::str::from_utf8(&bytes).is_ok_and(|text| text.trim_start().starts_with('{'));
    let key = if is_json {
        snarkjs::key_from_json(&bytes).with_context(shown).input()?
    } else {
        VerifyingKey::decode(&bytes).with_context(shown).input()?
    };
    Ok(Found { key, manifest: None })
}
