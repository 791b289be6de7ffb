//! A folder of keys: what was written is read, and every damage is one clear line.

use std::fs;
use std::path::Path;

use ark_serialize::CanonicalSerialize;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zera_abi::{KeyId, PredicateId};
use zera_params::{Keys, KeysError, Manifest, Origin, Shape, dev_keys, load, load_verifying_key, save};

#[path = "support/circuit.rs"]
mod circuit;

type Proving = ark_groth16::ProvingKey<ark_bn254::Bn254>;
type G1 = ark_bn254::G1Affine;
type G2 = ark_bn254::G2Affine;

const PREDICATE: PredicateId = PredicateId([7; 32]);
const FILES: [&str; 3] = ["manifest.toml", "vk.bin", "pk.bin"];

fn keys() -> Keys {
    dev_keys(&circuit::random(1, 20, 3).0).expect("keys")
}

fn saved() -> (TempDir, Keys) {
    let (dir, keys) = (TempDir::new().expect("a folder"), keys());
    save(dir.path(), &PREDICATE, &keys).expect("saved");
    (dir, keys)
}

/// The error's text, which is one line and never a whole file.
fn refusal(dir: &Path, id: &KeyId) -> String {
    let text = load(dir, id).expect_err("damaged").to_string();
    assert!(!text.contains('\n') && text.len() < 400, "{text:?}");
    text
}

/// Writes `pk.bin` and puts its digest into the manifest, as whoever can write one can.
fn replace_proving_key(dir: &Path, bytes: &[u8]) {
    fs::write(dir.join("pk.bin"), bytes).expect("written");
    let manifest = Manifest { proving_key_sha256: Sha256::digest(bytes).into(), ..Manifest::read(dir).expect("read") };
    fs::write(dir.join("manifest.toml"), manifest.to_text()).expect("written");
}

#[test]
fn what_was_saved_is_loaded() {
    let (dir, keys) = saved();
    assert_eq!(load(dir.path(), &keys.verifying.id()).expect("loaded"), keys);

    let manifest = Manifest::read(dir.path()).expect("a manifest");
    assert_eq!(manifest.predicate, PREDICATE);
    assert_eq!(manifest.key, keys.verifying.id());
    assert_eq!(manifest.origin, Origin::Dev);
    assert_eq!(manifest.shape, Shape { rows: 20, wires: 25, publics: 3 });
    let digest: [u8; 32] = Sha256::digest(fs::read(dir.path().join("pk.bin")).expect("read")).into();
    assert_eq!(manifest.proving_key_sha256, digest);
    let mut names: Vec<_> = fs::read_dir(dir.path()).expect("listed").map(|e| e.expect("entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["manifest.toml", "pk.bin", "vk.bin"], "no temporary file is left");

    // Over old keys, and into a folder that does not exist yet.
    let other = dev_keys(&circuit::random(2, 9, 1).0).expect("keys");
    save(dir.path(), &PREDICATE, &other).expect("saved");
    assert_eq!(load(dir.path(), &other.verifying.id()).expect("loaded"), other);
    assert!(matches!(load(dir.path(), &keys.verifying.id()), Err(KeysError::WrongKey { what: "manifest", .. })));
    let deep = dir.path().join("a/b");
    save(&deep, &PREDICATE, &keys).expect("saved");
    assert_eq!(load(&deep, &keys.verifying.id()).expect("loaded"), keys);
}

#[test]
fn missing_empty_truncated_extended_and_huge_files() {
    let (dir, keys) = saved();
    let id = keys.verifying.id();
    for name in FILES {
        let path = dir.path().join(name);
        let good = fs::read(&path).expect("read");

        fs::remove_file(&path).expect("removed");
        assert!(refusal(dir.path(), &id).contains("No such file"), "{name}");
        fs::create_dir(&path).expect("made");
        assert!(refusal(dir.path(), &id).ends_with("not a regular file"), "{name}");
        fs::remove_dir(&path).expect("removed");

        // Without its last line feed a manifest still says the same.
        for len in [0, 1, good.len() / 2, good.len() - if name == "manifest.toml" { 2 } else { 1 }] {
            fs::write(&path, &good[..len]).expect("written");
            let text = refusal(dir.path(), &id);
            assert!(text.contains(name) || text.starts_with("verifying key: "), "{name} cut to {len}: {text}");
        }
        fs::write(&path, [&good[..], b"x"].concat()).expect("written");
        assert!(load(dir.path(), &id).is_err(), "{name} with a byte more");

        // A sparse file of a tebibyte: refused by its length, nothing is read or allocated.
        fs::File::create(&path).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
        let text = refusal(dir.path(), &id);
        assert!(text.contains("1099511627776"), "{name}: {text}");

        fs::write(&path, &good).expect("written");
        assert_eq!(load(dir.path(), &id).expect("restored"), keys);
    }
}

#[test]
fn every_flipped_byte_of_the_verifying_key_and_some_of_the_proving_key() {
    let (dir, keys) = saved();
    let id = keys.verifying.id();
    for (name, step) in [("vk.bin", 1), ("pk.bin", 97)] {
        let path = dir.path().join(name);
        let good = fs::read(&path).expect("read");
        for at in (0..good.len()).step_by(step) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).expect("written");
            let error = load(dir.path(), &id).expect_err("damaged");
            assert!(
                matches!(error, KeysError::WrongKey { what: "verifying key", .. } | KeysError::Digest { .. }),
                "{name} at {at}: {error}"
            );
        }
        fs::write(&path, &good).expect("written");
    }
}

