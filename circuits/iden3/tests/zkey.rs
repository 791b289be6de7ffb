//! `.zkey` files: what is written is read, and nothing else is.

#[path = "support/example.rs"]
mod example;
#[path = "support/points.rs"]
mod points;
#[path = "support/sections.rs"]
mod sections;

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, One, PrimeField};
use example::matrices;
use points::Lists;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sections::{file, parts};
use zera_iden3::zkey::{Coefficient, DOMAIN_MAX, Matrix, Point, PointFault, Points, Section};
use zera_iden3::{FileError, Zkey, ZkeyError, read_zkey, write_zkey};
use zera_r1cs::SparseMatrix;

fn written() -> Vec<u8> {
    write_zkey(&Lists::new().parts(), &matrices()).unwrap()
}

fn edited(edit: impl FnOnce(&mut Vec<(u32, Vec<u8>)>)) -> Vec<u8> {
    let mut parts = parts(&written());
    edit(&mut parts);
    file("zkey", &parts)
}

/// The first thing that is wrong with the file or, where all of it is looked at, with its content.
fn refusal(bytes: &[u8]) -> ZkeyError {
    read_zkey(bytes).and_then(|key| key.check()).unwrap_err()
}

/// The example with a change to the content of one section.
fn content(section: Section, edit: impl FnOnce(&mut Vec<u8>)) -> ZkeyError {
    let edit = |parts: &mut Vec<(u32, Vec<u8>)>| {
        edit(&mut parts.iter_mut().find(|(kind, _)| *kind == section.number()).unwrap().1);
    };
    refusal(&edited(edit))
}

fn all<P: Point>(points: &Points<'_, P>) -> Vec<P> {
    points.iter().collect::<Result<_, _>>().unwrap()
}

fn assert_is_example(key: &Zkey<'_>) {
    let lists = Lists::new();
    let parts = lists.parts();
    assert_eq!((key.header.wires, key.header.publics, key.header.domain), (5, 2, 8));
    let g1 = [key.header.alpha_g1, key.header.beta_g1, key.header.delta_g1];
    let g2 = [key.header.beta_g2, key.header.gamma_g2, key.header.delta_g2];
    assert_eq!(g1, [parts.alpha_g1, parts.beta_g1, parts.delta_g1]);
    assert_eq!(g2, [parts.beta_g2, parts.gamma_g2, parts.delta_g2]);
    assert_eq!([all(&key.ic), all(&key.a), all(&key.b_g1)], [lists.ic.clone(), lists.a.clone(), lists.b_g1.clone()]);
    assert_eq!([all(&key.c), all(&key.h)], [lists.c.clone(), lists.h.clone()]);
    assert_eq!(all(&key.b_g2), lists.b_g2);
    assert_terms(key);
    assert_eq!(key.check(), Ok(()));
}

/// The terms of the example's A and B by row, and those of wire 0 and the public wires.
fn assert_terms(key: &Zkey<'_>) {
    let matrices = matrices();
    let mut expected = Vec::new();
    for row in 0..matrices.rows() {
        for (matrix, of) in [(Matrix::A, &matrices.a), (Matrix::B, &matrices.b)] {
            let (wires, values) = of.row(row);
            let terms = wires.iter().zip(values);
            expected.extend(terms.map(|(&wire, &value)| Coefficient { matrix, row: row as u32, wire, value }));
        }
    }
    expected.extend((0..3).map(|wire| Coefficient { matrix: Matrix::A, row: 4 + wire, wire, value: Fr::one() }));
    assert_eq!(key.coefficients.iter().collect::<Result<Vec<_>, _>>(), Ok(expected));
}

#[test]
fn what_is_written_is_read() {
    assert_is_example(&read_zkey(&written()).unwrap());
}

