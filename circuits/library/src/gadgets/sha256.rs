//! SHA-256 (FIPS 180-4).
//!
//! Bits of messages and digests are those of the bytes in order, each byte's least significant first. A word is 32 bits,
//! least significant first, as integers are.

mod pair;
mod schedule;

use sha2::{Digest, Sha256};
use zera_ir::{Bit, Builder, Int, Word};

/// Bits of a word.
const WIDTH: usize = 32;
/// Bytes of a block.
pub const BLOCK_BYTES: usize = 64;
/// `a ^ b ^ c`.
const XOR: u8 = 0x96;
/// `a ? b : c`: bit `a + 2 b + 4 c`.
const CH: u8 = 0xd8;
/// The majority of three.
const MAJ: u8 = 0xe8;

/// First 32 bits of the fractional parts of the square roots of the first eight primes.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// First 32 bits of the fractional parts of the cube roots of the first 64 primes.
#[rustfmt::skip]
const ROUND: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// The digest of bytes.
pub fn digest(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// The 256 bits of [`digest`]: a [`compress`] a block, less what known bits save.
///
/// # Panics
/// Unless the bits are whole bytes, fewer than 2^61.
pub fn sha256(builder: &mut Builder, message: &[Bit]) -> Vec<Bit> {
    assert!(message.len().is_multiple_of(8), "sha256: {} bits are not whole bytes", message.len());
    let known_byte = |byte: u8| (0..8).map(move |bit| Bit::constant(byte >> bit & 1 == 1));
    let mut padded = message.to_vec();
    padded.extend(known_byte(0x80));
    let end = (padded.len() + 64).next_multiple_of(8 * BLOCK_BYTES);
    padded.resize(end - 64, Bit::constant(false));
    padded.extend((message.len() as u64).to_be_bytes().into_iter().flat_map(known_byte));
    let mut state = INITIAL.map(known);
    for block in padded.chunks(8 * BLOCK_BYTES) {
        let block: [Vec<Bit>; 16] = std::array::from_fn(|at| swap(&block[at * WIDTH..(at + 1) * WIDTH]));
        state = builder.span("compress", |builder| compress(builder, &state, &block));
    }
    state.iter().flat_map(|word| swap(word)).collect()
}

/// The compression function: 15,109 rows where no bit is known.
///
/// | what | rows |
/// |---|---|
/// | message words 16 to 61 | 46 reductions of 34 |
/// | sigma 0 and 1 of words 16 to 63 | 48 times 29 + 22 three-input cells and 7 rows for 13 products |
/// | Sigma 0 and 1 | 64 times 64 cells |
/// | Ch and Maj | 32 times 32 + 32, two rounds a row (`pair`) |
/// | e and a | 62 of 35, one of 36 and 63 of 34 rows |
/// | new state | 36 + 35 + 6 of 33 |
///
/// # Panics
/// Unless all words have 32 bits.
pub fn compress(builder: &mut Builder, state: &[Vec<Bit>; 8], block: &[Vec<Bit>; 16]) -> [Vec<Bit>; 8] {
    assert!(state.iter().chain(block).all(|word| word.len() == WIDTH), "sha256: words of 32 bits");
    let words = builder.span("schedule", |builder| schedule::expand(builder, block));
    builder.span("rounds", |builder| {
        let mut rounds = Rounds::new(state);
        for t in (0..62).step_by(2) {
            rounds.two(builder, [ROUND[t], ROUND[t + 1]], [&words[t], &words[t + 1]]);
        }
        rounds.last_two(builder, [ROUND[62], ROUND[63]], [&words[62], &words[63]], state)
    })
}

/// The working variables: `a b c d` are the last four of one sequence, `e f g h` of another, newest last.
struct Rounds {
    a: Vec<Vec<Bit>>,
    e: Vec<Vec<Bit>>,
}

impl Rounds {
    fn new(state: &[Vec<Bit>; 8]) -> Self {
        let history = |words: &[Vec<Bit>]| words.iter().rev().cloned().collect();
        Rounds { a: history(&state[..4]), e: history(&state[4..]) }
    }

    /// Two rounds; one after the other while Ch and Maj of the first are known, else both in common rows.
    fn two(&mut self, builder: &mut Builder, k: [u32; 2], w: [&Int; 2]) {
        if self.is_known() {
            self.one(builder, k[0], w[0]);
            self.one(builder, k[1], w[1]);
        } else {
            let none = Int::constant(0);
            let [e, a] = pair::two_rounds(builder, self, k, w, [&none, &none]);
            self.e.extend(e);
            self.a.extend(a);
        }
    }

    /// The last two, and the sum of old and new state, whose first and fifth word need no reduction of their own.
    fn last_two(mut self, builder: &mut Builder, k: [u32; 2], w: [&Int; 2], state: &[Vec<Bit>; 8]) -> [Vec<Bit>; 8] {
        let first = [0, 4].map(|at| Int::from_bits(&state[at]));
        let sums = if self.is_known() {
            self.one(builder, k[0], w[0]);
            self.one(builder, k[1], w[1]);
            None
        } else {
            let [[e63, e_sum], [a63, a_sum]] = pair::two_rounds(builder, &self, k, w, [&first[1], &first[0]]);
            // What stands for the last e and a is never read.
            self.e.extend([e63, e_sum.clone()]);
            self.a.extend([a63, a_sum.clone()]);
            Some([a_sum, e_sum])
        };
        std::array::from_fn(|at| {
            let (history, back) = if at < 4 { (&self.a, at) } else { (&self.e, at - 4) };
            match &sums {
                Some(sums) if back == 0 => sums[at / 4].clone(),
                _ => {
                    let word = Int::from_bits(&history[history.len() - 1 - back]);
                    reduce(builder, &word.add(&Int::from_bits(&state[at])))
                }
            }
        })
    }

    /// Whether Ch or Maj of the next round is known.
    fn is_known(&self) -> bool {
        let known =
            |history: &[Vec<Bit>]| history[history.len() - 3..].iter().flatten().all(|bit| bit.as_constant().is_some());
        known(&self.a) || known(&self.e)
    }

    /// One round in the textbook's way.
    fn one(&mut self, builder: &mut Builder, k: u32, w: &Int) {
        let [d, c, b, a] = self.a.last_chunk::<4>().expect("four words");
        let [h, g, f, e] = self.e.last_chunk::<4>().expect("four words");
        let bitwise = |builder: &mut Builder, x: [&[Bit]; 3], table: u8| {
            let bits: Vec<Bit> = (0..WIDTH).map(|i| builder.lookup(x.map(|word| &word[i]), table)).collect();
            Int::from_bits(&bits)
        };
        let ch = bitwise(builder, [e, f, g], CH);
        let maj = bitwise(builder, [a, b, c], MAJ);
        let sum1 = sigma(builder, e, [6, 11, 25]);
        let t1 = Int::from_bits(h).add(&sum1).add(&ch).add(&Int::constant(u128::from(k))).add(w);
        let new_e = reduce(builder, &t1.add(&Int::from_bits(d)));
        let sum0 = sigma(builder, a, [2, 13, 22]);
        let new_a = Int::from_bits(&new_e).sub(&Int::from_bits(d)).add(&sum0).add(&maj);
        let new_a = reduce(builder, &new_a);
        self.e.push(new_e);
        self.a.push(new_a);
    }
}

/// `rotr(x, n0) ^ rotr(x, n1) ^ rotr(x, n2)`: 32 rows.
fn sigma(builder: &mut Builder, x: &[Bit], turns: [usize; 3]) -> Int {
    let bits: Vec<Bit> = (0..WIDTH).map(|i| builder.lookup(turns.map(|turn| &x[(i + turn) % WIDTH]), XOR)).collect();
    Int::from_bits(&bits)
}

/// The word that an integer is congruent to.
fn reduce(builder: &mut Builder, int: &Int) -> Vec<Bit> {
    builder.word_bits(&Word::new(WIDTH as u32, int.clone()))
}

/// The bits of a known word.
fn known(word: u32) -> Vec<Bit> {
    (0..WIDTH).map(|bit| Bit::constant(word >> bit & 1 == 1)).collect()
}

/// Big-endian bytes to a word, or back.
fn swap(bits: &[Bit]) -> Vec<Bit> {
    bits.chunks(8).rev().flatten().cloned().collect()
}