/// Even where the manifest vouches for the bytes.
#[test]
fn a_forged_proving_key_with_a_forged_digest() {
    let (dir, keys) = saved();
    let (dir, id) = (dir.path(), keys.verifying.id());
    let good = fs::read(dir.join("pk.bin")).expect("read");
    let refused = |bytes: &[u8], reason: &str| {
        replace_proving_key(dir, bytes);
        let text = refusal(dir, &id);
        assert!(text.contains(reason), "{text}");
    };
    // Length prefixes: of gamma_abc_g1 and, behind it and two points, of a_query; the count that is right is 25.
    let lists = "list lengths do not match";
    let (gamma_abc, a_query) = (64 + 3 * 128, 64 + 3 * 128 + 8 + 4 * 64 + 2 * 64);
    assert_eq!(good[gamma_abc..gamma_abc + 8], 4u64.to_le_bytes());
    assert_eq!(good[a_query..a_query + 8], 25u64.to_le_bytes());
    for at in [gamma_abc, a_query] {
        for count in [0, 3, 24, 26, 1 << 34, u64::MAX] {
            let mut bad = good.clone();
            bad[at..at + 8].copy_from_slice(&count.to_le_bytes());
            refused(&bad, lists);
        }
    }
    // A point off its curve, in every list, and in beta_g1 and delta_g1.
    let off_g1 = G1::new_unchecked(1u64.into(), 1u64.into());
    let off_g2 = G2::new_unchecked(1u64.into(), 1u64.into());
    let changes: [fn(&mut Proving, G1, G2); 7] = [
        |key, off, _| key.beta_g1 = off,
        |key, off, _| key.delta_g1 = off,
        |key, off, _| key.a_query[5] = off,
        |key, off, _| key.b_g1_query[24] = off,
        |key, _, off| key.b_g2_query[0] = off,
        |key, off, _| key.h_query[30] = off,
        |key, off, _| key.l_query[7] = off,
    ];
    for change in changes {
        let mut stray = keys.proving.clone();
        change(&mut stray, off_g1, off_g2);
        refused(&encode(&stray), "a point is not on its curve");
    }
    // A coordinate that is no field element.
    let mut bad = good.clone();
    bad[a_query + 8..a_query + 8 + 32].fill(0x3f);
    refused(&bad, "not a proving key");
    // Another circuit's key of the same sizes.
    let other = dev_keys(&circuit::random(2, 20, 3).0).expect("keys");
    refused(&encode(&other.proving), "another verifying key");

    replace_proving_key(dir, &good);
    assert_eq!(load(dir, &id).expect("restored"), keys);
}

