//! Bytes and an expected id to a checked key.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use ark_bn254::Bn254;
use ark_groth16::ProvingKey;
use ark_serialize::CanonicalDeserialize;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use zera_abi::KeyId;
use zera_abi::wire::{G1_LEN, G2_LEN, MAX_PUBLIC_INPUTS, Reader, WireError, key_inputs, key_len};
use zera_verifier::VerifyingKey;

use crate::error::KeysError;
use crate::keys::{Keys, Shape, origin};
use crate::manifest::{Manifest, list_lens, proving_key_len};

/// The verifying key's file.
pub const VERIFYING_KEY_FILE: &str = "vk.bin";
/// The proving key's file.
pub const PROVING_KEY_FILE: &str = "pk.bin";
/// Most bytes of a proving key: about 10 million wires.
pub const PROVING_KEY_LEN_MAX: u64 = 4 << 30;

/// The key with this id, from its canonical bytes.
///
/// # Errors
/// [`KeysError::KeyLength`]; [`KeysError::WrongKey`] where the bytes are another key or damaged; [`KeysError::Key`] where
/// they are the key and a verifier refuses it.
pub fn load_verifying_key(bytes: &[u8], expected: &KeyId) -> Result<VerifyingKey, KeysError> {
    if key_inputs(bytes.len()).is_none() {
        return Err(KeysError::KeyLength { got: bytes.len() });
    }
    let got = zera_statement::key_id(bytes);
    if got != *expected {
        return Err(KeysError::WrongKey { what: "verifying key", expected: *expected, got });
    }
    Ok(VerifyingKey::decode(bytes)?)
}

/// The pair of keys with this id, from the folder that [`save`](crate::save()) wrote.
///
/// Reads no file that is longer than it may be, so memory is at most twice the proving key's. Every point is checked to
/// lie on its curve, a few microseconds a wire. Whether the points are those of an honest set-up nobody
/// can tell from them (a subgroup check in G2 would cost more than making development keys, and tell no more), so a proof
/// is verified before it leaves the house: a false proving key gives false proofs, which may carry the witness out.
///
/// # Errors
/// [`KeysError`]: each damage has its own line, naming the file.
pub fn load(dir: &Path, expected: &KeyId) -> Result<Keys, KeysError> {
    let (manifest, verifying) = load_manifest(dir, expected)?;
    let proving = load_proving_key(&dir.join(PROVING_KEY_FILE), &manifest, &verifying)?;
    Ok(Keys { shape: manifest.shape, proving, verifying })
}

/// What a folder says of the pair of keys with this id, and the verifying one; of the proving key, whose digest is in the manifest,
/// nothing is read, but its file is there and as long as it should be.
///
/// # Errors
/// As [`load`].
pub fn load_manifest(dir: &Path, expected: &KeyId) -> Result<(Manifest, VerifyingKey), KeysError> {
    let manifest = Manifest::read(dir)?;
    if manifest.key != *expected {
        return Err(KeysError::WrongKey { what: "manifest", expected: *expected, got: manifest.key });
    }
    let bytes = read_file(&dir.join(VERIFYING_KEY_FILE), key_len(MAX_PUBLIC_INPUTS) as u64)?;
    let verifying = load_verifying_key(&bytes, expected)?;
    let refuse = |reason: String| KeysError::Manifest { path: dir.join(crate::manifest::MANIFEST_FILE), reason };
    if verifying.inputs() != manifest.shape.publics as usize {
        let (publics, inputs) = (manifest.shape.publics, verifying.inputs());
        return Err(refuse(format!("{publics} public wires, the verifying key has {inputs} inputs")));
    }
    if origin(&verifying) != manifest.origin {
        return Err(refuse(format!("origin {}, the key's alpha says {}", manifest.origin, origin(&verifying))));
    }
    check_proving_key_len(&dir.join(PROVING_KEY_FILE), &manifest)?;
    Ok((manifest, verifying))
}

