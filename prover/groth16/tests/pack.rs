//! Packed keys: the same proofs as with the key itself, and every damage refused.

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ark_bn254::{Bn254, Fr};
use ark_groth16::Proof;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};
use zera_iden3::read_zkey;
use zera_kernels::{Arkworks, Cpu, CpuEngine, Engine, Slice};
use zera_params::dev_keys;
use zera_prover::{Blinding, PackError, Prover, SnarkjsProver, Watch};

#[path = "support/circuit.rs"]
mod circuit;
#[path = "support/zkey.rs"]
mod zkey;

const SOURCE: [u8; 32] = [7; 32];
/// Bytes before the sections.
const START: usize = 4096;
/// Where the header says what a section is, and its digests.
const SECTIONS: usize = 536;
const CONTENT: usize = 792;
const HEADER: usize = 824;

/// Both backends, or the one that there is.
fn engines() -> Vec<CpuEngine> {
    let mut cpus = vec![Cpu::choose(Some("portable")).expect("always there"), Cpu::detect()];
    cpus.dedup();
    cpus.into_iter().map(CpuEngine).collect()
}

/// Bytes at an address that a page has, as a map's.
fn slice(bytes: &[u8]) -> Slice {
    struct Pages(Vec<u64>, usize, usize);
    impl AsRef<[u8]> for Pages {
        fn as_ref(&self) -> &[u8] {
            &bytemuck::cast_slice(&self.0)[self.1..self.1 + self.2]
        }
    }
    let words = vec![0u64; bytes.len() / 8 + 1024];
    let offset = words.as_ptr().align_offset(4096) * 8;
    let mut pages = Pages(words, offset, bytes.len());
    bytemuck::cast_slice_mut::<u64, u8>(&mut pages.0)[offset..offset + bytes.len()].copy_from_slice(bytes);
    Slice::new(Arc::new(pages))
}

fn watch(progress: &mut (dyn FnMut(zera_prover::Stage) + Send)) -> Watch<'_> {
    static NEVER: AtomicBool = AtomicBool::new(false);
    Watch { progress, cancelled: &NEVER }
}

fn blinding() -> Blinding {
    Blinding::random(&mut ChaCha20Rng::seed_from_u64(9))
}

fn packed(pack: impl Fn(&mut Cursor<Vec<u8>>) -> std::io::Result<()>) -> Vec<u8> {
    let mut out = Cursor::new(vec![0xff; 100]);
    pack(&mut out).expect("memory takes it");
    out.into_inner()
}

fn snarkjs(engine: &dyn Engine, seed: u64, rows: usize) -> (SnarkjsProver, Vec<Fr>) {
    let (matrices, z) = circuit::random(seed, rows, 3);
    let bytes = zkey::dev_file(&matrices);
    let key = zkey::decoded(&read_zkey(&bytes).expect("a key"));
    (SnarkjsProver::new(engine, key).expect("a prover"), z)
}

fn proof(prover: &SnarkjsProver, z: &[Fr]) -> Proof<Bn254> {
    prover.prove(z, &blinding(), watch(&mut |_| ())).expect("a proof").0
}

#[test]
fn a_packed_key_of_snarkjs_gives_the_same_proof() {
    for engine in engines() {
        for (seed, rows) in [(1, 1), (2, 12), (3, 700)] {
            let (prover, z) = snarkjs(&engine, seed, rows);
            let bytes = packed(|out| prover.pack(&engine, &SOURCE, out));
            let again = SnarkjsProver::unpack(&engine, &slice(&bytes), &SOURCE).expect("a packed key");
            assert_eq!(proof(&again, &z), proof(&prover, &z), "{rows} rows");
            // What was unpacked packs to the same bytes.
            assert_eq!(packed(|out| again.pack(&engine, &SOURCE, out)), bytes);
        }
    }
}

#[test]
fn a_packed_key_of_arkworks_gives_the_same_proof_and_is_for_its_circuit() {
    for engine in engines() {
        let (matrices, z) = circuit::random(4, 300, 2);
        let keys = dev_keys(&matrices).expect("keys");
        let prover = Prover::new(&engine, &keys.proving, &matrices).expect("a prover");
        let bytes = slice(&packed(|out| prover.pack(&engine, &SOURCE, out)));
        let again = Prover::unpack(&engine, &bytes, &SOURCE, &matrices).expect("a packed key");
        let prove = |prover: &Prover| prover.prove(&matrices, &z, &blinding(), watch(&mut |_| ())).expect("a proof").0;
        assert_eq!(prove(&again), prove(&prover));
        let (other, _) = circuit::random(4, 299, 2);
        assert!(matches!(Prover::unpack(&engine, &bytes, &SOURCE, &other), Err(PackError::Sizes { .. })));
        assert_eq!(SnarkjsProver::unpack(&engine, &bytes, &SOURCE).err(), Some(PackError::Reduction));
        let bytes = {
            let (prover, _) = snarkjs(&engine, 4, 300);
            slice(&packed(|out| prover.pack(&engine, &SOURCE, out)))
        };
        assert_eq!(Prover::unpack(&engine, &bytes, &SOURCE, &matrices).err(), Some(PackError::Reduction));
    }
}

