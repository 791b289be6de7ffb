//! The store of `.zpred` files: by the SHA-256 of their bytes, each put there by the owner of a published predicate.
//!
//! A predicate's id covers matrices, program and manifest, and not the tape: another tape for the same matrices proves the
//! same statements, or nothing. So that no stranger gives providers a tape that leads nowhere, an artefact comes with the
//! signature of the account that published the predicate, and the store keeps both.
//!
//! ```text
//! FOLDER/<sha256>.zpred   the file
//! FOLDER/<sha256>.owner   predicate id (32 bytes), signature (64 bytes); there before the file is
//! FOLDER/.tmp-*           what was being written when the node stopped; removed at the next start
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use zera_abi::{AccountId, ChainId, PredicateId};
use zera_host::{Publication, is_signed_by};
use zera_r1cs::Artefact;

/// Bytes that are read of a file at a time.
const CHUNK_LEN: usize = 64 * 1024;
/// Bytes of an `.owner` file.
const OWNER_LEN: usize = 96;

/// Where artefacts are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtefactPlace {
    /// In memory: gone with the node.
    Memory,
    /// In a folder, which is made where it is missing. One node a folder.
    Folder(PathBuf),
}

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArtefactLimits {
    /// Bytes of one file.
    pub len_max: usize,
    /// Bytes of all files.
    pub total_max: u64,
    /// Files of one predicate.
    pub per_predicate_max: usize,
}

impl ArtefactLimits {
    /// 64 MiB a file, 4 GiB together, 4 files a predicate.
    pub const fn standard() -> ArtefactLimits {
        ArtefactLimits { len_max: 64 << 20, total_max: 4 << 30, per_predicate_max: 4 }
    }
}

/// What the owner of a predicate signs to have an artefact stored: `"zera/artefact/v1" || chain[32] || SHA-256 of the
/// file[32]`.
pub fn artefact_message(chain: &ChainId, sha256: &[u8; 32]) -> Vec<u8> {
    [b"zera/artefact/v1".as_slice(), chain.as_bytes(), sha256].concat()
}

/// What is published of an artefact. Its commitment is the first declared value, where the manifest says so.
pub fn publication(artefact: &Artefact) -> Publication {
    let manifest = &artefact.manifest;
    let small = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
    Publication {
        name: manifest.name.clone(),
        matrices_digest: artefact.matrices.digest(),
        program_hash: artefact.program_hash,
        manifest_hash: manifest.hash(),
        public_len: manifest.public_len,
        private_len: manifest.private_len,
        // At most 13 by the manifest's own rules.
        declared: small(manifest.declared.len()),
        // By the manifest's own rules it is the first declared value.
        commitment: (manifest.commitment && manifest.private_len != 0).then_some(0),
    }
}