/// In this order: length, digest, list lengths, points, verifying key. Only then is it a key.
fn load_proving_key(path: &Path, manifest: &Manifest, vk: &VerifyingKey) -> Result<ProvingKey<Bn254>, KeysError> {
    // `load_manifest` has compared the file's length; whatever it has become since, the digest tells.
    let bytes = read_file(path, proving_key_len(&manifest.shape))?;
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    if digest != manifest.proving_key_sha256 {
        return Err(KeysError::Digest {
            path: path.to_owned(),
            expected: KeyId(manifest.proving_key_sha256).to_string(),
            got: KeyId(digest).to_string(),
        });
    }
    // The manifest lies beside the key, so whoever wrote one could write the other: still nothing is believed.
    let refuse = |reason: &str| KeysError::ProvingKey { path: path.to_owned(), reason: reason.to_owned() };
    check_lists(&bytes, &manifest.shape).map_err(|_| refuse("list lengths do not match the manifest's sizes"))?;
    let key = ProvingKey::<Bn254>::deserialize_uncompressed_unchecked(bytes.as_slice())
        .map_err(|error| refuse(&format!("not a proving key: {error}")))?;
    if !on_their_curves(&key) {
        return Err(refuse("not a proving key: a point is not on its curve"));
    }
    let same = key.vk.alpha_g1 == *vk.alpha()
        && key.vk.beta_g2 == *vk.beta()
        && key.vk.gamma_g2 == *vk.gamma()
        && key.vk.delta_g2 == *vk.delta()
        && key.vk.gamma_abc_g1 == vk.ic();
    if same { Ok(key) } else { Err(refuse("holds another verifying key than vk.bin")) }
}

/// The proving key's file is as long as the manifest's sizes say.
fn check_proving_key_len(path: &Path, manifest: &Manifest) -> Result<(), KeysError> {
    let expected = proving_key_len(&manifest.shape);
    if expected > PROVING_KEY_LEN_MAX {
        return Err(KeysError::TooLong { path: path.to_owned(), got: expected, max: PROVING_KEY_LEN_MAX });
    }
    let got = file_len(path)?;
    if got != expected {
        return Err(KeysError::Length { path: path.to_owned(), expected, got });
    }
    Ok(())
}

/// Follows the length prefixes of arkworks' uncompressed layout and compares each with the sizes, before arkworks' decoder
/// allocates what they say.
fn check_lists(bytes: &[u8], shape: &Shape) -> Result<(), WireError> {
    let mut reader = Reader::new(bytes);
    let mut list = |before: usize, expected: u64, point_len: usize| {
        reader.take(before)?;
        if reader.u64()? != expected {
            return Err(WireError::Limit);
        }
        let len = usize::try_from(expected).ok().and_then(|n| n.checked_mul(point_len)).ok_or(WireError::Limit)?;
        reader.take(len).map(|_| ())
    };
    let [a, b_g1, b_g2, h, l] = list_lens(shape);
    list(G1_LEN + 3 * G2_LEN, u64::from(shape.publics) + 1, G1_LEN)?;
    list(2 * G1_LEN, a, G1_LEN)?;
    list(0, b_g1, G1_LEN)?;
    list(0, b_g2, G2_LEN)?;
    list(0, h, G1_LEN)?;
    list(0, l, G1_LEN)?;
    reader.end()
}

/// Infinity counts as on the curve: wires that a matrix does not use have it.
fn on_their_curves(key: &ProvingKey<Bn254>) -> bool {
    let single = [&key.beta_g1, &key.delta_g1].into_iter().all(|point| point.is_on_curve());
    let g1 = [&key.a_query, &key.b_g1_query, &key.h_query, &key.l_query];
    single
        && g1.into_iter().all(|points| points.par_iter().all(|point| point.is_on_curve()))
        && key.b_g2_query.par_iter().all(|point| point.is_on_curve())
}

/// The length of a regular file.
fn file_len(path: &Path) -> Result<u64, KeysError> {
    let metadata = fs::metadata(path).map_err(KeysError::io(path))?;
    if !metadata.is_file() {
        return Err(KeysError::NotAFile { path: path.to_owned() });
    }
    Ok(metadata.len())
}

/// All of a regular file of at most `max` bytes; nothing is read or allocated for a longer one.
pub(crate) fn read_file(path: &Path, max: u64) -> Result<Vec<u8>, KeysError> {
    let too_long = |got| KeysError::TooLong { path: path.to_owned(), got, max };
    let len = file_len(path)?;
    if len > max {
        return Err(too_long(len));
    }
    let mut bytes = Vec::new();
    let reserve = usize::try_from(len).map_err(|_| too_long(len))?;
    bytes.try_reserve_exact(reserve).map_err(|_| KeysError::io(path)(std::io::ErrorKind::OutOfMemory.into()))?;
    let file = File::open(path).map_err(KeysError::io(path))?;
    // The file may have grown since.
    file.take(max + 1).read_to_end(&mut bytes).map_err(KeysError::io(path))?;
    if bytes.len() as u64 > max {
        return Err(too_long(bytes.len() as u64));
    }
    Ok(bytes)
}
