//! What is refused: assignments that do not satisfy, keys of other circuits, engines that compute wrongly.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ff::{One, Zero};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zera_kernels::{Arkworks, Bases, Engine, LengthMismatch, NttError, PlainQuotients, Quotients, Transform};
use zera_params::{Keys, dev_keys};
use zera_prover::{Blinding, ProveError, prove, prove_with};
use zera_r1cs::{Matrices, Unsatisfied};

#[path = "support/circuit.rs"]
mod circuit;

fn refusal(keys: &Keys, matrices: &Matrices, z: &[Fr]) -> ProveError {
    prove(&Arkworks, &keys.proving, matrices, z, &mut ChaCha20Rng::seed_from_u64(1)).expect_err("refused")
}

#[test]
fn the_first_row_that_does_not_hold_is_named() {
    let (matrices, z) = circuit::random(1, 1000, 3);
    let keys = dev_keys(&matrices).expect("keys");
    // Row i defines wire 5 + i, so a later wire breaks a later row first; rows lie in several tasks.
    let mut rows = Vec::new();
    for wires in [vec![5 + 999], vec![5 + 600, 5 + 300], vec![5 + 256], vec![5 + 255], vec![2], vec![4]] {
        let mut bad = z.clone();
        for wire in wires {
            bad[wire] += Fr::one();
        }
        let expected = matrices.check(&bad).expect_err("unsatisfied");
        rows.push(expected.row().expect("a row"));
        assert_eq!(refusal(&keys, &matrices, &bad), ProveError::Assignment(expected));
    }
    assert_eq!(rows[..4], [999, 300, 256, 255]);
}

#[test]
fn assignments_of_the_wrong_form() {
    let (matrices, z) = circuit::random(1, 20, 3);
    let keys = dev_keys(&matrices).expect("keys");
    let cases = [
        (vec![], Unsatisfied::Length { expected: 25, got: 0 }),
        (z[..24].to_vec(), Unsatisfied::Length { expected: 25, got: 24 }),
        ([&z[..], &z[..1]].concat(), Unsatisfied::Length { expected: 25, got: 26 }),
        ([&[Fr::zero()], &z[1..]].concat(), Unsatisfied::One),
        (vec![Fr::zero(); 25], Unsatisfied::One),
    ];
    for (bad, expected) in cases {
        assert_eq!(refusal(&keys, &matrices, &bad), ProveError::Assignment(expected));
    }
}

#[test]
fn keys_of_another_size_name_both_numbers() {
    let (matrices, z) = circuit::random(1, 20, 3);
    let good = dev_keys(&matrices).expect("keys");
    let short = |change: fn(&mut Keys)| {
        let mut keys = good.clone();
        change(&mut keys);
        refusal(&keys, &matrices, &z)
    };
    let size = |query, expected| ProveError::KeySize { query, expected, got: expected - 1 };
    assert_eq!(short(|keys| _ = keys.proving.vk.gamma_abc_g1.pop()), size("gamma_abc_g1", 4));
    assert_eq!(short(|keys| _ = keys.proving.a_query.pop()), size("a_query", 25));
    assert_eq!(short(|keys| _ = keys.proving.b_g1_query.pop()), size("b_g1_query", 25));
    assert_eq!(short(|keys| _ = keys.proving.b_g2_query.pop()), size("b_g2_query", 25));
    assert_eq!(short(|keys| _ = keys.proving.h_query.pop()), size("h_query", 31));
    assert_eq!(short(|keys| _ = keys.proving.l_query.pop()), size("l_query", 21));

    // A whole key of another circuit: more wires, or as many wires and another domain.
    let other = dev_keys(&circuit::random(2, 21, 3).0).expect("keys");
    let error = refusal(&other, &matrices, &z);
    assert_eq!(error, ProveError::KeySize { query: "a_query", expected: 25, got: 26 });
    assert_eq!(error.to_string(), "proving key: a_query holds 26 points, the circuit needs 25");
    let mut longer = good.clone();
    longer.proving.h_query.push(G1Affine::default());
    assert_eq!(refusal(&longer, &matrices, &z), ProveError::KeySize { query: "h_query", expected: 31, got: 32 });
}

/// A key of the right size for another circuit gives a proof that does not verify: the prover's own check is needed.
#[test]
fn a_key_of_the_right_size_for_another_circuit() {
    let (matrices, z) = circuit::random(1, 20, 3);
    let other = dev_keys(&circuit::random(2, 20, 3).0).expect("keys");
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (proof, _) = prove(&Arkworks, &other.proving, &matrices, &z, &mut rng).expect("points of a proof");
    let proof = zera_verifier::Proof::from_points(proof.a, proof.b, proof.c).expect("points of a proof");
    let inputs = zera_verifier::PublicInputs::from_scalars(z[1..4].to_vec());
    let verdict = zera_verifier::verify(&other.verifying.prepare(), &inputs, &proof);
    assert_eq!(verdict, Err(zera_verifier::VerifyError::Rejected));
}

/// An engine with one fault.
#[derive(Clone, Copy)]
enum Faulty {
    /// One value of each transform is off by one.
    Wrong,
    /// Refuses transforms.
    NoNtt,
    /// Refuses sums in G1.
    NoMsm,
}

impl Engine for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn load_g1(&self, bases: &[G1Affine]) -> Box<dyn Bases<G1Projective>> {
        match self {
            Faulty::NoMsm => Box::new(Refusing(bases.len())),
            _ => Arkworks.load_g1(bases),
        }
    }

    fn load_g2(&self, bases: &[G2Affine]) -> Box<dyn Bases<G2Projective>> {
        Arkworks.load_g2(bases)
    }

    fn ntt(&self, values: &mut [Fr], transform: Transform) -> Result<(), NttError> {
        match self {
            Faulty::NoNtt => return Err(NttError::Length(values.len())),
            _ => Arkworks.ntt(values, transform)?,
        }
        if let Faulty::Wrong = self {
            values[0] += Fr::one();
        }
        Ok(())
    }

    fn quotients(&self, n: usize) -> Result<Box<dyn Quotients>, NttError> {
        Ok(Box::new(PlainQuotients::new(*self, n)?))
    }
}

/// Bases that refuse every sum.
struct Refusing(usize);

impl Bases<G1Projective> for Refusing {
    fn len(&self) -> usize {
        self.0
    }

    fn sum(&self, _: &[Fr]) -> Result<G1Projective, LengthMismatch> {
        Err(LengthMismatch { bases: self.0, scalars: 0 })
    }
}

#[test]
fn faults_of_an_engine_are_errors() {
    let (matrices, z) = circuit::random(1, 20, 3);
    let keys = dev_keys(&matrices).expect("keys");
    let blinding = Blinding::random(&mut ChaCha20Rng::seed_from_u64(1));
    let attempt = |engine: &dyn Engine| {
        prove_with(engine, &keys.proving, &matrices, &z, &blinding, &mut |_| ()).expect_err("refused")
    };
    assert_eq!(attempt(&Faulty::Wrong), ProveError::Degree { max: 30 });
    assert_eq!(attempt(&Faulty::NoNtt), ProveError::Ntt(NttError::Length(32)));
    let wires = matrices.wires as usize;
    let mismatch = LengthMismatch { bases: wires, scalars: 0 };
    assert_eq!(attempt(&Faulty::NoMsm), ProveError::Msm(mismatch));
}
