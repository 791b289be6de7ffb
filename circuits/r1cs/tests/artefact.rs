//! The `.zpred` file against its second implementation, and against every damaged copy of itself.

use ark_bn254::Fr;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use zera_r1cs::*;

const WIRES: u32 = 17;
const ONE: u32 = 0;
const OUTCOME: u32 = 1;
const BINDING: u32 = 2;
const ROOT: u32 = 3;
const DECLARED: u32 = 4;
const P: u32 = 5;
const Q: u32 = 6;
const BIT: u32 = 7;
const PRODUCT: u32 = 15;
const INVERSE: u32 = 16;

fn fr(value: i64) -> Fr {
    if value < 0 { -Fr::from(value.unsigned_abs()) } else { Fr::from(value as u64) }
}

fn matrices() -> Matrices {
    let terms = |terms: &[(u32, i64)]| -> Vec<(u32, Fr)> { terms.iter().map(|&(wire, c)| (wire, fr(c))).collect() };
    let bits: Vec<(u32, i64)> = (0..8).map(|i| (BIT + i, 1 << i)).collect();
    let mut rows = vec![[terms(&[(BINDING, 1)]), terms(&[(ONE, 1)]), terms(&[(BINDING, 1)])]];
    rows.extend((BIT..BIT + 8).map(|bit| [terms(&[(bit, 1)]), terms(&[(ONE, -1), (bit, 1)]), vec![]]));
    rows.push([terms(&bits), terms(&[(ONE, 1)]), terms(&[(Q, 1)])]);
    rows.push([terms(&[(P, 1)]), terms(&[(Q, 1)]), terms(&[(PRODUCT, 1)])]);
    rows.push([terms(&[(P, 1), (Q, -1)]), terms(&[(INVERSE, 1)]), terms(&[(OUTCOME, 1)])]);
    rows.push([terms(&[(P, 1), (Q, -1)]), terms(&[(ONE, 1), (OUTCOME, -1)]), vec![]]);
    rows.push([terms(&[(ONE, 3), (DECLARED, -1), (PRODUCT, 1)]), terms(&[(ONE, 1)]), vec![]]);
    let [a, b, c] = [0, 1, 2].map(|k| SparseMatrix::from_rows(rows.iter().map(|row| row[k].clone())).unwrap());
    Matrices::new(4, WIRES, a, b, c).unwrap()
}

fn tape() -> Tape {
    let wire = Register::Wire;
    let (one, minus_one) = (fr(1), fr(-1));
    let mut tape = TapeBuilder::new(1, 1);
    let [difference, equal, select, ten, quotient, remainder] = [(); 6].map(|()| tape.temporary());
    tape.public_byte(wire(P), 0);
    tape.private_byte(wire(Q), 0);
    tape.binding(wire(BINDING));
    tape.linear(wire(ROOT), fr(1000), [(wire(P), one)]);
    tape.bits(&std::array::from_fn::<_, 8, _>(|i| wire(BIT + i as u32)), wire(Q));
    tape.multiply(wire(PRODUCT), wire(P), wire(Q));
    tape.linear(wire(DECLARED), fr(3), [(wire(PRODUCT), one), (wire(ONE), fr(0))]);
    tape.linear(difference, fr(0), [(wire(P), one), (wire(Q), minus_one)]);
    tape.inverse_or_zero(wire(INVERSE), difference);
    tape.is_zero(equal, difference);
    tape.linear(wire(OUTCOME), one, [(equal, minus_one)]);
    tape.select(select, equal, wire(P), wire(Q));
    tape.constant(ten, fr(10));
    tape.divide(quotient, remainder, select, ten);
    tape.finish(WIRES).unwrap()
}

fn manifest() -> Manifest {
    Manifest::new("small-example", 7, 1, 1, vec!["product_plus_3".into()]).unwrap()
}

