//! The engine on this crate's kernels.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Projective, SWCurveConfig};
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;
use zera_field::pairing::in_subgroup;
use zera_field::{Backend, Cpu, CpuError, Lanes, WithBackend};

use crate::arkworks::Arkworks;
use crate::engine::{Bases, Direction, Engine, Parts, Quotients, Transform, same_length};
use crate::error::{FormError, LengthMismatch, NttError};
use crate::msm::{Table, sum};
use crate::ntt::{Domain, MIN_LOG_N, Quotient, scrambled};
use crate::store::Slice;

/// Points whose subgroup one task checks.
const CHECKED_TOGETHER: usize = 512;

/// Signed-digit Pippenger with affine buckets and cache-blocked transforms, on the current rayon pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuEngine(pub Cpu);

impl CpuEngine {
    /// With the best instructions that this processor has.
    pub fn detect() -> CpuEngine {
        CpuEngine(Cpu::detect())
    }

    /// The first of these points that is not in the subgroup of order r, on the current rayon pool. They are on the twist; infinity
    /// is in the subgroup. Microseconds a point.
    pub fn outside_subgroup(&self, points: &[G2Affine]) -> Option<usize> {
        points.par_chunks(CHECKED_TOGETHER).enumerate().find_map_first(|(chunk, points)| {
            let kept: Vec<usize> = (0..points.len()).filter(|i| !points[*i].is_zero()).collect();
            let finite: Vec<G2Affine> = kept.iter().map(|i| points[*i]).collect();
            let outside = in_subgroup(self.0, &finite).iter().position(|inside| !inside)?;
            Some(chunk * CHECKED_TOGETHER + kept[outside])
        })
    }

    /// With those that `ZERA_CPU` names, or the best.
    ///
    /// # Errors
    /// [`CpuError`]: the variable holds something else, or the processor lacks them.
    pub fn from_environment() -> Result<CpuEngine, CpuError> {
        Ok(CpuEngine(Cpu::from_environment()?))
    }
}

/// Bases of one group, as one backend sums them.
struct Packed<B, L: Lanes> {
    backend: B,
    table: Table<L>,
}

impl<B, L, P> Bases<Projective<P>> for Packed<B, L>
where
    B: Backend,
    L: Lanes<Token = B, Element = P::BaseField>,
    P: SWCurveConfig<ScalarField = Fr>,
{
    fn len(&self) -> usize {
        self.table.len()
    }

    fn sum(&self, scalars: &[Fr]) -> Result<Projective<P>, LengthMismatch> {
        same_length(self.table.len(), scalars.len())?;
        Ok(sum(self.backend, &self.table, scalars))
    }

    fn parts(&self) -> Option<Parts<&[u8]>> {
        Some(self.table.parts())
    }
}

struct G1<'a>(&'a [G1Affine]);

impl WithBackend for G1<'_> {
    type Output = Box<dyn Bases<G1Projective>>;
    fn with<B: Backend>(self, backend: B) -> Self::Output {
        Box::new(Packed { backend, table: Table::<B::Fq>::new(backend, self.0) })
    }
}

struct G2<'a>(&'a [G2Affine]);

impl WithBackend for G2<'_> {
    type Output = Box<dyn Bases<G2Projective>>;
    fn with<B: Backend>(self, backend: B) -> Self::Output {
        Box::new(Packed { backend, table: Table::<B::Fq2>::new(backend, self.0) })
    }
}

struct AdoptG1(Parts<Slice>);

impl WithBackend for AdoptG1 {
    type Output = Result<Box<dyn Bases<G1Projective>>, FormError>;
    fn with<B: Backend>(self, backend: B) -> Self::Output {
        Ok(Box::new(Packed { backend, table: Table::<B::Fq>::adopt(self.0)? }))
    }
}

struct AdoptG2(Parts<Slice>);

impl WithBackend for AdoptG2 {
    type Output = Result<Box<dyn Bases<G2Projective>>, FormError>;
    fn with<B: Backend>(self, backend: B) -> Self::Output {
        Ok(Box::new(Packed { backend, table: Table::<B::Fq2>::adopt(self.0)? }))
    }
}

struct Size(u32);

impl WithBackend for Size {
    type Output = Box<dyn Quotients>;
    fn with<B: Backend>(self, backend: B) -> Self::Output {
        Box::new(Quotient::new(backend, self.0))
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

    fn load_g1(&self, bases: &[G1Affine]) -> Box<dyn Bases<G1Projective>> {
        self.0.with(G1(bases))
    }

    fn load_g2(&self, bases: &[G2Affine]) -> Box<dyn Bases<G2Projective>> {
        self.0.with(G2(bases))
    }

    /// The backend's: it is what coordinates are represented for.
    fn form(&self) -> Option<&'static str> {
        Some(self.0.name())
    }

    fn adopt_g1(&self, parts: Parts<Slice>) -> Result<Box<dyn Bases<G1Projective>>, FormError> {
        self.0.with(AdoptG1(parts))
    }

    fn adopt_g2(&self, parts: Parts<Slice>) -> Result<Box<dyn Bases<G2Projective>>, FormError> {
        self.0.with(AdoptG2(parts))
    }

    fn quotients(&self, n: usize) -> Result<Box<dyn Quotients>, NttError> {
        Transform::FORWARD.check(n)?;
        let log_n = n.trailing_zeros();
        if log_n < MIN_LOG_N { Arkworks.quotients(n) } else { Ok(self.0.with(Size(log_n))) }
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
    fn a_point_outside_the_subgroup_is_found() {
        let mut points = vec![G2Affine::generator(); 2 * CHECKED_TOGETHER + 9];
        points[3] = G2Affine::zero();
        let outside = (1u64..).find_map(|x| G2Affine::get_point_from_x_unchecked(x.into(), false));
        for cpu in [Cpu::choose(Some("portable")).expect("always there"), Cpu::detect()] {
            let engine = CpuEngine(cpu);
            assert_eq!(engine.outside_subgroup(&points), None);
            for at in [0, 4, CHECKED_TOGETHER, points.len() - 1] {
                let mut points = points.clone();
                points[at] = outside.expect("half of all x");
                assert_eq!(engine.outside_subgroup(&points), Some(at));
            }
        }
    }

    #[test]
    fn portable_conforms() {
        crate::conformance::all(&CpuEngine(Cpu::choose(Some("portable")).expect("always there")));
    }

    #[test]
    fn detected_conforms() {
        crate::conformance::all(&CpuEngine(Cpu::detect()));
    }
}
