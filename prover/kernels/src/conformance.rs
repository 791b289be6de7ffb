//! The suite that every engine must pass.
//!
//! Small sizes (around lane widths and window changes) against [`naive`], in every combination of a kind of bases and a
//! kind of scalars; large ones against answers known without an MSM. A failure panics with the engine, the size and the
//! kinds.

use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{FftField, Field, PrimeField, Zero};

use crate::arkworks::Arkworks;
use crate::engine::{Engine, Quotients, Transform};
use crate::error::{LengthMismatch, NttError};
use crate::naive::{self, Naive};
use crate::plain::PlainQuotients;

/// Around one lane, one vector of lanes, and both sides of each.
pub const SIZES: [usize; 9] = [0, 1, 7, 8, 9, 31, 32, 33, 64];
const LARGEST: usize = 64;
/// Past the sizes where window widths, chunks and passes change; no power of two.
const LARGE_MSM: usize = 1500;
const LARGE_LOG_N: [u32; 3] = [10, 11, 13];

/// Everything below.
pub fn all(engine: &dyn Engine) {
    msm_g1(engine);
    msm_g2(engine);
    ntt(engine);
    quotients(engine);
}

/// Sums in G1.
pub fn msm_g1(engine: &dyn Engine) {
    msm::<G1Projective>(engine.name(), |bases, scalars| engine.msm_g1(bases, scalars));
}

/// Sums in G2.
pub fn msm_g2(engine: &dyn Engine) {
    msm::<G2Projective>(engine.name(), |bases, scalars| engine.msm_g2(bases, scalars));
}

/// Transforms: forward and inverse, subgroup and cosets, against the definition and against each other.
pub fn ntt(engine: &dyn Engine) {
    let mut random = Random::new(3);
    for n in SIZES {
        for shift in shifts() {
            for transform in
                [Transform { coset: shift, ..Transform::FORWARD }, Transform { coset: shift, ..Transform::INVERSE }]
            {
                for (kind, values) in scalar_kinds(&mut random, n) {
                    let mut got = values.clone();
                    let result = engine.ntt(&mut got, transform);
                    let label = format!("{}: ntt n={n} {transform:?} of {kind}", engine.name());
                    if n.is_power_of_two() {
                        assert_eq!(result, Ok(()), "{label}");
                        assert_eq!(Ok(got), naive::dft(&values, transform), "{label}");
                    } else {
                        assert_eq!(result, Err(NttError::Length(n)), "{label}");
                        assert_eq!(got, values, "{label}: the vector was touched");
                    }
                }
            }
        }
    }
    for transform in [Transform::forward_on(Fr::zero()), Transform::inverse_on(Fr::zero())] {
        let mut values = random.scalars(8);
        let before = values.clone();
        assert_eq!(engine.ntt(&mut values, transform), Err(NttError::Shift), "{}: shift 0", engine.name());
        assert_eq!(values, before, "{}: shift 0: the vector was touched", engine.name());
    }
    for log_n in LARGE_LOG_N {
        large_ntt(engine, log_n, &mut random);
    }
}

