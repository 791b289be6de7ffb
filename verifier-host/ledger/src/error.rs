//! Why a ledger can not be opened.

use std::io;
use std::path::PathBuf;

/// Why a file can not be opened as a ledger. Only [`Io`](LedgerError::Io) and [`Commit`](LedgerError::Commit) may have
/// written to it; the message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file can not be read, made or written.
    #[error("ledger {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process, or another handle of this one, holds the file.
    #[error("ledger {}: already open in another process", .path.display())]
    AlreadyOpen {
        /// The file.
        path: PathBuf,
    },
    /// Something else than a ledger: another kind of file, an empty one, or another program's redb file.
    #[error("ledger {}: not a ledger: {what}", .path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Cut short, or bytes have changed since they were written.
    #[error("ledger {}: damaged: {what}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// Written by a program of another age.
    #[error("ledger {}: schema {found}, this program reads {supported}", .path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// [`SCHEMA`](crate::SCHEMA).
        supported: u32,
    },
    /// The rows of an older schema can not be rewritten; the file is as it was.
    #[error("ledger {}: migrating from schema {found} to {schema}: {what}", .path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The schema to arrive at.
        schema: u32,
        /// What failed.
        what: String,
    },
    /// The first commit of a new ledger failed.
    #[error("ledger {}: can not be made: {what}", .path.display())]
    Commit {
        /// The file.
        path: PathBuf,
        /// Why.
        what: String,
    },
}
