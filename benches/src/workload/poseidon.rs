//! The permutation as its definition reads: the baseline of the one that is used.

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use zera_statement::poseidon::{Parameters, parameters};
use zera_statement::{ELEMENTS_PER_BLOCK, pack};

/// The hash of 1 to 16 elements, with `t^2` multiplications for the matrix of every round.
///
/// # Panics
/// For any other number of elements.
pub fn hash_plainly(inputs: &[Fr]) -> Fr {
    let Parameters { t, full_rounds, partial_rounds, constants, mds } =
        parameters(inputs.len() + 1).expect("1 to 16 elements");
    let mut state = vec![Fr::zero()];
    state.extend_from_slice(inputs);
    for (r, round) in constants.chunks(*t).enumerate() {
        for (x, c) in state.iter_mut().zip(round) {
            *x += c;
        }
        let partial = (full_rounds / 2..full_rounds / 2 + partial_rounds).contains(&r);
        for x in state.iter_mut().take(if partial { 1 } else { *t }) {
            let x4 = x.square().square();
            *x *= x4;
        }
        state = mds.chunks(*t).map(|row| row.iter().zip(&state).map(|(m, x)| *m * x).sum()).collect();
    }
    state[0]
}

/// The root of public input bytes, by [`hash_plainly`].
pub fn input_root_plainly(bytes: &[u8]) -> Fr {
    let elements = pack(bytes);
    let root = Fr::from(bytes.len() as u64);
    if elements.is_empty() {
        return hash_plainly(&[root]);
    }
    elements.chunks(ELEMENTS_PER_BLOCK).fold(root, |root, block| {
        let mut inputs = vec![root];
        inputs.extend_from_slice(block);
        hash_plainly(&inputs)
    })
}
