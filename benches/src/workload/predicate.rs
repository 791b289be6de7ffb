//! Built-in predicates with assignment and development keys.

use ark_bn254::{Bn254, Fr};
use ark_groth16::{Groth16, Proof};
use zera_abi::{AccountId, ChainId, Height, Outcome, TaskId};
use zera_library::{Predicate, collateral_ratio, compound_growth, range, special_price};
use zera_params::{Keys, dev_keys};
use zera_prover::Blinding;
use zera_r1cs::{Artefact, Matrices, TapeInputs};
use zera_statement::Binding;

/// A matrix as arkworks wants it.
pub type ArkMatrix = Vec<Vec<(Fr, usize)>>;

/// A predicate, an input that holds, and what it takes to prove it.
pub struct Subject {
    /// The word for it in names.
    pub word: &'static str,
    /// Its row in the registry.
    pub predicate: &'static Predicate,
    /// Its artefact.
    pub artefact: &'static Artefact,
    /// Public input bytes.
    pub public: Vec<u8>,
    /// The binding of the statement.
    pub binding: Fr,
    /// The full assignment.
    pub z: Vec<Fr>,
    /// Keys.
    pub keys: Keys,
    /// The matrices for arkworks' prover.
    pub ark: [ArkMatrix; 3],
}

/// 15 quotes around 100,000 in no order, all within a spread of 500 basis points.
pub fn quotes() -> special_price::Input {
    let quotes = (0..15u64).map(|i| 98_000 + (i * 7919) % 4_001).collect();
    special_price::Input { threshold: 97_999, max_spread_bps: 500, quotes }
}

impl Subject {
    /// `SpecialPriceOraclePredicate` on [`quotes`].
    pub fn special_price() -> Subject {
        let public = quotes().encode().expect("15 quotes");
        Subject::new("special_price", special_price::NAME, public.to_vec())
    }

    /// `RangePredicate` on `18 <= 42 <= 99`.
    pub fn range() -> Subject {
        Subject::new("range", range::NAME, range::Input { x: 42, lo: 18, hi: 99 }.encode().to_vec())
    }

    /// Every built-in predicate: those above, and the others on their own examples.
    pub fn all() -> Vec<Subject> {
        let words = [("collateral_ratio", collateral_ratio::NAME), ("compound_growth", compound_growth::NAME)];
        let mut subjects = vec![Subject::special_price(), Subject::range()];
        subjects.extend(words.map(|(word, name)| {
            let predicate = zera_library::by_name(name).expect("a built-in predicate");
            let example = serde_json::from_str(predicate.example).expect("JSON");
            Subject::new(word, name, (predicate.parse)(&example).expect("an input"))
        }));
        assert_eq!(subjects.len(), zera_library::registry().len(), "every predicate has its subject");
        subjects
    }

    fn new(word: &'static str, name: &str, public: Vec<u8>) -> Subject {
        let predicate = zera_library::by_name(name).expect("a built-in predicate");
        assert_eq!((predicate.evaluate)(&public, &[]), Outcome::True, "the input holds");
        let artefact = (predicate.artefact)();
        let keys = dev_keys(&artefact.matrices).expect("development keys");
        let binding = Binding {
            chain: ChainId([1; 32]),
            task: TaskId([2; 32]),
            key: keys.verifying.id(),
            predicate: artefact.predicate_id(),
            provider: AccountId([3; 32]),
            not_after: Height(1_000),
        };
        let binding = binding.to_scalar();
        let z = assign(artefact, &public, binding);
        artefact.matrices.check(&z).expect("the assignment satisfies every row");
        let ark = ark_matrices(&artefact.matrices);
        Subject { word, predicate, artefact, public, binding, z, keys, ark }
    }

    /// Runs the tape.
    pub fn assign(&self) -> Vec<Fr> {
        assign(self.artefact, &self.public, self.binding)
    }

    /// arkworks' proof on the same key, assignment and matrices.
    pub fn prove_by_ark(&self, blinding: &Blinding) -> Proof<Bn254> {
        let matrices = &self.artefact.matrices;
        let (inputs, rows) = (matrices.publics as usize + 1, matrices.rows());
        let Blinding { r, s } = *blinding;
        let (key, z) = (&self.keys.proving, &self.z);
        Groth16::<Bn254>::create_proof_with_reduction_and_matrices(key, r, s, &self.ark, inputs, rows, z)
            .expect("arkworks proves")
    }

    /// Public inputs of the statement.
    pub fn inputs(&self) -> &[Fr] {
        &self.z[1..=self.artefact.matrices.publics as usize]
    }
}

fn assign(artefact: &Artefact, public: &[u8], binding: Fr) -> Vec<Fr> {
    artefact.tape.run(&TapeInputs { binding, public, private: &[] }).expect("the tape runs")
}

fn ark_matrices(matrices: &Matrices) -> [ArkMatrix; 3] {
    [&matrices.a, &matrices.b, &matrices.c].map(|matrix| {
        let row = |i| {
            let (wires, coefficients) = matrix.row(i);
            coefficients.iter().copied().zip(wires.iter().map(|&wire| wire as usize)).collect()
        };
        (0..matrix.rows()).map(row).collect()
    })
}
