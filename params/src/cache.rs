//! Development keys that are made once.

use std::path::Path;

use zera_r1cs::Artefact;

use crate::dev::{dev_keys, dev_verifying_key};
use crate::error::KeysError;
use crate::keys::{Keys, Shape};
use crate::load::load;
use crate::save::save;

/// Development keys for a predicate, from `dir/<predicate id>` or made and saved there.
///
/// The expected key id is computed from the matrices, so a cached key is loaded by id like any other. What is missing,
/// damaged or for another circuit is made again and replaced.
///
/// # Errors
/// [`KeysError::Setup`]; [`KeysError::Io`] where the folder cannot be written.
pub fn dev_keys_cached(dir: &Path, artefact: &Artefact) -> Result<Keys, KeysError> {
    let matrices = &artefact.matrices;
    let predicate = artefact.predicate_id();
    let dir = dir.join(predicate.to_string());
    let expected = dev_verifying_key(matrices)?.id();
    if let Ok(keys) = load(&dir, &expected)
        && keys.shape == Shape::of(matrices)
    {
        return Ok(keys);
    }
    let keys = dev_keys(matrices)?;
    save(&dir, &predicate, &keys)?;
    Ok(keys)
}
