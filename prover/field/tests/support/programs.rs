//! Programs of operations against plain big integers: the body of a fuzz target, and of a test over a fixed stream.
//!
//! A program is bytes. Eight registers hold vectors of eight elements; each byte pair is an operation and its operands. After
//! the last one, every lane of every register must be the big integer that the same program gives.

use ark_bn254::{Fq, Fr};
use ark_ff::BigInteger;
use num_bigint::BigUint;
use zera_field::{Avx512Ifma, Backend, LANES, Lanes, Modulus, Portable, Work};

const REGISTERS: usize = 8;
type Elements<E> = [[E; LANES]; REGISTERS];

struct Run<'a, L: Lanes> {
    token: L::Token,
    start: &'a Elements<L::Element>,
    program: &'a [[u8; 2]],
}

impl<L: Lanes> Work for Run<'_, L> {
    type Output = Elements<L::Element>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let mut r: Vec<L> = self.start.iter().map(|eight| L::from_array(self.token, eight)).collect();
        for &[operation, operands] in self.program {
            let (to, [a, b, c]) = places(operation, operands);
            let (x, y, z) = (r[a], r[b], r[c]);
            r[to] = match operation & 7 {
                0 => x.add_reduced(y),
                1 => x.sub_reduced(y),
                2 => x.sub_two(y, z),
                3 => x.times(y),
                4 => L::square(x.sub(y)),
                5 => L::mul(x.add(y), y.sub(z)),
                6 => L::mul(x.sub(y), x.add(z)),
                _ => L::square(x.add(y)).canonical(),
            };
        }
        std::array::from_fn(|i| r[i].to_array())
    }
}

/// Where an operation's result goes, and where its operands are.
fn places(operation: u8, operands: u8) -> (usize, [usize; 3]) {
    let (a, b) = (usize::from(operands & 7), usize::from(operands >> 3 & 7));
    (usize::from(operation >> 5), [a, b, (a + 3 * b + usize::from(operands >> 6)) % REGISTERS])
}

fn expected<M: Modulus>(start: &Elements<M>, program: &[[u8; 2]]) -> Vec<Vec<BigUint>> {
    let p: BigUint = M::MODULUS.into();
    let integer = |element: &M| -> BigUint { element.into_bigint().into() };
    let mut r: Vec<Vec<BigUint>> = start.iter().map(|eight| eight.iter().map(integer).collect()).collect();
    for &[operation, operands] in program {
        let (to, [a, b, c]) = places(operation, operands);
        r[to] = (0..LANES)
            .map(|lane| {
                let (x, y, z) = (&r[a][lane], &r[b][lane], &r[c][lane]);
                let value = match operation & 7 {
                    0 => x + y,
                    1 => x + &p - y,
                    2 => x + &p + &p - y - z,
                    3 => x * y,
                    4 => (x + &p - y).pow(2),
                    5 => (x + y) * (y + &p - z),
                    6 => (x + &p - y) * (x + z),
                    _ => (x + y).pow(2),
                };
                value % &p
            })
            .collect();
    }
    r
}

/// The fuzz body: bytes are registers, then a program.
fn body<M: Modulus>(bytes: &[u8], run: impl Fn(&Elements<M>, &[[u8; 2]]) -> Elements<M>) {
    let (seeds, program) = bytes.split_at(REGISTERS.min(bytes.len()));
    // Edges and products of them: a seed is a power of two, less or more a little.
    let start: Elements<M> = std::array::from_fn(|register| {
        std::array::from_fn(|lane| {
            let seed = u64::from(seeds.get(register).copied().unwrap_or(0));
            let power = M::from(2u64).pow([seed + 31 * lane as u64]);
            if seed & 1 == 1 { power - M::from(lane as u64) } else { -power }
        })
    });
    let program = program.as_chunks::<2>().0;
    let ends = run(&start, program);
    for (register, (end, expected)) in ends.iter().zip(expected(&start, program)).enumerate() {
        for (lane, (end, expected)) in end.iter().zip(expected).enumerate() {
            let end = BigUint::from_bytes_le(&end.into_bigint().to_bytes_le());
            assert_eq!(end, expected, "{} register {register}, lane {lane} after {program:?}", M::NAME);
        }
    }
}

/// The body on every backend that there is.
pub fn check(bytes: &[u8]) {
    on(Portable, bytes);
    if let Some(token) = Avx512Ifma::detect() {
        on(token, bytes);
    }
}

fn on<B: Backend>(backend: B, bytes: &[u8]) {
    body::<Fq>(bytes, |start, program| backend.run(Run::<B::Fq> { token: backend, start, program }));
    body::<Fr>(bytes, |start, program| backend.run(Run::<B::Fr> { token: backend, start, program }));
}