/// Why an artefact is not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotStored {
    #[error("artefact: the signature is not that of the predicate's owner")]
    Signature,
    #[error("artefact: the bytes have another SHA-256 than the path says")]
    Digest,
    #[error(transparent)]
    Decode(#[from] zera_r1cs::ArtefactError),
    #[error("artefact: is predicate {found}, not {expected}")]
    OtherPredicate { expected: PredicateId, found: PredicateId },
    #[error("artefact: the predicate was published with other lengths or another commitment than the file has")]
    OtherPublication,
    #[error("artefact: {got} bytes, at most {max} are kept")]
    Length { got: usize, max: usize },
    #[error("artefact: this predicate has {max} of them already")]
    PredicateFull { max: usize },
    #[error("artefact: the store is full")]
    Full,
    #[error("artefact: {0}")]
    Io(#[from] io::Error),
}

struct Entry {
    predicate: PredicateId,
    len: u64,
    signature: [u8; 64],
}

#[derive(Default)]
struct Index {
    entries: BTreeMap<[u8; 32], Entry>,
    /// Hashes by predicate, in the order of their hashes after a restart and of their arrival since.
    predicates: BTreeMap<PredicateId, Vec<[u8; 32]>>,
    total: u64,
}

impl Index {
    fn add(&mut self, sha256: [u8; 32], entry: Entry) {
        self.total = self.total.saturating_add(entry.len);
        self.predicates.entry(entry.predicate).or_default().push(sha256);
        self.entries.insert(sha256, entry);
    }
}

/// Content of a file: all of it, or a reader.
pub(crate) enum Content {
    Bytes(Bytes),
    File(FileChunks),
}

/// A file, read piece by piece.
pub(crate) struct FileChunks(File);

impl FileChunks {
    /// The next piece; `None` at the end. Blocking.
    pub(crate) fn next(&mut self) -> io::Result<Option<Bytes>> {
        let mut chunk = Vec::new();
        let limit = u64::try_from(CHUNK_LEN).unwrap_or(u64::MAX);
        (&mut self.0).take(limit).read_to_end(&mut chunk)?;
        Ok((!chunk.is_empty()).then(|| chunk.into()))
    }
}

/// An artefact that is in the store.
pub(crate) struct Stored {
    pub(crate) len: u64,
    pub(crate) signature: [u8; 64],
    pub(crate) content: Content,
}

/// The store.
pub(crate) struct ArtefactStore {
    folder: Option<PathBuf>,
    limits: ArtefactLimits,
    index: Mutex<Index>,
    memory: Mutex<BTreeMap<[u8; 32], Bytes>>,
    /// Held while a file is written, so that limits hold.
    writing: Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change under these locks is one step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ArtefactStore {
    /// Opens the store and reads what is there. Blocking.
    pub(crate) fn open(place: &ArtefactPlace, limits: ArtefactLimits) -> io::Result<ArtefactStore> {
        let (folder, index) = match place {
            ArtefactPlace::Memory => (None, Index::default()),
            ArtefactPlace::Folder(folder) => (Some(folder.clone()), scan(folder)?),
        };
        Ok(ArtefactStore {
            folder,
            limits,
            index: Mutex::new(index),
            memory: Mutex::default(),
            writing: Mutex::default(),
        })
    }

    pub(crate) fn limits(&self) -> &ArtefactLimits {
        &self.limits
    }

    /// Hashes of a predicate's artefacts.
    pub(crate) fn of(&self, predicate: &PredicateId) -> Vec<[u8; 32]> {
        lock(&self.index).predicates.get(predicate).cloned().unwrap_or_default()
    }

    pub(crate) fn holds(&self, sha256: &[u8; 32]) -> bool {
        lock(&self.index).entries.contains_key(sha256)
    }

    /// An artefact. Blocking.
    pub(crate) fn read(&self, sha256: &[u8; 32]) -> io::Result<Option<Stored>> {
        let Some((len, signature)) = lock(&self.index).entries.get(sha256).map(|entry| (entry.len, entry.signature))
        else {
            return Ok(None);
        };
        let content = match &self.folder {
            Some(folder) => Content::File(FileChunks(File::open(file_of(folder, sha256, "zpred"))?)),
            None => match lock(&self.memory).get(sha256) {
                Some(bytes) => Content::Bytes(bytes.clone()),
                None => return Ok(None),
            },
        };
        Ok(Some(Stored { len, signature, content }))
    }

    /// Whether another artefact of `predicate` finds room, and whether its owner wants it: what can be said before a byte of it
    /// is read.
    pub(crate) fn admit(
        &self,
        chain: &ChainId,
        owner: &AccountId,
        predicate: &PredicateId,
        sha256: &[u8; 32],
        signature: &[u8; 64],
    ) -> Result<(), NotStored> {
        if !is_signed_by(owner, &artefact_message(chain, sha256), signature) {
            return Err(NotStored::Signature);
        }
        self.room(predicate, 0)
    }

    fn room(&self, predicate: &PredicateId, len: u64) -> Result<(), NotStored> {
        let index = lock(&self.index);
        let max = self.limits.per_predicate_max;
        if index.predicates.get(predicate).is_some_and(|known| known.len() >= max) {
            return Err(NotStored::PredicateFull { max });
        }
        if index.total.saturating_add(len) >= self.limits.total_max {
            return Err(NotStored::Full);
        }
        Ok(())
    }

    /// Stores bytes that [`admit`](ArtefactStore::admit) let pass, if they are what `row` published: `false` where they were
    /// there already. Blocking, and as costly as decoding them.
    pub(crate) fn put(
        &self,
        row: &Publication,
        sha256: [u8; 32],
        signature: [u8; 64],
        bytes: Vec<u8>,
    ) -> Result<bool, NotStored> {
        use sha2::Digest;
        if bytes.len() > self.limits.len_max {
            return Err(NotStored::Length { got: bytes.len(), max: self.limits.len_max });
        }
        if <[u8; 32]>::from(sha2::Sha256::digest(&bytes)) != sha256 {
            return Err(NotStored::Digest);
        }
        let artefact = Artefact::decode(&bytes)?;
        let (expected, found) = (row.id(), artefact.predicate_id());
        if found != expected {
            return Err(NotStored::OtherPredicate { expected, found });
        }
        // The id covers the manifest's hash; what else was published in plain is only as true as this.
        let published = Publication { name: row.name.clone(), ..publication(&artefact) };
        if published != *row {
            return Err(NotStored::OtherPublication);
        }
        drop(artefact);
        let writing = lock(&self.writing);
        if self.holds(&sha256) {
            return Ok(false);
        }
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.room(&found, len)?;
        match &self.folder {
            Some(folder) => {
                write_whole(folder, &file_of(folder, &sha256, "owner"), &[found.as_bytes(), &signature[..]].concat())?;
                write_whole(folder, &file_of(folder, &sha256, "zpred"), &bytes)?;
            }
            None => drop(lock(&self.memory).insert(sha256, bytes.into())),
        }
        lock(&self.index).add(sha256, Entry { predicate: found, len, signature });
        drop(writing);
        Ok(true)
    }
}

fn file_of(folder: &Path, sha256: &[u8; 32], extension: &str) -> PathBuf {
    folder.join(format!("{}.{extension}", hex::encode(sha256)))
}

/// The file is there whole or not at all, also after a crash.
fn write_whole(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let temporary = folder.join(format!(".tmp-{name}"));
    let written = || -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    };
    written().inspect_err(|_| drop(fs::remove_file(&temporary)))
}

fn scan(folder: &Path) -> io::Result<Index> {
    fs::create_dir_all(folder)?;
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().unwrap_or_default();
        if name.starts_with(".tmp-") {
            fs::remove_file(entry.path())?;
            continue;
        }
        let hash = name.strip_suffix(".zpred").and_then(|stem| hex::decode(stem).ok());
        if let Some(sha256) = hash.and_then(|hash| <[u8; 32]>::try_from(hash).ok()) {
            found.insert(sha256, entry.metadata()?.len());
        }
    }
    let mut index = Index::default();
    for (sha256, len) in found {
        // Without its owner's word it does not count; nothing of ours leaves a file so.
        let Ok(owner) = fs::read(file_of(folder, &sha256, "owner")) else { continue };
        let Ok(owner) = <[u8; OWNER_LEN]>::try_from(owner) else { continue };
        let (predicate, signature) = owner.split_at(32);
        let (Ok(predicate), Ok(signature)) = (<[u8; 32]>::try_from(predicate), <[u8; 64]>::try_from(signature)) else {
            continue;
        };
        index.add(sha256, Entry { predicate: PredicateId(predicate), len, signature });
    }
    Ok(index)
}
