//! Exports and views: read back by a second reading of docs/export.md, and the file under them stays as it was.

use std::fs;
use std::io::{self, Write};

use sha2::{Digest, Sha256};
use zera_ledger::Ledger;
use zera_ledger::export::{ExportError, Head, write};
use zera_market::ports::{Change, MemStore, Row, Store, Table};

fn sample(store: &dyn Store) {
    let put = |table, key: Vec<u8>, value: Vec<u8>| Change { table, key, value: Some(value) };
    let mut changes: Vec<Change> =
        (0..700u32).map(|i| put(Table::Kv, i.to_be_bytes().to_vec(), vec![7; (i % 50) as usize])).collect();
    changes.push(put(Table::Meta, Vec::new(), Vec::new()));
    changes.push(put(Table::Events, vec![0xff; 12], vec![1]));
    store.commit(&changes).expect("committed");
}

fn head() -> Head {
    Head { schema: 1, chain: [3; 32], height: 0x0102_0304_0506_0708, state_root: [4; 32] }
}

/// Reads an export by the page that describes it.
fn read(mut bytes: &[u8]) -> (Head, Vec<(Table, Row)>) {
    let (body, digest) = bytes.split_at(bytes.len() - 32);
    assert_eq!(<[u8; 32]>::from(Sha256::digest(body)), digest, "the digest");
    let mut take = |len: usize| {
        let (front, rest) = bytes.split_at(len);
        bytes = rest;
        front.to_vec()
    };
    assert_eq!(take(16), b"zera/export/v1\r\n");
    let head = Head {
        schema: u32::from_be_bytes(take(4).try_into().unwrap()),
        chain: take(32).try_into().unwrap(),
        height: u64::from_be_bytes(take(8).try_into().unwrap()),
        state_root: take(32).try_into().unwrap(),
    };
    let mut rows = Vec::new();
    for &table in Table::ALL {
        assert_eq!(take(1), [table.code()]);
        while take(1) == [1] {
            let mut part = || {
                let len = u32::from_be_bytes(take(4).try_into().unwrap());
                take(len as usize)
            };
            let row = (part(), part());
            rows.push((table, row));
        }
    }
    assert_eq!(u64::from_be_bytes(take(8).try_into().unwrap()), rows.len() as u64);
    assert_eq!(take(32), digest);
    assert!(bytes.is_empty());
    (head, rows)
}

fn rows(store: &dyn Store) -> Vec<(Table, Row)> {
    let of = |&table: &Table| {
        let rows = store.scan(table, &[], &[], usize::MAX).expect("scan");
        rows.into_iter().map(move |row| (table, row))
    };
    Table::ALL.iter().flat_map(of).collect()
}

#[test]
fn an_export_reads_back_and_is_the_same_from_any_store() {
    let (memory, ledger) = (MemStore::default(), Ledger::in_memory().expect("memory"));
    sample(&memory);
    sample(&ledger);
    // The same rows by another way through time.
    ledger.commit(&[Change { table: Table::Kv, key: vec![9], value: Some(vec![9]) }]).expect("committed");
    ledger.commit(&[Change { table: Table::Kv, key: vec![9], value: None }]).expect("committed");
    let export = |store: &dyn Store| {
        let mut bytes = Vec::new();
        let written = write(store, &head(), &mut bytes).expect("written");
        assert_eq!((written.bytes, &written.sha256[..]), (bytes.len() as u64, &bytes[bytes.len() - 32..]));
        assert_eq!(written.rows, 702);
        bytes
    };
    let bytes = export(&ledger);
    assert_eq!(bytes, export(&memory));
    assert_eq!(read(&bytes), (head(), rows(&memory)));
    ledger.commit(&[Change { table: Table::Kv, key: vec![0, 0, 0, 1], value: Some(vec![8]) }]).expect("committed");
    let mut other = Vec::new();
    let changed = write(&ledger, &head(), &mut other).expect("written");
    assert_ne!(changed.sha256[..], bytes[bytes.len() - 32..], "one byte of one row");
}

#[test]
fn a_full_disk_is_an_error_and_no_digest() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken == 0 { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(taken) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let store = MemStore::default();
    sample(&store);
    let len = write(&store, &head(), &mut Vec::new()).expect("written").bytes as usize;
    for room in (0..len).step_by(997).chain([len - 1]) {
        let error = write(&store, &head(), &mut Full(room)).expect_err("full");
        assert!(matches!(&error, ExportError::Io(source) if source.kind() == io::ErrorKind::StorageFull), "{error}");
    }
    write(&store, &head(), &mut Full(len)).expect("it fits");
}

#[test]
fn a_view_reads_everything_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    assert!(Ledger::view(&path).is_err() && !path.exists(), "a view makes no ledger");
    let ledger = Ledger::open(&path).expect("made");
    sample(&ledger);
    let expected = rows(&ledger);
    assert!(Ledger::view(&path).is_err(), "a node has it open");
    // As a node that was killed leaves it.
    let before = fs::read(&path).expect("read");
    drop(ledger);
    fs::write(&path, &before).expect("written");
    let view = Ledger::view(&path).expect("viewed");
    assert_eq!(rows(&view), expected);
    let error = view.commit(&[Change { table: Table::Kv, key: vec![], value: None }]).expect_err("a view");
    assert!(error.to_string().contains("to be looked at"), "{error}");
    assert!(Ledger::open(&path).is_err(), "a view holds the file");
    drop(view);
    assert_eq!(fs::read(&path).expect("read"), before);
    assert_eq!(rows(&Ledger::open(&path).expect("open")), expected);
}