fn spans() -> Spans {
    let spans = [(0..1, "binding"), (1..10, "bits of q"), (11..13, "p != q")];
    Spans::new(spans.map(|(rows, text)| Span { rows, text: text.into() }).to_vec()).unwrap()
}

fn booleans() -> Booleans {
    let mut booleans = Booleans::new(WIRES);
    std::iter::once(OUTCOME).chain(BIT..BIT + 8).for_each(|wire| booleans.set(wire));
    booleans
}

fn artefact() -> Artefact {
    let program = Sha256::digest(b"small example").into();
    Artefact::new(manifest(), program, matrices(), tape(), b"certificate".to_vec(), spans(), booleans()).unwrap()
}

const PROGRAM: &[u8] = b"\0asm, or what a program would be";

fn field(name: &str, input: FieldInput, offset: u32, kind: FieldKind, count: u32) -> Field {
    Field { name: name.into(), input, offset, kind, count }
}

/// The small example as a compiler would make it: with program, entry and fields.
fn compiled() -> Artefact {
    let fields =
        vec![field("q", FieldInput::Private, 0, FieldKind::I8, 1), field("p", FieldInput::Public, 0, FieldKind::U8, 1)];
    let manifest = manifest().with_entry("predicate").unwrap().with_fields(fields).unwrap();
    let hash = Sha256::digest(PROGRAM).into();
    Artefact::new(manifest, hash, matrices(), tape(), Vec::new(), spans(), booleans())
        .unwrap()
        .with_program(PROGRAM.to_vec())
        .unwrap()
}

/// Replaces the checksum by the one that the rest has.
fn seal(bytes: &mut [u8]) {
    let (sealed, seal) = bytes.split_at_mut(bytes.len() - 32);
    seal.copy_from_slice(&Sha256::digest(sealed));
}

/// The small file with another section `at`: 0 manifest, 1 matrices, 2 tape, 3 certificate, 4 spans, 5 booleans.
fn with_section(at: usize, section: &[u8]) -> Vec<u8> {
    let file = artefact().encode();
    let mut out = file[..68].to_vec();
    let mut start = 68;
    for k in 0..6 {
        let len = u32::from_le_bytes(file[12 + 4 * k..][..4].try_into().unwrap()) as usize;
        let part = if k == at { section } else { &file[start..start + len] };
        out[12 + 4 * k..][..4].copy_from_slice(&(part.len() as u32).to_le_bytes());
        out.extend_from_slice(part);
        start += len;
    }
    out.extend_from_slice(&[0; 32]);
    seal(&mut out);
    out
}

fn section(at: usize) -> Vec<u8> {
    let file = artefact().encode();
    let len = |k: usize| u32::from_le_bytes(file[12 + 4 * k..][..4].try_into().unwrap()) as usize;
    let start = 68 + (0..at).map(len).sum::<usize>();
    file[start..start + len(at)].to_vec()
}

#[test]
fn bytes_digest_and_id_are_those_of_the_second_implementation() {
    let vectors: BTreeMap<&str, &str> =
        include_str!("../vectors/small.txt").lines().filter_map(|line| line.split_once(" = ")).collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let artefact = artefact();
    assert_eq!(hex(&artefact.matrices.digest()), vectors["digest"]);
    assert_eq!(hex(&artefact.manifest.hash()), vectors["manifest_hash"]);
    assert_eq!(artefact.predicate_id().to_string(), vectors["predicate_id"]);
    let file = artefact.encode();
    assert_eq!(hex(&file), vectors["file"]);
    assert_eq!(Artefact::decode(&file), Ok(artefact));
}

