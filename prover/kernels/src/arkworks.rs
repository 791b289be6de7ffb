//! The engine on arkworks.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::VariableBaseMSM;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};

use crate::engine::{Bases, Direction, Engine, Quotients, Transform};
use crate::error::NttError;
use crate::plain::{PlainBases, PlainQuotients};

/// [`VariableBaseMSM`] (Pippenger, scalars sorted by size) and [`Radix2EvaluationDomain`], on the current rayon pool.
///
/// Cost of a transform: arkworks' plus one copy of the vector, because its domain wants a `Vec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arkworks;

impl Engine for Arkworks {
    fn name(&self) -> &'static str {
        "arkworks"
    }

    fn load_g1(&self, bases: &[G1Affine]) -> Box<dyn Bases<G1Projective>> {
        Box::new(PlainBases::new(bases, G1Projective::msm_unchecked))
    }

    fn load_g2(&self, bases: &[G2Affine]) -> Box<dyn Bases<G2Projective>> {
        Box::new(PlainBases::new(bases, G2Projective::msm_unchecked))
    }

    fn quotients(&self, n: usize) -> Result<Box<dyn Quotients>, NttError> {
        Ok(Box::new(PlainQuotients::new(*self, n)?))
    }

    fn ntt(&self, values: &mut [Fr], transform: Transform) -> Result<(), NttError> {
        transform.check(values.len())?;
        let subgroup = Radix2EvaluationDomain::<Fr>::new(values.len()).ok_or(NttError::Length(values.len()))?;
        let domain = match transform.coset {
            None => subgroup,
            Some(shift) => subgroup.get_coset(shift).ok_or(NttError::Shift)?,
        };
        let mut vector = values.to_vec();
        match transform.direction {
            Direction::Forward => domain.fft_in_place(&mut vector),
            Direction::Inverse => domain.ifft_in_place(&mut vector),
        }
        values.copy_from_slice(&vector);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn conforms() {
        crate::conformance::all(&super::Arkworks);
    }
}
