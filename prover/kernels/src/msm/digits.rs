//! From scalars to signed digits, by class.
//!
//! Most scalars of a circuit over bits are 0 or 1: they are sorted out by comparing words, before anything is converted. The
//! others are taken as `s` or `s - r`, whichever is smaller in size, so that small negative ones are small, too.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, PrimeField};
use zera_field::{Backend, LANES, Modulus, PrimeLanes, Work};

/// Bits of the size of a scalar: `(r - 1) / 2 < 2^253`.
pub(super) const FULL_BITS: usize = 253;
/// Bits of a scalar that counts as small.
pub(super) const SMALL_BITS: usize = 64;

/// `(r - 1) / 2`.
const HALF: [u64; 4] = <Fr as PrimeField>::MODULUS_MINUS_ONE_DIV_TWO.0;

/// Scalars of one size: references to their bases (`index << 1 | negated`) and their sizes, recoded.
#[derive(Default)]
pub(super) struct Class {
    pub(super) references: Vec<u32>,
    /// Size plus [`offset`].
    pub(super) words: Vec<[u64; 4]>,
}

/// All scalars that are not zero.
#[derive(Default)]
pub(super) struct Scalars {
    /// References of 1 and -1.
    pub(super) ones: Vec<u32>,
    pub(super) small: Class,
    pub(super) full: Class,
}

/// Windows of `width` bits that hold `bits` bits and a carry.
pub(super) const fn windows(bits: usize, width: usize) -> usize {
    (bits + 1).div_ceil(width)
}

/// `sum 2^(width - 1) 2^(width w)` over all windows but the highest.
///
/// With it added, the digits are independent: digit `w` is the window's value less `2^(width - 1)`, and the highest one its
/// value. No carries run.
fn offset(bits: usize, width: usize) -> [u64; 4] {
    let mut words = [0; 4];
    for window in 0..windows(bits, width) - 1 {
        let bit = window * width + width - 1;
        words[bit / 64] |= 1 << (bit % 64);
    }
    words
}

/// Sorts scalars into classes. `of(j)` is the scalar of base `j`.
pub(super) fn classify<B: Backend>(backend: B, count: usize, width: usize, of: impl Fn(usize) -> Fr) -> Scalars {
    let mut scalars = Scalars::default();
    let offsets = [offset(SMALL_BITS, width), offset(FULL_BITS, width)];
    let (one, minus_one) = (Fr::ONE, -Fr::ONE);
    let mut eight = [Fr::ZERO; LANES];
    let mut bases = [0u32; LANES];
    let mut waiting = 0;
    for base in 0..count {
        let scalar = of(base);
        let reference = (base as u32) << 1;
        if scalar == Fr::ZERO {
            continue;
        } else if scalar == one {
            scalars.ones.push(reference);
        } else if scalar == minus_one {
            scalars.ones.push(reference | 1);
        } else {
            (eight[waiting], bases[waiting]) = (scalar, reference);
            waiting += 1;
            if waiting == LANES {
                convert(backend, &eight, &bases, &offsets, &mut scalars);
                waiting = 0;
            }
        }
    }
    if waiting > 0 {
        convert(backend, &eight, &bases[..waiting], &offsets, &mut scalars);
    }
    scalars
}

fn convert<B: Backend>(
    backend: B,
    eight: &[Fr; LANES],
    bases: &[u32],
    [small, full]: &[[u64; 4]; 2],
    scalars: &mut Scalars,
) {
    let integers = backend.run(Integers::<B::Fr> { token: backend, eight });
    for (integer, reference) in integers.iter().zip(bases) {
        let negative = integer.iter().rev().gt(HALF.iter().rev());
        let size = if negative { minus(&Fr::WORDS, integer) } else { *integer };
        let reference = reference | u32::from(negative);
        let (class, offset) =
            if size[1] | size[2] | size[3] == 0 { (&mut scalars.small, small) } else { (&mut scalars.full, full) };
        class.references.push(reference);
        class.words.push(plus(&size, offset));
    }
}

struct Integers<'a, L: PrimeLanes> {
    token: L::Token,
    eight: &'a [L::Element; LANES],
}

impl<L: PrimeLanes> Work for Integers<'_, L> {
    type Output = [[u64; 4]; LANES];

    #[inline(always)]
    fn run(self) -> Self::Output {
        L::integers(self.token, self.eight)
    }
}

fn minus(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let mut borrow = false;
    std::array::from_fn(|i| {
        let (value, first) = a[i].overflowing_sub(b[i]);
        let (value, second) = value.overflowing_sub(u64::from(borrow));
        borrow = first | second;
        value
    })
}

fn plus(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let mut carry = false;
    std::array::from_fn(|i| {
        let (value, first) = a[i].overflowing_add(b[i]);
        let (value, second) = value.overflowing_add(u64::from(carry));
        carry = first | second;
        value
    })
}

/// Where the bits of one window are in a recoded scalar.
#[derive(Clone, Copy)]
pub(super) struct Window {
    word: usize,
    shift: u32,
    mask: u64,
    /// What the digit is less than the bits.
    less: i64,
}

impl Window {
    /// Window `window` of scalars of `bits` bits.
    pub(super) fn new(bits: usize, width: usize, window: usize) -> Window {
        let (first, highest) = (window * width, window + 1 == windows(bits, width));
        let less = if highest { 0 } else { 1 << (width - 1) };
        Window { word: first / 64, shift: (first % 64) as u32, mask: (1 << width) - 1, less }
    }

    /// The digit: at most `2^(width - 1)` in size.
    #[inline(always)]
    pub(super) fn digit(self, words: &[u64; 4]) -> i64 {
        let low = words[self.word] >> self.shift;
        // The word above, where there is one; a shift by 64 in two steps.
        let high = if self.word < 3 { words[self.word + 1] << 1 << (63 - self.shift) } else { 0 };
        ((low | high) & self.mask) as i64 - self.less
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digits add up to the scalar again, for every width and at both ends of each class.
    #[test]
    fn digits_are_the_scalar() {
        let half = Fr::from_bigint(Fr::MODULUS_MINUS_ONE_DIV_TWO).expect("below r");
        let two = Fr::from(2u64);
        let mut scalars = vec![half, half + Fr::ONE, -two, two, Fr::from(u64::MAX), Fr::from(u64::MAX) + Fr::ONE];
        scalars.extend((1..254u64).flat_map(|bits| [two.pow([bits]), two.pow([bits]) - Fr::ONE, -two.pow([bits])]));
        for width in super::super::window::WIDTHS {
            let classes = classify(zera_field::Portable, scalars.len(), width, |i| scalars[i]);
            let mut seen = classes.ones.len();
            for (class, bits) in [(&classes.small, SMALL_BITS), (&classes.full, FULL_BITS)] {
                for (reference, words) in class.references.iter().zip(&class.words) {
                    let mut sum = Fr::ZERO;
                    for window in (0..windows(bits, width)).rev() {
                        let digit = Window::new(bits, width, window).digit(words);
                        assert!(digit.unsigned_abs() <= 1 << (width - 1), "width {width}, window {window}: {digit}");
                        let size = Fr::from(digit.unsigned_abs());
                        sum = sum * two.pow([width as u64]) + if digit < 0 { -size } else { size };
                    }
                    let scalar = scalars[(reference >> 1) as usize];
                    assert_eq!(if reference & 1 == 1 { -sum } else { sum }, scalar, "width {width}");
                    seen += 1;
                }
            }
            assert_eq!(seen, scalars.len());
        }
    }
}
