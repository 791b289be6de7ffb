//! The lowered tape against the plain interpreter, on random tapes with values at the edges of every lane.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInteger, Field, One, PrimeField, Zero};
use zera_r1cs::Register::{self, Wire};
use zera_r1cs::{Tape, TapeBuilder, TapeError, TapeInputs};

const BYTES: u32 = 6;
const STEPS: usize = 48;

/// SplitMix64, for tapes that are the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Mostly small; else within two of a power of two at which a lane, a limb or an operation ends; of either sign.
    fn scalar(&mut self) -> Fr {
        let powers = [0, 8, 31, 32, 62, 63, 64, 125, 126, 127, 128, 248, 252, 253];
        let value = match self.below(8) {
            0..=3 => Fr::from(self.next() % 5),
            4 => Fr::from(self.next() >> (self.next() % 64)),
            5 | 6 => Fr::from(2).pow([powers[self.below(powers.len())]]) + Fr::from(self.next() % 5) - Fr::from(2),
            _ => Fr::from(self.next()).inverse().unwrap_or(Fr::one()),
        };
        if self.chance(40) { -value } else { value }
    }

    fn bytes(&mut self) -> [u8; BYTES as usize] {
        std::array::from_fn(|_| match self.below(4) {
            0 => 0,
            1 => 1,
            2 => 255,
            _ => self.next() as u8,
        })
    }
}

/// An operation on wires; targets are the next free ones.
#[derive(Clone, Debug)]
enum Step {
    Public(u32),
    Private(u32),
    Binding,
    Constant(Fr),
    Linear(Fr, Vec<(u32, Fr)>),
    Multiply(u32, u32),
    Bits(u32, u32),
    Inverse(u32),
    IsZero(u32),
    Select(u32, u32, u32),
    Divide(u32, u32),
    Lookup([u32; 3], u8),
}

const KINDS: usize = 12;

impl Step {
    fn kind(&self) -> usize {
        match self {
            Step::Public(..) => 0,
            Step::Private(..) => 1,
            Step::Binding => 2,
            Step::Constant(..) => 3,
            Step::Linear(..) => 4,
            Step::Multiply(..) => 5,
            Step::Bits(..) => 6,
            Step::Inverse(..) => 7,
            Step::IsZero(..) => 8,
            Step::Select(..) => 9,
            Step::Divide(..) => 10,
            Step::Lookup(..) => 11,
        }
    }
}

fn build(steps: &[Step]) -> Tape {
    let mut tape = TapeBuilder::new(BYTES, BYTES);
    let mut next = 1;
    for step in steps {
        let to = Wire(next);
        next += 1;
        match step {
            Step::Public(index) => tape.public_byte(to, *index),
            Step::Private(index) => tape.private_byte(to, *index),
            Step::Binding => tape.binding(to),
            Step::Constant(value) => tape.constant(to, *value),
            Step::Linear(constant, terms) => tape.linear(to, *constant, terms.iter().map(|(w, c)| (Wire(*w), *c))),
            Step::Multiply(a, b) => tape.multiply(to, Wire(*a), Wire(*b)),
            Step::Bits(from, len) => {
                let targets: Vec<Register> = (next - 1..next - 1 + len).map(Wire).collect();
                tape.bits(&targets, Wire(*from));
                next += len - 1;
            }
            Step::Inverse(from) => tape.inverse_or_zero(to, Wire(*from)),
            Step::IsZero(from) => tape.is_zero(to, Wire(*from)),
            Step::Select(c, a, b) => tape.select(to, Wire(*c), Wire(*a), Wire(*b)),
            Step::Divide(a, b) => {
                tape.divide(to, Wire(next), Wire(*a), Wire(*b));
                next += 1;
            }
            Step::Lookup(operands, table) => tape.lookup(to, operands.map(Wire), *table),
        }
    }
    tape.finish(next).unwrap()
}

/// A wire that satisfies the condition, or any where none is found.
fn pick(random: &mut Random, z: &[Fr], wanted: impl Fn(&Fr) -> bool) -> u32 {
    // Late wires more often: chains get long.
    let draw = |random: &mut Random| {
        let from = if random.chance(60) { z.len().saturating_sub(12) } else { 0 };
        from + random.below(z.len() - from)
    };
    let found = (0..60).map(|_| draw(random)).find(|&wire| wanted(&z[wire]));
    found.unwrap_or_else(|| draw(random)) as u32
}

