//! Keys that must be refused: rows 43 to 59 of the table of bad inputs, each with its reason.

#[path = "support/fixture.rs"]
mod fixture;

use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, UniformRand};
use ark_groth16::Groth16;
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError};
use ark_relations::lc;
use ark_serialize::CanonicalSerialize;
use ark_snark::SNARK;
use fixture::*;
use rand::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};
use zera_verifier::Coordinate::{X, Xc0, Xc1, Y, Yc0, Yc1};
use zera_verifier::KeySlot::{Alpha, Beta, Delta, G1, G2, Gamma, Ic};
use zera_verifier::{Coordinate, KeyError, KeySlot, SelfTestStep, VerifyingKey};

/// The words of a key with two inputs.
fn words() -> Vec<(KeySlot, Coordinate)> {
    let g2 = [Beta, Gamma, Delta].into_iter().flat_map(|slot| [Xc1, Xc0, Yc1, Yc0].map(|word| (slot, word)));
    let ic = (0..3).flat_map(|i| [X, Y].map(|word| (Ic(i), word)));
    [(Alpha, X), (Alpha, Y)].into_iter().chain(g2).chain(ic).collect()
}

fn set(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

fn times<P: AffineRepr<ScalarField = Fr>>(point: P, k: i64) -> P {
    (point * Fr::from(k)).into_affine()
}

#[test]
fn rows_43_to_58() {
    let fixture = Fixture::new(2, 300);
    let vk = fixture.ark_key();
    let good = key_bytes(vk);
    assert_eq!(VerifyingKey::decode(&good).unwrap().encode(), good);
    let mut rows: Vec<(u32, String, Vec<u8>, KeyError)> = Vec::new();
    let mut refuse =
        |row: u32, what: &str, bytes: Vec<u8>, error: KeyError| rows.push((row, what.into(), bytes, error));

    for got in [0, 1, 447, 448, 449, 511, 513, 575, 577, good.len() - 1, good.len() + 1, 448 + 64 * 17 + 32, 1 << 20] {
        let bytes = good.iter().copied().cycle().take(got).collect();
        // 448 bytes are a key without IC_0; 2^20 - 512 is a multiple of 64.
        let error =
            if got == 1 << 20 { KeyError::Count { got: ((1 << 20) - 512) / 64 } } else { KeyError::Length { got } };
        refuse(43, "length", bytes, error);
    }
    for n in [0, 17, 18, 1000] {
        let bytes = good.iter().copied().cycle().take(448 + 64 * (n + 1)).collect();
        refuse(44, "inputs", bytes, KeyError::Count { got: n });
    }
    for compressed in [true, false] {
        let three = Fixture::new(3, 301);
        let mut bytes = Vec::new();
        let prefix = if compressed {
            three.ark_key().serialize_compressed(&mut bytes).unwrap();
            32 + 3 * 64
        } else {
            three.ark_key().serialize_uncompressed(&mut bytes).unwrap();
            448
        };
        assert_eq!(bytes[prefix..prefix + 8], 4u64.to_le_bytes());
        let bytes = set(&bytes, prefix, &(1u64 << 34).to_le_bytes());
        let got = bytes.len();
        refuse(45, "arkworks, length prefix 2^34", bytes, KeyError::Length { got });
    }

    let q = modulus_be::<Fq>();
    let one = add_be(&q, &be(&Fq::ONE)).unwrap();
    for (at, (slot, coordinate)) in words().into_iter().enumerate() {
        refuse(46, "= q", set(&good, 32 * at, &q), KeyError::Range { slot, coordinate });
        refuse(46, "= 1 + q", set(&good, 32 * at, &one), KeyError::Range { slot, coordinate });
        for flag in [0x80, 0x40, 0xc0] {
            let bytes = set(&good, 32 * at, &[good[32 * at] | flag]);
            refuse(47, "flag", bytes, KeyError::Flags { slot, coordinate });
        }
        // Flags are looked for in the whole key first.
        let bytes = set(&set(&good, 0, &q), 32 * at, &[0xff; 32]);
        refuse(47, "flag, and a range fault before it", bytes, KeyError::Flags { slot, coordinate });
    }

    let edit = |change: &dyn Fn(&mut ArkKey)| {
        let mut vk = vk.clone();
        change(&mut vk);
        key_bytes(&vk)
    };
    refuse(48, "alpha", edit(&|vk| vk.alpha_g1.y += Fq::ONE), KeyError::Curve { slot: Alpha });
    refuse(48, "beta", edit(&|vk| vk.beta_g2.x.c0 += Fq::ONE), KeyError::Curve { slot: Beta });
    refuse(48, "gamma", edit(&|vk| vk.gamma_g2.x.c1 += Fq::ONE), KeyError::Curve { slot: Gamma });
    refuse(48, "delta", edit(&|vk| vk.delta_g2.y.c1 += Fq::ONE), KeyError::Curve { slot: Delta });
    for i in 0..3u8 {
        let bytes = edit(&|vk| vk.gamma_abc_g1[usize::from(i)].x += Fq::ONE);
        refuse(48, "IC", bytes, KeyError::Curve { slot: Ic(i) });
    }
    let u = Fq2::rand(&mut rng(302));
    let twist = |p: G2Affine| G2Affine::new_unchecked(p.x * u.square(), p.y * u.square() * u);
    refuse(48, "another b", edit(&|vk| vk.delta_g2 = twist(vk.delta_g2)), KeyError::Curve { slot: Delta });

    let off = g2_off_subgroup(303);
    refuse(49, "beta", edit(&|vk| vk.beta_g2 = off), KeyError::Subgroup { slot: Beta });
    refuse(49, "gamma", edit(&|vk| vk.gamma_g2 = off), KeyError::Subgroup { slot: Gamma });
    refuse(49, "delta", edit(&|vk| vk.delta_g2 = off), KeyError::Subgroup { slot: Delta });
    let shifted = edit(&|vk| vk.delta_g2 = (vk.delta_g2 + off).into_affine());
    refuse(49, "delta shifted", shifted, KeyError::Subgroup { slot: Delta });

    for (slot, at, len) in [(Alpha, 0, 64), (Beta, 64, 128), (Gamma, 192, 128), (Delta, 320, 128)] {
        refuse(50, "O", set(&good, at, &vec![0; len]), KeyError::Identity { slot });
    }
    refuse(50, "all zero", vec![0; good.len()], KeyError::Identity { slot: Alpha });
    refuse(51, "IC_0 = O", set(&good, 448, &[0; 64]), KeyError::Identity { slot: Ic(0) });
    refuse(51, "IC_1 = O", set(&good, 512, &[0; 64]), KeyError::Unbound { index: 1 });
    refuse(51, "IC_2 = O", set(&good, 576, &[0; 64]), KeyError::Unbound { index: 2 });

    for (i, j) in [(0, 1), (0, 2), (1, 2)] {
        let error = KeyError::Duplicate { slot: Ic(j as u8), other: Ic(i as u8) };
        refuse(52, "IC_i = IC_j", edit(&|vk| vk.gamma_abc_g1[j] = vk.gamma_abc_g1[i]), error);
        refuse(52, "IC_i = -IC_j", edit(&|vk| vk.gamma_abc_g1[j] = -vk.gamma_abc_g1[i]), error);
    }
    for i in 0..3u8 {
        let at = usize::from(i);
        let (alpha, g1) = (vk.alpha_g1, G1Affine::generator());
        for (point, other) in [(alpha, Alpha), (-alpha, Alpha), (g1, G1), (-g1, G1)] {
            refuse(52, "IC", edit(&|vk| vk.gamma_abc_g1[at] = point), KeyError::Duplicate { slot: Ic(i), other });
        }
    }

    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    let setup = |slot, factor, base| KeyError::Setup { slot, factor, base };
    refuse(53, "delta = gamma", edit(&|vk| vk.delta_g2 = vk.gamma_g2), setup(Delta, 1, Gamma));
    refuse(54, "delta = -gamma", edit(&|vk| vk.delta_g2 = -vk.gamma_g2), setup(Delta, -1, Gamma));
    for k in [1, -1, 2, 77, -1024, 1024] {
        let factor = k as i32;
        refuse(55, "delta = k G2", edit(&|vk| vk.delta_g2 = times(g2, k)), setup(Delta, factor, G2));
        refuse(57, "beta = k G2", edit(&|vk| vk.beta_g2 = times(g2, k)), setup(Beta, factor, G2));
        refuse(57, "alpha = k G1", edit(&|vk| vk.alpha_g1 = times(g1, k)), setup(Alpha, factor, G1));
        if k != 1 {
            refuse(55, "gamma = k G2", edit(&|vk| vk.gamma_g2 = times(g2, k)), setup(Gamma, factor, G2));
            refuse(56, "delta = k gamma", edit(&|vk| vk.delta_g2 = times(vk.gamma_g2, k)), setup(Delta, factor, Gamma));
        }
        // Not in the table, and as bad: tests/forgery.rs.
        refuse(56, "beta = k gamma", edit(&|vk| vk.beta_g2 = times(vk.gamma_g2, k)), setup(Beta, factor, Gamma));
        refuse(56, "beta = k delta", edit(&|vk| vk.beta_g2 = times(vk.delta_g2, k)), setup(Beta, factor, Delta));
        // Equal up to sign is found from the other side.
        if k != 1 && k != -1 {
            refuse(56, "gamma = k delta", edit(&|vk| vk.gamma_g2 = times(vk.delta_g2, k)), setup(Gamma, factor, Delta));
            refuse(56, "gamma = k beta", edit(&|vk| vk.gamma_g2 = times(vk.beta_g2, k)), setup(Gamma, factor, Beta));
            refuse(56, "delta = k beta", edit(&|vk| vk.delta_g2 = times(vk.beta_g2, k)), setup(Delta, factor, Beta));
        }
    }
    // gamma = G2 is what snarkjs writes; the checks against it stay.
    let snarkjs = |vk: &mut ArkKey| vk.gamma_g2 = g2;
    let both = |change: &dyn Fn(&mut ArkKey)| {
        edit(&|vk| {
            snarkjs(vk);
            change(vk);
        })
    };
    assert!(VerifyingKey::decode(&edit(&snarkjs)).is_ok());
    refuse(55, "gamma = delta = G2", both(&|vk| vk.delta_g2 = g2), setup(Delta, 1, Gamma));
    refuse(57, "gamma = G2, beta = 5 G2", both(&|vk| vk.beta_g2 = times(g2, 5)), setup(Beta, 5, Gamma));

    for (key, what) in published_keys() {
        let bytes = key_bytes(&key);
        let error = VerifyingKey::decode(&bytes).unwrap_err();
        assert!(matches!(error, KeyError::Known { origin, .. } if origin.contains(what)), "row 58: {what}: {error}");
        refuse(58, what, bytes, error);
    }

    let mut seen = [false; 59];
    for (row, what, bytes, error) in rows {
        seen[row as usize] = true;
        assert_eq!(VerifyingKey::decode(&bytes).err(), Some(error), "row {row}: {what}");
    }
    assert!(seen[43..].iter().all(|seen| *seen));
}

/// One past the range of the search is admitted: the bound is what it says.
#[test]
fn a_factor_beyond_the_search_is_not_found() {
    let mut vk = Fixture::new(2, 310).ark_key().clone();
    vk.delta_g2 = times(vk.gamma_g2, 1025);
    assert!(decode_ark_key(&vk).is_ok());
}

#[test]
fn every_number_of_inputs_from_one_to_sixteen_is_admitted() {
    for n in 1..=16 {
        let fixture = Fixture::new(n, 320 + n as u64);
        let key = fixture.key();
        assert_eq!((key.inputs(), key.encode().len()), (n, 448 + 64 * (n + 1)));
        assert_eq!(VerifyingKey::decode(&key.encode()), Ok(key));
    }
}

#[test]
fn points_are_checked_like_bytes() {
    let fixture = Fixture::new(2, 330);
    let vk = fixture.ark_key();
    let key = |ic: &[G1Affine]| VerifyingKey::from_points(vk.alpha_g1, vk.beta_g2, vk.gamma_g2, vk.delta_g2, ic);
    assert!(key(&vk.gamma_abc_g1).is_ok());
    assert_eq!(key(&[]), Err(KeyError::Length { got: 448 }));
    assert_eq!(key(&vk.gamma_abc_g1[..1]), Err(KeyError::Count { got: 0 }));
    assert_eq!(key(&[vk.alpha_g1; 18]), Err(KeyError::Count { got: 17 }));
    let mut off = vk.clone();
    off.gamma_abc_g1[1].y += Fq::ONE;
    assert_eq!(decode_ark_key(&off), Err(KeyError::Curve { slot: Ic(1) }));
    off = vk.clone();
    off.beta_g2 = G2Affine::identity();
    assert_eq!(decode_ark_key(&off), Err(KeyError::Identity { slot: Beta }));
}

#[test]
fn row_59_the_self_test_wants_a_proof_of_this_key() {
    let (fixture, other) = (Fixture::new(3, 340), Fixture::new(3, 341));
    let key = fixture.key();
    let sample = |fixture: &Fixture| {
        let (publics, proof) = fixture.prove(342);
        (inputs_of(&publics), proof_of(&proof))
    };
    let ((inputs, proof), (other_inputs, other_proof)) = (sample(&fixture), sample(&other));
    assert_eq!(key.self_test(&inputs, &proof), Ok(()));
    let rejected = Err(KeyError::SelfTest { step: SelfTestStep::SampleRejected });
    assert_eq!(key.self_test(&other_inputs, &other_proof), rejected);
    assert_eq!(key.self_test(&inputs_of(&[Fr::from(1u64); 3]), &proof), rejected);
    assert_eq!(key.self_test(&inputs_of(&[]), &proof), rejected);
    assert_eq!(key.self_test(&inputs_of(&[Fr::from(1u64); 4]), &proof), rejected);
    // The self-test is not passed by a key that has an input which does not count, so decoding refuses that first.
    let mut vk = fixture.ark_key().clone();
    vk.gamma_abc_g1[2] = G1Affine::identity();
    assert_eq!(decode_ark_key(&vk), Err(KeyError::Unbound { index: 2 }));
}

/// The circuit of ark-groth16's own tests: `a b = c`, six times.
#[derive(Clone)]
struct Silly;

impl ConstraintSynthesizer<Fr> for Silly {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let missing = || Err(SynthesisError::AssignmentMissing);
        let a = cs.new_witness_variable(missing)?;
        let b = cs.new_witness_variable(missing)?;
        let c = cs.new_input_variable(missing)?;
        for _ in 0..6 {
            cs.enforce_r1cs_constraint(|| lc!() + a, || lc!() + b, || lc!() + c)?;
        }
        Ok(())
    }
}

