//! Development keys that are made once and loaded by the id that the matrices give.

use std::fs;

use tempfile::TempDir;
use zera_params::{Manifest, dev_keys, dev_keys_cached};
use zera_r1cs::{Artefact, Booleans, Manifest as PredicateManifest, Register, Spans, TapeBuilder};

#[path = "support/circuit.rs"]
mod circuit;

/// A predicate whose tape writes down one assignment.
fn artefact(seed: u64) -> Artefact {
    let (matrices, z) = circuit::random(seed, 20, 3);
    let mut tape = TapeBuilder::new(0, 0);
    for (wire, value) in (1..matrices.wires).zip(&z[1..]) {
        tape.constant(Register::Wire(wire), *value);
    }
    let manifest = PredicateManifest::new("Cached", 1, 0, 0, Vec::new()).expect("a manifest");
    let (tape, booleans) = (tape.finish(matrices.wires).expect("a tape"), Booleans::new(matrices.wires));
    let spans = Spans::new(Vec::new()).expect("no spans");
    Artefact::new(manifest, [0; 32], matrices, tape, Vec::new(), spans, booleans).expect("an artefact")
}

#[test]
fn made_once_loaded_after_and_replaced_when_damaged() {
    let root = TempDir::new().expect("a folder");
    let artefact = artefact(1);
    let expected = dev_keys(&artefact.matrices).expect("keys");
    let dir = root.path().join(artefact.predicate_id().to_string());
    let cached = || dev_keys_cached(root.path(), &artefact).expect("keys");
    assert_eq!(cached(), expected);
    let manifest = Manifest::read(&dir).expect("a manifest");
    assert_eq!((manifest.predicate, manifest.key), (artefact.predicate_id(), expected.verifying.id()));

    // Loaded, not made again: the file is the same file.
    let written = || fs::metadata(dir.join("pk.bin")).and_then(|file| file.modified()).expect("a file");
    let first = written();
    assert_eq!(cached(), expected);
    assert_eq!(written(), first);

    for name in ["manifest.toml", "vk.bin", "pk.bin"] {
        fs::write(dir.join(name), b"damaged").expect("written");
        assert_eq!(cached(), expected, "{name}");
        fs::remove_file(dir.join(name)).expect("removed");
        assert_eq!(cached(), expected, "{name}");
        assert!(zera_params::load(&dir, &expected.verifying.id()).is_ok(), "{name} was replaced");
    }
}

#[test]
fn keys_of_another_predicate_in_its_place_are_replaced() {
    let root = TempDir::new().expect("a folder");
    let (one, two) = (artefact(1), artefact(2));
    dev_keys_cached(root.path(), &one).expect("keys");
    let folder = |artefact: &Artefact| root.path().join(artefact.predicate_id().to_string());
    fs::rename(folder(&one), folder(&two)).expect("moved");
    let keys = dev_keys_cached(root.path(), &two).expect("keys");
    assert_eq!(keys, dev_keys(&two.matrices).expect("keys"));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let root = TempDir::new().expect("a folder");
    let file = root.path().join("file");
    fs::write(&file, b"").expect("written");
    let error = dev_keys_cached(&file, &artefact(1)).expect_err("not a folder").to_string();
    assert!(error.starts_with(file.to_str().expect("UTF-8")), "{error}");
}
