//! A pair of keys to a folder.

use std::fs;
use std::io::Write;
use std::path::Path;

use ark_serialize::CanonicalSerialize;
use sha2::{Digest, Sha256};
use zera_abi::PredicateId;

use crate::error::KeysError;
use crate::keys::Keys;
use crate::load::{PROVING_KEY_FILE, PROVING_KEY_LEN_MAX, VERIFYING_KEY_FILE};
use crate::manifest::{MANIFEST_FILE, Manifest, proving_key_len};

/// Writes `pk.bin`, `vk.bin` and, last, `manifest.toml` into `dir`, which is made where it is missing.
///
/// Each file appears whole or not at all (a temporary file beside it, flushed, then renamed). A crash in between leaves a
/// folder that [`load`](crate::load()) refuses or that holds the old keys.
///
/// # Errors
/// [`KeysError::Inconsistent`] where the lists do not have the lengths that the shape gives, or the key is above the
/// ceiling of [`load`](crate::load()); [`KeysError::Io`].
pub fn save(dir: &Path, predicate: &PredicateId, keys: &Keys) -> Result<(), KeysError> {
    let expected = proving_key_len(&keys.shape);
    if expected > PROVING_KEY_LEN_MAX {
        return Err(KeysError::Inconsistent(format!("{expected} bytes, at most {PROVING_KEY_LEN_MAX}")));
    }
    let mut proving = Vec::new();
    let serialized = keys.proving.serialize_uncompressed(&mut proving);
    serialized.map_err(|error| KeysError::Inconsistent(error.to_string()))?;
    if proving.len() as u64 != expected {
        let got = proving.len();
        return Err(KeysError::Inconsistent(format!("{got} bytes of proving key, the sizes give {expected}")));
    }
    let manifest = Manifest {
        predicate: *predicate,
        key: keys.verifying.id(),
        proving_key_sha256: Sha256::digest(&proving).into(),
        origin: keys.origin(),
        shape: keys.shape,
    };
    fs::create_dir_all(dir).map_err(KeysError::io(dir))?;
    write_file(dir, PROVING_KEY_FILE, &proving)?;
    write_file(dir, VERIFYING_KEY_FILE, &keys.verifying.encode())?;
    write_file(dir, MANIFEST_FILE, manifest.to_text().as_bytes())?;
    // The renames themselves are on disk once the folder is.
    #[cfg(unix)]
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(KeysError::io(dir))?;
    Ok(())
}

fn write_file(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), KeysError> {
    let path = dir.join(name);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tmp-");
    // Keys are public; the default would hide them from the other users of a machine.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = builder.tempfile_in(dir).map_err(KeysError::io(&path))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(KeysError::io(&path))?;
    file.persist(&path).map_err(|error| KeysError::io(&path)(error.error))?;
    Ok(())
}
