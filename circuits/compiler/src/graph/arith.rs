//! Sums, products, and operations bit by bit.

use super::int::Int;
use super::word::{WordData, mask, room};
use super::{Bit, Graph, Word};
use ethnum::I256;

impl Graph {
    /// `f` on the integers; where bounds would grow too far, on the reduced ones.
    fn lazily(&mut self, a: Word, b: Word, f: impl Fn(&mut Graph, Int, Int) -> Option<Int>) -> Word {
        let width = self.width(a);
        debug_assert_eq!(width, self.width(b), "words of one width");
        let (x, y) = (self.settled(a), self.settled(b));
        let int = match f(self, x, y) {
            Some(int) => int,
            None => {
                let (x, y) = (self.reduced(a), self.reduced(b));
                f(self, x, y).expect("words of at most 64 bits, reduced, leave room")
            }
        };
        self.word(width, int)
    }

    /// `a + b`, free; where no bit is 1 in both, the word of both.
    pub fn add(&mut self, a: Word, b: Word) -> Word {
        if let Some(word) = self.disjoint(a, b) {
            return word;
        }
        self.lazily(a, b, |graph, a, b| graph.int_combine(I256::ZERO, &[(I256::ONE, a), (I256::ONE, b)]))
    }

    /// `a - b`, free.
    pub fn sub(&mut self, a: Word, b: Word) -> Word {
        self.lazily(a, b, |graph, a, b| graph.int_combine(I256::ZERO, &[(I256::ONE, a), (I256::MINUS_ONE, b)]))
    }

    /// `a b`: one row, none where a factor is known.
    pub fn mul(&mut self, a: Word, b: Word) -> Word {
        if let Some((bit, word)) = self.as_bit(a).map(|bit| (bit, b)).or_else(|| self.as_bit(b).map(|bit| (bit, a))) {
            let width = self.width(a);
            let zero = self.constant(width, 0);
            return self.select(bit, word, zero);
        }
        self.lazily(a, b, |graph, a, b| graph.int_mul(a, b))
    }

    /// Compilers turn `x | y` into `x + y` where they see that no bit is 1 in both; this sees it too, and turns it back,
    /// since a word of bits needs no carry.
    fn disjoint(&mut self, a: Word, b: Word) -> Option<Word> {
        let WordData { width, int: x } = self.data(a);
        let y = self.data(b).int;
        if x.as_constant().is_some() || y.as_constant().is_some() {
            return None;
        }
        let (x, y) = (self.free_bits(x, width)?, self.free_bits(y, width)?);
        let mut bits = Vec::with_capacity(x.len());
        for (x, y) in x.iter().zip(&y) {
            let or = match (*x, *y) {
                (Bit::FALSE, bit) | (bit, Bit::FALSE) => bit,
                (x, y) if self.exclude(x, y) => self.bit_or(x, y),
                _ => return None,
            };
            bits.push(or);
        }
        Some(self.from_bits(width, &bits))
    }

    /// `a & b`.
    pub fn and(&mut self, a: Word, b: Word) -> Word {
        let (a, b) = if self.as_constant(a).is_some() { (b, a) } else { (a, b) };
        let WordData { width, int } = self.data(a);
        if let Some(keep) = self.as_constant(b) {
            let keep = I256::from(keep);
            // A mask of low bits that the value never exceeds.
            if keep & (keep + I256::ONE) == I256::ZERO && int.within(I256::ZERO, keep) {
                return a;
            }
            if keep == I256::ZERO {
                return b;
            }
            if keep == mask(width) {
                return a;
            }
        }
        self.bitwise(a, b, Graph::bit_and)
    }

    /// `a | b`; a sum, where the low bits of one are all there is of the other.
    pub fn or(&mut self, a: Word, b: Word) -> Word {
        for (a, b) in [(a, b), (b, a)] {
            let (x, y) = (self.data(a).int, self.data(b).int);
            let low = self.content(x.lc, true);
            if low != I256::ZERO && y.lo >= I256::ZERO && y.hi < (low & -low) {
                return self.add(a, b);
            }
        }
        self.bitwise(a, b, Graph::bit_or)
    }

