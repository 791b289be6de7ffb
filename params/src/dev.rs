//! Development keys: a function of the matrices, so that every machine of a local network has the same ones.
//!
//! Every secret is public: anyone can prove anything under these keys. All of them share one alpha, so their bytes give
//! them away ([`crate::origin`]); only a local network accepts them.
//!
//! ```text
//! alpha   SHA-256("zera/dev-alpha/v1")
//! beta    SHA-256("zera/dev-beta/v1"  || matrices digest)
//! gamma   SHA-256("zera/dev-gamma/v1" || matrices digest)
//! delta   SHA-256("zera/dev-delta/v1" || matrices digest)
//! tau     SHA-256("zera/dev-tau/v1"   || matrices digest)
//! ```
//! Each digest is read as a big-endian integer after its first byte is masked with `0x1f`: 253 bits, below r.

use ark_bn254::{Bn254, Fr};
use ark_groth16::ProvingKey;
use sha2::{Digest, Sha256};
use zera_r1cs::Matrices;
use zera_verifier::VerifyingKey;

use crate::error::SetupError;
use crate::keys::{Keys, Shape};
use crate::setup::{self, Reduction, Secrets};

/// Development keys for these matrices. Cost: see [`dev_keys_cached`](crate::dev_keys_cached) to pay it once.
///
/// # Errors
/// [`SetupError`]: another number of public wires than 1 to 16.
pub fn dev_keys(matrices: &Matrices) -> Result<Keys, SetupError> {
    let proving = setup::proving_key(matrices, &secrets(matrices), Reduction::Libsnark)?;
    let verifying = checked(&proving.vk)?;
    Ok(Keys { shape: Shape::of(matrices), proving, verifying })
}

/// The parts of a development key as snarkjs' files hold them: with the same secrets as [`dev_keys`], and the same verifying
/// key.
///
/// It differs in one list. `h_query` has `n` points, `L_(2i+1)(tau) / delta` over the domain of `2 n` points, one for each
/// value of `A B - C` over the odd coset; arkworks' prover and `zera_prover::prove` want `n - 1` of another kind, and the
/// latter refuses this one by its length.
///
/// # Errors
/// As [`dev_keys`].
///
/// Source: snarkjs 0.7.6, `zkey_new.js`, `groth16_prove.js`.
pub fn dev_snarkjs_key(matrices: &Matrices) -> Result<ProvingKey<Bn254>, SetupError> {
    let proving = setup::proving_key(matrices, &secrets(matrices), Reduction::Snarkjs)?;
    checked(&proving.vk)?;
    Ok(proving)
}

/// The verifying key of [`dev_keys`] without the proving key: milliseconds instead of seconds.
///
/// # Errors
/// As [`dev_keys`].
pub fn dev_verifying_key(matrices: &Matrices) -> Result<VerifyingKey, SetupError> {
    checked(&setup::verifying_key(matrices, &secrets(matrices))?)
}

/// A verifying key as verifiers see it, with all their checks.
pub(crate) fn checked(key: &ark_groth16::VerifyingKey<Bn254>) -> Result<VerifyingKey, SetupError> {
    Ok(VerifyingKey::from_points(key.alpha_g1, key.beta_g2, key.gamma_g2, key.delta_g2, &key.gamma_abc_g1)?)
}

fn secrets(matrices: &Matrices) -> Secrets {
    let digest = matrices.digest();
    Secrets {
        alpha: alpha(),
        beta: scalar(b"zera/dev-beta/v1", &digest),
        gamma: scalar(b"zera/dev-gamma/v1", &digest),
        delta: scalar(b"zera/dev-delta/v1", &digest),
        tau: scalar(b"zera/dev-tau/v1", &digest),
    }
}

/// The alpha of every development key.
pub fn alpha() -> Fr {
    scalar(b"zera/dev-alpha/v1", b"")
}

fn scalar(domain: &[u8], digest: &[u8]) -> Fr {
    let mut bytes: [u8; 32] = Sha256::new().chain_update(domain).chain_update(digest).finalize().into();
    bytes[0] &= 0x1f;
    zera_statement::scalar_from_be(&bytes).expect("253 bits are below r")
}
