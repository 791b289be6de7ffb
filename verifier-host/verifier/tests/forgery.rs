//! Forgeries that verify: each relation that a key is refused for proves false statements under arkworks' verifier, so the
//! check of the key, and nothing else, is what stands against it. The same forgery fails against a sound key.

#[path = "support/fixture.rs"]
mod fixture;

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, One, UniformRand, Zero};
use fixture::*;
use zera_verifier::KeySlot::{Beta, Delta, Gamma, Ic};
use zera_verifier::{KeyError, KeySlot, VerifyError, verify};

fn g1(point: impl Into<G1Affine>) -> G1Affine {
    point.into()
}

/// Any statement: nobody knows a witness for it.
fn statement_of(seed: u64) -> Vec<Fr> {
    (0..3).map(|_| Fr::rand(&mut rng(seed))).collect()
}

fn setup(slot: KeySlot, factor: i32, base: KeySlot) -> KeyError {
    KeyError::Setup { slot, factor, base }
}

type Forge = fn(&ArkKey, G1Affine, Fr) -> ArkProof;

/// `delta = k gamma`: e(L, gamma) e(-L / k, delta) = 1.
fn delta_of_gamma(vk: &ArkKey, l: G1Affine, k: Fr) -> ArkProof {
    ArkProof { a: vk.alpha_g1, b: vk.beta_g2, c: g1(l * -k.inverse().unwrap()) }
}

/// `beta = k gamma`: e(k alpha + L, gamma + delta) = e(alpha, beta) e(L, gamma) e(k alpha + L, delta).
fn beta_of_gamma(vk: &ArkKey, l: G1Affine, k: Fr) -> ArkProof {
    let a = g1(vk.alpha_g1 * k + l);
    ArkProof { a, b: (vk.gamma_g2 + vk.delta_g2).into_affine(), c: a }
}

/// `beta = k delta`: e(L, gamma) = e(alpha, beta) e(L, gamma) e(-k alpha, delta).
fn beta_of_delta(vk: &ArkKey, l: G1Affine, k: Fr) -> ArkProof {
    ArkProof { a: l, b: vk.gamma_g2, c: g1(vk.alpha_g1 * -k) }
}

#[test]
fn a_known_relation_between_the_points_of_the_setup_proves_anything() {
    let sound = Waste::random(400);
    let sound_fixture = Fixture::with_waste(3, sound, 401);
    let sound_key = sound_fixture.key().prepare();
    for k in [1i64, -1, 2, 77, -1000] {
        let (factor, k) = (k as i32, Fr::from(k));
        let inverse = k.inverse().unwrap();
        let unit = factor.abs() == 1;
        // Equal up to sign is found from the first base that is tried.
        let cases: [(&str, Waste, Forge, Fr, KeyError); 6] = [
            (
                "delta = k gamma",
                Waste { delta: sound.gamma * k, ..sound },
                delta_of_gamma,
                k,
                setup(Delta, factor, Gamma),
            ),
            (
                "gamma = k delta",
                Waste { gamma: sound.delta * k, ..sound },
                delta_of_gamma,
                inverse,
                if unit { setup(Delta, factor, Gamma) } else { setup(Gamma, factor, Delta) },
            ),
            ("beta = k gamma", Waste { beta: sound.gamma * k, ..sound }, beta_of_gamma, k, setup(Beta, factor, Gamma)),
            (
                "gamma = k beta",
                Waste { gamma: sound.beta * k, ..sound },
                beta_of_gamma,
                inverse,
                if unit { setup(Beta, factor, Gamma) } else { setup(Gamma, factor, Beta) },
            ),
            ("beta = k delta", Waste { beta: sound.delta * k, ..sound }, beta_of_delta, k, setup(Beta, factor, Delta)),
            (
                "delta = k beta",
                Waste { delta: sound.beta * k, ..sound },
                beta_of_delta,
                inverse,
                if unit { setup(Beta, factor, Delta) } else { setup(Delta, factor, Beta) },
            ),
        ];
        for (what, waste, forge, k, error) in cases {
            let fixture = Fixture::with_waste(3, waste, 402);
            let vk = fixture.ark_key();
            // Such a key works: its honest proofs verify, so no test of honest proofs finds it.
            let (publics, proof) = fixture.prove(403);
            assert!(ark_verify(vk, &publics, &proof), "{what}");
            let publics = statement_of(404);
            let forged = forge(vk, statement(vk, &publics), k);
            assert!(ark_verify(vk, &publics, &forged), "{what}, {factor}: the forgery is real");
            assert_eq!(decode_ark_key(vk), Err(error), "{what}");

            let forged = forge(sound_fixture.ark_key(), statement(sound_fixture.ark_key(), &publics), k);
            let verdict = verify(&sound_key, &inputs_of(&publics), &proof_of(&forged));
            assert_eq!(verdict, Err(VerifyError::Rejected), "{what}");
        }
    }
}

