//! Sorted values as advice: the tape sorts on temporaries, without rows.

use crate::{Builder, Lc};
use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use zera_r1cs::{Register, Step};

impl Builder {
    /// New wires with the values of `keys` in ascending order, as integers below `2^bits`. **No row pins them**: the
    /// caller's rows must (Advice).
    ///
    /// The tape runs Batcher's merge exchange, four operations a comparison (59 for 15 keys); it fails where a key is
    /// `2^bits` or above.
    ///
    /// # Panics
    /// Above 126 bits: the tape divides below `2^128`.
    pub fn assume_sorted(&mut self, keys: &[Lc], bits: u32) -> Vec<Lc> {
        assert!(bits <= 126, "sort: keys of {bits} bits, at most 126");
        let mut values: Vec<Register> = keys.iter().map(|key| self.register(key)).collect();
        let modulus = Fr::from(2).pow([u64::from(bits)]);
        let divisor = self.register(&Lc::constant(modulus));
        for (i, j) in merge_exchange(keys.len()) {
            let (low, high) = (values[i], values[j]);
            let tape = self.tape();
            let [difference, swap, rest, least, greatest] = std::array::from_fn(|_| tape.temporary());
            // low - high + 2^bits lies within 1..2^(bits + 1); its quotient by 2^bits is 1 exactly where low >= high.
            tape.linear(difference, modulus, [(low, Fr::one()), (high, -Fr::one())]);
            tape.divide(swap, rest, difference, divisor);
            tape.select(least, swap, high, low);
            tape.select(greatest, swap, low, high);
            (values[i], values[j]) = (least, greatest);
        }
        let mut sorted = Vec::with_capacity(values.len());
        for value in values {
            let wire = self.wire();
            self.tape().linear(Register::Wire(wire), Fr::zero(), [(value, Fr::one())]);
            sorted.push(Lc::wire(wire));
        }
        let wires = sorted.iter().filter_map(Lc::as_wire).collect();
        self.certify(Step::Assumed { wires });
        sorted
    }
}

/// Batcher's merge exchange for any `n`: pairs `(i, j)`, `i < j`, to be put in order one after the other.
///
/// Source: Knuth, The Art of Computer Programming, volume 3, algorithm 5.2.2M.
fn merge_exchange(n: usize) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let top = n.next_power_of_two() / 2;
    let mut p = top;
    while p > 0 {
        let (mut q, mut r, mut d) = (top, 0, p);
        loop {
            pairs.extend((0..n.saturating_sub(d)).filter(|i| i & p == r).map(|i| (i, i + d)));
            if q == p {
                break;
            }
            (d, q, r) = (q - p, q / 2, p);
        }
        p /= 2;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network that sorts all inputs of zeros and ones sorts everything (Knuth, theorem 5.3.4Z).
    #[test]
    fn merge_exchange_sorts_every_input_of_zeros_and_ones() {
        for n in 0..=15 {
            let pairs = merge_exchange(n);
            for input in 0u32..1 << n {
                let mut values: Vec<u32> = (0..n).map(|i| input >> i & 1).collect();
                for (i, j) in &pairs {
                    if values[*i] > values[*j] {
                        values.swap(*i, *j);
                    }
                }
                assert!(values.is_sorted(), "n = {n}, input {input:#b}");
            }
        }
        assert_eq!(merge_exchange(15).len(), 59);
    }
}
