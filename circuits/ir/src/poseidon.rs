//! Poseidon as rows.

use crate::{Builder, Lc};
use ark_bn254::Fr;
use zera_statement::poseidon;

impl Builder {
    /// [`zera_statement::poseidon::hash`] of 1 to 16 inputs; `None` for any other number.
    ///
    /// Each S-box is three products, `x^2`, `x^4`, `x^5`; constants and matrix are linear and free. Element 0 starts as
    /// a constant, so its first S-box costs nothing: `3 (8 t + R_P - 1)` rows with `t = inputs + 1`, the counts of
    /// circom's `-O2` (213 for one input, 240 for two, 297 for four, 609 for sixteen). A constant input saves 3 more.
    pub fn poseidon(&mut self, inputs: &[Lc]) -> Option<Lc> {
        let parameters = poseidon::parameters(inputs.len().checked_add(1)?)?;
        let t = parameters.t;
        let half = parameters.full_rounds / 2;
        let mut state = Vec::with_capacity(t);
        state.push(Lc::zero());
        state.extend_from_slice(inputs);
        for (round, constants) in parameters.constants.chunks(t).enumerate() {
            for (x, c) in state.iter_mut().zip(constants) {
                *x = x.add_constant(*c);
            }
            let partial = (half..half + parameters.partial_rounds).contains(&round);
            for x in state.iter_mut().take(if partial { 1 } else { t }) {
                *x = self.fifth_power(x);
            }
            let mix = |row: &[Fr]| Lc::combine(row.iter().copied().zip(&state));
            state = parameters.mds.chunks(t).map(mix).collect();
        }
        state.into_iter().next()
    }

    /// `x^5`: three rows (Mul).
    fn fifth_power(&mut self, x: &Lc) -> Lc {
        let square = self.mul(x, x);
        let fourth = self.mul(&square, &square);
        self.mul(x, &fourth)
    }
}
