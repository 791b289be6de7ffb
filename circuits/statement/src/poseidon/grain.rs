//! The Grain LFSR that Poseidon's parameters come from.

use super::Parameters;
use ark_bn254::Fr;
use ark_ff::{BigInt, Field, PrimeField};
use std::collections::VecDeque;

/// Bits of the modulus, and of every number drawn.
const FIELD_BITS: u32 = 254;
/// Clocks thrown away before the first output.
const WARM_UP: usize = 160;

/// An 80-bit LFSR whose output is shrunk by itself.
///
/// Seed, most significant bit first: field (2 bits, 1 for a prime field), S-box (4 bits, 0 for `x^5`), `n` (12),
/// `t` (12), full rounds (10), partial rounds (10), thirty ones.
pub(super) struct Grain {
    state: VecDeque<bool>,
}

impl Grain {
    /// The parameters of one instance, in the order that the reference draws them: constants, then the matrix.
    pub(super) fn parameters(t: usize, full_rounds: usize, partial_rounds: usize) -> Parameters {
        let mut grain = Grain::new(t, full_rounds, partial_rounds);
        let constants = (0..t * (full_rounds + partial_rounds)).map(|_| grain.scalar_below_r()).collect();
        let mds = grain.cauchy(t);
        Parameters { t, full_rounds, partial_rounds, constants, mds }
    }

    fn new(t: usize, full_rounds: usize, partial_rounds: usize) -> Grain {
        let fields = [
            (1, 2),
            (0, 4),
            (FIELD_BITS as usize, 12),
            (t, 12),
            (full_rounds, 10),
            (partial_rounds, 10),
            ((1 << 30) - 1, 30),
        ];
        let bits = fields.iter().flat_map(|&(value, width)| (0..width).rev().map(move |bit| value >> bit & 1 == 1));
        let mut grain = Grain { state: bits.collect() };
        assert_eq!(grain.state.len(), 80);
        for _ in 0..WARM_UP {
            grain.clock();
        }
        grain
    }

    /// `b[i+80] = b[i+62] ^ b[i+51] ^ b[i+38] ^ b[i+23] ^ b[i+13] ^ b[i]`.
    fn clock(&mut self) -> bool {
        let bit = [62, 51, 38, 23, 13, 0].iter().fold(false, |bit, &tap| bit ^ self.state[tap]);
        self.state.pop_front();
        self.state.push_back(bit);
        bit
    }

    /// Of each pair of clocked bits the second is output where the first is 1.
    fn bit(&mut self) -> bool {
        loop {
            let (choose, bit) = (self.clock(), self.clock());
            if choose {
                return bit;
            }
        }
    }

    /// 254 bits, most significant first.
    fn integer(&mut self) -> BigInt<4> {
        let mut limbs = [0u64; 4];
        for at in (0..FIELD_BITS as usize).rev() {
            limbs[at / 64] |= u64::from(self.bit()) << (at % 64);
        }
        BigInt(limbs)
    }

    /// Draws until the number is below r.
    fn scalar_below_r(&mut self) -> Fr {
        loop {
            if let Some(scalar) = Fr::from_bigint(self.integer()) {
                return scalar;
            }
        }
    }

    /// One draw, reduced: below 2 r, so at most one subtraction.
    fn scalar_reduced(&mut self) -> Fr {
        let BigInt(limbs) = self.integer();
        let word = Fr::from(1u128 << 64);
        limbs.iter().rev().fold(Fr::from(0), |scalar, &limb| scalar * word + Fr::from(limb))
    }

    /// `m[i][j] = 1 / (x_i + y_j)` for `2 t` distinct numbers `x_0 .. x_{t-1}, y_0 .. y_{t-1}`, drawn again until distinct.
    fn cauchy(&mut self, t: usize) -> Vec<Fr> {
        loop {
            let numbers: Vec<Fr> = (0..2 * t).map(|_| self.scalar_reduced()).collect();
            let distinct = (1..numbers.len()).all(|at| !numbers[..at].contains(&numbers[at]));
            let (xs, ys) = numbers.split_at(t);
            let sums = xs.iter().flat_map(|x| ys.iter().map(move |y| *x + y));
            // A zero sum has no inverse; the reference draws again as well.
            let inverses: Option<Vec<Fr>> = sums.map(|sum| sum.inverse()).collect();
            match inverses {
                Some(mds) if distinct => return mds,
                _ => {}
            }
        }
    }
}
