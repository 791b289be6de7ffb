//! Sums of fixed points of G1 times whole scalars: a scalar's eight blocks of 32 bits go side by side.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, PrimeField};

use crate::backend::{Backend, Cpu, Work};
use crate::lanes::{LANES, Mask};
use crate::pairing::multiple::{Homogeneous, Table, Term, nine, sum};

/// Bits of a block.
const BLOCK_BITS: u32 = 32;

/// Multiples 1 to 15 of a point.
type Window = [G1Affine; 15];

/// Points that many sums share, with their multiples: 1 KiB for each point, with AVX-512 IFMA 13 KiB.
#[derive(Clone, Debug)]
pub struct Bases {
    windows: Vec<Window>,
    /// Where the processor has lanes: multiples of `2^(32 k)` times the point, in lane `k`.
    tables: Vec<Table>,
}

impl Bases {
    /// Computes the multiples of any points of the curve.
    pub fn new(cpu: Cpu, points: &[G1Affine]) -> Bases {
        let windows = points.iter().map(window).collect();
        let tables = match cpu {
            Cpu::Portable(_) => Vec::new(),
            Cpu::Avx512Ifma(token) => points.iter().map(|point| token.run(Blocks { token, point })).collect(),
        };
        Bases { windows, tables }
    }

    /// How many points there are.
    pub const fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// `sum scalars[i] * points[i]`, of as many points as there are scalars.
    ///
    /// Variable time. At most 32 doublings of eight lanes and eight additions for each scalar; on plain processors 252 doublings
    /// and 64 additions for each scalar.
    pub fn combine(&self, cpu: Cpu, scalars: &[Fr]) -> G1Affine {
        match cpu {
            Cpu::Avx512Ifma(token) if self.tables.len() == self.windows.len() => {
                token.run(Sum { token, tables: &self.tables, scalars })
            }
            _ => straus(&self.windows, scalars),
        }
    }
}

/// Makes a point's table.
struct Blocks<'a, B> {
    token: B,
    point: &'a G1Affine,
}

impl<B: Backend> Work for Blocks<'_, B> {
    type Output = Table;

    #[inline(always)]
    fn run(self) -> Table {
        let nine = nine::<B::Fq>(self.token);
        let mut base = Homogeneous::<B::Fq>::new(self.token, &[*self.point; LANES]);
        for lane in 1..LANES {
            // Lanes from this one on go 32 doublings further.
            let mut further = base;
            for _ in 0..BLOCK_BITS {
                further.double(nine);
            }
            base = Homogeneous::select(Mask::MAX << lane, &further, &base);
        }
        Table::new(self.token, &base, nine)
    }
}

/// Combines.
struct Sum<'a, B> {
    token: B,
    tables: &'a [Table],
    scalars: &'a [Fr],
}

impl<B: Backend> Work for Sum<'_, B> {
    type Output = G1Affine;

    #[inline(always)]
    fn run(self) -> G1Affine {
        let nine = nine::<B::Fq>(self.token);
        let terms: Vec<Term<'_>> = self
            .tables
            .iter()
            .zip(self.scalars)
            .map(|(table, scalar)| Term { table, weights: blocks(scalar) })
            .collect();
        sum::<B::Fq>(self.token, &terms, BLOCK_BITS, nine).sum_of_lanes(nine).to_affine(self.token)[0]
    }
}

/// A scalar's eight blocks, least first.
fn blocks(scalar: &Fr) -> [u128; LANES] {
    let words = scalar.into_bigint().0;
    core::array::from_fn(|k| u128::from((words[k / 2] >> (BLOCK_BITS as usize * (k % 2))) as u32))
}

fn window(base: &G1Affine) -> Window {
    let mut multiple = G1Projective::ZERO;
    let multiples: [G1Projective; 15] = core::array::from_fn(|_| {
        multiple += base;
        multiple
    });
    G1Projective::normalize_batch(&multiples).try_into().expect("fifteen")
}

/// All points share the doublings, four bits at a time.
fn straus(windows: &[Window], scalars: &[Fr]) -> G1Affine {
    let words: Vec<[u64; 4]> = scalars.iter().map(|scalar| scalar.into_bigint().0).collect();
    let mut sum = G1Projective::ZERO;
    for digit in (0..64).rev() {
        for _ in 0..4 {
            sum.double_in_place();
        }
        for (window, words) in windows.iter().zip(&words) {
            let value = words[digit / 16] >> (4 * (digit % 16)) & 15;
            if let Some(index) = value.checked_sub(1) {
                sum += &window[index as usize];
            }
        }
    }
    sum.into_affine()
}

#[cfg(test)]
mod tests {
    use ark_ec::AffineRepr;
    use ark_ff::{One, UniformRand, Zero};
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn sums_are_arkworks() {
        let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let g = G1Affine::generator();
        let mut points = vec![g, -g, g, G1Affine::zero(), (g * Fr::from(1u64 << 32)).into_affine()];
        points.extend((0..12).map(|_| G1Projective::rand(random).into_affine()));
        let mut scalars =
            vec![Fr::zero(), Fr::one(), -Fr::one(), Fr::from(u64::MAX), Fr::from(u128::MAX), Fr::from(1u64 << 32)];
        scalars.extend((0..14).map(|_| Fr::rand(random)));
        for cpu in [Cpu::choose(Some("portable")).expect("everywhere"), Cpu::detect()] {
            let bases = Bases::new(cpu, &points);
            assert_eq!((bases.len(), bases.is_empty()), (points.len(), false));
            for n in 0..=points.len() {
                for start in 0..scalars.len() {
                    let scalars: Vec<Fr> = (0..n).map(|i| scalars[(start + i) % scalars.len()]).collect();
                    let expected: G1Projective = points.iter().zip(&scalars).map(|(point, k)| *point * k).sum();
                    assert_eq!(bases.combine(cpu, &scalars), expected.into_affine(), "{n} from {start}");
                    let plain = bases.combine(Cpu::choose(Some("portable")).expect("everywhere"), &scalars);
                    assert_eq!(plain, expected.into_affine(), "{n} from {start}, plain");
                }
            }
        }
        assert!(Bases::new(Cpu::detect(), &[]).combine(Cpu::detect(), &[]).is_zero());
    }
}