/// Tape and matrices of the example belong together: the format's tests stand on a working predicate.
#[test]
fn the_small_tape_satisfies_the_small_matrices() {
    let Artefact { matrices, tape, spans, .. } = artefact();
    for (p, q) in [(0, 0), (0, 255), (255, 0), (7, 9), (200, 200)] {
        let z = tape.run(&TapeInputs { binding: fr(77), public: &[p], private: &[q] }).unwrap();
        assert_eq!(matrices.check(&z), Ok(()));
        assert_eq!(
            z[1..5],
            [fr((p != q).into()), fr(77), fr(1000 + i64::from(p)), fr(i64::from(p) * i64::from(q) + 3)]
        );
        // Every wire but the root, which no row of the example holds, is held by a row.
        for wire in (0..WIRES).filter(|&wire| ![ONE, BINDING, ROOT].contains(&wire)) {
            let mut bad = z.clone();
            bad[wire as usize] += fr(2);
            // The inverse is free where p = q.
            let free = wire == INVERSE && p == q;
            assert_eq!(matrices.check(&bad).is_ok(), free, "wire {wire} for {p}, {q}");
        }
    }
    assert_eq!(
        [0, 1, 9, 10, 12, 13].map(|row| spans.text(row)),
        [Some("binding"), Some("bits of q"), Some("bits of q"), None, Some("p != q"), None]
    );
}

#[test]
fn every_truncation_and_every_extension_is_refused() {
    [artefact(), compiled()].iter().for_each(refuse_other_lengths);
}

fn refuse_other_lengths(artefact: &Artefact) {
    let mut file = artefact.encode();
    for len in 0..file.len() {
        assert!(Artefact::decode(&file[..len]).is_err(), "{len} bytes");
        if len >= 32 {
            let mut sealed = file[..len].to_vec();
            seal(&mut sealed);
            assert!(Artefact::decode(&sealed).is_err(), "{len} bytes, sealed");
        }
    }
    let expected = file.len() as u64;
    file.push(0);
    let got = file.len();
    assert_eq!(Artefact::decode(&file), Err(ArtefactError::Length { expected, got }));
}

/// A flipped byte fails the checksum. Where the checksum is made to match, the parser refuses the bytes or reads another
/// artefact that is written exactly so; whatever tape it accepts runs without a panic.
#[test]
fn every_other_value_of_every_byte_is_refused_or_means_something_else() {
    for original in [artefact(), compiled()] {
        let (refused, accepted) = change_bytes(&original);
        // Both happen: names, hashes, coefficients and the certificate are free, most else is not.
        assert!(refused > 10_000 && accepted > 10_000, "{refused} refused, {accepted} accepted");
    }
}

fn change_bytes(original: &Artefact) -> (usize, usize) {
    let file = original.encode();
    let (mut refused, mut accepted) = (0, 0);
    for at in 0..file.len() {
        for flip in 1..=255 {
            let mut bytes = file.clone();
            bytes[at] ^= flip;
            if flip.is_power_of_two() {
                assert!(Artefact::decode(&bytes).is_err(), "byte {at} ^ {flip}");
            }
            if at >= file.len() - 32 {
                continue;
            }
            seal(&mut bytes);
            match Artefact::decode(&bytes) {
                Err(_) => refused += 1,
                Ok(other) => {
                    accepted += 1;
                    assert_ne!(other, *original, "byte {at} ^ {flip}");
                    assert_eq!(other.encode(), bytes, "byte {at} ^ {flip}");
                    let public = vec![9; other.tape.public_len() as usize];
                    let private = vec![200; other.tape.private_len() as usize];
                    if let Ok(z) = other.tape.run(&TapeInputs { binding: fr(5), public: &public, private: &private }) {
                        // Satisfied or not, it says so.
                        let _ = other.matrices.check(&z);
                    }
                }
            }
        }
    }
    (refused, accepted)
}

