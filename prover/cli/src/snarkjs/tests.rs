use super::*;
use zera_statement::{Fr, scalar_to_be};

/// Generators: well-formed points, though no proof of anything.
const G1: [&str; 3] = ["1", "2", "1"];

fn g2_generator() -> Value {
    json!([
        [
            "10857046999023057135944570762232829481370756359578518086990519993285655852781",
            "11559732032986387107991004021392285783925812861821192530917403151452391805634"
        ],
        [
            "8495653923123431417604973247489272438418190587263600148770280649306958101930",
            "4082367875863433681332203403145435568316851327593401208105741076214120093531"
        ],
        ["1", "0"]
    ])
}

fn proof() -> Value {
    json!({"pi_a": G1, "pi_b": g2_generator(), "pi_c": G1, "protocol": "groth16", "curve": "bn128"})
}

fn read_proof(value: &Value) -> Result<Proof, SnarkjsError> {
    proof_from_json(value.to_string().as_bytes())
}

#[test]
fn a_proof_round_trips_and_c1_goes_first_on_the_wire() {
    let read = read_proof(&proof()).unwrap();
    assert_eq!(proof_to_json(&read), proof());
    let bytes = read.encode();
    assert_eq!((bytes[31], bytes[63]), (1, 2));
    // EIP-197's generator of G2 begins with x.c1 = 0x198e9393...
    assert_eq!(bytes[64..68], [0x19, 0x8e, 0x93, 0x93]);
}

#[test]
fn every_other_shape_of_a_proof_is_refused() {
    let q = "21888242871839275222246405745257275088696311157297823662689037894645226208583";
    let changes: [(&str, Value); 17] = [
        ("/pi_a/0", json!("01")),
        ("/pi_a/0", json!(1)),
        ("/pi_a/0", json!(q)),
        ("/pi_a/0", json!("9".repeat(1000))),
        ("/pi_a/0", json!("-1")),
        ("/pi_a/1", json!("3")),
        ("/pi_a/2", json!("0")),
        ("/pi_a/2", json!("2")),
        ("/pi_a", json!(["0", "1", "0"])),
        ("/pi_a", json!(["1", "2"])),
        ("/pi_a", json!(["1", "2", "1", "1"])),
        ("/pi_b/2", json!(["0", "1"])),
        ("/pi_b/0", json!(["1"])),
        ("/pi_b", json!(null)),
        ("/pi_c", json!({"x": "1"})),
        ("/protocol", json!("plonk")),
        ("/curve", json!("bls12381")),
    ];
    for (place, value) in changes {
        let mut changed = proof();
        *changed.pointer_mut(place).unwrap() = value.clone();
        assert!(read_proof(&changed).is_err(), "{place} = {value}");
    }
    for field in ["pi_a", "pi_b", "pi_c", "protocol", "curve"] {
        let mut changed = proof();
        changed.as_object_mut().unwrap().remove(field);
        assert!(read_proof(&changed).is_err(), "without {field}");
    }
    let mut changed = proof();
    changed["more"] = json!(1);
    assert!(read_proof(&changed).is_err(), "with another field");
    let text = proof().to_string();
    let twice = text.replacen('{', r#"{"curve":"bn128","#, 1);
    assert!(proof_from_json(twice.as_bytes()).is_err(), "with a field twice");
    for len in 0..text.len() {
        assert!(proof_from_json(&text.as_bytes()[..len]).is_err(), "cut at {len}");
    }
    assert!(matches!(proof_from_json(&vec![b' '; LEN_MAX as usize + 1]), Err(SnarkjsError::TooLong { .. })));
    // Nesting that would overflow a stack.
    assert!(proof_from_json("[".repeat(60_000).as_bytes()).is_err());
}

#[test]
fn public_inputs_round_trip_and_have_a_number_and_a_range() {
    let inputs = PublicInputs::from_scalars(vec![Fr::from(1u64), -Fr::from(1u64), Fr::from(0u64)]);
    let value = public_to_json(&inputs);
    assert_eq!(value[0], "1");
    assert_eq!(value[1], "21888242871839275222246405745257275088548364400416034343698204186575808495616");
    assert_eq!(public_from_json(value.to_string().as_bytes()).unwrap(), inputs);
    assert_eq!(inputs.encode()[32..64], scalar_to_be(&-Fr::from(1u64)));
    let r = "21888242871839275222246405745257275088548364400416034343698204186575808495617";
    let many = json!(vec!["1"; 17]).to_string();
    for bad in ["[]", "{}", "[1]", r#"["1",]"#, r#"["1"] 2"#, "null", "", &many, &json!([r]).to_string()] {
        assert!(public_from_json(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn a_key_is_read_with_every_check_of_a_verifier() {
    let artefact = (zera_library::by_name("SpecialPriceOraclePredicate").unwrap().artefact)();
    let key = zera_params::dev_verifying_key(&artefact.matrices).unwrap();
    let value = key_to_json(&key);
    assert_eq!(value["nPublic"], 3);
    assert_eq!(key_from_json(value.to_string().as_bytes()).unwrap(), key);
    // What snarkjs adds.
    let mut more = value.clone();
    more["vk_alphabeta_12"] = json!([[["1"]]]);
    assert_eq!(key_from_json(more.to_string().as_bytes()).unwrap(), key);

    let ic = &value["IC"];
    let changes = [
        ("/nPublic", json!(2)),
        ("/nPublic", json!(18_446_744_073_709_551_615u64)),
        ("/nPublic", json!("3")),
        ("/IC", json!([])),
        ("/IC/1", json!(G1)),
        ("/IC/1", ic[2].clone()),
        ("/vk_delta_2", value["vk_gamma_2"].clone()),
        ("/vk_alpha_1", json!(G1)),
        ("/protocol", json!("plonk")),
    ];
    for (place, changed) in changes {
        let mut bad = value.clone();
        *bad.pointer_mut(place).unwrap() = changed.clone();
        assert!(key_from_json(bad.to_string().as_bytes()).is_err(), "{place} = {changed}");
    }
}