/// Both quotients against the definition, at every place.
pub fn quotients(engine: &dyn Engine) {
    let mut random = Random::new(4);
    for log_n in [0, 1, 3, 5, 6, 7, 8] {
        let n = 1usize << log_n;
        let label = format!("{}: quotients n={n}", engine.name());
        let got = engine.quotients(n).expect(&label);
        let expected = PlainQuotients::new(Naive, n).expect(&label);
        for (kind, a) in scalar_kinds(&mut random, n) {
            let b = random.scalars(n);
            // Whatever C is; where it is the product, the highest coefficient is zero.
            let product: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
            for (what, c) in [("product", product), ("another", random.scalars(n))] {
                let want = expected.divide(a.clone(), b.clone(), c.clone()).expect(&label);
                let have = got.divide(a.clone(), b.clone(), c).expect(&label);
                let ordered: Vec<Fr> = (0..n).map(|i| want[got.place(i)]).collect();
                assert!(have == ordered, "{label}: divide, {kind}, {what}");
                assert!(what == "another" || have[n - 1].is_zero(), "{label}: degree, {kind}");
            }
            assert_eq!(got.odd(a.clone(), b.clone()), expected.odd(a, b), "{label}: odd, {kind}");
        }
        assert_eq!((got.place(0), got.place(n - 1)), (0, n - 1), "{label}: places");
        let wrong = Err(NttError::Length(n + 1));
        assert_eq!(got.divide(random.scalars(n), random.scalars(n + 1), random.scalars(n)), wrong, "{label}");
        assert_eq!(got.odd(random.scalars(n + 1), random.scalars(n)), wrong, "{label}");
    }
    for n in [0, 3, 65] {
        assert_eq!(engine.quotients(n).err(), Some(NttError::Length(n)), "{}: quotients n={n}", engine.name());
    }
    for log_n in LARGE_LOG_N {
        let n = 1usize << log_n;
        let label = format!("{}: quotients n={n}", engine.name());
        let (got, peer) = (engine.quotients(n).expect(&label), PlainQuotients::new(Arkworks, n).expect(&label));
        let [a, b, c] = [0; 3].map(|_| random.scalars(n));
        let want = peer.divide(a.clone(), b.clone(), c.clone()).expect(&label);
        let have = got.divide(a.clone(), b.clone(), c).expect(&label);
        assert!((0..n).all(|i| have[i] == want[got.place(i)]), "{label}: divide");
        assert!(got.odd(a.clone(), b.clone()) == peer.odd(a, b), "{label}: odd");
    }
}

/// A few points of a large transform by Horner's rule, and the way back.
fn large_ntt(engine: &dyn Engine, log_n: u32, random: &mut Random) {
    let n = 1usize << log_n;
    let root = Fr::get_root_of_unity(n as u64).expect("log_n is below 28");
    for shift in shifts() {
        let coefficients = random.scalars(n);
        let mut values = coefficients.clone();
        let label = format!("{}: ntt n={n} shift {shift:?}", engine.name());
        assert_eq!(engine.ntt(&mut values, Transform { coset: shift, ..Transform::FORWARD }), Ok(()), "{label}");
        for index in [0, 1, n / 2, n / 3, n - 1, (random.next() as usize) % n] {
            let x = shift.unwrap_or(Fr::ONE) * root.pow([index as u64]);
            assert_eq!(values[index], naive::evaluate(&coefficients, x), "{label} at {index}");
        }
        assert_eq!(engine.ntt(&mut values, Transform { coset: shift, ..Transform::INVERSE }), Ok(()), "{label}");
        assert!(values == coefficients, "{label}: the inverse does not undo it");
    }
}

fn msm<G: CurveGroup<ScalarField = Fr>>(name: &str, engine: impl Fn(&[G::Affine], &[Fr]) -> Result<G, LengthMismatch>) {
    let mut random = Random::new(1);
    let all_bases = base_kinds::<G>(&mut random);
    for (base_kind, bases) in &all_bases {
        for (scalar_kind, scalars) in scalar_kinds(&mut random, LARGEST) {
            // The oracle once: what the first n bases sum to, for every n.
            let mut sums = vec![G::zero()];
            for (base, scalar) in bases.iter().zip(&scalars) {
                sums.push(sums[sums.len() - 1] + naive::multiply(base, scalar));
            }
            for n in SIZES {
                let got = engine(&bases[..n], &scalars[..n]);
                assert_eq!(got, Ok(sums[n]), "{name}: msm n={n}, {base_kind} bases, {scalar_kind} scalars");
            }
        }
    }
    // A mismatch is refused in both directions, by one and by all, and never truncated.
    let bases = &all_bases[0].1;
    let scalars = random.scalars(LARGEST);
    for (b, s) in [(0, 1), (1, 0), (8, 9), (9, 8), (LARGEST, 0), (0, LARGEST)] {
        let expected = Err(LengthMismatch { bases: b, scalars: s });
        assert_eq!(engine(&bases[..b], &scalars[..s]), expected, "{name}: msm of {b} bases and {s} scalars");
    }
    large_msm(name, engine, &mut random);
}