#[test]
fn counts_beyond_the_bytes_are_refused_before_anything_is_allocated() {
    const MOST: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let refuse = |at: usize, parts: &[&[u8]], what: &str| {
        let error = Artefact::decode(&with_section(at, &parts.concat())).unwrap_err();
        assert!(error.to_string().contains(&format!("4294967295 {what}")), "{error}");
    };
    refuse(1, &[&[4, 17], &MOST], "scalars");
    refuse(1, &[&[4, 17, 0], &MOST], "rows");
    refuse(1, &[&[4, 17, 0, 1], &MOST, &[0; 8]], "terms");
    refuse(2, &[&[1], &MOST], "wires");
    refuse(2, &[&[1, 1], &MOST], "temporaries");
    refuse(2, &[&[1, 1, 0, 1, 1], &MOST], "scalars");
    refuse(2, &[&[1, 1, 0, 1, 1, 0, 5, 1, 2], &MOST], "terms");
    refuse(2, &[&[1, 1, 0, 1, 1, 0, 7, 0], &MOST], "bits");
    refuse(4, &[&MOST], "spans");
    // Lengths in the header.
    let mut file = artefact().encode();
    for at in 0..6 {
        file[12 + 4 * at..][..4].copy_from_slice(&u32::MAX.to_le_bytes());
    }
    seal(&mut file);
    let (expected, got) = (100 + 6 * u64::from(u32::MAX), file.len());
    assert_eq!(Artefact::decode(&file), Err(ArtefactError::Length { expected, got }));
}

