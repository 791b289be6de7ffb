//! The port's semantics, reopening, and files that are refused: invariants 2, 4, 5 and 6 of docs/format.md.

use std::fs;
use std::io::Read;
use std::path::Path;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use redb::{Database, TableDefinition};
use zera_ledger::{Ledger, LedgerError, SCHEMA};
use zera_market::ports::{Change, MemStore, Row, Store, Table};

const FORMAT: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("zera/format");

fn put(table: Table, key: &[u8], value: &[u8]) -> Change {
    Change { table, key: key.to_vec(), value: Some(value.to_vec()) }
}

fn random_key(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let alphabet = [0x00, 0x01, 0x7f, 0x80, 0xff];
    (0..rng.gen_range(0..4)).map(|_| alphabet[rng.gen_range(0..alphabet.len())]).collect()
}

/// Random commits and scans, with the file reopened in between.
#[test]
fn it_answers_as_the_store_in_memory_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    let mut rng = ChaCha8Rng::seed_from_u64(0x5eed);
    let model = MemStore::default();
    let mut ledger = Ledger::open(&path).expect("made");
    let tables = [Table::Meta, Table::Kv, Table::Events];
    for round in 0..120 {
        let changes: Vec<Change> = (0..rng.gen_range(0..12))
            .map(|_| Change {
                table: tables[rng.gen_range(0..tables.len())],
                key: random_key(&mut rng),
                value: rng.gen_bool(0.7).then(|| (0..rng.gen_range(0..40)).map(|_| rng.r#gen()).collect()),
            })
            .collect();
        model.commit(&changes).expect("memory");
        ledger.commit(&changes).expect("disk");
        for _ in 0..40 {
            let table = tables[rng.gen_range(0..tables.len())];
            let (prefix, from) = (random_key(&mut rng), random_key(&mut rng));
            let limit = [0, 1, 3, usize::MAX][rng.gen_range(0..4)];
            let ask = |store: &dyn Store| {
                (store.scan(table, &prefix, &from, limit).expect("scan"), store.read(table, &from).expect("read"))
            };
            assert_eq!(ask(&ledger), ask(&model), "round {round}: {table:?} {prefix:?} from {from:?} limit {limit}");
        }
        if round % 30 == 29 {
            drop(ledger);
            ledger = Ledger::open(&path).expect("reopened");
        }
    }
    assert_eq!(ledger.scan(Table::Code, &[], &[], 9).expect("scan"), vec![]);
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1, "nothing but the ledger is left");
}

#[test]
fn the_last_write_of_a_commit_wins() {
    let ledger = Ledger::in_memory().expect("memory");
    let gone = Change { table: Table::Kv, key: b"k".to_vec(), value: None };
    ledger
        .commit(&[put(Table::Kv, b"k", b"1"), put(Table::Meta, b"m", b""), gone, put(Table::Kv, b"k", b"2")])
        .unwrap();
    assert_eq!(ledger.read(Table::Kv, b"k").unwrap(), Some(b"2".to_vec()));
    assert_eq!(ledger.read(Table::Meta, b"m").unwrap(), Some(Vec::new()));
    assert_eq!(ledger.read(Table::Kv, b"absent").unwrap(), None);
}

/// Opens a file that has to be refused: one line, and the bytes stay.
fn refused(path: &Path) -> LedgerError {
    let before = fs::read(path).expect("there");
    let error = Ledger::open(path).map(|_| ()).expect_err("refused");
    assert_eq!(fs::read(path).expect("still there"), before, "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");
    assert!(error.to_string().starts_with("ledger "), "{error}");
    error
}

#[test]
fn what_is_no_ledger_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    for (bytes, expected) in
        [(&b""[..], "an empty file"), (b"redb", "another kind"), (b"{\"json\": true}\n", "another kind")]
    {
        fs::write(&path, bytes).unwrap();
        let error = refused(&path);
        assert!(matches!(error, LedgerError::NotALedger { .. }) && error.to_string().contains(expected), "{error}");
    }
    let error = Ledger::open(folder.path()).map(|_| ()).expect_err("a folder");
    assert!(matches!(error, LedgerError::Io { .. } | LedgerError::NotALedger { .. }), "{error}");
    let error = Ledger::open(folder.path().join("absent/ledger")).map(|_| ()).expect_err("no such folder");
    assert!(matches!(error, LedgerError::Io { .. }), "{error}");

    // Another program's database.
    fs::remove_file(&path).unwrap();
    drop(Database::create(&path).unwrap());
    let error = refused(&path);
    assert!(
        matches!(error, LedgerError::NotALedger { .. }) && error.to_string().contains("another program"),
        "{error}"
    );
}

