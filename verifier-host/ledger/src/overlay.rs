//! A file that can be written to without being changed.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

const BLOCK: u64 = 4_096;

/// The file below as it was, with everything written since kept in memory and dropped in the end.
///
/// redb repairs what it opens; a file that turns out not to be a ledger, or damaged, has to stay as it is. So it is opened
/// through this first. Locks are the file's.
#[derive(Debug)]
pub(crate) struct Overlay {
    file: FileBackend,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    len: u64,
    /// Bytes of the file below that are still visible: truncation hides the rest for good.
    visible: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    pub(crate) fn new(file: FileBackend) -> io::Result<Overlay> {
        let len = file.len()?;
        Ok(Overlay { file, written: Mutex::new(Written { len, visible: len, blocks: BTreeMap::new() }) })
    }

    /// Calls `visit` with each block that `offset..offset + len` touches: block number, range in the block, range in the bytes.
    fn each_block(
        offset: u64,
        len: usize,
        mut visit: impl FnMut(u64, std::ops::Range<usize>, std::ops::Range<usize>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut at = 0usize;
        while at < len {
            let position = offset.checked_add(at as u64).ok_or_else(out_of_range)?;
            let start = (position % BLOCK) as usize;
            let count = (BLOCK as usize).saturating_sub(start).min(len.saturating_sub(at));
            let next = at.saturating_add(count);
            visit(position / BLOCK, start..start.saturating_add(count), at..next)?;
            at = next;
        }
        Ok(())
    }

    /// The block as the file below has it, with zeros behind its visible end.
    fn block(&self, visible: u64, number: u64) -> io::Result<Vec<u8>> {
        let mut block = vec![0; BLOCK as usize];
        let start = number.saturating_mul(BLOCK);
        let there = visible.saturating_sub(start).min(BLOCK) as usize;
        if let Some(part) = block.get_mut(..there).filter(|part| !part.is_empty()) {
            self.file.read(start, part)?;
        }
        Ok(block)
    }
}

fn out_of_range() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "read past the end of the file")
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.written.lock().unwrap_or_else(PoisonError::into_inner).len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > written.len) {
            return Err(out_of_range());
        }
        Overlay::each_block(offset, out.len(), |number, inside, bytes| {
            let below;
            let block = match written.blocks.get(&number) {
                Some(block) => block,
                None => {
                    below = self.block(written.visible, number)?;
                    &below
                }
            };
            if let (Some(to), Some(from)) = (out.get_mut(bytes), block.get(inside)) {
                to.copy_from_slice(from);
            }
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let visible = written.visible.min(len);
        written.visible = visible;
        written.blocks.retain(|number, block| {
            let start = number.saturating_mul(BLOCK);
            let there = len.saturating_sub(start).min(BLOCK) as usize;
            if let Some(hidden) = block.get_mut(there..) {
                hidden.fill(0);
            }
            there > 0
        });
        written.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let end = offset.checked_add(data.len() as u64).ok_or_else(out_of_range)?;
        let visible = written.visible;
        Overlay::each_block(offset, data.len(), |number, inside, bytes| {
            let block = match written.blocks.entry(number) {
                std::collections::btree_map::Entry::Occupied(block) => block.into_mut(),
                std::collections::btree_map::Entry::Vacant(slot) => slot.insert(self.block(visible, number)?),
            };
            if let (Some(to), Some(from)) = (block.get_mut(inside), data.get(bytes)) {
                to.copy_from_slice(from);
            }
            Ok(())
        })?;
        written.len = written.len.max(end);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Random reads, writes and truncations give what a plain vector gives, and the file stays as it was.
    #[test]
    fn it_reads_like_a_vector_and_leaves_the_file() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut model: Vec<u8> = (0..10_000u32).map(|i| (i % 251) as u8).collect();
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(&model).expect("written");
        let before = model.clone();
        let overlay =
            Overlay::new(FileBackend::new(file.reopen().expect("reopened")).expect("a backend")).expect("open");
        for _ in 0..2_000 {
            let offset = rng.gen_range(0..20_000u64);
            let len = rng.gen_range(0..9_000usize);
            match rng.gen_range(0..4) {
                0 => {
                    overlay.set_len(offset).expect("set");
                    model.resize(offset as usize, 0);
                }
                1 if offset as usize + len <= model.len() => {
                    let data: Vec<u8> = (0..len).map(|_| rng.gen_range(0..=255)).collect();
                    overlay.write(offset, &data).expect("written");
                    model[offset as usize..offset as usize + len].copy_from_slice(&data);
                }
                _ => {
                    let mut out = vec![0; len];
                    let read = overlay.read(offset, &mut out);
                    match model.get(offset as usize..offset as usize + len) {
                        Some(expected) => {
                            read.expect("inside");
                            assert_eq!(out, expected);
                        }
                        None => assert!(read.is_err()),
                    }
                }
            }
            assert_eq!(overlay.len().expect("len"), model.len() as u64);
        }
        assert_eq!(std::fs::read(file.path()).expect("read"), before);
    }
}
