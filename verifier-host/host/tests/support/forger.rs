//! A key made from known scalars: it proves anything, as whoever holds a set-up's secrets could.
#![allow(dead_code, reason = "each test file uses its own part")]

use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{Field as _, UniformRand};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zera_abi::{AccountId, Height, Outcome, TaskId};
use zera_host::{Action, Exhibit};
use zera_market::Answer;
use zera_statement::{Binding, Statement, scalar_from_be};
use zera_verifier::{Proof, VerifyingKey};

use super::fixture::{ALICE, account};

/// A key whose secrets are known.
pub struct Broken {
    alpha: Fr,
    beta: Fr,
    gamma: Fr,
    delta: Fr,
    ic: Vec<Fr>,
}

impl Broken {
    /// With three public inputs and as many as are declared.
    pub fn new(declared: usize) -> Broken {
        Broken::from_seed(11, declared)
    }

    /// One of many, with three public inputs.
    pub fn of(number: u64) -> Broken {
        Broken::from_seed(100 + number, 0)
    }

    fn from_seed(seed: u64, declared: usize) -> Broken {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut scalar = || Fr::rand(&mut rng);
        Broken {
            alpha: scalar(),
            beta: scalar(),
            gamma: scalar(),
            delta: scalar(),
            ic: (0..4 + declared).map(|_| scalar()).collect(),
        }
    }

    pub fn key(&self) -> VerifyingKey {
        let g1 = |s: Fr| (G1Projective::generator() * s).into_affine();
        let g2 = |s: Fr| (G2Projective::generator() * s).into_affine();
        VerifyingKey::from_points(
            g1(self.alpha),
            g2(self.beta),
            g2(self.gamma),
            g2(self.delta),
            &self.ic.iter().map(|s| g1(*s)).collect::<Vec<_>>(),
        )
        .unwrap()
    }

    /// A proof of anything: C is solved for.
    pub fn forge(&self, inputs: &[Fr]) -> [u8; 256] {
        let (a, b) = (Fr::from(3u64), Fr::from(5u64));
        let sum = inputs.iter().zip(&self.ic[1..]).fold(self.ic[0], |sum, (x, ic)| sum + *x * ic);
        let c = (a * b - self.alpha * self.beta - self.gamma * sum) * self.delta.inverse().unwrap();
        Proof::from_points(
            (G1Projective::generator() * a).into_affine(),
            (G2Projective::generator() * b).into_affine(),
            (G1Projective::generator() * c).into_affine(),
        )
        .unwrap()
        .encode()
    }

    /// A proof of this claim, whatever it claims.
    pub fn prove(&self, binding: Binding, input_root: &[u8; 32], outcome: Outcome, declared: &[[u8; 32]]) -> [u8; 256] {
        let statement = Statement {
            outcome,
            binding: binding.to_scalar(),
            input_root: scalar_from_be(input_root).unwrap(),
            declared: declared.iter().map(|value| scalar_from_be(value).unwrap()).collect(),
        };
        self.forge(&statement.public_inputs())
    }

    /// A proof of nothing that a chain has asked, with what its statement holds.
    pub fn exhibit(&self, binding: Binding, input_root: &[u8; 32], outcome: Outcome, declared: &[[u8; 32]]) -> Exhibit {
        let (task, not_after) = (TaskId([9; 32]), Height(77));
        let proof = self.prove(Binding { task, not_after, ..binding }, input_root, outcome, declared);
        Exhibit { task, provider: binding.provider, not_after, outcome, declared: declared.to_vec(), proof }
    }
}

/// The context of `who`'s proofs for a task.
pub fn binding_of(f: &super::Fixture, who: AccountId, task: TaskId, not_after: Height) -> Binding {
    Binding { chain: f.id, task, key: f.key, predicate: f.predicate, provider: who, not_after }
}

/// An answer of `who` to a task, whatever it says.
pub fn forged(f: &super::Fixture, broken: &Broken, who: u8, task: &TaskId, outcome: Outcome) -> Answer {
    let record = f.task(task);
    let binding = binding_of(f, account(who), *task, record.not_after());
    let proof = broken.prove(binding, record.input_root(), outcome, &[]);
    Answer { outcome, declared: vec![], proof: Box::new(proof) }
}

/// A proof of `who` for the predicate that the chain serves.
pub fn exhibit(f: &super::Fixture, broken: &Broken, who: u8, outcome: Outcome, input_root: &[u8; 32]) -> Exhibit {
    broken.exhibit(binding_of(f, account(who), TaskId([9; 32]), Height(77)), input_root, outcome, &[])
}

/// Two proofs with different outcomes for one input; the report is that of `who`.
pub fn contradiction(f: &super::Fixture, broken: &Broken, who: u8) -> Action {
    let input_root = [3; 32];
    Action::Contradict {
        key: f.key,
        input_root,
        exhibits: Box::new([Outcome::True, Outcome::False].map(|outcome| {
            let provider = if outcome == Outcome::True { who } else { ALICE };
            exhibit(f, broken, provider, outcome, &input_root)
        })),
    }
}
