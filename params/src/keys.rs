//! A pair of keys and what is known about it.

use std::fmt;

use ark_bn254::Bn254;
use ark_groth16::ProvingKey;
use zera_r1cs::Matrices;
use zera_verifier::VerifyingKey;

/// Where a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Made by [`crate::dev`]: anyone can forge proofs for it. Only a local network accepts it.
    Dev,
    /// Not made by [`crate::dev`]. Whether a ceremony made it is the ceremony's transcript to show.
    Ceremony,
}

impl Origin {
    /// The word in a manifest.
    pub const fn name(self) -> &'static str {
        match self {
            Origin::Dev => "dev",
            Origin::Ceremony => "ceremony",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Tells a key's origin by its alpha, so that nobody need believe a manifest.
pub fn origin(key: &VerifyingKey) -> Origin {
    if key.is_dev() { Origin::Dev } else { Origin::Ceremony }
}

/// The sizes of a circuit, which fix the length of every list of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of the matrices.
    pub rows: u32,
    /// Wires, with wire 0.
    pub wires: u32,
    /// Public wires, without wire 0.
    pub publics: u32,
}

impl Shape {
    /// The sizes of these matrices.
    pub fn of(matrices: &Matrices) -> Shape {
        // At most 2^24 rows: `Matrices` has a ceiling.
        Shape { rows: matrices.rows() as u32, wires: matrices.wires, publics: matrices.publics }
    }

    /// Size of the evaluation domain: rows, public wires and wire 0, rounded up to a power of two.
    pub fn domain(&self) -> u64 {
        (u64::from(self.rows) + u64::from(self.publics) + 1).next_power_of_two()
    }
}

/// A proving key, its verifying key and the sizes of the circuit they are for.
#[derive(Clone, PartialEq)]
pub struct Keys {
    /// Sizes of the circuit.
    pub shape: Shape,
    /// What a prover needs.
    pub proving: ProvingKey<Bn254>,
    /// What a verifier needs; the same key as `proving.vk`, checked.
    pub verifying: VerifyingKey,
}

impl Keys {
    /// Where they come from.
    pub fn origin(&self) -> Origin {
        origin(&self.verifying)
    }
}

/// Names the keys; their points would fill pages.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.verifying.id();
        f.debug_struct("Keys")
            .field("id", &id)
            .field("origin", &self.origin())
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}
