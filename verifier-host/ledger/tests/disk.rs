//! Crashes and failing disks: invariants 1, 2 and 3 of docs/format.md.

use std::io;
use std::sync::{Arc, Mutex};

use zera_ledger::{Ledger, StorageBackend};
use zera_market::ports::{Change, MemStore, Store, Table};

/// A disk that stops at the `fail_at`-th operation that changes it, and then fails at everything.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    written: Vec<u8>,
    synced: Vec<u8>,
    operations: u64,
    fail_at: Option<u64>,
    failed: bool,
}

impl Disk {
    fn holding(image: Vec<u8>) -> Disk {
        Disk(Arc::new(Mutex::new(State { written: image.clone(), synced: image, ..State::default() })))
    }

    fn step(&self, apply: impl FnOnce(&mut State)) -> io::Result<()> {
        let mut state = self.0.lock().expect("not poisoned");
        if state.fail_at == Some(state.operations) {
            state.failed = true;
        }
        if state.failed {
            return Err(io::Error::other("the disk failed"));
        }
        state.operations += 1;
        apply(&mut state);
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().expect("not poisoned").written.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.lock().expect("not poisoned");
        if state.failed {
            return Err(io::Error::other("the disk failed"));
        }
        let from = state.written.get(offset as usize..offset as usize + out.len());
        out.copy_from_slice(from.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.step(|state| state.written.resize(len as usize, 0))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.step(|state| state.synced.clone_from(&state.written))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.step(|state| state.written[offset as usize..offset as usize + data.len()].copy_from_slice(data))
    }
}

/// Commit `number` writes its number to three tables and moves a row: a torn commit would show.
fn history(number: u32) -> Vec<Change> {
    let value = number.to_be_bytes().to_vec();
    let put = |table, key: Vec<u8>| Change { table, key, value: Some(value.clone()) };
    let mut changes = vec![put(Table::Meta, b"height".to_vec()), put(Table::Blocks, value.clone())];
    changes.extend((0..40u8).map(|i| put(Table::Kv, vec![i, (number % 3) as u8])));
    changes.extend((0..40u8).map(|i| Change { table: Table::Kv, key: vec![i, ((number + 2) % 3) as u8], value: None }));
    changes
}

const COMMITS: u32 = 4;

/// What is committed, by the meta row, and that all else agrees with it.
fn committed(ledger: &Ledger) -> u32 {
    let count = match ledger.read(Table::Meta, b"height").expect("readable") {
        None => 0,
        Some(value) => u32::from_be_bytes(value.try_into().expect("four bytes")) + 1,
    };
    let model = MemStore::default();
    for number in 0..count {
        model.commit(&history(number)).expect("memory");
    }
    for &table in Table::ALL {
        let rows = |store: &dyn Store| store.scan(table, &[], &[], usize::MAX).expect("readable");
        assert_eq!(rows(ledger), rows(&model), "table {}, {count} commits", table.name());
    }
    count
}

#[test]
fn whichever_write_fails_a_commit_is_whole_or_absent() {
    let mut total = 0;
    let mut unacknowledged = 0;
    for k in 0.. {
        let disk = Disk::default();
        disk.0.lock().expect("not poisoned").fail_at = Some(k);
        let mut acknowledged = 0;
        let opened = Ledger::with_backend(disk.clone());
        let made = opened.is_ok();
        if let Ok(ledger) = &opened {
            for number in 0..COMMITS {
                match ledger.commit(&history(number)) {
                    Ok(()) => acknowledged += 1,
                    Err(error) => {
                        assert!(error.to_string().contains("ledger <backend>: committing"), "{error}");
                        // Invariant 3: as if it had not been tried, or an error; never the new rows.
                        if let Ok(height) = ledger.read(Table::Meta, b"height") {
                            assert_eq!(
                                height.map_or(0, |h| u32::from_be_bytes(h.try_into().unwrap()) + 1),
                                acknowledged
                            );
                        }
                        break;
                    }
                }
            }
        }
        drop(opened);
        let (written, synced, failed) = {
            let state = disk.0.lock().expect("not poisoned");
            (state.written.clone(), state.synced.clone(), state.failed)
        };
        // The machine stopped: what was not synced may be there or not.
        for image in [written, synced] {
            match Ledger::with_backend(Disk::holding(image)) {
                Ok(ledger) => {
                    let count = committed(&ledger);
                    assert!(
                        count == acknowledged || count == acknowledged + 1,
                        "k {k}: {count}, acknowledged {acknowledged}"
                    );
                    unacknowledged += u32::from(count > acknowledged);
                    // And it goes on.
                    ledger.commit(&history(count)).expect("a sound disk");
                    assert_eq!(committed(&ledger), count + 1);
                }
                // A ledger whose making was cut short is no ledger; nothing was acknowledged.
                Err(error) => assert!(!made, "k {k}: {error}"),
            }
        }
        if !failed {
            assert_eq!(acknowledged, COMMITS);
            break;
        }
        total = k + 1;
    }
    assert!(total > 50, "only {total} operations were tried");
    println!("{total} failing operations, {unacknowledged} images with an unacknowledged commit");
}