/// Made by snarkjs 0.7.6: `groth16 setup` of example.r1cs, `zkey contribute`; its `zkey verify` said that it is sound.
#[test]
fn a_key_of_snarkjs_is_read() {
    let bytes = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/snarkjs.zkey")).unwrap();
    let key = read_zkey(&bytes).unwrap();
    assert_eq!((key.header.wires, key.header.publics, key.header.domain), (5, 2, 8));
    assert_eq!(key.header.gamma_g2, G2Affine::generator());
    assert_eq!(key.check(), Ok(()));
    assert_terms(&key);
    // Wires 1, 2 and 4 of the example are in no row of B, or in none of A.
    assert_eq!(all(&key.b_g1).map_infinity(), [false, true, true, false, true]);
    assert_eq!(all(&key.b_g2).map_infinity(), [false, true, true, false, true]);
}

/// With ZERA_ZKEYS set to a folder, every .zkey in it is read and all of it is checked.
#[test]
fn keys_of_ceremonies_are_read() {
    let Some(dir) = std::env::var_os("ZERA_ZKEYS") else { return };
    let paths = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|kind| kind == "zkey")).collect();
    paths.sort();
    for path in paths {
        let (bytes, start) = (std::fs::read(&path).unwrap(), std::time::Instant::now());
        let key = read_zkey(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let read = start.elapsed();
        assert_eq!(key.check(), Ok(()), "{}", path.display());
        let (sizes, terms) = (&key.header, key.coefficients.len());
        let name = path.file_name().unwrap_or_default().display();
        println!(
            "{name}: {} wires, {} publics, domain {}, {terms} terms: read in {read:?}, checked in {:?}",
            sizes.wires,
            sizes.publics,
            sizes.domain,
            start.elapsed()
        );
    }
}

trait Infinity {
    fn map_infinity(&self) -> Vec<bool>;
}

impl<P: Point> Infinity for Vec<P> {
    fn map_infinity(&self) -> Vec<bool> {
        self.iter().map(Point::is_infinity).collect()
    }
}

/// Documented size: 788 bytes, 44 a term, 320 a wire, 64 an element of the domain.
#[test]
fn files_have_the_documented_length() {
    let terms = matrices().a.nonzeros() + matrices().b.nonzeros() + 3;
    assert_eq!(written().len(), 788 + 44 * terms + 320 * 5 + 64 * 8);
}

#[test]
fn every_prefix_is_refused() {
    let bytes = written();
    for len in 0..bytes.len() {
        assert!(matches!(read_zkey(&bytes[..len]), Err(ZkeyError::File(_))), "{len}");
    }
    assert_eq!(refusal(&[&bytes[..], &[0]].concat()), ZkeyError::File(FileError::Length));
}

#[test]
fn sections_come_in_any_order_and_unknown_ones_are_stepped_over() {
    assert_is_example(&read_zkey(&edited(|parts| parts.reverse())).unwrap());
    assert_is_example(&read_zkey(&edited(|parts| parts.insert(3, (77, vec![1, 2, 3])))).unwrap());
    assert_is_example(&read_zkey(&edited(|parts| parts.push((10, vec![0; 68])))).unwrap());
    for at in 0..9 {
        let kind = at as u32 + 1;
        let missing = edited(|parts| drop(parts.remove(at)));
        assert_eq!(refusal(&missing), ZkeyError::File(FileError::Missing { kind }));
        let twice = edited(|parts| parts.push(parts[at].clone()));
        assert_eq!(refusal(&twice), ZkeyError::File(FileError::Duplicate { kind }));
    }
}

#[test]
fn other_files_systems_and_curves_are_told_apart() {
    let bytes = written();
    let magic = [b"wtns", &bytes[4..]].concat();
    assert_eq!(refusal(&magic), ZkeyError::File(FileError::Magic { expected: "zkey" }));
    let version = [&bytes[..4], &[2, 0, 0, 0], &bytes[8..]].concat();
    assert_eq!(refusal(&version), ZkeyError::File(FileError::Version { expected: 1, got: 2 }));
    assert_eq!(refusal(&edited(|parts| parts[0].1[0] = 2)), ZkeyError::System { got: 2 });
    assert_eq!(refusal(&edited(|parts| parts[0].1.push(0))), ZkeyError::File(FileError::Length));
    for at in [0, 4, 35] {
        assert_eq!(content(Section::Header, |bytes| bytes[at] ^= 1), ZkeyError::Curve, "{at}");
    }
    for at in [36, 40, 71] {
        assert_eq!(content(Section::Header, |bytes| bytes[at] ^= 1), ZkeyError::File(FileError::Field), "{at}");
    }
}

