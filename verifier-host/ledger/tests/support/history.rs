//! Commits whose rows say which one they belong to: half a commit, or two mixed, would show.

use zera_ledger::Ledger;
use zera_market::ports::{Change, MemStore, Store, Table};

/// Commit `number` writes its number to three tables and moves rows from one key to another.
pub fn history(number: u32) -> Vec<Change> {
    let value = number.to_be_bytes().to_vec();
    let put = |table, key: Vec<u8>| Change { table, key, value: Some(value.clone()) };
    let mut changes = vec![put(Table::Meta, b"height".to_vec()), put(Table::Blocks, value.clone())];
    changes.extend((0..40u8).map(|i| put(Table::Kv, vec![i, (number % 3) as u8])));
    changes.extend((0..40u8).map(|i| Change { table: Table::Kv, key: vec![i, ((number + 2) % 3) as u8], value: None }));
    changes
}

/// How many commits the meta row says there were.
pub fn height(ledger: &Ledger) -> Result<u32, zera_market::ports::StoreError> {
    let row = ledger.read(Table::Meta, b"height")?;
    Ok(row.map_or(0, |value| u32::from_be_bytes(value.try_into().expect("four bytes")) + 1))
}

/// How many commits are there, and that every row of every table agrees with it.
pub fn committed(ledger: &Ledger) -> u32 {
    let count = height(ledger).expect("readable");
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
