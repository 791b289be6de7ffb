//! What is computed once per key and used for every proof.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective};
use ark_ec::pairing::{Pairing, PairingOutput};
use ark_ec::{AdditiveGroup, AffineRepr, CurveGroup};
use ark_ff::Zero;
use zera_abi::KeyId;
use zera_field::pairing::Lines;

use crate::key::VerifyingKey;
use crate::point::write_field;

/// Multiples 1 to 15 of a point.
type Window = [G1Affine; 15];

/// A key made ready: about 55 KiB and 1 KiB for each public input; 1.2 ms to make.
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
    /// Of IC_0 .. IC_n.
    windows: Vec<Window>,
}

impl PreparedKey {
    pub(crate) fn new(key: &VerifyingKey) -> PreparedKey {
        PreparedKey {
            id: key.id(),
            alpha: key.alpha,
            alpha_beta: Bn254::pairing(key.alpha, key.beta),
            neg_beta: Lines::new(neg(&key.beta)),
            neg_gamma: Lines::new(neg(&key.gamma)),
            neg_delta: Lines::new(neg(&key.delta)),
            windows: key.ic.iter().map(window).collect(),
        }
    }

    /// The key's name.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// How many public inputs the key has.
    pub const fn inputs(&self) -> usize {
        self.windows.len().saturating_sub(1)
    }

    /// `sum_j scalars[j] * IC_j`, for `n + 1` scalars; all bases share the doublings (Straus, four bits at a time).
    ///
    /// Variable time: public inputs are public. At most 252 doublings and 64 additions for each scalar.
    #[expect(clippy::arithmetic_side_effects, reason = "point addition does not overflow")]
    pub(crate) fn combine_ic(&self, scalars: &[Fr]) -> G1Projective {
        let bytes: Vec<[u8; 32]> = scalars.iter().map(write_field).collect();
        let mut sum = G1Projective::zero();
        for at in 0..32 {
            for high in [true, false] {
                for _ in 0..4 {
                    sum.double_in_place();
                }
                for (window, scalar) in self.windows.iter().zip(&bytes) {
                    let byte = scalar.get(at).copied().unwrap_or(0);
                    let digit = usize::from(if high { byte >> 4 } else { byte & 0x0f });
                    if let Some(multiple) = digit.checked_sub(1).and_then(|index| window.get(index)) {
                        sum += multiple;
                    }
                }
            }
        }
        sum
    }
}

/// The inverse of a point.
pub(crate) fn neg<P: AffineRepr>(point: &P) -> P {
    core::ops::Neg::neg(point.into_group()).into_affine()
}

#[expect(clippy::arithmetic_side_effects, reason = "point addition does not overflow")]
fn window(base: &G1Affine) -> Window {
    let mut multiple = G1Projective::zero();
    let multiples: [G1Projective; 15] = core::array::from_fn(|_| {
        multiple += base;
        multiple
    });
    let affine = G1Projective::normalize_batch(&multiples);
    core::array::from_fn(|index| affine.get(index).copied().unwrap_or(*base))
}
