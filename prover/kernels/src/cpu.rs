//! The engine on this crate's kernels.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ff::{AdditiveGroup, Field};
use zera_field::{Backend, Cpu, WithBackend};

use crate::arkworks::Arkworks;
use crate::engine::{Direction, Engine, Transform, same_length};
use crate::error::{LengthMismatch, NttError};
use crate::msm::{Table, sum};
use crate::ntt::{Domain, MIN_LOG_N, scrambled};

/// Signed-digit Pippenger with affine buckets and cache-blocked transforms, on the current rayon pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuEngine(pub Cpu);

struct G1<'a>(&'a [G1Affine], &'a [Fr]);

impl WithBackend for G1<'_> {
    type Output = G1Projective;
    fn with<B: Backend>(self, backend: B) -> G1Projective {
        sum(backend, &Table::<B::Fq>::new(backend, backend, self.0), self.1)
    }
}

struct G2<'a>(&'a [G2Affine], &'a [Fr]);

impl WithBackend for G2<'_> {
    type Output = G2Projective;
    fn with<B: Backend>(self, backend: B) -> G2Projective {
        sum(backend, &Table::<B::Fq2>::new(backend, backend, self.0), self.1)
    }
}

struct Ntt<'a>(&'a mut [Fr], Transform);

impl WithBackend for Ntt<'_> {
    type Output = ();
    fn with<B: Backend>(self, backend: B) {
        let Ntt(values, transform) = self;
        let log_n = values.len().trailing_zeros();
        let domain = Domain::new(backend, log_n);
        match transform.direction {
            Direction::Forward => {
                let natural = values.to_vec();
                for (i, value) in values.iter_mut().enumerate() {
                    *value = natural[scrambled(log_n, i)];
                }
                let mut lanes = domain.gather(values);
                let scale = transform.coset.map(|shift| domain.scale(shift, Fr::ONE));
                domain.to_values(&mut lanes, scale.as_ref());
                domain.scatter(&lanes, values);
            }
            Direction::Inverse => {
                let mut lanes = domain.gather(values);
                domain.to_coefficients(&mut lanes);
                let n = Fr::from(values.len() as u64);
                let inverse = |x: Fr| x.inverse().expect("neither n nor a checked shift is zero");
                let shift = transform.coset.map_or(Fr::ONE, inverse);
                domain.multiply(&mut lanes, &domain.scale(shift, inverse(n)));
                let mut places = vec![Fr::ZERO; values.len()];
                domain.scatter(&lanes, &mut places);
                for (i, value) in places.into_iter().enumerate() {
                    values[scrambled(log_n, i)] = value;
                }
            }
        }
    }
}

impl Engine for CpuEngine {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn msm_g1(&self, bases: &[G1Affine], scalars: &[Fr]) -> Result<G1Projective, LengthMismatch> {
        same_length(bases.len(), scalars.len())?;
        Ok(self.0.with(G1(bases, scalars)))
    }

    fn msm_g2(&self, bases: &[G2Affine], scalars: &[Fr]) -> Result<G2Projective, LengthMismatch> {
        same_length(bases.len(), scalars.len())?;
        Ok(self.0.with(G2(bases, scalars)))
    }

    fn ntt(&self, values: &mut [Fr], transform: Transform) -> Result<(), NttError> {
        transform.check(values.len())?;
        if values.len() < 1 << MIN_LOG_N {
            return Arkworks.ntt(values, transform);
        }
        self.0.with(Ntt(values, transform));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portable_conforms() {
        crate::conformance::all(&CpuEngine(Cpu::choose(Some("portable")).expect("always there")));
    }

    #[test]
    fn detected_conforms() {
        crate::conformance::all(&CpuEngine(Cpu::detect()));
    }
}
