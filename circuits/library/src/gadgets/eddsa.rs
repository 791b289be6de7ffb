//! EdDSA over Baby Jubjub with Poseidon, circomlib's `EdDSAPoseidonVerifier`.
//!
//! A signature `(R8, S)` of a message `M` under the key `A` verifies where `S B8 = R8 + h 8 A` with
//! `h = poseidon(R8x, R8y, Ax, Ay, M)`, `S` is below the order of the subgroup, `A` and `R8` are on the curve (as
//! circomlibjs asks) and `8 A` is not the neutral element (as circomlib's circuit asks).

pub mod curve;
mod fixed;
mod ladder;
mod montgomery;
mod verify;

pub use verify::eddsa_verify;

use super::field::{Cell, decode, encode};
use ark_bn254::Fr;
use ark_ff::{PrimeField, Zero};
use curve::{BASE8, Integer, ORDER, Point, add_mod, integer, mul_mod, reduce};
use sha2::{Digest, Sha512};
use zera_statement::poseidon;

/// Whether a signature `R8x, R8y, S` of a message verifies under a key `Ax, Ay`; `None` where a cell is not canonical.
pub fn verify(key: &[Cell; 2], signature: &[Cell; 3], message: &Cell) -> Option<bool> {
    let a = Point { x: decode(&key[0])?, y: decode(&key[1])? };
    let r8 = Point { x: decode(&signature[0])?, y: decode(&signature[1])? };
    let (s, message) = (integer(&decode(&signature[2])?), decode(message)?);
    if !a.is_on_curve() || !r8.is_on_curve() || s >= ORDER {
        return Some(false);
    }
    let a8 = a.multiply(&Integer::from(8u64));
    // In the subgroup, only the neutral element has x = 0.
    if a8.x.is_zero() {
        return Some(false);
    }
    let h = integer(&challenge(&r8, &a, message));
    Some(BASE8.multiply(&s) == r8.add(&a8.multiply(&h)))
}

/// The key `secret B8` of a secret scalar: little-endian, taken modulo the subgroup's order.
///
/// circomlibjs derives the scalar from 32 bytes by BLAKE-512; its scalar is what stands here.
pub fn public_key(secret: &[u8; 32]) -> [Cell; 2] {
    let a = BASE8.multiply(&reduce(secret));
    [encode(&a.x), encode(&a.y)]
}

/// A signature of a message under [`public_key`]: `R8x, R8y, S`; `None` where the message is not canonical.
///
/// For tests and examples: variable time. The nonce is SHA-512 of secret and message, modulo the order.
pub fn sign(secret: &[u8; 32], message: &Cell) -> Option<[Cell; 3]> {
    let element = decode(message)?;
    let secret_scalar = reduce(secret);
    let a = BASE8.multiply(&secret_scalar);
    let nonce = reduce(&Sha512::new().chain_update(secret).chain_update(message).finalize());
    let r8 = BASE8.multiply(&nonce);
    let h = integer(&challenge(&r8, &a, element));
    let eight = mul_mod(&Integer::from(8u64), &secret_scalar);
    let s = add_mod(&nonce, &mul_mod(&h, &eight));
    let s = Fr::from_bigint(s).expect("the order is below r");
    Some([encode(&r8.x), encode(&r8.y), encode(&s)])
}

fn challenge(r8: &Point, a: &Point, message: Fr) -> Fr {
    poseidon::hash(&[r8.x, r8.y, a.x, a.y, message]).expect("five inputs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use zera_ir::{Bit, Builder, Layout, Lc, Verdict};
    use zera_r1cs::{Manifest, TapeInputs};

    /// Rows of a gadget over the bits of private bytes, and the values that it returns; all rows hold.
    pub fn evaluate(
        private: &[u8],
        values: usize,
        body: impl FnOnce(&mut Builder, &[Bit]) -> Vec<Lc>,
    ) -> (usize, Vec<Fr>) {
        let layout = Layout { public_len: 0, private_len: private.len(), declared: values };
        let mut builder = Builder::new(layout);
        let bits: Vec<Bit> = (0..private.len()).flat_map(|at| builder.private_byte(at).to_vec()).collect();
        let before = builder.rows();
        let declared = body(&mut builder, &bits);
        let rows = builder.rows() - before;
        let [truth, trap, exceeded] = [true, false, false].map(Bit::constant);
        let names = (0..values).map(|at| format!("v{at}")).collect();
        let manifest = Manifest::new("gadget", 1, 0, private.len() as u32, names).unwrap();
        let artefact = builder.finish(&Verdict { truth, trap, exceeded }, &declared, manifest, [0; 32]).unwrap();
        let z = artefact.tape.run(&TapeInputs { binding: Fr::from(1), public: &[], private }).unwrap();
        artefact.matrices.check(&z).unwrap();
        (rows, z[4..4 + values].to_vec())
    }
}