    /// `a ^ b`; `-1 - a` where `b` is all ones.
    pub fn xor(&mut self, a: Word, b: Word) -> Word {
        let (a, b) = if self.as_constant(a).is_some() { (b, a) } else { (a, b) };
        let WordData { width, int } = self.data(a);
        if self.as_constant(b) == Some(mask(width).as_u64()) && self.free_bits(int, width).is_none() {
            let minus_one = self.constant(width, u64::MAX);
            return self.sub(minus_one, a);
        }
        self.bitwise(a, b, Graph::bit_xor)
    }

    fn bitwise(&mut self, a: Word, b: Word, f: fn(&mut Graph, Bit, Bit) -> Bit) -> Word {
        let width = self.width(a);
        let (x, y) = (self.word_bits(a), self.word_bits(b));
        let bits: Vec<Bit> = x.iter().zip(&y).map(|(x, y)| f(self, *x, *y)).collect();
        self.from_bits(width, &bits)
    }

    /// `c ? a : b`: one row, none where `c` is known or both are; two bits are chosen as bits.
    pub fn select(&mut self, c: Bit, a: Word, b: Word) -> Word {
        match c.as_constant() {
            Some(true) => return a,
            Some(false) => return b,
            None if a == b => return a,
            None => {}
        }
        let width = self.width(a);
        if let (Some(x), Some(y)) = (self.as_bit(a), self.as_bit(b)) {
            let bit = self.bit_mux(c, x, y);
            return self.from_bit(width, bit);
        }
        let (x, y) = (self.compact(a), self.compact(b));
        let chosen = self.int_select(c, x, y);
        let word = self.word(width, chosen);
        // Of older combinations only, so that no selection leads to itself: one of equal words may be one of them again.
        if chosen.as_constant().is_none() && chosen.lc > x.lc.max(y.lc) {
            let (a, b) = (self.word(width, x), self.word(width, y));
            self.selections.insert((chosen.lc, width), (c, a, b));
        }
        word
    }

    /// The integer, reduced where its bounds have grown far beyond the word.
    pub(crate) fn compact(&mut self, word: Word) -> Int {
        let int = self.settled(word);
        if room(int, 40) { int } else { self.reduced(word) }
    }

    /// The low 32 bits of a 64-bit word, free.
    pub fn wrap(&mut self, a: Word) -> Word {
        let int = self.settled(a);
        self.word(32, int)
    }

    /// A 32-bit word as 64 bits, filled with zeros.
    pub fn extend_u(&mut self, a: Word) -> Word {
        let int = self.reduced(a);
        self.word(64, int)
    }

    /// A 32-bit word as 64 bits, filled with its sign.
    pub fn extend_s(&mut self, a: Word) -> Word {
        let int = self.reduced_signed(a);
        self.word(64, int)
    }

    /// The low `from` bits, filled with their sign.
    pub fn sign_extend(&mut self, a: Word, from: u32) -> Word {
        let WordData { width, int } = self.data(a);
        let half = I256::ONE << (from - 1);
        if int.within(-half, half - I256::ONE) {
            return a;
        }
        let bits = self.int_bits(int, width);
        let int = self.signed_from_bits(&bits[..from as usize]);
        self.word(width, int)
    }

    /// Byte `k` as a 32-bit word.
    pub fn byte(&mut self, word: Word, k: u32) -> Word {
        let int = self.data(word).int;
        if k == 0 && int.within(I256::ZERO, mask(8)) {
            return self.word(32, int);
        }
        let bits = self.word_bits(word);
        let from = 8 * k as usize;
        self.from_bits(32, &bits[from..from + 8])
    }

    /// Bytes, each one of a word, least first; zeros above them.
    pub fn concat(&mut self, width: u32, bytes: &[(Word, u32)]) -> Word {
        // All bytes of one word in order are that word.
        if let Some((word, 0)) = bytes.first().copied() {
            let whole = bytes.iter().enumerate().all(|(k, byte)| *byte == (word, k as u32));
            let from = self.width(word);
            if whole && bytes.len() as u32 * 8 == from {
                if from == width {
                    return word;
                }
                if from < width {
                    return self.extend_u(word);
                }
            }
            // The low bytes of a word that is no longer than they are.
            let int = self.data(word).int;
            if whole && int.within(I256::ZERO, mask(bytes.len() as u32 * 8)) {
                return self.word(width, int);
            }
        }
        let mut bits = Vec::with_capacity(width as usize);
        for (word, k) in bytes {
            let of = self.word_bits(*word);
            let from = 8 * *k as usize;
            bits.extend_from_slice(&of[from..from + 8]);
        }
        self.from_bits(width, &bits)
    }
}
