//! Machine words: integers modulo a power of two, reduced only when their bits are needed.

use crate::{Bit, Builder, Int, Interval};
use ethnum::I256;

/// A word of 1 to 64 bits: `value = int (mod 2^width)`.
///
/// The integer may lie anywhere; addition, subtraction, multiplication by constants and left shifts move its interval
/// and cost nothing. [`Builder::reduced`] brings it back into `0..2^width`, and costs rows only where the interval does
/// not already say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    width: u32,
    int: Int,
    bits: Option<Vec<Bit>>,
}

impl Word {
    /// The word that an integer is congruent to.
    ///
    /// # Panics
    /// On a width of 0 or above 64.
    pub fn new(width: u32, int: Int) -> Self {
        assert!((1..=64).contains(&width), "word: width {width} is not within 1..=64");
        Word { width, int, bits: None }
    }

    /// A known word: `value mod 2^width`.
    ///
    /// # Panics
    /// On a width of 0 or above 64.
    pub fn constant(width: u32, value: u64) -> Self {
        Word::new(width, Int::constant(u128::from(value) & ((1u128 << width) - 1)))
    }

    /// The word with these bits, least first.
    ///
    /// # Panics
    /// Unless there are 1 to 64 bits.
    pub fn from_bits(bits: &[Bit]) -> Self {
        Word { bits: Some(bits.to_vec()), ..Word::new(bits.len() as u32, Int::from_bits(bits)) }
    }

    /// Bits of the word.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The integer that it is congruent to.
    pub fn int(&self) -> &Int {
        &self.int
    }

    fn is_reduced(&self) -> bool {
        self.int.range().within(&Interval::unsigned(self.width).expect("at most 64 bits"))
    }
}

impl Builder {
    /// The bits of a word, least first, exactly `width`.
    ///
    /// Where the integer may be negative, a multiple of `2^width` is added first; then it is split
    /// ([`Builder::split`]) and the bits above the word are dropped.
    pub fn word_bits(&mut self, word: &Word) -> Vec<Bit> {
        if let Some(bits) = &word.bits {
            return bits.clone();
        }
        let lo = word.int.range().lo();
        let lift = if lo < I256::ZERO { (-lo >> word.width) + I256::ONE } else { I256::ZERO };
        let lifted = word.int.add(&Int::constant(lift << word.width));
        let mut bits = self.split(&lifted);
        bits.resize(word.width as usize, Bit::constant(false));
        bits
    }

    /// The word as the integer in `0..2^width`.
    pub fn reduced(&mut self, word: &Word) -> Int {
        if word.is_reduced() { word.int.clone() } else { Int::from_bits(&self.word_bits(word)) }
    }

    /// The word as the integer in `-2^(width-1)..2^(width-1)` (two's complement).
    pub fn reduced_signed(&mut self, word: &Word) -> Int {
        let half = I256::ONE << (word.width - 1);
        let signed = Interval::new(-half, half - I256::ONE).expect("at most 64 bits");
        if word.int.range().within(&signed) {
            return word.int.clone();
        }
        let bits = self.word_bits(word);
        let (sign, low) = bits.split_last().expect("at least one bit");
        Int::from_bits(low).sub(&Int::from_bit(sign).scale(half))
    }

    /// `f` on the integers; where its range would reach `2^250`, on the reduced ones.
    fn lazily(&mut self, a: &Word, b: &Word, mut f: impl FnMut(&mut Builder, &Int, &Int) -> Option<Int>) -> Word {
        assert_eq!(a.width, b.width, "words of one width");
        let int = f(self, &a.int, &b.int).unwrap_or_else(|| {
            let (a, b) = (self.reduced(a), self.reduced(b));
            f(self, &a, &b).expect("words of at most 64 bits, reduced, leave room")
        });
        Word::new(a.width, int)
    }

    /// `a + b`, free.
    pub fn word_add(&mut self, a: &Word, b: &Word) -> Word {
        self.lazily(a, b, |_, a, b| a.checked_add(b))
    }