/// Keys whose secrets anyone derives from a published seed, made again here.
fn published_keys() -> Vec<(ArkKey, &'static str)> {
    // `ark_std::test_rng()`, deterministic.
    let mut seed = [0u8; 32];
    for (at, value) in [(0, 1), (4, 23), (8, 200), (9, 1), (12, 210), (13, 30)] {
        seed[at] = value;
    }
    let test_rng = rand::rngs::StdRng::from_seed(seed);
    // As its tests make it: a second generator seeded by the first.
    let nested = rand::rngs::StdRng::seed_from_u64(test_rng.clone().next_u64());
    let zero = rand::rngs::StdRng::seed_from_u64(0);
    [(test_rng, "test_rng()"), (nested, "seed_from_u64(test_rng().next_u64())"), (zero, "seed_from_u64(0)")]
        .map(|(mut rng, what)| (Groth16::<Bn254>::circuit_specific_setup(Silly, &mut rng).unwrap().1, what))
        .into()
}

/// Nothing but the list refuses a key that was made from a published seed.
#[test]
fn the_list_holds_keys_that_pass_every_other_check() {
    for (key, what) in published_keys() {
        println!("{} {what}", hex::encode(Sha256::digest(key_bytes(&key))));
    }
    for (key, what) in published_keys() {
        // The same points with one IC moved are another key, which is admitted.
        let mut moved = key.clone();
        moved.gamma_abc_g1[1] = (moved.gamma_abc_g1[1] + moved.gamma_abc_g1[0]).into_affine();
        assert!(decode_ark_key(&moved).is_ok(), "{what}");
        assert!(matches!(decode_ark_key(&key), Err(KeyError::Known { .. })), "{what}");
    }
}

#[test]
fn errors_name_the_relation() {
    let mut vk = Fixture::new(1, 350).ark_key().clone();
    vk.delta_g2 = times(vk.gamma_g2, 77);
    assert_eq!(decode_ark_key(&vk).unwrap_err().to_string(), "key: delta is 77 times gamma");
    vk = Fixture::new(1, 351).ark_key().clone();
    vk.gamma_abc_g1[1] = -vk.gamma_abc_g1[0];
    assert_eq!(decode_ark_key(&vk).unwrap_err().to_string(), "key: IC_1 equals IC_0 up to sign");
}
