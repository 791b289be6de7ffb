//! Small multiples: the factors that a careless or hostile setup leaves behind.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{AdditiveGroup, AffineRepr, CurveGroup, PrimeGroup};

use super::VerifyingKey;
use crate::error::{KeyError, KeySlot};

/// The greatest factor, in absolute value, that a key's points are searched for.
pub const MULTIPLE_MAX: i32 = 1024;

const BABY: i32 = 32;
const GIANT: i32 = 16;
// Every factor is b - 2 BABY a for some a and b in range.
const _: () = assert!(2 * BABY * GIANT == MULTIPLE_MAX);

/// No point of the setup is a small multiple of another one or of the generator; gamma may be the generator itself.
///
/// About 0.6 ms.
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
/// Baby steps and giant steps: `k = b - 2 BABY a` with `|b| <= BABY` and `|a| <= GIANT`, so that
/// `target + 2 BABY a * base = b * base`, and P = Q or P = -Q where the x coordinates are equal. 32 additions for the base
/// and 33 for each target, with one inversion for each list.
#[expect(clippy::arithmetic_side_effects, reason = "field and group operations do not overflow, and a, b, k are small")]
fn small_multiple<P: SWCurveConfig>(base: &Affine<P>, targets: &[(KeySlot, Affine<P>)]) -> Option<(KeySlot, i32)> {
    let mut last = base.into_group();
    let mut baby = vec![last];
    for _ in 1..BABY {
        last += base;
        baby.push(last);
    }
    let baby = Projective::normalize_batch(&baby);
    let giant = last.double();
    for (slot, target) in targets {
        let mut point = *target - giant.mul_bigint([GIANT.unsigned_abs().into()]);
        let mut points = Vec::new();
        for _ in -GIANT..=GIANT {
            points.push(point);
            point += giant;
        }
        for (a, point) in (-GIANT..=GIANT).zip(Projective::normalize_batch(&points)) {
            let b = match (1..=BABY).zip(&baby).find(|(_, multiple)| multiple.x == point.x) {
                _ if point.is_zero() => 0,
                None => continue,
                Some((b, multiple)) => {
                    if multiple.y == point.y {
                        b
                    } else {
                        -b
                    }
                }
            };
            let k = b - 2 * BABY * a;
            if k.abs() <= MULTIPLE_MAX {
                return Some((*slot, k));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::Fr;

    /// Against one multiplication per factor.
    #[test]
    fn every_factor_is_found_with_its_sign_and_the_next_one_is_not() {
        let base = (G2Affine::generator() * Fr::from(0x1234_5678_9abc_u64)).into_affine();
        let other = (KeySlot::Beta, (base * Fr::from(-5000)).into_affine());
        let times = |k: i32| (KeySlot::Delta, (base * Fr::from(k)).into_affine());
        for k in (1..=MULTIPLE_MAX).flat_map(|k| [k, -k]) {
            assert_eq!(small_multiple(&base, &[times(k)]), Some((KeySlot::Delta, k)));
        }
        for k in [1, -32, 64, 77, 1023, -1024] {
            assert_eq!(small_multiple(&base, &[other, times(k)]), Some((KeySlot::Delta, k)));
        }
        for k in (1025..1200).flat_map(|k| [k, -k]) {
            assert_eq!(small_multiple(&base, &[times(k), other]), None);
        }
    }
}