/// `sum s_i * (i + 1) G = (sum (i + 1) s_i) G`: a large sum whose answer takes one multiplication.
fn large_msm<G: CurveGroup<ScalarField = Fr>>(
    name: &str,
    engine: impl Fn(&[G::Affine], &[Fr]) -> Result<G, LengthMismatch>,
    random: &mut Random,
) {
    let mut multiples = vec![<G as PrimeGroup>::generator(); LARGE_MSM];
    for i in 1..LARGE_MSM {
        multiples[i] = multiples[i - 1] + <G as PrimeGroup>::generator();
    }
    let bases = G::normalize_batch(&multiples);
    for (kind, scalars) in scalar_kinds(random, LARGE_MSM) {
        let factor = scalars.iter().zip(1u64..).map(|(scalar, i)| *scalar * Fr::from(i)).sum::<Fr>();
        let expected = naive::multiply(&<G as PrimeGroup>::generator().into_affine(), &factor);
        assert_eq!(engine(&bases, &scalars), Ok(expected), "{name}: msm n={LARGE_MSM}, {kind} scalars");
    }
}

/// The subgroup, the coset of arkworks' generator (Groth16's) and one small shift.
fn shifts() -> [Option<Fr>; 3] {
    [None, Some(Fr::GENERATOR), Some(-Fr::from(2u64))]
}

/// Scalars of one kind each, `n` of them.
fn scalar_kinds(random: &mut Random, n: usize) -> Vec<(&'static str, Vec<Fr>)> {
    let minus_one = -Fr::ONE;
    let small = (0..n).map(|i| Fr::from(i as u64 % 300)).collect();
    let words = (0..n).map(|_| Fr::from(random.next())).collect();
    let negative = (0..n).map(|_| -Fr::from(random.next() >> 40)).collect();
    // Windows of ones and of zeros: carries run through every digit.
    let carries = (0..n as u64).map(|i| Fr::from(2u64).pow([i * 4 % 254]) - Fr::ONE).collect();
    let uniform = random.scalars(n);
    let mixed = (0..n)
        .map(|i| match i % 5 {
            0 => Fr::zero(),
            1 => Fr::ONE,
            2 => minus_one,
            3 => Fr::from(random.next() >> 50),
            _ => random.scalar(),
        })
        .collect();
    vec![
        ("zero", vec![Fr::zero(); n]),
        ("one", vec![Fr::ONE; n]),
        ("r - 1", vec![minus_one; n]),
        ("small", small),
        ("64-bit", words),
        ("small negative", negative),
        ("2^k - 1", carries),
        ("uniform", uniform),
        ("mixed", mixed),
    ]
}

/// [`LARGEST`] bases of one kind each.
fn base_kinds<G: CurveGroup<ScalarField = Fr>>(random: &mut Random) -> Vec<(&'static str, Vec<G::Affine>)> {
    let uniform: Vec<G::Affine> =
        (0..LARGEST).map(|_| (<G as PrimeGroup>::generator() * random.scalar()).into_affine()).collect();
    let one = uniform[0];
    let minus_one = (-one.into_group()).into_affine();
    let infinity = G::Affine::zero();
    let opposite = (0..LARGEST).map(|i| if i % 2 == 0 { one } else { minus_one }).collect();
    let holes = uniform.iter().enumerate().map(|(i, base)| if i % 3 == 0 { infinity } else { *base }).collect();
    // Doublings inside a bucket: consecutive multiples of one point.
    let mut chain = Vec::with_capacity(LARGEST);
    let mut multiple = one.into_group();
    for _ in 0..LARGEST {
        chain.push(multiple.into_affine());
        multiple = multiple.double();
    }
    vec![
        ("uniform", uniform),
        ("infinite", vec![infinity; LARGEST]),
        ("equal", vec![one; LARGEST]),
        ("opposite", opposite),
        ("some infinite", holes),
        ("doubled", chain),
    ]
}

/// SplitMix64: a fixed stream without a dependency, so that the suite runs in benches and fuzz targets too.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn scalar(&mut self) -> Fr {
        let mut bytes = [0u8; 32];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes());
        }
        Fr::from_le_bytes_mod_order(&bytes)
    }

    fn scalars(&mut self, n: usize) -> Vec<Fr> {
        (0..n).map(|_| self.scalar()).collect()
    }
}
