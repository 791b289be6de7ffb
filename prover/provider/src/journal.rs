//! The job book: what must not be forgotten when the process dies.
//!
//! One redb file. Each write is one transaction, durable when it returns. A lock's or answer's signed bytes are written
//! before they are first sent, so that after a restart the same bytes are sent again and never a second lock.
//!
//! ```text
//! meta          "format" -> "zera provider job book"   "version" -> 1   "account", "chain" -> 32 bytes
//! jobs          task (32) -> SHA-256 of the row (32) || row, JSON
//! declines      reason code -> how often (u64)
//! calibration   predicate (32) || threads (u32 LE) -> nanoseconds (u64)
//! ```

mod row;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use sha2::{Digest, Sha256};
use zera_abi::{AccountId, ChainId, PredicateId, TaskId};

use crate::decline::{Decline, Declines};
use crate::job::AnyJob;

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const JOBS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("jobs");
const DECLINES: TableDefinition<'_, &str, u64> = TableDefinition::new("declines");
const CALIBRATION: TableDefinition<'_, &[u8], u64> = TableDefinition::new("calibration");

const FORMAT: &[u8] = b"zera provider job book";
const VERSION: &[u8] = &[1];
/// A key and its value.
type Row = (Vec<u8>, Vec<u8>);

/// Most of the file that is kept in memory.
const CACHE_LEN: usize = 4 << 20;

/// Why the job book can not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process has it open.
    #[error("job book {}: in use by another provider", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Not a job book, or one of another provider, chain or version.
    #[error("job book {}: {what}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// It does not read back.
    #[error("job book {}: damaged: {what}; restore a copy, or move it away after checking the account's locks", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not.
        what: String,
    },
    /// The disk failed.
    #[error("job book {}: {what}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// How.
        what: String,
    },
}

/// An open job book.
#[derive(Debug)]
pub struct Journal {
    db: Database,
    path: PathBuf,
}

