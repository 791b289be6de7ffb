//! Why there are no keys.

use std::io;
use std::path::{Path, PathBuf};

use zera_abi::KeyId;
use zera_verifier::KeyError;

/// Why a set-up gave no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A key has 1 to 16 public inputs.
    #[error("set-up: {got} public wires, expected 1 to {}", zera_abi::wire::MAX_PUBLIC_INPUTS)]
    Publics {
        /// Public wires of the matrices.
        got: u32,
    },
    /// A secret is zero, or tau lies in the domain; other secrets will do.
    #[error("set-up: a secret is zero, or tau lies in the domain")]
    Degenerate,
    /// The verifying key failed a check that every verifier makes.
    #[error("set-up: the verifying key is refused")]
    Key(#[from] KeyError),
}

/// Why keys were not loaded or saved; each message is one line and names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Not a regular file.
    #[error("{}: not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Longer than any such file may be; nothing was read.
    #[error("{}: {got} bytes, at most {max}", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        got: u64,
        /// The ceiling.
        max: u64,
    },
    /// Another length than the sizes in the manifest give; nothing was read.
    #[error("{}: expected {expected} bytes, got {got}", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// The length that the sizes give.
        expected: u64,
        /// Its length.
        got: u64,
    },
    /// The manifest cannot be read, or says what cannot be.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another key than the one that was asked for.
    #[error("{what}: expected key {expected}, got {got}")]
    WrongKey {
        /// Which statement or bytes named the other key.
        what: &'static str,
        /// The id asked for.
        expected: KeyId,
        /// The id found.
        got: KeyId,
    },
    /// A length that no verifying key has.
    #[error("verifying key: {got} bytes are no verifying key's length")]
    KeyLength {
        /// The length.
        got: usize,
    },
    /// The bytes are the key that was asked for, and a verifier refuses it.
    #[error("verifying key: {0}")]
    Key(#[from] KeyError),
    /// The proving key's bytes are not those that the manifest names.
    #[error("{}: sha-256 is {got}, the manifest says {expected}", path.display())]
    Digest {
        /// The file.
        path: PathBuf,
        /// The digest in the manifest, hexadecimal.
        expected: String,
        /// The digest of the bytes, hexadecimal.
        got: String,
    },
    /// The bytes have the right digest and are no proving key for this verifying key.
    #[error("{}: {reason}", path.display())]
    ProvingKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The keys do not fit each other, so they were not saved.
    #[error("keys: {0}")]
    Inconsistent(String),
    /// The set-up failed.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

impl KeysError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> KeysError + '_ {
        move |source| KeysError::Io { path: path.to_owned(), source }
    }
}