/// A key straight out of phase 1: gamma = delta = G2, as the keys of several deployed verifiers were.
#[test]
fn a_key_without_a_second_phase_proves_anything() {
    let waste = Waste { gamma: Fr::one(), delta: Fr::one(), ..Waste::random(410) };
    let fixture = Fixture::with_waste(3, waste, 411);
    let vk = fixture.ark_key();
    assert_eq!((vk.gamma_g2, vk.delta_g2), (G2Affine::generator(), G2Affine::generator()));
    let publics = statement_of(412);
    assert!(ark_verify(vk, &publics, &delta_of_gamma(vk, statement(vk, &publics), Fr::one())));
    assert_eq!(decode_ark_key(vk), Err(setup(Delta, 1, Gamma)));
}

#[test]
fn an_input_whose_point_is_missing_or_shared_is_not_bound() {
    let fixture = Fixture::with_waste(3, Waste::random(420), 421);
    let (publics, proof) = fixture.prove(422);
    let vk = fixture.ark_key();
    // The simulator proves `publics` for any IC points, as the setup's owner can.
    let waste = Waste::random(420);
    let prove = |vk: &ArkKey, publics: &[Fr]| {
        let (a, b) = (Fr::from(4u64), Fr::from(5u64));
        let c = G1Affine::generator() * ((a * b - waste.alpha * waste.beta) / waste.delta)
            - statement(vk, publics) * (waste.gamma / waste.delta);
        ArkProof { a: g1(G1Affine::generator() * a), b: (G2Affine::generator() * b).into(), c: g1(c) }
    };
    assert!(ark_verify(vk, &publics, &proof) && ark_verify(vk, &publics, &prove(vk, &publics)));

    let mut unbound = vk.clone();
    unbound.gamma_abc_g1[2] = G1Affine::zero();
    let proof = prove(&unbound, &publics);
    assert!(ark_verify(&unbound, &[publics[0], Fr::from(9u64), publics[2]], &proof));
    assert_eq!(decode_ark_key(&unbound), Err(KeyError::Unbound { index: 2 }));

    let mut equal = vk.clone();
    equal.gamma_abc_g1[3] = equal.gamma_abc_g1[1];
    let proof = prove(&equal, &publics);
    assert!(ark_verify(&equal, &[publics[2], publics[1], publics[0]], &proof));
    assert_eq!(decode_ark_key(&equal), Err(KeyError::Duplicate { slot: Ic(3), other: Ic(1) }));

    let mut opposite = vk.clone();
    opposite.gamma_abc_g1[3] = -opposite.gamma_abc_g1[1];
    let proof = prove(&opposite, &publics);
    assert!(ark_verify(&opposite, &[publics[0] + Fr::one(), publics[1], publics[2] + Fr::one()], &proof));
    assert_eq!(decode_ark_key(&opposite), Err(KeyError::Duplicate { slot: Ic(3), other: Ic(1) }));
}

/// alpha = gamma = O and a proof of nothing but O: every pairing is 1.
#[test]
fn identities_prove_anything() {
    let mut vk = Fixture::new(3, 430).ark_key().clone();
    vk.alpha_g1 = G1Affine::zero();
    vk.gamma_g2 = G2Affine::zero();
    let zero = ArkProof { a: G1Affine::zero(), b: G2Affine::zero(), c: G1Affine::zero() };
    assert!(ark_verify(&vk, &statement_of(431), &zero));
    assert_eq!(decode_ark_key(&vk), Err(KeyError::Identity { slot: KeySlot::Alpha }));
    assert!(zera_verifier::Proof::decode(&proof_bytes(&zero)).is_err());
    // Each alone is refused too; a zero input alone is none of it.
    vk = Fixture::new(3, 430).ark_key().clone();
    vk.gamma_g2 = G2Affine::zero();
    assert_eq!(decode_ark_key(&vk), Err(KeyError::Identity { slot: Gamma }));
    assert!(zera_verifier::PublicInputs::decode(&be(&Fr::zero())).is_ok());
}