    /// `a - b`, free.
    pub fn word_sub(&mut self, a: &Word, b: &Word) -> Word {
        self.lazily(a, b, |_, a, b| a.checked_sub(b))
    }

    /// `a * b`: one row, none where a factor is constant.
    pub fn word_mul(&mut self, a: &Word, b: &Word) -> Word {
        self.lazily(a, b, |builder, a, b| builder.checked_mul_int(a, b))
    }

    /// `a << by`, free.
    ///
    /// # Panics
    /// Unless `by` is below the width.
    pub fn word_shl(&mut self, a: &Word, by: u32) -> Word {
        assert!(by < a.width, "shift by {by} of {} bits", a.width);
        self.word_mul(a, &Word::constant(a.width, 1 << by))
    }

    /// `a >> by`, filled with zeros; costs the split of `a`.
    ///
    /// # Panics
    /// Unless `by` is below the width.
    pub fn word_shr(&mut self, a: &Word, by: u32) -> Word {
        assert!(by < a.width, "shift by {by} of {} bits", a.width);
        let mut bits = self.word_bits(a).split_off(by as usize);
        bits.resize(a.width as usize, Bit::constant(false));
        Word::from_bits(&bits)
    }

    /// `a & b`, bit by bit: at most a row a bit beside the splits.
    pub fn word_and(&mut self, a: &Word, b: &Word) -> Word {
        self.bitwise(a, b, Builder::and)
    }

    /// `a | b`, bit by bit: at most a row a bit beside the splits.
    pub fn word_or(&mut self, a: &Word, b: &Word) -> Word {
        self.bitwise(a, b, Builder::or)
    }

    /// `a ^ b`, bit by bit: at most a row a bit beside the splits.
    pub fn word_xor(&mut self, a: &Word, b: &Word) -> Word {
        self.bitwise(a, b, Builder::xor)
    }

    fn bitwise(&mut self, a: &Word, b: &Word, f: fn(&mut Builder, &Bit, &Bit) -> Bit) -> Word {
        assert_eq!(a.width, b.width, "words of one width");
        let (a, b) = (self.word_bits(a), self.word_bits(b));
        let bits: Vec<Bit> = a.iter().zip(&b).map(|(a, b)| f(self, a, b)).collect();
        Word::from_bits(&bits)
    }

    /// Whether `a = b`: two rows where `|a - b| < 2^width` is known, else the reductions too.
    pub fn word_equal(&mut self, a: &Word, b: &Word) -> Bit {
        assert_eq!(a.width, b.width, "words of one width");
        let modulus = I256::ONE << a.width;
        let near = |range: Interval| -modulus < range.lo() && range.hi() < modulus;
        match a.int.checked_sub(&b.int) {
            Some(difference) if near(difference.range()) => self.is_zero_int(&difference),
            _ => {
                let (a, b) = (self.reduced(a), self.reduced(b));
                self.equal(&a, &b)
            }
        }
    }

    /// Whether `a < b` as unsigned numbers; see [`Builder::less_than`].
    pub fn word_less_unsigned(&mut self, a: &Word, b: &Word) -> Bit {
        let (a, b) = (self.reduced(a), self.reduced(b));
        self.less_than(&a, &b)
    }

    /// Whether `a < b` in two's complement; see [`Builder::less_than`].
    pub fn word_less_signed(&mut self, a: &Word, b: &Word) -> Bit {
        let (a, b) = (self.reduced_signed(a), self.reduced_signed(b));
        self.less_than(&a, &b)
    }

    /// `bit ? a : b`: one row, none where `bit` is known.
    pub fn word_select(&mut self, bit: &Bit, a: &Word, b: &Word) -> Word {
        assert_eq!(a.width, b.width, "words of one width");
        Word::new(a.width, self.select_int(bit, &a.int, &b.int))
    }
}