impl Journal {
    /// Opens the job book of `account` on `chain`, or starts one.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(path: &Path, account: &AccountId, chain: &ChainId) -> Result<Journal, JournalError> {
        let owned = path.to_owned();
        // The store checks its pages as it reads them, and a damaged one may make it panic: that is damage, too.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            Database::builder().set_cache_size(CACHE_LEN).set_check_integrity_on_open(true).create(path)
        }));
        let db = match opened {
            Err(_) => {
                return Err(JournalError::Damaged { path: owned, what: "its pages do not fit together".to_owned() });
            }
            Ok(Err(DatabaseError::DatabaseAlreadyOpen)) => return Err(JournalError::Busy { path: owned }),
            Ok(Err(DatabaseError::Storage(redb::StorageError::Io(error)))) if is_disk(&error) => {
                return Err(JournalError::Disk { path: owned, what: error.to_string() });
            }
            Ok(Err(error)) => return Err(JournalError::Damaged { path: owned, what: error.to_string() }),
            Ok(Ok(db)) => db,
        };
        let journal = Journal { db, path: owned };
        if journal.guarded(|| journal.is_new().map_err(|error| journal.disk(&error)))? {
            journal.start(account, chain)?;
        }
        journal.guarded(|| journal.check(account, chain))?;
        Ok(journal)
    }

    /// Whether nothing was ever written: also where a first start was interrupted.
    fn is_new(&self) -> Result<bool, redb::Error> {
        Ok(self.db.begin_read()?.list_tables()?.next().is_none())
    }

    fn start(&self, account: &AccountId, chain: &ChainId) -> Result<(), JournalError> {
        self.write(|txn| {
            txn.open_table(JOBS)?;
            txn.open_table(DECLINES)?;
            txn.open_table(CALIBRATION)?;
            let mut meta = txn.open_table(META)?;
            meta.insert("format", FORMAT)?;
            meta.insert("version", VERSION)?;
            meta.insert("account", account.as_bytes().as_slice())?;
            meta.insert("chain", chain.as_bytes().as_slice())?;
            Ok(())
        })
    }

    fn check(&self, account: &AccountId, chain: &ChainId) -> Result<(), JournalError> {
        let foreign = |what: String| JournalError::Foreign { path: self.path.clone(), what };
        let txn = self.db.begin_read().map_err(|error| self.disk(&error.into()))?;
        let meta = match txn.open_table(META) {
            Ok(meta) => meta,
            Err(redb::TableError::TableDoesNotExist(_) | redb::TableError::TableTypeMismatch { .. }) => {
                return Err(foreign("is another program's database".to_owned()));
            }
            Err(error) => return Err(self.disk(&error.into())),
        };
        let read = |key: &str| -> Result<Vec<u8>, JournalError> {
            let value = meta.get(key).map_err(|error| self.disk(&error.into()))?;
            Ok(value.map(|value| value.value().to_vec()).unwrap_or_default())
        };
        if read("format")? != FORMAT {
            return Err(foreign("is another program's database".to_owned()));
        }
        let version = read("version")?;
        if version != VERSION {
            return Err(foreign(format!("has version {version:?}, this build reads {VERSION:?}")));
        }
        for (what, expected) in [("account", account.as_bytes()), ("chain", chain.as_bytes())] {
            let found = read(what)?;
            if found != expected {
                return Err(foreign(format!(
                    "belongs to {what} {}, expected {}",
                    hex::encode(found),
                    hex::encode(expected)
                )));
            }
        }
        Ok(())
    }

    /// Writes a job as it is now.
    ///
    /// # Errors
    /// [`JournalError::Disk`]; then the row is as it was.
    pub fn put(&self, job: &AnyJob) -> Result<(), JournalError> {
        let body = row::encode(job);
        let mut row = Sha256::digest(&body).to_vec();
        row.extend_from_slice(&body);
        self.write(|txn| {
            txn.open_table(JOBS)?.insert(job.terms().task.as_bytes().as_slice(), row.as_slice())?;
            Ok(())
        })
    }

    /// Forgets a job that has ended.
    ///
    /// # Errors
    /// [`JournalError::Disk`].
    pub fn remove(&self, task: &TaskId) -> Result<(), JournalError> {
        self.write(|txn| {
            txn.open_table(JOBS)?.remove(task.as_bytes().as_slice())?;
            Ok(())
        })
    }

    /// Every job, by task.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] where one does not read back: an unknown lock is worth a person's attention.
    pub fn jobs(&self) -> Result<Vec<AnyJob>, JournalError> {
        self.guarded(|| {
            let damaged = |what: String| JournalError::Damaged { path: self.path.clone(), what };
            let rows = self.rows().map_err(|error| self.disk(&error))?;
            rows.into_iter()
                .map(|(key, row)| {
                    let named = || hex::encode(&key);
                    let (seal, body) = row.split_at_checked(32).ok_or_else(|| damaged(format!("job {}", named())))?;
                    if Sha256::digest(body).as_slice() != seal {
                        return Err(damaged(format!("job {}: the checksum does not match", named())));
                    }
                    let job = row::decode(body).map_err(|what| damaged(format!("job {}: {what}", named())))?;
                    if job.terms().task.as_bytes().as_slice() != key {
                        return Err(damaged(format!("job {}: stands under another task", named())));
                    }
                    Ok(job)
                })
                .collect()
        })
    }

    fn rows(&self) -> Result<Vec<Row>, redb::Error> {
        let mut rows = Vec::new();
        for entry in self.db.begin_read()?.open_table(JOBS)?.iter()? {
            let (key, value) = entry?;
            rows.push((key.value().to_vec(), value.value().to_vec()));
        }
        Ok(rows)
    }

    /// Counts a decline.
    ///
    /// # Errors
    /// [`JournalError::Disk`].
    pub fn count(&self, reason: Decline) -> Result<(), JournalError> {
        self.write(|txn| {
            let mut table = txn.open_table(DECLINES)?;
            let before = table.get(reason.code())?.map_or(0, |count| count.value());
            table.insert(reason.code(), before.saturating_add(1))?;
            Ok(())
        })
    }

    /// How often each reason occurred, over all restarts. Codes of a later version are left out.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn declines(&self) -> Result<Declines, JournalError> {
        let read = || -> Result<Declines, redb::Error> {
            let mut counts = BTreeMap::new();
            for entry in self.db.begin_read()?.open_table(DECLINES)?.iter()? {
                let (code, count) = entry?;
                if let Some(reason) = Decline::from_code(code.value()) {
                    counts.insert(reason, count.value());
                }
            }
            Ok(counts)
        };
        self.guarded(|| read().map_err(|error| self.disk(&error)))
    }

    /// What was measured for a predicate on this many threads, in nanoseconds.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn calibration(&self, predicate: &PredicateId, threads: usize) -> Result<Option<u64>, JournalError> {
        let read = || -> Result<Option<u64>, redb::Error> {
            let table = self.db.begin_read()?.open_table(CALIBRATION)?;
            Ok(table.get(calibration_key(predicate, threads).as_slice())?.map(|value| value.value()))
        };
        self.guarded(|| read().map_err(|error| self.disk(&error)))
    }

    /// Keeps what was measured.
    ///
    /// # Errors
    /// [`JournalError::Disk`].
    pub fn set_calibration(&self, predicate: &PredicateId, threads: usize, work_ns: u64) -> Result<(), JournalError> {
        self.write(|txn| {
            txn.open_table(CALIBRATION)?.insert(calibration_key(predicate, threads).as_slice(), work_ns)?;
            Ok(())
        })
    }

    fn write(
        &self,
        change: impl FnOnce(&redb::WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), JournalError> {
        let write = || -> Result<(), redb::Error> {
            let txn = self.db.begin_write()?;
            change(&txn)?;
            txn.commit()?;
            Ok(())
        };
        self.guarded(|| write().map_err(|error| self.disk(&error)))
    }

    /// Runs `work`; a panic of the store is damage, not the daemon's end.
    fn guarded<T>(&self, work: impl FnOnce() -> Result<T, JournalError>) -> Result<T, JournalError> {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            Err(JournalError::Damaged { path: self.path.clone(), what: "its pages do not fit together".to_owned() })
        })
    }

    fn disk(&self, error: &redb::Error) -> JournalError {
        let (path, what) = (self.path.clone(), error.to_string());
        match error {
            redb::Error::Io(error) if is_disk(error) => JournalError::Disk { path, what },
            redb::Error::PreviousIo => JournalError::Disk { path, what },
            _ => JournalError::Damaged { path, what },
        }
    }
}

/// Whether the system failed, rather than the file's content.
fn is_disk(error: &std::io::Error) -> bool {
    !matches!(error.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof)
}

fn calibration_key(predicate: &PredicateId, threads: usize) -> Vec<u8> {
    let mut key = predicate.as_bytes().to_vec();
    key.extend_from_slice(&u32::try_from(threads).unwrap_or(u32::MAX).to_le_bytes());
    key
}

#[cfg(test)]
mod tests;
