//! Another runtime embeds verifier, market and host: its own storage, its own mempool and clock, the same state root.
//!
//! `cargo run -p zera-host --example embed`
//!
//! All that the crates ask of a runtime stands in this file: a [`Store`] to keep rows in, here a map in memory behind a log
//! on disk, and one call a block. The clients that fill the blocks are in `embed/story.rs`.

#[path = "embed/story.rs"]
pub mod story;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sha2::{Digest, Sha256};
use zera_host::{BlockReport, Chain, Genesis, SignedTx, Verdicts, verify_jobs};
use zera_market::ports::{Change, Row, Store, StoreError, Table};

/// This runtime's storage: a log of commits, and the rows that it adds up to. A commit is `length u32 | SHA-256 | rows`;
/// what a crash left of an unfinished one is cut off when the log is opened.
pub struct LogStore {
    log: Mutex<File>,
    rows: RwLock<Rows>,
}

/// Value by table and key.
type Rows = BTreeMap<(u8, Vec<u8>), Vec<u8>>;

impl LogStore {
    /// Opens the log at `path`, or starts one.
    pub fn open(path: &Path) -> Result<LogStore, StoreError> {
        let mut log = File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let (mut bytes, mut rows, mut whole) = (Vec::new(), Rows::new(), 0);
        log.read_to_end(&mut bytes).map_err(failed)?;
        while let Some((body, len)) = commit_at(&bytes[whole..]) {
            whole += len;
            apply(&mut rows, body);
        }
        log.set_len(whole as u64).and_then(|()| log.seek(SeekFrom::End(0))).map_err(failed)?;
        Ok(LogStore { log: Mutex::new(log), rows: RwLock::new(rows) })
    }
}

impl Store for LogStore {
    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.get(&(table.code(), key.to_vec())).cloned())
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let found = rows.range((table.code(), prefix.max(from).to_vec())..);
        let found = found.take_while(|((code, key), _)| *code == table.code() && key.starts_with(prefix));
        Ok(found.take(limit).map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut body = Vec::new();
        for change in changes {
            body.push(change.table.code());
            for part in [Some(&change.key), change.value.as_ref()] {
                body.extend(part.map_or(u32::MAX, |part| part.len() as u32).to_le_bytes());
                body.extend(part.into_iter().flatten());
            }
        }
        let mut record = (body.len() as u32).to_le_bytes().to_vec();
        record.extend(Sha256::digest(&body));
        record.extend(&body);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let start = log.stream_position().map_err(failed)?;
        if let Err(error) = log.write_all(&record).and_then(|()| log.sync_data()) {
            // All or nothing, in this process as after a restart.
            log.set_len(start).and_then(|()| log.seek(SeekFrom::Start(start))).map_err(failed)?;
            return Err(failed(error));
        }
        apply(&mut self.rows.write().unwrap_or_else(PoisonError::into_inner), &body);
        Ok(())
    }
}

/// The commit that `bytes` start with, and its length in the log; `None` where it is not whole.
fn commit_at(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (digest, rest) = rest.split_first_chunk::<32>()?;
    let body = rest.get(..u32::from_le_bytes(*len) as usize)?;
    (Sha256::digest(body).as_slice() == digest).then_some((body, 36 + body.len()))
}

/// Applies a commit that this store has written.
fn apply(rows: &mut Rows, mut body: &[u8]) {
    fn part(body: &mut &[u8]) -> Option<Vec<u8>> {
        let (len, rest) = body.split_first_chunk::<4>()?;
        let len = u32::from_le_bytes(*len);
        let (part, rest) = if len == u32::MAX {
            (None, rest)
        } else {
            rest.split_at_checked(len as usize).map(|(a, b)| (Some(a), b))?
        };
        *body = rest;
        part.map(<[u8]>::to_vec)
    }
    while let Some((code, rest)) = body.split_first() {
        body = rest;
        let key = (*code, part(&mut body).unwrap_or_default());
        match part(&mut body) {
            Some(value) => rows.insert(key, value),
            None => rows.remove(&key),
        };
    }
}

fn failed(error: std::io::Error) -> StoreError {
    StoreError { message: "log of commits".to_owned(), source: Some(Box::new(error)) }
}

/// The runtime: it orders transactions and says when a block is; the rest is the host's.
pub struct Runtime {
    /// The chain rules, on this runtime's storage.
    pub chain: Chain,
}

impl Runtime {
    /// Opens the chain of `genesis` where its log lies.
    pub fn open(log: &Path, genesis: &Genesis) -> Result<Runtime, Box<dyn Error>> {
        Ok(Runtime { chain: Chain::open(Arc::new(LogStore::open(log)?), genesis)? })
    }

    /// Makes a block of transactions as they came from the wire.
    pub fn block(&mut self, wires: &[Vec<u8>]) -> Result<BlockReport, Box<dyn Error>> {
        let txs = wires.iter().map(|wire| SignedTx::decode(wire)).collect::<Result<Vec<_>, _>>()?;
        for tx in &txs {
            self.chain.admit(tx)?;
        }
        // Proofs may be verified ahead of the block, on any thread; what is missing is verified inside.
        let mut verdicts = Verdicts::default();
        verdicts.extend(verify_jobs(&self.chain.proof_jobs(&txs)?));
        Ok(self.chain.apply(txs, verdicts)?)
    }
}

#[allow(dead_code, reason = "a test includes this file for everything but this")]
fn main() -> Result<(), Box<dyn Error>> {
    let place = tempfile::tempdir()?;
    let mut runtime = Runtime::open(&place.path().join("log"), &story::genesis())?;
    for (wires, header) in story::play(&mut runtime)? {
        println!(
            "block {:>2}: {} transactions, state root {}",
            header.height,
            wires.len(),
            hex::encode(header.state_root)
        );
    }
    Ok(())
}
