//! What is computed once per key and used for every proof.

use ark_bn254::{Bn254, Fr, G1Affine};
use ark_ec::pairing::{Pairing, PairingOutput};
use ark_ec::{AffineRepr, CurveGroup};
use zera_abi::KeyId;
use zera_field::Cpu;
use zera_field::pairing::{Bases, Lines};

use crate::key::VerifyingKey;

/// A key made ready: about 55 KiB and 1 KiB for each public input, with AVX-512 IFMA 105 KiB and 13 KiB; 1.2 ms to make.
///
/// What it holds depends on the processor that made it, no verdict does.
#[derive(Clone, Debug)]
pub struct PreparedKey {
    id: KeyId,
    pub(crate) alpha: G1Affine,
    /// e(alpha, beta).
    pub(crate) alpha_beta: PairingOutput<Bn254>,
    /// Lines of -beta, for batches.
    pub(crate) neg_beta: Lines,
    /// Lines of -gamma.
    pub(crate) neg_gamma: Lines,
    /// Lines of -delta.
    pub(crate) neg_delta: Lines,
    /// IC_0 .. IC_n.
    ic: Bases,
}

impl PreparedKey {
    pub(crate) fn new(key: &VerifyingKey) -> PreparedKey {
        let cpu = Cpu::detect();
        PreparedKey {
            id: key.id(),
            alpha: key.alpha,
            alpha_beta: Bn254::pairing(key.alpha, key.beta),
            neg_beta: Lines::new(cpu, neg(&key.beta)),
            neg_gamma: Lines::new(cpu, neg(&key.gamma)),
            neg_delta: Lines::new(cpu, neg(&key.delta)),
            ic: Bases::new(cpu, &key.ic),
        }
    }

    /// The key's name.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// How many public inputs the key has.
    pub const fn inputs(&self) -> usize {
        self.ic.len().saturating_sub(1)
    }

    /// `sum_j scalars[j] * IC_j`, for `n + 1` scalars. Variable time: public inputs are public.
    pub(crate) fn combine_ic(&self, cpu: Cpu, scalars: &[Fr]) -> G1Affine {
        self.ic.combine(cpu, scalars)
    }
}

/// The inverse of a point.
pub(crate) fn neg<P: AffineRepr>(point: &P) -> P {
    core::ops::Neg::neg(point.into_group()).into_affine()
}