/// A step that most often succeeds where the wires so far have the values `z`.
fn step(random: &mut Random, z: &[Fr]) -> Step {
    let any = |random: &mut Random| pick(random, z, |_| true);
    // Now and then an operand that may not fit.
    let careless = random.chance(3);
    let is_bit = |value: &Fr| careless || value.is_zero() || value.is_one();
    let fits_128 = |value: &Fr| careless || value.into_bigint().num_bits() <= 128;
    match random.below(20) {
        0 => Step::Public(random.below(BYTES as usize) as u32),
        1 => Step::Private(random.below(BYTES as usize) as u32),
        2 => {
            if random.chance(20) {
                Step::Binding
            } else {
                Step::Constant(random.scalar())
            }
        }
        3 => Step::Constant(random.scalar()),
        4..=6 => {
            let terms = (0..random.below(6)).map(|_| (any(random), random.scalar())).collect();
            Step::Linear(if random.chance(50) { Fr::zero() } else { random.scalar() }, terms)
        }
        // Wires side by side with doubling coefficients, sometimes with a fault in them.
        7 | 8 => {
            let len = random.below(z.len().min(150)) + 1;
            let first = random.below(z.len() - len + 1);
            let mut coefficient = if random.chance(70) { Fr::one() } else { random.scalar() };
            let mut terms = Vec::new();
            for at in 0..len {
                terms.push(((first + at) as u32, coefficient));
                coefficient = if random.chance(2) { random.scalar() } else { coefficient.double() };
            }
            if random.chance(30) {
                terms.reverse();
            }
            Step::Linear(random.scalar(), terms)
        }
        9 | 10 => Step::Multiply(any(random), any(random)),
        11 | 12 => {
            let from = if random.chance(50) { pick(random, z, fits_128) } else { any(random) };
            let least = z[from as usize].into_bigint().num_bits().max(1);
            let len = match random.below(4) {
                _ if careless => 1 + random.below(254) as u32,
                0 => least,
                1 => 254,
                _ => (least + random.below(20) as u32).min(254),
            };
            Step::Bits(from, len)
        }
        13 => Step::Inverse(any(random)),
        14 => Step::IsZero(any(random)),
        15 => Step::Select(any(random), any(random), any(random)),
        16 | 17 => Step::Divide(pick(random, z, fits_128), pick(random, z, fits_128)),
        _ => Step::Lookup([(); 3].map(|()| pick(random, z, is_bit)), random.next() as u8),
    }
}

#[test]
fn random_tapes_run_as_the_plain_interpreter_runs_them() {
    let mut done = [0; KINDS];
    let (mut finished, mut failed) = (0, [0; KINDS]);
    for seed in 0..1500 {
        let mut random = Random(seed);
        let (public, private, binding) = (random.bytes(), random.bytes(), random.scalar());
        let inputs = TapeInputs { binding, public: &public, private: &private };
        let (mut steps, mut z) = (Vec::new(), vec![Fr::one()]);
        while steps.len() < STEPS {
            steps.push(step(&mut random, &z));
            match build(&steps).run_reference(&inputs) {
                Ok(values) => z = values,
                Err(_) => break,
            }
        }
        let tape = build(&steps);
        let others: Vec<[[u8; 6]; 2]> = (0..6).map(|_| [random.bytes(), random.bytes()]).collect();
        for [public, private] in std::iter::once([public, private]).chain(others) {
            let inputs = TapeInputs { binding, public: &public, private: &private };
            let expected = tape.run_reference(&inputs);
            assert_eq!(tape.run(&inputs), expected, "seed {seed}: {steps:?}");
            match expected {
                Ok(_) => {
                    finished += 1;
                    steps.iter().for_each(|step| done[step.kind()] += 1);
                }
                Err(TapeError::Range { operation, .. }) => failed[steps[operation].kind()] += 1,
                Err(error) => panic!("seed {seed}: {error}"),
            }
        }
    }
    assert!(finished > 2000 && done.iter().all(|count| *count > 1000), "{finished}: {done:?}");
    // Bits, Divide and Lookup fail, and nothing else.
    let failing: Vec<usize> = (0..KINDS).filter(|kind| failed[*kind] > 50).collect();
    assert_eq!((failing, failed.iter().filter(|count| **count > 0).count()), (vec![6, 10, 11], 3), "{failed:?}");
}

/// Every lane into every operation: one operand of each kind, all pairs.
#[test]
fn every_pair_of_edges_meets_in_every_operation() {
    let two = Fr::from(2);
    let mut edges = vec![Fr::zero(), Fr::one(), -Fr::one(), two];
    for power in [8u64, 32, 62, 63, 64, 126, 127, 128, 253] {
        let power = two.pow([power]);
        edges.extend([power - Fr::one(), power, power + Fr::one(), -power, Fr::one() - power, -Fr::one() - power]);
    }
    let inputs = TapeInputs { binding: two, public: &[0; 6], private: &[0; 6] };
    for a in &edges {
        for b in &edges {
            let constants = vec![Step::Constant(*a), Step::Constant(*b), Step::Constant(Fr::zero())];
            let tails = [
                vec![Step::Linear(*b, vec![(1, *b), (2, *a)]), Step::Multiply(1, 2), Step::Select(1, 2, 3)],
                vec![Step::Select(3, 1, 2), Step::IsZero(4), Step::Inverse(4), Step::Inverse(5), Step::IsZero(6)],
                vec![Step::Multiply(1, 2), Step::Linear(*a, vec![(4, *b)]), Step::Bits(5, 254)],
                vec![Step::Linear(Fr::zero(), vec![(1, Fr::one()), (2, -Fr::one())]), Step::Bits(4, 64)],
                vec![Step::Linear(Fr::zero(), vec![(1, Fr::one())]), Step::Bits(4, 127), Step::Lookup([1, 2, 4], 0x96)],
                vec![Step::Divide(1, 2), Step::Bits(4, 128), Step::Bits(5, 128)],
                vec![Step::Lookup([1, 2, 3], 0xca), Step::Lookup([4, 4, 1], 0x35)],
            ];
            for tail in tails {
                let steps = [constants.clone(), tail].concat();
                let tape = build(&steps);
                assert_eq!(tape.run(&inputs), tape.run_reference(&inputs), "{steps:?}");
            }
        }
    }
}
