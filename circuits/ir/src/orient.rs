//! Which factor of a row stands in B.

use crate::Builder;

/// Passes over all rows; two or three are enough where it matters.
const PASSES: usize = 8;

impl Builder {
    /// Swaps the factors of rows so that fewer wires stand in B, whose points are of the second group and cost two to three
    /// times as much when proving (zcash issue 3366).
    ///
    /// Row by row, the factor that brings fewer new wires goes to B, until nothing changes: a local optimum. Factors of
    /// products commute, so neither the certificate nor what satisfies the rows changes.
    pub fn orient(&mut self) {
        let [a, b, _] = &self.rows;
        let mut uses = vec![0u32; self.wires()];
        let mut swapped = vec![false; a.rows()];
        for row in 0..b.rows() {
            b.row(row).0.iter().for_each(|wire| uses[*wire as usize] += 1);
        }
        for _ in 0..PASSES {
            let mut changed = false;
            for (row, swapped) in swapped.iter_mut().enumerate() {
                let [mut left, mut right] = [a.row(row).0, b.row(row).0];
                if *swapped {
                    std::mem::swap(&mut left, &mut right);
                }
                right.iter().for_each(|wire| uses[*wire as usize] -= 1);
                let [to_left, to_right] = [left, right].map(|factor| {
                    let new = factor.iter().filter(|wire| uses[**wire as usize] == 0).count();
                    (new, factor.len())
                });
                if to_left < to_right {
                    (*swapped, changed) = (!*swapped, true);
                    right = left;
                }
                right.iter().for_each(|wire| uses[*wire as usize] += 1);
            }
            if !changed {
                break;
            }
        }
        let [a, b] = [(a, b), (b, a)].map(|(kept, other)| kept.with_rows_of(other, &swapped));
        (self.rows[0], self.rows[1]) = (a, b);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Bit, Builder, Layout, Lc, Verdict};
    use std::collections::BTreeSet;
    use zera_r1cs::{Artefact, Manifest};

    fn products(orient: bool) -> Artefact {
        let mut builder = Builder::new(Layout { public_len: 2, private_len: 0, declared: 0 });
        let bits: Vec<Lc> =
            (0..2).flat_map(|at| builder.public_byte(at).to_vec()).map(|bit| bit.lc().clone()).collect();
        // Wires that no row says are 0 or 1, so that only these rows decide where they stand.
        let sums: Vec<Lc> = (0..8).map(|at| builder.mul(&bits[at].add(&bits[at + 1]), &bits[15])).collect();
        let many = Lc::combine(sums.iter().map(|sum| (1.into(), sum)));
        for sum in &sums[..4] {
            builder.mul(sum, &sums[7]);
        }
        builder.assert_product(&many.add(&bits[3]), &many.add(&bits[2]).add(&bits[4]), &Lc::zero());
        if orient {
            builder.orient();
        }
        let [trap, exceeded] = [false, false].map(Bit::constant);
        let verdict = Verdict { truth: builder.public_byte(0)[0].clone(), trap, exceeded };
        let manifest = Manifest::new("orient", 1, 2, 0, vec![]).unwrap();
        builder.finish(&verdict, &[], manifest, [0; 32]).unwrap()
    }

    #[test]
    fn fewer_wires_stand_in_b_and_the_products_are_the_same() {
        let [before, after] = [false, true].map(products);
        let wires = |artefact: &Artefact| -> usize {
            let b = &artefact.matrices.b;
            (0..b.rows()).flat_map(|row| b.row(row).0.to_vec()).collect::<BTreeSet<u32>>().len()
        };
        assert!(wires(&after) < wires(&before), "{} and {}", wires(&after), wires(&before));
        let [before, after] = [&before.matrices, &after.matrices];
        assert_eq!(before.c, after.c);
        for row in 0..before.rows() {
            let sides = [before.a.row(row), before.b.row(row)];
            assert!(sides == [after.a.row(row), after.b.row(row)] || sides == [after.b.row(row), after.a.row(row)]);
        }
    }
}
