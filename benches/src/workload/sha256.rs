//! The tape of one SHA-256 compression, as a circuit of three-input cells asks for it.
//!
//! A wire for every bit: 3 x 32 cells for the two sigmas of a word of the schedule less what shifts leave out, 4 x 32 for
//! a round, splits of the sums. Sums are over the bits, 32 terms a word.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, One};
use zera_r1cs::{Register, Tape, TapeBuilder};

/// Bytes of a block: the private input.
pub const BLOCK: usize = 64;
/// Wires of the digest: eight words, after wire 0.
pub const DIGEST: std::ops::Range<usize> = 1..9;

const XOR: u8 = 0x96;
/// `a ? b : c` with a as the lowest bit of the index.
const CHOOSE: u8 = 0xd8;
const MAJORITY: u8 = 0xe8;

/// Bits, lowest first.
type Word = [Register; 32];

struct Compression {
    tape: TapeBuilder,
    next: u32,
    zero: Register,
    terms: usize,
}

/// The tape, and how many terms its sums have.
pub fn compression() -> (Tape, usize) {
    let tape = TapeBuilder::new(0, BLOCK as u32);
    let mut this = Compression { tape, next: DIGEST.end as u32, zero: Register::Wire(0), terms: 0 };
    this.zero = this.wire();
    this.tape.constant(this.zero, Fr::ZERO);

    let mut schedule: Vec<Word> = (0..16).map(|word| this.read(4 * word)).collect();
    for at in 16..64 {
        let (near, far) = (schedule[at - 2], schedule[at - 15]);
        let near = this.xor([rotate(&near, 17), rotate(&near, 19), this.shift(&near, 10)]);
        let far = this.xor([rotate(&far, 7), rotate(&far, 18), this.shift(&far, 3)]);
        let word = this.sum(&[near, schedule[at - 7], far, schedule[at - 16]], 0, 34);
        schedule.push(word);
    }

    let start = fractions(8, |prime| prime.sqrt());
    let rounds = fractions(64, |prime| prime.cbrt());
    let mut state: Vec<Word> = start.iter().map(|&word| this.constant(word)).collect();
    let initial = state.clone();
    for (&constant, &word) in rounds.iter().zip(&schedule) {
        let [a, b, c, d, e, f, g, h] = state[..] else { unreachable!("eight words") };
        let mixed = this.xor([rotate(&e, 6), rotate(&e, 11), rotate(&e, 25)]);
        let chosen = this.cells(CHOOSE, [e, f, g]);
        let high = this.xor([rotate(&a, 2), rotate(&a, 13), rotate(&a, 22)]);
        let most = this.cells(MAJORITY, [a, b, c]);
        let low = this.sum(&[d, h, mixed, chosen, word], constant, 35);
        let sum = this.sum(&[h, mixed, chosen, word, high, most], constant, 35);
        state = vec![sum, a, b, c, low, e, f, g];
    }
    for (to, (before, after)) in DIGEST.zip(initial.iter().zip(&state)) {
        let word = this.sum(&[*before, *after], 0, 33);
        this.terms += 32;
        this.tape.linear(Register::Wire(to as u32), Fr::ZERO, weighted(&word));
    }
    (this.tape.finish(this.next).expect("each register is defined once, before its use"), this.terms)
}

impl Compression {
    fn wire(&mut self) -> Register {
        self.next += 1;
        Register::Wire(self.next - 1)
    }

    /// A big-endian word.
    fn read(&mut self, at: u32) -> Word {
        let mut bits = Vec::with_capacity(32);
        for index in (at..at + 4).rev() {
            let byte = self.tape.temporary();
            self.tape.private_byte(byte, index);
            let wires: Vec<Register> = (0..8).map(|_| self.wire()).collect();
            self.tape.bits(&wires, byte);
            bits.extend(wires);
        }
        std::array::from_fn(|bit| bits[bit])
    }

    fn constant(&self, value: u32) -> Word {
        std::array::from_fn(|bit| if value >> bit & 1 == 1 { Register::Wire(0) } else { self.zero })
    }

    fn shift(&self, word: &Word, by: usize) -> Word {
        std::array::from_fn(|bit| word.get(bit + by).copied().unwrap_or(self.zero))
    }

    fn xor(&mut self, words: [Word; 3]) -> Word {
        self.cells(XOR, words)
    }

    fn cells(&mut self, table: u8, [a, b, c]: [Word; 3]) -> Word {
        std::array::from_fn(|bit| {
            let to = self.wire();
            self.tape.lookup(to, [a[bit], b[bit], c[bit]], table);
            to
        })
    }

    /// The lowest 32 bits of a sum that has `bits`.
    fn sum(&mut self, words: &[Word], constant: u32, bits: usize) -> Word {
        let sum = self.tape.temporary();
        self.terms += 32 * words.len();
        self.tape.linear(sum, Fr::from(constant), words.iter().flat_map(weighted));
        let wires: Vec<Register> = (0..bits).map(|_| self.wire()).collect();
        self.tape.bits(&wires, sum);
        std::array::from_fn(|bit| wires[bit])
    }
}

fn rotate(word: &Word, by: usize) -> Word {
    std::array::from_fn(|bit| word[(bit + by) % 32])
}

fn weighted(word: &Word) -> impl Iterator<Item = (Register, Fr)> {
    let weights = std::iter::successors(Some(Fr::one()), |weight| Some(weight.double()));
    (*word).into_iter().zip(weights)
}

/// The first 32 bits after the point of a root of each of the first primes; a double has 52 of them, 49 after the point.
fn fractions(count: usize, root: fn(f64) -> f64) -> Vec<u32> {
    let primes = (2u32..).filter(|n| (2..*n).all(|d| n % d > 0));
    primes.take(count).map(|prime| (root(f64::from(prime)).fract() * 4_294_967_296.0) as u32).collect()
}
