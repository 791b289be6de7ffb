#![doc = include_str!("../docs/export.md")]

use std::io::{self, Write};

use sha2::{Digest, Sha256};
use zera_market::ports::{Store, StoreError, Table, walk};

/// First bytes of every export.
pub const MAGIC: [u8; 16] = *b"zera/export/v1\r\n";

/// In front of a row; 0 ends a table.
const ROW: u8 = 1;

/// What the file's head says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The ledger's schema.
    pub schema: u32,
    /// The chain.
    pub chain: [u8; 32],
    /// Its last block.
    pub height: u64,
    /// That block's state root.
    pub state_root: [u8; 32],
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Rows of all tables.
    pub rows: u64,
    /// The file's length.
    pub bytes: u64,
    /// SHA-256 of everything before it; the last bytes of the file.
    pub sha256: [u8; 32],
}

/// Why an export failed; what was written so far is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The rows can not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file can not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A key or value that a `u32` does not measure.
    #[error("table {table}: a row of more than 4 GiB")]
    Long {
        /// Its table.
        table: &'static str,
    },
}

/// Writes every row of every table; nobody commits meanwhile.
///
/// Memory: a page of rows. Cost: reads everything once.
///
/// # Errors
/// [`ExportError`].
pub fn write(store: &dyn Store, head: &Head, out: &mut dyn Write) -> Result<Exported, ExportError> {
    let mut out = Hashing { out, hasher: Sha256::new(), bytes: 0 };
    out.put(&MAGIC)?;
    out.put(&head.schema.to_be_bytes())?;
    out.put(&head.chain)?;
    out.put(&head.height.to_be_bytes())?;
    out.put(&head.state_root)?;
    let mut rows = 0u64;
    for &table in Table::ALL {
        out.put(&[table.code()])?;
        let written = walk(store, table, &[], |(key, value)| {
            out.put(&[ROW])?;
            for part in [&key, &value] {
                let len = u32::try_from(part.len()).map_err(|_| ExportError::Long { table: table.name() })?;
                out.put(&len.to_be_bytes())?;
                out.put(part)?;
            }
            Ok::<_, ExportError>(())
        })?;
        rows = rows.saturating_add(written);
        out.put(&[0])?;
    }
    out.put(&rows.to_be_bytes())?;
    let Hashing { out, hasher, bytes } = out;
    let sha256: [u8; 32] = hasher.finalize().into();
    out.write_all(&sha256)?;
    out.flush()?;
    Ok(Exported { rows, bytes: bytes.saturating_add(32), sha256 })
}

struct Hashing<'a> {
    out: &'a mut dyn Write,
    hasher: Sha256,
    bytes: u64,
}

impl Hashing<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.hasher.update(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }
}
