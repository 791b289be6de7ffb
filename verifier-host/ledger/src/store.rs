//! `Store` on redb: one commit, one transaction.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, Durability, ReadableDatabase, StorageBackend, StorageError, TableError};
use zera_market::ports::{Change, Row, Store, StoreError, Table};

use crate::error::LedgerError;
use crate::migrate::{PLAN, Plan};
use crate::overlay::Overlay;
use crate::tables::{FORMAT, FORMAT_SCHEMA, SCHEMA, definition};

/// First bytes of every redb file.
const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";
/// Memory for pages; the rest is the operating system's cache.
const CACHE_BYTES: usize = 256 << 20;
/// Memory for pages while a file is checked.
const CHECK_CACHE_BYTES: usize = 64 << 20;

/// A store of rows in one file, or in anything that redb can keep its pages in.
///
/// A commit is durable when it returns. Where one fails, nothing of it is visible afterwards; only where the failure is the
/// disk's, in the last sync, may a restart find all of it (never a part). After such a failure every call fails: open anew.
#[derive(Debug)]
pub struct Ledger {
    database: Database,
    /// For messages.
    name: String,
    /// Opened by [`Ledger::view`].
    view: bool,
}

impl Ledger {
    /// Opens the ledger at `path`, or makes one where nothing is there.
    ///
    /// An existing file is first checked through an overlay in memory, every page's checksum included, so that a file which
    /// is refused is left as it was. Cost: reads the file once. A new ledger appears under its name only when it is whole.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Ledger, LedgerError> {
        Ledger::open_with(path.as_ref(), &PLAN)
    }

    /// Opens or makes a ledger of the plan's schema.
    pub(crate) fn open_with(path: &Path, plan: &Plan) -> Result<Ledger, LedgerError> {
        match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => Ledger::open_file(path, file, plan),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ledger::create(path, plan),
            Err(source) => Err(LedgerError::Io { path: path.to_path_buf(), source }),
        }
    }

    /// Opens the ledger at `path` to look at it: the same check, no commits, and the file is never changed.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Io`] where nothing is there.
    pub fn view(path: impl AsRef<Path>) -> Result<Ledger, LedgerError> {
        let path = path.as_ref();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|source| LedgerError::Io { path: path.to_path_buf(), source })?;
        let database = checked(path, file, &PLAN)?;
        Ok(Ledger { database, name: path.display().to_string(), view: true })
    }

    /// A ledger that is gone when it is dropped.
    ///
    /// # Errors
    /// [`LedgerError::Commit`], where memory does not suffice.
    pub fn in_memory() -> Result<Ledger, LedgerError> {
        Ledger::with_backend(redb::backends::InMemoryBackend::new())
    }

    /// Opens what `backend` holds, or makes a ledger where it is empty. No check through an overlay.
    ///
    /// # Errors
    /// [`LedgerError`]; the path in it is `<backend>`.
    pub fn with_backend(backend: impl StorageBackend) -> Result<Ledger, LedgerError> {
        let path = Path::new("<backend>");
        let empty = backend.len().map_err(|source| LedgerError::Io { path: path.to_path_buf(), source })? == 0;
        let database =
            Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(backend).map_err(opening(path))?;
        if empty {
            write_schema(&database, SCHEMA).map_err(|what| LedgerError::Commit { path: path.to_path_buf(), what })?;
        }
        check_schema(path, &database, &PLAN)?;
        Ok(Ledger { database, name: path.display().to_string(), view: false })
    }

    fn open_file(path: &Path, file: File, plan: &Plan) -> Result<Ledger, LedgerError> {
        drop(checked(path, file, plan)?);
        let database = Builder::new().set_cache_size(CACHE_BYTES).open(path).map_err(opening(path))?;
        check_schema(path, &database, plan)?;
        Ok(Ledger { database, name: path.display().to_string(), view: false })
    }

    /// Makes the file under another name and renames it, so that a crash leaves no half ledger behind.
    fn create(path: &Path, plan: &Plan) -> Result<Ledger, LedgerError> {
        let io = |source| LedgerError::Io { path: path.to_path_buf(), source };
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".new-{}", std::process::id()));
        let new = path.with_file_name(name);
        let database = Builder::new().create(&new).map_err(opening(path))?;
        write_schema(&database, plan.schema).map_err(|what| LedgerError::Commit { path: path.to_path_buf(), what })?;
        drop(database);
        // `hard_link` refuses where another process was faster, as `rename` would not; but not every file system has it.
        match fs::hard_link(&new, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => fs::rename(&new, path).map_err(io)?,
            _ => fs::remove_file(&new).map_err(io)?,
        }
        sync_folder(path).map_err(io)?;
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(io)?;
        Ledger::open_file(path, file, plan)
    }

    fn failed(
        &self,
        what: impl std::fmt::Display,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> StoreError {
        StoreError { message: format!("ledger {}: {what}: {source}", self.name), source: Some(Box::new(source)) }
    }

    fn try_commit(&self, changes: &[Change]) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_two_phase_commit(true);
        transaction.set_quick_repair(true);
        {
            let mut tables = BTreeMap::new();
            for Change { table, key, value } in changes {
                let rows = match tables.entry(*table) {
                    std::collections::btree_map::Entry::Occupied(rows) => rows.into_mut(),
                    std::collections::btree_map::Entry::Vacant(slot) => {
                        slot.insert(transaction.open_table(definition(*table))?)
                    }
                };
                match value {
                    Some(value) => rows.insert(key.as_slice(), value.as_slice())?,
                    None => rows.remove(key.as_slice())?,
                };
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

impl Store for Ledger {
    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let read = || -> Result<Option<Vec<u8>>, redb::Error> {
            let transaction = self.database.begin_read()?;
            match transaction.open_table(definition(table)) {
                Ok(rows) => Ok(rows.get(key)?.map(|value| value.value().to_vec())),
                Err(TableError::TableDoesNotExist(_)) => Ok(None),
                Err(error) => Err(error.into()),
            }
        };
        read().map_err(|error| self.failed(format_args!("reading {}", table.name()), error))
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let scan = || -> Result<Vec<Row>, redb::Error> {
            let transaction = self.database.begin_read()?;
            let rows = match transaction.open_table(definition(table)) {
                Ok(rows) => rows,
                Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            };
            let mut found = Vec::new();
            for row in rows.range(prefix.max(from)..)?.take(limit) {
                let (key, value) = row?;
                if !key.value().starts_with(prefix) {
                    break;
                }
                found.push((key.value().to_vec(), value.value().to_vec()));
            }
            Ok(found)
        };
        scan().map_err(|error| self.failed(format_args!("scanning {}", table.name()), error))
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        if self.view {
            let message = format!("ledger {}: committing {} rows: opened to be looked at", self.name, changes.len());
            return Err(StoreError { message, source: None });
        }
        self.try_commit(changes).map_err(|error| self.failed(format_args!("committing {} rows", changes.len()), error))
    }
}

/// A file with every page and its schema checked, behind an overlay: what is written to it stays in memory.
fn checked(path: &Path, mut file: File, plan: &Plan) -> Result<Database, LedgerError> {
    let io = |source| LedgerError::Io { path: path.to_path_buf(), source };
    let not = |what| LedgerError::NotALedger { path: path.to_path_buf(), what };
    if !file.metadata().map_err(io)?.is_file() {
        return Err(not("not a file"));
    }
    let mut head = Vec::new();
    file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut head).map_err(io)?;
    if head.is_empty() {
        return Err(not("an empty file"));
    }
    if head != MAGIC {
        return Err(not("another kind of file"));
    }
    let backend = FileBackend::new(file).map_err(opening(path))?;
    let overlay = Overlay::new(backend).map_err(io)?;
    let checked = Builder::new()
        .set_cache_size(CHECK_CACHE_BYTES)
        .set_check_integrity_on_open(true)
        .create_with_backend(overlay)
        .map_err(opening(path))?;
    check_schema(path, &checked, plan)?;
    Ok(checked)
}

fn write_schema(database: &Database, schema: u32) -> Result<(), String> {
    let write = || -> Result<(), redb::Error> {
        let mut transaction = database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_two_phase_commit(true);
        transaction.set_quick_repair(true);
        transaction.open_table(FORMAT)?.insert(FORMAT_SCHEMA, schema.to_be_bytes().as_slice())?;
        transaction.commit()?;
        Ok(())
    };
    write().map_err(|error| error.to_string())
}

/// Finds out the schema, and migrates to the plan's.
fn check_schema(path: &Path, database: &Database, plan: &Plan) -> Result<(), LedgerError> {
    let damaged = |error: redb::Error| LedgerError::Damaged { path: path.to_path_buf(), what: error.to_string() };
    let not = |what| LedgerError::NotALedger { path: path.to_path_buf(), what };
    let found = {
        let transaction = database.begin_read().map_err(|error| damaged(error.into()))?;
        let rows = match transaction.open_table(FORMAT) {
            Ok(rows) => rows,
            Err(TableError::Storage(error)) => return Err(damaged(error.into())),
            Err(_) => return Err(not("a database of another program")),
        };
        let row = rows.get(FORMAT_SCHEMA).map_err(|error| damaged(error.into()))?;
        row.and_then(|row| row.value().try_into().ok().map(u32::from_be_bytes))
    };
    plan.migrate(path, database, found.ok_or_else(|| not("a database without a schema"))?)
}

/// The error of opening `path`, in the words of this crate.
fn opening(path: &Path) -> impl Fn(DatabaseError) -> LedgerError {
    let path: PathBuf = path.to_path_buf();
    move |error| {
        let path = path.clone();
        match error {
            DatabaseError::DatabaseAlreadyOpen => LedgerError::AlreadyOpen { path },
            DatabaseError::UpgradeRequired(_) => LedgerError::NotALedger { path, what: "an older kind of redb file" },
            DatabaseError::Storage(StorageError::Io(source)) if is_world(&source) => LedgerError::Io { path, source },
            error => LedgerError::Damaged { path, what: one_line(&error.to_string()) },
        }
    }
}

/// Whether an input-output error is the world's: the others say that the file is not what it should be.
fn is_world(error: &io::Error) -> bool {
    !matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Makes a new name in a folder durable, where the platform can.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
