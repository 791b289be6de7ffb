//! Small multiples: the factors that a careless or hostile setup leaves behind.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::Field;

use super::VerifyingKey;
use crate::error::{KeyError, KeySlot};

/// The greatest factor, in absolute value, that a key's points are searched for.
pub const MULTIPLE_MAX: i32 = 1024;

/// No point of the setup is a small multiple of another one or of the generator; gamma may be the generator itself.
///
/// Three or four runs of 1024 additions in G2 and one in G1.
pub(super) fn check(key: &VerifyingKey) -> Result<(), KeyError> {
    let (beta, gamma, delta) = ((KeySlot::Beta, key.beta), (KeySlot::Gamma, key.gamma), (KeySlot::Delta, key.delta));
    let (g1, g2) = ((KeySlot::G1, G1Affine::generator()), (KeySlot::G2, G2Affine::generator()));
    refuse(g1, &[(KeySlot::Alpha, key.alpha)])?;
    // Each ordered pair, as 1/k is not small where k is.
    refuse(gamma, &[delta, beta])?;
    refuse(delta, &[gamma, beta])?;
    refuse(beta, &[gamma, delta])?;
    if gamma.1 != g2.1 {
        refuse(g2, &[beta, gamma, delta])?;
    }
    Ok(())
}

fn refuse<P: SWCurveConfig>(base: (KeySlot, Affine<P>), targets: &[(KeySlot, Affine<P>)]) -> Result<(), KeyError> {
    match small_multiple(&base.1, targets) {
        None => Ok(()),
        Some((slot, factor)) => Err(KeyError::Setup { slot, factor, base: base.0 }),
    }
}

/// The first target that is `k * base` with `1 <= |k| <= MULTIPLE_MAX`, and its k. No point is the identity.
///
/// `(X, Y, Z)` in Jacobian coordinates is the affine `(x, y)` where `x Z^2 = X` and `y Z^3 = Y`, and its inverse where only
/// the first holds; so no multiple needs to be normalised.
#[expect(clippy::arithmetic_side_effects, reason = "field and group operations do not overflow, and k is small")]
fn small_multiple<P: SWCurveConfig>(base: &Affine<P>, targets: &[(KeySlot, Affine<P>)]) -> Option<(KeySlot, i32)> {
    let mut multiple = base.into_group();
    for k in 1..=MULTIPLE_MAX {
        let z2 = multiple.z.square();
        if let Some((slot, target)) = targets.iter().find(|(_, target)| target.x * z2 == multiple.x) {
            let same = target.y * z2 * multiple.z == multiple.y;
            return Some((*slot, if same { k } else { -k }));
        }
        multiple += base;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::Fr;
    use ark_ec::CurveGroup;

    #[test]
    fn every_factor_is_found_with_its_sign_and_the_next_one_is_not() {
        let base = (G2Affine::generator() * Fr::from(0x1234_5678_9abc_u64)).into_affine();
        let other = (KeySlot::Beta, (base * Fr::from(-5000)).into_affine());
        for k in [1, 2, 3, 77, 1023, 1024] {
            for sign in [1i64, -1] {
                let target = (base * Fr::from(sign * k)).into_affine();
                let found = small_multiple(&base, &[other, (KeySlot::Delta, target)]);
                assert_eq!(found, Some((KeySlot::Delta, (sign * k) as i32)));
            }
        }
        for k in [1025i64, -1025] {
            let target = (base * Fr::from(k)).into_affine();
            assert_eq!(small_multiple(&base, &[(KeySlot::Delta, target)]), None);
        }
    }
}