#[test]
fn another_key_and_another_engine_are_refused() {
    let engines = engines();
    let engine = &engines[0];
    let (prover, _) = snarkjs(engine, 5, 20);
    let bytes = packed(|out| prover.pack(engine, &SOURCE, out));
    let unpack = |engine: &dyn Engine, source| SnarkjsProver::unpack(engine, &slice(&bytes), source).err();
    assert_eq!(unpack(engine, &[8; 32]), Some(PackError::Source));
    if let Some(other) = engines.get(1) {
        let (expected, got) = (other.name().to_owned(), engine.name().to_owned());
        assert_eq!(unpack(other, &SOURCE), Some(PackError::Form { expected, got }));
    }
    assert!(matches!(unpack(&Arkworks, &SOURCE), Some(PackError::List(_))));
    let (plain, _) = snarkjs(&Arkworks, 5, 20);
    let refused = plain.pack(&Arkworks, &SOURCE, &mut Cursor::new(Vec::new())).expect_err("nothing to keep");
    assert_eq!(refused.kind(), std::io::ErrorKind::Unsupported);
}

#[test]
fn every_damage_is_found() {
    let engine = CpuEngine::detect();
    let (prover, _) = snarkjs(&engine, 6, 40);
    let bytes = packed(|out| prover.pack(&engine, &SOURCE, out));
    let open = |bytes: &[u8]| SnarkjsProver::unpack(&engine, &slice(bytes), &SOURCE).err();
    assert_eq!(open(&bytes), None);
    let places = (0..HEADER + 32).chain((START..bytes.len()).step_by(61));
    for at in places {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(open(&damaged).is_some(), "byte {at}");
    }
    for len in [0, 1, START - 1, START, START + 1, bytes.len() - 64, bytes.len() - 1] {
        assert!(open(&bytes[..len]).is_some(), "{len} bytes");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(open(&longer), Some(PackError::Content));
}

/// With digests that fit, what is left are lists that would be read outside themselves.
#[test]
fn no_content_with_its_digest_makes_a_prover_panic() {
    let engine = CpuEngine::detect();
    let (prover, z) = snarkjs(&engine, 7, 40);
    let bytes = packed(|out| prover.pack(&engine, &SOURCE, out));
    let number = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("eight")) as usize;
    let section = |i: usize| number(SECTIONS + 16 * i)..number(SECTIONS + 16 * i) + number(SECTIONS + 16 * i + 8);
    let sealed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        let all = bytes[START..].chunks(1 << 20).flat_map(|chunk| Sha256::digest(chunk).to_vec()).collect::<Vec<u8>>();
        bytes[CONTENT..HEADER].copy_from_slice(&Sha256::digest(all));
        let digest = Sha256::digest(&bytes[..HEADER]);
        bytes[HEADER..HEADER + 32].copy_from_slice(&digest);
        SnarkjsProver::unpack(&engine, &slice(&bytes), &SOURCE)
    };
    let same = sealed(&|_| ()).expect("as it was");
    assert_eq!(proof(&same, &z), proof(&prover, &z));
    let word = |at: usize, word: u32| move |bytes: &mut Vec<u8>| bytes[at..at + 4].copy_from_slice(&word.to_ne_bytes());
    let long = |at: usize, word: u64| move |bytes: &mut Vec<u8>| bytes[at..at + 8].copy_from_slice(&word.to_ne_bytes());
    // Indices of what is no infinity: some list has infinities.
    let kept = (5..10).map(section).find(|range| range.len() >= 8).expect("a list with infinities");
    assert!(matches!(sealed(&word(kept.start, u32::MAX)).err(), Some(PackError::List(_))));
    assert!(matches!(sealed(&word(kept.end - 4, u32::MAX)).err(), Some(PackError::List(_))));
    assert!(matches!(sealed(&word(kept.start + 4, 0)).err(), Some(PackError::List(_))));
    for matrix in 0..2 {
        let [starts, wires] = [section(10 + 3 * matrix), section(11 + 3 * matrix)];
        let refused = Some(PackError::Rows { matrix });
        assert_eq!(sealed(&word(wires.start, z.len() as u32)).err(), refused);
        assert_eq!(sealed(&word(starts.start, 1)).err(), refused);
        assert_eq!(sealed(&word(starts.end - 4, 0)).err(), refused);
        assert_eq!(sealed(&word(starts.start + 4, u32::MAX)).err(), refused);
    }
    // Sections that end elsewhere, or in a place that is no point's.
    for i in 0..16 {
        let (start, len) = (SECTIONS + 16 * i, SECTIONS + 16 * i + 8);
        for change in [long(start, u64::MAX), long(len, u64::MAX), long(len, number(len) as u64 ^ 1)] {
            assert!(sealed(&change).is_err(), "section {i}");
        }
        assert!(section(i).is_empty() || sealed(&long(start, 9)).is_err(), "section {i}");
    }
    // Wires, publics and domain, each alone.
    for change in [long(72, 0), long(72, u64::MAX), long(72, 9), long(80, 0), long(80, 1 << 28), long(80, u64::MAX)] {
        assert!(sealed(&change).is_err());
    }
    assert!(sealed(&word(68, u32::MAX)).is_err() && sealed(&word(68, 4)).is_err());
    // A point that there is one of.
    assert_eq!(sealed(&word(88, 5)).err(), Some(PackError::Point));
    assert_eq!(sealed(&|bytes: &mut Vec<u8>| bytes[88..120].fill(0xff)).err(), Some(PackError::Point));
}