#[test]
fn lists_have_the_lengths_that_the_header_says() {
    let (header, list) = (Section::Header, Section::Coefficients);
    let length = |section, expected, got| ZkeyError::Length { section, expected, got };
    assert_eq!(content(header, |bytes| bytes.push(0)), length(header, 660, 661));
    assert_eq!(content(header, |bytes| bytes.truncate(84)), length(header, 660, 84));
    assert_eq!(content(list, |bytes| bytes.truncate(3)), length(list, 4, 3));
    assert_eq!(content(list, |bytes| bytes[..4].fill(0xff)), length(list, 4 + 44 * 0xffff_ffff, 4 + 44 * 10));
    assert_eq!(content(list, |bytes| bytes[0] = 9), length(list, 4 + 44 * 9, 4 + 44 * 10));
    let lists = [(Section::Ic, 3 * 64), (Section::A, 5 * 64), (Section::B1, 5 * 64), (Section::B2, 5 * 128)];
    for (section, expected) in lists.into_iter().chain([(Section::C, 2 * 64), (Section::H, 8 * 64)]) {
        assert_eq!(content(section, |bytes| bytes.truncate(64)), length(section, expected, 64));
        assert_eq!(content(section, |bytes| bytes.push(0)), length(section, expected, expected + 1));
        assert_eq!(content(section, Vec::clear), length(section, expected, 0));
    }
}

#[test]
fn sizes_are_paid_for_in_bytes() {
    let size = |at: usize, value: u32| {
        content(Section::Header, |bytes| bytes[72 + 4 * at..76 + 4 * at].copy_from_slice(&value.to_le_bytes()))
    };
    let length = |section, expected, got| ZkeyError::Length { section, expected, got };
    assert_eq!(size(0, 2), ZkeyError::Publics { publics: 2, wires: 2 });
    assert_eq!(size(0, u32::MAX), length(Section::A, 64 * 0xffff_ffff, 320));
    assert_eq!(size(1, 5), ZkeyError::Publics { publics: 5, wires: 5 });
    assert_eq!(size(1, u32::MAX), ZkeyError::Publics { publics: u32::MAX, wires: 5 });
    assert_eq!(size(1, 4), length(Section::Ic, 5 * 64, 3 * 64));
    for domain in [0, 3, 7, 2 * DOMAIN_MAX, u32::MAX] {
        assert_eq!(size(2, domain), ZkeyError::Domain { got: domain });
    }
    assert_eq!(size(2, DOMAIN_MAX), length(Section::H, 64 << 28, 512));
    assert_eq!(size(2, 4), length(Section::H, 256, 512));
    // A domain that is smaller than the rows shows there.
    let small = edited(|parts| {
        parts[1].1[80] = 4;
        parts[8].1.truncate(256);
    });
    assert_eq!(refusal(&small), ZkeyError::Entry { index: 7, what: "row", got: 4, count: 4 });
}

#[test]
fn entries_are_of_matrices_rows_and_wires_that_there_are() {
    let entry = |at: usize, bytes: &[u8]| {
        content(Section::Coefficients, |content| content[4 + 44 * 3 + at..][..bytes.len()].copy_from_slice(bytes))
    };
    let refused = |what, got, count| ZkeyError::Entry { index: 3, what, got, count };
    assert_eq!(entry(0, &[2]), refused("matrix", 2, 2));
    assert_eq!(entry(0, &[0xff; 4]), refused("matrix", u32::MAX, 2));
    assert_eq!(entry(4, &[8]), refused("row", 8, 8));
    assert_eq!(entry(4, &[0xff; 4]), refused("row", u32::MAX, 8));
    assert_eq!(entry(8, &[5]), refused("wire", 5, 5));
    assert_eq!(entry(12, &Fr::MODULUS.to_bytes_le()), ZkeyError::Value { index: 3 });
    assert_eq!(entry(12, &[0xff; 32]), ZkeyError::Value { index: 3 });
}