#[test]
fn other_spellings_of_the_same_artefact_are_refused() {
    assert_eq!(Artefact::decode(&with_section(1, &section(1))), Ok(artefact()));
    // A number in more bytes than it needs: publics = 4.
    let long = [&[0x84, 0x00], &section(1)[1..]].concat();
    let number = |section| Err(ArtefactError::Section { section, source: CodecError::Number });
    assert_eq!(Artefact::decode(&with_section(1, &long)), number("matrices"));
    // A sixth byte of a number, and a fifth with more than four bits.
    for bytes in [[0xff, 0xff, 0xff, 0xff, 0x8f, 0x01], [0xff, 0xff, 0xff, 0xff, 0x1f, 0x00]] {
        assert_eq!(Artefact::decode(&with_section(4, &bytes)), number("spans"));
    }
    // A scalar in the pool that no term uses.
    let matrices = section(1);
    let (count, pool, rows) =
        (usize::from(matrices[2]), &matrices[3..], &matrices[3 + 32 * usize::from(matrices[2])..]);
    let unused = [&[4, 17, count as u8 + 1], &pool[..32 * count], &[0; 31], &[99], rows].concat();
    assert_eq!(Artefact::decode(&with_section(1, &unused)), Err(ArtefactError::NotCanonical));
    // A scalar at r.
    let mut high = matrices.clone();
    high[3..35].copy_from_slice(&[0xff; 32]);
    let error = Err(ArtefactError::Section { section: "matrices", source: CodecError::Scalar { index: 0 } });
    assert_eq!(Artefact::decode(&with_section(1, &high)), error);
    // A zero coefficient.
    high[3..35].copy_from_slice(&[0; 32]);
    let error = Err(ArtefactError::Matrices(MatrixError::Zero { row: 0, wire: 2 }));
    assert_eq!(Artefact::decode(&with_section(1, &high)), error);
    // A bit past the last wire.
    let mut bitmap = section(5);
    bitmap[2] |= 2;
    assert_eq!(Artefact::decode(&with_section(5, &bitmap)), Err(ArtefactError::Booleans { wires: 17 }));
    // Bytes after the last field of a section.
    for at in [0, 1, 4, 5] {
        assert!(Artefact::decode(&with_section(at, &[section(at), vec![0]].concat())).is_err(), "section {at}");
    }
    // Text that would speak to a terminal.
    assert!(Artefact::decode(&with_section(4, &[1, 0, 1, 2, b'a', 0x1b])).is_err());
    // An empty span.
    assert!(Artefact::decode(&with_section(4, &[1, 0, 0, 1, b'a'])).is_err());
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let new = |manifest, matrices, tape, spans, booleans| match Artefact::new(
        manifest,
        [0; 32],
        matrices,
        tape,
        Vec::new(),
        spans,
        booleans,
    ) {
        Err(ArtefactError::Mismatch { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let declared = |public, private, n: usize| {
        Manifest::new("x", 1, public, private, (0..n).map(|i| i.to_string()).collect()).unwrap()
    };
    assert_eq!(new(declared(1, 1, 2), matrices(), tape(), spans(), booleans()), "public wires");
    assert_eq!(new(declared(2, 1, 1), matrices(), tape(), spans(), booleans()), "public input bytes");
    assert_eq!(new(declared(1, 0, 1), matrices(), tape(), spans(), booleans()), "private input bytes");
    assert_eq!(new(manifest(), matrices(), tape(), spans(), Booleans::new(18)), "wires of the bitmap");
    let long = Spans::new(vec![Span { rows: 13..15, text: "beyond".into() }]).unwrap();
    assert_eq!(new(manifest(), matrices(), tape(), long, booleans()), "rows of the spans");
    let Matrices { a, b, c, .. } = matrices();
    let wider = Matrices::new(4, 18, a, b, c).unwrap();
    assert_eq!(new(manifest(), wider, tape(), spans(), booleans()), "wires of the tape");
}

#[test]
fn manifests_take_checked_names_and_bounded_lengths_only() {
    let new = |name: &str, declared: &[&str]| {
        Manifest::new(name, 1, 0, 0, declared.iter().map(|name| name.to_string()).collect())
    };
    assert!(new(&"a".repeat(64), &["A-Z_a.z", "0"]).is_ok());
    for bad in ["", &"a".repeat(65), "a b", "a/b", "\u{e9}", "a\n"] {
        assert_eq!(new(bad, &[]), Err(ManifestError::Name { name: bad.into() }));
        assert_eq!(new("a", &[bad]), Err(ManifestError::Name { name: bad.into() }));
    }
    assert_eq!(new("a", &["b", "c", "b"]), Err(ManifestError::Duplicate { name: "b".into() }));
    assert!(matches!(new("a", &["x"; 14]), Err(ManifestError::Limit { value: 14, max: 13, .. })));
    assert!(matches!(Manifest::new("a", 1, 16_385, 0, vec![]), Err(ManifestError::Limit { value: 16_385, .. })));
    assert!(matches!(Manifest::new("a", 1, 0, (1 << 24) + 1, vec![]), Err(ManifestError::Limit { .. })));
    assert_eq!(Manifest::from_bytes(&[3]), Err(ManifestError::Layout { got: 3 }));
}

/// The layouts, written out once more beside the tables in the docs.
#[test]
fn a_program_stands_in_a_file_of_the_second_version() {
    let artefact = compiled();
    let file = artefact.encode();
    let plain = artefact.clone().with_program(Vec::new()).unwrap();
    let plain_file = plain.encode();
    assert_eq!((plain_file[8], file[8]), (1, 2));
    let (sections, end) = (&plain_file[68..plain_file.len() - 32], file.len() - 32);
    assert_eq!(file[12..36], plain_file[12..36]);
    assert_eq!(file[36..40], (PROGRAM.len() as u32).to_le_bytes());
    assert_eq!(file[40..72], plain_file[36..68]);
    assert_eq!(file[72..end], [sections, PROGRAM].concat());
    // The program is known by its hash: without the bytes it is the same predicate.
    assert_eq!(plain.predicate_id(), artefact.predicate_id());
    assert_eq!(Artefact::decode(&plain_file), Ok(plain));
    assert_eq!(Artefact::decode(&file), Ok(artefact));
}

#[test]
fn a_program_is_the_one_that_was_hashed_and_says_where_it_starts() {
    let other = b"another".to_vec();
    assert_eq!(compiled().with_program(other), Err(ArtefactError::ProgramHash));
    let hash = Sha256::digest(PROGRAM).into();
    let headless = Artefact::new(manifest(), hash, matrices(), tape(), Vec::new(), spans(), booleans()).unwrap();
    assert_eq!(headless.with_program(PROGRAM.to_vec()), Err(ArtefactError::NoEntry));

    // The same in a file.
    let mut file = compiled().encode();
    let last = file.len() - 33;
    file[last] ^= 1;
    seal(&mut file);
    assert_eq!(Artefact::decode(&file), Err(ArtefactError::ProgramHash));
    let plain = artefact().encode();
    let with_version_2 = |program: &[u8]| {
        let length = (program.len() as u32).to_le_bytes();
        let hash = Sha256::digest(program);
        let sections = &plain[68..plain.len() - 32];
        let mut file = [&plain[..36], &length, &hash, sections, program, &[0; 32]].concat();
        file[8] = 2;
        seal(&mut file);
        Artefact::decode(&file)
    };
    assert_eq!(with_version_2(PROGRAM), Err(ArtefactError::NoEntry));
    // Without a program the version is 1.
    assert_eq!(with_version_2(b""), Err(ArtefactError::NotCanonical));
    let mut third = plain.clone();
    third[8] = 3;
    assert_eq!(Artefact::decode(&third), Err(ArtefactError::Version { got: 3 }));
}

#[test]
fn manifests_say_what_layout_1_could_not_in_layout_2() {
    let base = || Manifest::new("x", 1, 4, 40, vec!["private_commitment".into(), "b".into()]).unwrap();
    let plain = base().to_bytes();
    let tail = |manifest: Manifest| {
        let bytes = manifest.to_bytes();
        assert_eq!((bytes[0], &bytes[1..plain.len()]), (2, &plain[1..]));
        assert_eq!(Manifest::from_bytes(&bytes), Ok(manifest));
        bytes[plain.len()..].to_vec()
    };
    assert_eq!(plain[0], 1);
    assert_eq!(Manifest::from_bytes(&plain), Ok(base()));
    assert_eq!(tail(base().with_entry("f!").unwrap()), [2, b'f', b'!', 0, 0, 0]);
    assert_eq!(tail(base().with_commitment(true).unwrap()), [0, 1, 0, 0]);
    assert_eq!(base().with_commitment(true).unwrap().with_commitment(false), Ok(base()));
    let fields = vec![
        field("late", FieldInput::Private, 0x20, FieldKind::I64, 1),
        field("early", FieldInput::Public, 0, FieldKind::Bytes, 4),
    ];
    let late = [4, b'l', b'a', b't', b'e', 1, 0x20, 0, 0, 0, 7, 1, 0, 0, 0];
    let early = [5, b'e', b'a', b'r', b'l', b'y', 0, 0, 0, 0, 0, 8, 4, 0, 0, 0];
    assert_eq!(tail(base().with_fields(fields).unwrap()), [&[0, 0, 2, 0][..], &late, &early].concat());

    // Each part is in the id.
    let all = base().with_entry("f").unwrap().with_commitment(true).unwrap();
    let hashes = [base(), base().with_entry("f").unwrap(), base().with_entry("g").unwrap(), all].map(|m| m.hash());
    assert!((0..4).all(|i| (0..i).all(|j| hashes[i] != hashes[j])));

    // Another spelling of layout 1, and codes that stand for nothing.
    let read = |tail: &[u8]| Manifest::from_bytes(&[&[2], &plain[1..], tail].concat());
    assert_eq!(read(&[0, 0, 0, 0]), Err(ManifestError::NotCanonical));
    assert_eq!(read(&[0, 2, 0, 0]), Err(ManifestError::Code { what: "commitment", code: 2 }));
    assert_eq!(read(&[1, 0x7f, 0, 0, 0]), Err(ManifestError::Entry { name: "\x7f".into() }));
    assert_eq!(read(&[0, 1, 1, 0]), Err(ManifestError::Length));
    assert_eq!(read(&[0, 1, 0, 0, 0]), Err(ManifestError::Length));
    let with = |input, kind| read(&[0, 0, 1, 0, 1, b'a', input, 0, 0, 0, 0, kind, 1, 0, 0, 0]);
    assert!(with(1, 8).is_ok());
    assert_eq!(with(2, 8), Err(ManifestError::Code { what: "input", code: 2 }));
    assert_eq!(with(1, 9), Err(ManifestError::Code { what: "kind", code: 9 }));
    assert!(matches!(read(&[0, 0, 1, 4]), Err(ManifestError::Limit { value: 1025, max: 1024, .. })));
}

#[test]
fn entries_commitments_and_fields_are_checked() {
    let base = |declared: &[&str]| {
        Manifest::new("x", 1, 8, 16, declared.iter().map(|name| name.to_string()).collect()).unwrap()
    };
    assert!(base(&[]).with_entry("a".repeat(64)).is_ok());
    for bad in ["", &"a".repeat(65), "\n", "\u{e9}"] {
        assert_eq!(base(&[]).with_entry(bad), Err(ManifestError::Entry { name: bad.into() }));
    }
    assert_eq!(base(&[]).with_commitment(true), Err(ManifestError::Commitment { declared: None }));
    let declared = Some("a".to_owned());
    assert_eq!(base(&["a", "private_commitment"]).with_commitment(true), Err(ManifestError::Commitment { declared }));
    assert!(base(&["private_commitment", "a"]).with_commitment(true).is_ok());

    use FieldInput::{Private, Public};
    use FieldKind::*;
    let with = |fields: &[Field]| base(&[]).with_fields(fields.to_vec());
    // Side by side, the same bytes of the other input, and up to the last byte.
    let good = [field("a", Public, 0, U32, 1), field("b", Public, 4, I16, 2), field("c", Private, 0, U64, 2)];
    assert!(with(&good).is_ok());
    for (kind, size) in [(U8, 1), (U16, 2), (U32, 4), (U64, 8), (I8, 1), (I16, 2), (I32, 4), (I64, 8), (Bytes, 1)] {
        assert_eq!(field("a", Public, 0, kind, 3).len(), 3 * size);
        assert!(with(&[field("a", Private, 0, kind, 16 / size as u32)]).is_ok());
        let place = with(&[field("a", Private, 1, kind, 16 / size as u32)]);
        assert_eq!(place, Err(ManifestError::Place { name: "a".into(), offset: 1, bytes: 16, len: 16 }));
    }
    let place = |field: Field| matches!(with(&[field]), Err(ManifestError::Place { .. }));
    assert!(place(field("a", Public, 0, U8, 0)));
    assert!(place(field("a", Public, 8, U8, 1)));
    assert!(place(field("a", Public, u32::MAX, U8, 1)));
    assert!(place(field("a", Public, 0, U64, u32::MAX)));
    let overlap = with(&[field("a", Public, 3, U8, 1), field("b", Public, 0, U32, 1)]);
    assert_eq!(overlap, Err(ManifestError::Overlap { first: "b".into(), second: "a".into() }));
    let inside = with(&[field("a", Public, 0, Bytes, 8), field("b", Public, 2, U8, 1)]);
    assert_eq!(inside, Err(ManifestError::Overlap { first: "a".into(), second: "b".into() }));
    let twice = with(&[field("a", Public, 0, U8, 1), field("a", Private, 0, U8, 1)]);
    assert_eq!(twice, Err(ManifestError::Duplicate { name: "a".into() }));
    assert_eq!(with(&[field("a b", Public, 0, U8, 1)]), Err(ManifestError::Name { name: "a b".into() }));
    let many: Vec<Field> = (0..1025).map(|i| field(&i.to_string(), Private, i, U8, 1)).collect();
    let wide = || Manifest::new("x", 1, 0, 2000, vec![]).unwrap();
    assert!(wide().with_fields(many[..1024].to_vec()).is_ok());
    assert!(matches!(wide().with_fields(many), Err(ManifestError::Limit { value: 1025, max: 1024, .. })));
}
