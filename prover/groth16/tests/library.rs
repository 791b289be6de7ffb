//! Every built-in predicate from its input bytes to a verdict, the statement rebuilt as a host rebuilds it.

use ark_bn254::Fr;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zera_abi::{AccountId, ChainId, Height, Outcome, TaskId};
use zera_kernels::Arkworks;
use zera_params::{Origin, dev_keys};
use zera_prover::prove;
use zera_r1cs::TapeInputs;
use zera_statement::{Binding, Statement, input_root};
use zera_verifier::{Proof, PublicInputs, VerifyError, verify};

#[test]
fn proved_for_one_provider_and_one_outcome() {
    for predicate in zera_library::registry() {
        let artefact = (predicate.artefact)();
        let keys = dev_keys(&artefact.matrices).expect("keys");
        assert_eq!(keys.origin(), Origin::Dev);
        let binding = Binding {
            chain: ChainId([1; 32]),
            task: TaskId([2; 32]),
            key: keys.verifying.id(),
            predicate: artefact.predicate_id(),
            provider: AccountId([3; 32]),
            not_after: Height(400),
        };
        let example = serde_json::from_str(predicate.example).expect("JSON");
        let public = (predicate.parse)(&example).expect("an input");
        let inputs = TapeInputs { binding: binding.to_scalar(), public: &public, private: &[] };
        let z = artefact.tape.run(&inputs).expect("an assignment");
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (proof, _) = prove(&Arkworks, &keys.proving, &artefact.matrices, &z, &mut rng).expect("a proof");
        let bytes = Proof::from_points(proof.a, proof.b, proof.c).expect("a proof").encode();

        // From here on the host's side: its own binding, root and outcome, and the proof's bytes.
        let key = keys.verifying.prepare();
        let proof = Proof::decode(&bytes).expect("a proof");
        let outcome = (predicate.evaluate)(&public, &[]);
        assert_eq!(outcome, Outcome::True, "{}: the example holds", predicate.name);
        let statement =
            Statement { outcome, binding: binding.to_scalar(), input_root: input_root(&public), declared: Vec::new() };
        let verdict =
            |statement: &Statement| verify(&key, &PublicInputs::from_scalars(statement.public_inputs()), &proof);
        assert_eq!(verdict(&statement), Ok(()), "{}", predicate.name);

        let copied = Binding { provider: AccountId([4; 32]), ..binding };
        let mut other_input = public.clone();
        other_input[0] ^= 1;
        let wrong = [
            Statement { outcome: Outcome::False, ..statement.clone() },
            Statement { outcome: Outcome::Trap, ..statement.clone() },
            Statement { binding: copied.to_scalar(), ..statement.clone() },
            Statement { input_root: input_root(&other_input), ..statement.clone() },
            Statement { declared: vec![Fr::from(0u64)], ..statement.clone() },
        ];
        for (index, wrong) in wrong.iter().enumerate() {
            let expected = if wrong.declared.is_empty() { VerifyError::Rejected } else { count(3, 4) };
            assert_eq!(verdict(wrong), Err(expected), "{}: wrong statement {index}", predicate.name);
        }
    }
}

fn count(expected: usize, got: usize) -> VerifyError {
    VerifyError::Count { expected, got }
}