/// The same point with q added to the coordinate at `at`.
fn above(bytes: &mut [u8], at: usize) {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(bytes[at..at + 32].as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*chunk);
    }
    let mut number = ark_ff::BigInt(words);
    assert!(!number.add_with_carry(&Fq::MODULUS), "two of q are below 2^256");
    bytes[at..at + 32].copy_from_slice(&number.to_bytes_le());
}

/// A point of the twist that is in no subgroup of order r.
fn outside() -> Vec<u8> {
    let points = (1u64..).filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::from(x), false));
    let point = points.into_iter().find(|point| !point.is_in_correct_subgroup_assuming_on_curve()).unwrap();
    let mut bytes = Vec::new();
    point.put(&mut bytes);
    bytes
}

#[test]
fn points_of_the_header_are_points_and_not_infinity() {
    let places = [(84, 64, "alpha1"), (148, 64, "beta1"), (212, 128, "beta2"), (340, 128, "gamma2")];
    for (at, len, name) in places.into_iter().chain([(468, 64, "delta1"), (532, 128, "delta2")]) {
        let refused = |fault| ZkeyError::HeaderPoint { name, fault };
        let header = |edit: &dyn Fn(&mut [u8])| content(Section::Header, |bytes| edit(&mut bytes[at..at + len]));
        assert_eq!(header(&|point| point.fill(0)), refused(PointFault::Infinity));
        assert_eq!(header(&|point| point[0] ^= 1), refused(PointFault::Curve));
        let coordinate = if len == 64 { "x" } else { "x.c0" };
        assert_eq!(header(&|point| above(point, 0)), refused(PointFault::Range { coordinate }));
        if len == 128 {
            assert_eq!(header(&|point| point.copy_from_slice(&outside())), refused(PointFault::Subgroup));
        }
    }
}

#[test]
fn points_of_lists_are_points() {
    let lists = [(Section::Ic, 3), (Section::A, 5), (Section::B1, 4), (Section::C, 1), (Section::H, 8)];
    for (section, count) in lists {
        let index = count - 1;
        let refused = |fault| ZkeyError::Point { section, index, fault };
        let last = |edit: &dyn Fn(&mut [u8])| content(section, |bytes| edit(&mut bytes[64 * index..64 * count]));
        assert_eq!(last(&|point| point[63] ^= 1), refused(PointFault::Curve));
        assert_eq!(last(&|point| point[32..].fill(0)), refused(PointFault::Curve));
        for (at, coordinate) in [(0, "x"), (32, "y")] {
            assert_eq!(last(&|point| above(point, at)), refused(PointFault::Range { coordinate }));
        }
    }
    let section = Section::B2;
    let refused = |fault| ZkeyError::Point { section, index: 3, fault };
    let fourth = |edit: &dyn Fn(&mut [u8])| content(section, |bytes| edit(&mut bytes[3 * 128..4 * 128]));
    assert_eq!(fourth(&|point| point[127] ^= 1), refused(PointFault::Curve));
    assert_eq!(fourth(&|point| point.copy_from_slice(&outside())), refused(PointFault::Subgroup));
    for (at, coordinate) in [(0, "x.c0"), (32, "x.c1"), (64, "y.c0"), (96, "y.c1")] {
        assert_eq!(fourth(&|point| above(point, at)), refused(PointFault::Range { coordinate }));
    }
    // Infinity has one spelling, too.
    assert_eq!(
        content(Section::A, |bytes| above(bytes, 3 * 64)).to_string(),
        "zkey: section 5 (A): point 3: x is not below q"
    );
}