#[test]
fn a_manifest_that_lies_or_is_none() {
    let (dir, keys) = saved();
    let (dir, id) = (dir.path(), keys.verifying.id());
    let good = fs::read_to_string(dir.join("manifest.toml")).expect("read");
    let key_line = format!("key_id = \"{id}\"");
    let cases = [
        (good.clone() + "more = 1\n", "unknown field"),
        (good.replace("format = 1", "format = 2"), "format 2, expected 1"),
        (good.replace("format = 1\n", ""), "missing field"),
        (good.replace("rows = 20", "rows = \"20\""), "invalid type"),
        (good.replace("rows = 20", "rows = -1"), "invalid value"),
        (good.replace("rows = 20", "rows = 200"), "pk.bin: expected"),
        (good.replace("rows = 20", "rows = 4294967295"), "rows, at most"),
        (good.replace("wires = 25", "wires = 26"), "pk.bin: expected"),
        (good.replace("wires = 25", "wires = 33554432"), "at most 4294967296"),
        (good.replace("wires = 25", "wires = 33554433"), "wires, at most"),
        (good.replace("wires = 25", "wires = 3"), "public wires of 3"),
        (good.replace("publics = 3", "publics = 0"), "0 public wires"),
        (good.replace("publics = 3", "publics = 17"), "17 public wires"),
        (good.replace("publics = 3", "publics = 4"), "4 public wires, the verifying key has 3 inputs"),
        (good.replace("\"dev\"", "\"ceremony\""), "origin ceremony, the key's alpha says dev"),
        (good.replace("\"dev\"", "\"mine\""), "neither dev nor ceremony"),
        (good.replace(&key_line, "key_id = \"00\""), "key_id: id: expected 64 hex digits"),
        (good.replace(&key_line, &key_line.to_uppercase().replace("KEY_ID", "key_id")), "not a lower-case hex digit"),
        (good.replace(&key_line, &format!("key_id = \"{}\"", KeyId([1; 32]))), "manifest: expected key"),
        ("\u{0}".to_owned(), "manifest.toml"),
        ("[[[[".repeat(1000), "manifest.toml"),
    ];
    for (text, reason) in cases {
        fs::write(dir.join("manifest.toml"), &text).expect("written");
        let got = refusal(dir, &id);
        assert!(got.contains(reason), "expected {reason:?} in {got:?}");
    }
    fs::write(dir.join("manifest.toml"), [0xff, 0xfe]).expect("written");
    assert!(refusal(dir, &id).ends_with("not UTF-8"));
}

#[test]
fn verifying_keys_load_by_id_only() {
    let keys = keys();
    let (bytes, id) = (keys.verifying.encode(), keys.verifying.id());
    assert_eq!(load_verifying_key(&bytes, &id).expect("the key"), keys.verifying);
    assert!(matches!(load_verifying_key(&bytes, &KeyId([0; 32])), Err(KeysError::WrongKey { .. })));
    for len in [0, 1, 448, 512, bytes.len() - 1, 448 + 64 * 18] {
        let mut cut = bytes.clone();
        cut.resize(len, 0);
        assert!(load_verifying_key(&cut, &id).is_err(), "{len} bytes");
    }
    // Bytes that are named rightly and are no sound key.
    let zeros = vec![0; 448 + 64 * 4];
    assert!(matches!(load_verifying_key(&zeros, &zera_statement::key_id(&zeros)), Err(KeysError::Key(_))));
}

#[test]
fn keys_that_do_not_fit_are_not_saved() {
    let dir = TempDir::new().expect("a folder");
    let mut keys = keys();
    keys.proving.l_query.pop();
    assert!(matches!(save(dir.path(), &PREDICATE, &keys), Err(KeysError::Inconsistent(_))));
    assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 0);
}

fn encode(key: &Proving) -> Vec<u8> {
    let mut bytes = Vec::new();
    key.serialize_uncompressed(&mut bytes).expect("written");
    bytes
}
