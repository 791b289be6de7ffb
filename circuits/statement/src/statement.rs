//! The public inputs in their order.

use ark_bn254::Fr;
use zera_abi::Outcome;
use zera_abi::wire::STATEMENT_INPUTS;

/// What a proof says: for this context and these input bytes the predicate's outcome is this.
///
/// Public inputs, in order: outcome, binding, input root, then the declared values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The predicate's answer.
    pub outcome: Outcome,
    /// [`crate::Binding::to_scalar`].
    pub binding: Fr,
    /// [`crate::input_root`] of the public input bytes.
    pub input_root: Fr,
    /// Further public values that the predicate declares: commitments, outputs.
    pub declared: Vec<Fr>,
}

impl Statement {
    /// The public inputs, without the constant 1: `3 + declared.len()` scalars.
    pub fn public_inputs(&self) -> Vec<Fr> {
        let mut inputs = Vec::with_capacity(STATEMENT_INPUTS + self.declared.len());
        inputs.extend([Fr::from(self.outcome.code()), self.binding, self.input_root]);
        inputs.extend_from_slice(&self.declared);
        inputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcome_binding_root_then_declared() {
        let [binding, input_root, first, second] = [11, 12, 13, 14].map(Fr::from);
        for (outcome, code) in
            [(Outcome::False, 0), (Outcome::True, 1), (Outcome::Trap, 2), (Outcome::BoundExceeded, 3)]
        {
            let statement = Statement { outcome, binding, input_root, declared: vec![first, second] };
            assert_eq!(statement.public_inputs(), [Fr::from(code), binding, input_root, first, second]);
        }
    }
}
