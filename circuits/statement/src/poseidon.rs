//! Poseidon over BN254's scalar field with circomlib's parameters.
//!
//! The S-box is `x^5`, the width `t` runs from 2 to 17, there are 8 full rounds and a number of partial rounds that
//! depends on `t` ([`PARTIAL_ROUNDS`]). A permutation starts from the state `(0, input_1, .., input_{t-1})`; the hash is
//! the first element of the result. One permutation costs about `8 (t^2 + 3t) + R_P (2t + 2)` multiplications here.
//!
//! Nothing is tabled in the source: constants and matrix come out of the reference's Grain LFSR when a width is first
//! used, and `vectors/poseidon.txt` pins the result.
//!
//! Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, <https://eprint.iacr.org/2019/458>, and its
//! `generate_parameters_grain.sage`.

mod grain;
mod sparse;

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use grain::Grain;
use sparse::Schedule;
use std::sync::OnceLock;

/// Least width of the state.
pub const WIDTH_MIN: usize = 2;
/// Greatest width of the state; the hash takes one input less.
pub const WIDTH_MAX: usize = 17;
/// Full rounds, half before and half after the partial ones.
pub const FULL_ROUNDS: usize = 8;
/// Partial rounds for width `2 + index`.
pub const PARTIAL_ROUNDS: [usize; WIDTH_MAX - WIDTH_MIN + 1] =
    [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];

/// One instance of the permutation, as its definition reads.
///
/// Round `r` adds `constants[r * t..][..t]`, applies the S-box (to every element in a full round, to element 0 in a
/// partial one) and multiplies by the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Width of the state.
    pub t: usize,
    /// Full rounds, even.
    pub full_rounds: usize,
    /// Partial rounds.
    pub partial_rounds: usize,
    /// `t * (full_rounds + partial_rounds)` round constants, round by round.
    pub constants: Vec<Fr>,
    /// The matrix, `t * t`: `new[i] = sum_j mds[i * t + j] * old[j]`.
    pub mds: Vec<Fr>,
}

/// Parameters and what [`hash`] precomputes from them.
struct Instance {
    parameters: Parameters,
    schedule: Schedule,
}

static INSTANCES: [OnceLock<Instance>; WIDTH_MAX - WIDTH_MIN + 1] =
    [const { OnceLock::new() }; WIDTH_MAX - WIDTH_MIN + 1];

/// The parameters of width `t`; `None` outside `2..=17`. Generated once, in milliseconds.
pub fn parameters(t: usize) -> Option<&'static Parameters> {
    instance(t).map(|instance| &instance.parameters)
}

/// Hashes 1 to 16 field elements; `None` for any other number.
pub fn hash(inputs: &[Fr]) -> Option<Fr> {
    let t = inputs.len().checked_add(1)?;
    let schedule = &instance(t)?.schedule;
    let mut state = [Fr::zero(); WIDTH_MAX];
    state[1..t].copy_from_slice(inputs);
    schedule.permute(&mut state[..t]);
    Some(state[0])
}

fn instance(t: usize) -> Option<&'static Instance> {
    let at = t.checked_sub(WIDTH_MIN)?;
    Some(INSTANCES.get(at)?.get_or_init(|| {
        let parameters = Grain::parameters(t, FULL_ROUNDS, PARTIAL_ROUNDS[at]);
        let schedule = Schedule::new(&parameters);
        Instance { parameters, schedule }
    }))
}

/// `x^5`.
fn sbox(x: &mut Fr) {
    let mut x4 = x.square();
    x4.square_in_place();
    *x *= x4;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, round by round: the oracle for the schedule.
    fn permute_plainly(parameters: &Parameters, state: &mut Vec<Fr>) {
        let Parameters { t, full_rounds, partial_rounds, constants, mds } = parameters;
        for (r, round) in constants.chunks(*t).enumerate() {
            for (x, c) in state.iter_mut().zip(round) {
                *x += c;
            }
            let partial = (full_rounds / 2..full_rounds / 2 + partial_rounds).contains(&r);
            state.iter_mut().take(if partial { 1 } else { *t }).for_each(sbox);
            *state = mds.chunks(*t).map(|row| row.iter().zip(&*state).map(|(m, x)| *m * x).sum()).collect();
        }
    }

    /// All of the state, not only the element that the hash returns, from states that no hash starts from.
    #[test]
    fn the_schedule_permutes_as_the_definition_does() {
        for t in WIDTH_MIN..=WIDTH_MAX {
            let Instance { parameters, schedule } = instance(t).unwrap();
            assert_eq!(parameters.constants.len(), t * (FULL_ROUNDS + PARTIAL_ROUNDS[t - WIDTH_MIN]));
            assert_eq!(parameters.mds.len(), t * t);
            let mut state: Vec<Fr> = (0..t as u64).map(|i| Fr::from(i + 1).inverse().unwrap()).collect();
            for _ in 0..3 {
                let mut sparse = state.clone();
                schedule.permute(&mut sparse);
                permute_plainly(parameters, &mut state);
                assert_eq!(sparse, state, "t = {t}");
            }
        }
    }

    #[test]
    fn only_one_to_sixteen_inputs_have_a_hash() {
        assert_eq!(hash(&[]), None);
        assert_eq!(hash(&[Fr::zero(); 17]), None);
        assert!(hash(&[Fr::zero(); 16]).is_some());
        assert_eq!(parameters(1), None);
        assert_eq!(parameters(18), None);
    }
}