#[test]
fn another_schema_is_refused_with_both_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    drop(Ledger::open(&path).expect("made"));
    for found in [SCHEMA - 1, SCHEMA + 1, u32::MAX] {
        let database = Database::create(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(FORMAT).unwrap().insert(&b"schema"[..], found.to_be_bytes().as_slice()).unwrap();
        transaction.commit().unwrap();
        drop(database);
        let error = refused(&path);
        assert!(matches!(error, LedgerError::Schema { found: f, supported: SCHEMA, .. } if f == found), "{error}");
        assert!(error.to_string().ends_with(&format!("schema {found}, this program reads {SCHEMA}")), "{error}");
    }
}

#[test]
fn a_second_handle_is_told_that_the_file_is_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    let ledger = Ledger::open(&path).expect("made");
    let error = Ledger::open(&path).map(|_| ()).expect_err("locked");
    assert!(matches!(error, LedgerError::AlreadyOpen { .. }) && error.to_string().contains("already open"), "{error}");
    ledger.commit(&[put(Table::Meta, b"a", b"b")]).expect("the first one goes on");
    drop(ledger);
    assert_eq!(Ledger::open(&path).expect("free").read(Table::Meta, b"a").unwrap(), Some(b"b".to_vec()));
}

/// A ledger with some rows, as bytes, and its rows.
fn sample(path: &Path) -> (Vec<u8>, Vec<Row>) {
    let ledger = Ledger::open(path).expect("made");
    for block in 0..4u8 {
        let rows: Vec<Change> = (0..200u8).map(|i| put(Table::Accounts, &[i, block], &[i; 48])).collect();
        ledger.commit(&rows).expect("committed");
    }
    let rows = ledger.scan(Table::Accounts, &[], &[], usize::MAX).expect("scan");
    drop(ledger);
    (fs::read(path).expect("read"), rows)
}

#[test]
fn a_truncated_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    let (whole, _) = sample(&path);
    for len in [9, 100, 319, 320, 4_095, 4_096, 8_192, whole.len() / 2, whole.len() - 4_096, whole.len() - 1] {
        fs::write(&path, &whole[..len]).unwrap();
        let error = refused(&path);
        assert!(matches!(error, LedgerError::Damaged { .. }), "length {len}: {error}");
    }
}

/// A length that the content does not account for: refused without reading it all, or the rows that were there.
#[test]
fn a_huge_sparse_file_is_no_other_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    let (whole, rows) = sample(&path);
    let len = 1u64 << 33;
    for head in [&whole[..9], &whole[..320], &whole[..]] {
        fs::write(&path, head).unwrap();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(len).unwrap();
        match Ledger::open(&path) {
            Ok(ledger) => assert_eq!(ledger.scan(Table::Accounts, &[], &[], usize::MAX).expect("scan"), rows),
            Err(error) => {
                assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
                assert!(!error.to_string().contains('\n'), "{error}");
                assert_eq!(fs::metadata(&path).unwrap().len(), len, "{error}");
                let mut there = vec![0; head.len()];
                fs::File::open(&path).unwrap().read_exact(&mut there).unwrap();
                assert_eq!(there, head);
            }
        }
    }
}

/// K5: a flipped bit is refused, or lay where nothing is; balances never differ.
#[test]
fn a_flipped_bit_never_changes_a_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    let (whole, rows) = sample(&path);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut damaged, mut harmless) = (0, 0);
    for round in 0..400 {
        let mut bytes = whole.clone();
        // Every second flip in the file's first pages, where headers and trees are.
        let at = rng.gen_range(0..if round % 2 == 0 { 640 } else { bytes.len() });
        bytes[at] ^= 1 << rng.gen_range(0..8);
        fs::write(&path, &bytes).unwrap();
        match Ledger::open(&path) {
            Ok(ledger) => {
                assert_eq!(ledger.scan(Table::Accounts, &[], &[], usize::MAX).expect("scan"), rows, "byte {at}");
                harmless += 1;
            }
            Err(error) => {
                assert_eq!(fs::read(&path).unwrap(), bytes, "byte {at}: {error}");
                assert!(!error.to_string().contains('\n'), "byte {at}: {error}");
                damaged += 1;
            }
        }
    }
    println!("{damaged} refused, {harmless} harmless, file of {} bytes", whole.len());
    assert!(damaged > 0);
}