#[test]
fn the_subgroup_is_looked_at_unless_the_call_says_so() {
    let bytes = edited(|parts| parts[6].1[3 * 128..4 * 128].copy_from_slice(&outside()));
    let key = read_zkey(&bytes).unwrap();
    assert!(key.b_g2.decode_on_curve(3).is_ok());
    let fault = PointFault::Subgroup;
    assert_eq!(key.b_g2.decode(3), Err(ZkeyError::Point { section: Section::B2, index: 3, fault }));
}

#[test]
fn infinity_stands_in_lists_and_not_in_the_statement() {
    for section in [Section::A, Section::B1, Section::B2, Section::C, Section::H] {
        let infinity = edited(|parts| parts[section.number() as usize - 1].1.fill(0));
        assert_eq!(read_zkey(&infinity).and_then(|key| key.check()), Ok(()), "{section}");
    }
    let fault = PointFault::Infinity;
    let expected = ZkeyError::Point { section: Section::Ic, index: 1, fault };
    assert_eq!(content(Section::Ic, |bytes| bytes[64..128].fill(0)), expected);
}

/// Every bit means something: with one flipped the file is refused, or says something else. Of every byte one bit or two are
/// tried, and of all bytes all eight.
#[test]
fn no_flipped_bit_goes_unseen() {
    let bytes = written();
    let key = read_zkey(&bytes).unwrap();
    let mut read = 0;
    for at in (0..8 * bytes.len()).step_by(7) {
        let mut other = bytes.clone();
        other[at / 8] ^= 1 << (at % 8);
        if let Ok(found) = read_zkey(&other)
            && found.check().is_ok()
        {
            read += 1;
            assert_ne!(found, key, "bit {at}");
        }
    }
    assert!(read > 0, "flipped coefficients are other coefficients");
}

#[test]
fn random_bytes_after_a_good_start_do_not_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let bytes = written();
    for _ in 0..5000 {
        let mut other = bytes.clone();
        for _ in 0..rng.gen_range(1..6) {
            // Half of them where sizes and frames are.
            let end = if rng.r#gen() { 140 } else { other.len() };
            let at = rng.gen_range(0..end);
            other[at] = *[0, 0xff, 0x7f, rng.r#gen()].get(rng.gen_range(0..4usize)).unwrap();
        }
        let _ = read_zkey(&other).and_then(|key| key.check());
    }
}

#[test]
fn what_does_not_fit_is_not_written() {
    let count = |change: fn(&mut Lists)| {
        let mut lists = Lists::new();
        change(&mut lists);
        write_zkey(&lists.parts(), &matrices()).unwrap_err()
    };
    let error = |section, expected, got| ZkeyError::Count { section, expected, got };
    assert_eq!(count(|lists| lists.ic.truncate(2)), error(Section::Ic, 3, 2));
    assert_eq!(count(|lists| lists.a.truncate(4)), error(Section::A, 5, 4));
    assert_eq!(count(|lists| lists.b_g1.clear()), error(Section::B1, 5, 0));
    assert_eq!(count(|lists| lists.b_g2.push(G2Affine::identity())), error(Section::B2, 5, 6));
    assert_eq!(count(|lists| lists.c.push(G1Affine::identity())), error(Section::C, 2, 3));
    // arkworks' keys have one less.
    assert_eq!(count(|lists| lists.h.truncate(7)), error(Section::H, 8, 7));
}

#[test]
fn large_coefficients_come_back() {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    let values = [-Fr::one(), Fr::from(2u64), Fr::from_le_bytes_mod_order(&rng.r#gen::<[u8; 32]>())];
    let column =
        SparseMatrix::from_rows(values.map(|value| [(4, value)]).into_iter().chain([[(3, Fr::one())]])).unwrap();
    let mut matrices = matrices();
    matrices.a = column;
    let bytes = write_zkey(&Lists::new().parts(), &matrices).unwrap();
    let key = read_zkey(&bytes).unwrap();
    let found = key.coefficients.iter().map(Result::unwrap);
    let found: Vec<Fr> =
        found.filter(|term| term.matrix == Matrix::A && term.wire == 4).map(|term| term.value).collect();
    assert_eq!(found, values);
}
