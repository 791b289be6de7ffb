//! From one schema to the next: a step for each, run in order in one transaction.

use std::path::Path;

use redb::{Database, Durability, WriteTransaction};

use crate::error::LedgerError;
use crate::tables::{FORMAT, FORMAT_SCHEMA, SCHEMA};

/// Rewrites the rows of one schema as those of the next.
type Run = fn(&WriteTransaction) -> Result<(), redb::Error>;

/// A schema to arrive at, and the steps to it: the one at `i` leads from schema `first + i` to the next.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) schema: u32,
    pub(crate) first: u32,
    pub(crate) steps: &'static [Run],
}

/// What this program does. Schema 1 is the first one there was.
pub(crate) const PLAN: Plan = Plan { schema: SCHEMA, first: 1, steps: &[] };

impl Plan {
    /// Brings `database` from the schema `found` to the plan's, whole or not at all.
    ///
    /// # Errors
    /// [`LedgerError::Schema`] where there is no way, [`LedgerError::Migration`] where a step fails.
    pub(crate) fn migrate(&self, path: &Path, database: &Database, found: u32) -> Result<(), LedgerError> {
        if found == self.schema {
            return Ok(());
        }
        let none = || LedgerError::Schema { path: path.to_path_buf(), found, supported: self.schema };
        let skipped = found.checked_sub(self.first).ok_or_else(none)?;
        let steps = usize::try_from(skipped).ok().and_then(|skipped| self.steps.get(skipped..)).ok_or_else(none)?;
        // A newer file than the program knows has nothing left to run.
        if steps.is_empty() {
            return Err(none());
        }
        let run = || -> Result<(), redb::Error> {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            transaction.set_two_phase_commit(true);
            transaction.set_quick_repair(true);
            for step in steps {
                step(&transaction)?;
            }
            transaction.open_table(FORMAT)?.insert(FORMAT_SCHEMA, self.schema.to_be_bytes().as_slice())?;
            transaction.commit()?;
            Ok(())
        };
        run().map_err(|error| LedgerError::Migration {
            path: path.to_path_buf(),
            found,
            schema: self.schema,
            what: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use redb::ReadableTable;
    use zera_market::ports::{Change, Store, Table};

    use super::*;
    use crate::Ledger;
    use crate::tables::definition;

    /// 1 -> 2: every nonce is followed by a byte 2.
    fn longer(transaction: &WriteTransaction) -> Result<(), redb::Error> {
        let mut rows = transaction.open_table(definition(Table::Nonces))?;
        let old: Vec<(Vec<u8>, Vec<u8>)> = rows
            .iter()?
            .map(|row| row.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())))
            .collect::<Result<_, _>>()?;
        for (key, mut value) in old {
            value.push(2);
            rows.insert(key.as_slice(), value.as_slice())?;
        }
        Ok(())
    }

    /// 2 -> 3: names move to another table.
    fn moved(transaction: &WriteTransaction) -> Result<(), redb::Error> {
        let mut rows = transaction.open_table(definition(Table::Names))?;
        let value = rows.remove(&b"n"[..])?.map(|value| value.value().to_vec());
        if let Some(value) = value {
            transaction.open_table(definition(Table::Config))?.insert(&b"n"[..], value.as_slice())?;
        }
        Ok(())
    }

    fn failing(transaction: &WriteTransaction) -> Result<(), redb::Error> {
        longer(transaction)?;
        Err(redb::Error::Corrupted("a row that the step can not read".to_owned()))
    }

    const TO_THREE: Plan = Plan { schema: 3, first: 1, steps: &[longer, moved] };

    /// A file of schema 1, as this program makes it.
    fn fixture(path: &Path) {
        let ledger = Ledger::open(path).unwrap();
        let put = |table, key: &[u8]| Change { table, key: key.to_vec(), value: Some(vec![1]) };
        ledger.commit(&[put(Table::Nonces, b"a"), put(Table::Nonces, b"b"), put(Table::Names, b"n")]).unwrap();
    }

    #[test]
    fn an_older_file_is_brought_up_to_date_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.redb");
        fixture(&path);
        for _ in 0..2 {
            let ledger = Ledger::open_with(&path, &TO_THREE).unwrap();
            assert_eq!(ledger.read(Table::Nonces, b"a").unwrap(), Some(vec![1, 2]), "once");
            assert_eq!(ledger.read(Table::Nonces, b"b").unwrap(), Some(vec![1, 2]));
            assert_eq!(ledger.read(Table::Names, b"n").unwrap(), None);
            assert_eq!(ledger.read(Table::Config, b"n").unwrap(), Some(vec![1]));
        }
        // Today's program does not know it any more, and leaves it alone.
        let before = fs::read(&path).unwrap();
        let error = Ledger::open(&path).unwrap_err();
        assert!(matches!(error, LedgerError::Schema { found: 3, supported: SCHEMA, .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.redb");
        fixture(&path);
        let before = fs::read(&path).unwrap();
        let plan = Plan { schema: 3, first: 1, steps: &[longer, failing] };
        let error = Ledger::open_with(&path, &plan).unwrap_err();
        assert!(matches!(error, LedgerError::Migration { found: 1, schema: 3, .. }), "{error}");
        assert!(!error.to_string().contains('\n') && error.to_string().contains("can not read"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(Ledger::open(&path).unwrap().read(Table::Nonces, b"a").unwrap(), Some(vec![1]));
    }

    #[test]
    fn a_file_that_no_step_starts_from_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.redb");
        fixture(&path);
        for plan in [Plan { schema: 4, first: 2, steps: &[moved, moved] }, Plan { schema: 0, first: 0, steps: &[] }] {
            let error = Ledger::open_with(&path, &plan).unwrap_err();
            assert!(matches!(error, LedgerError::Schema { found: 1, .. }), "{error}");
        }
    }

    #[test]
    fn there_is_a_step_from_every_schema_to_the_next() {
        assert_eq!(PLAN.first as usize + PLAN.steps.len(), SCHEMA as usize);
        assert_eq!(PLAN.schema, SCHEMA);
    }
}
