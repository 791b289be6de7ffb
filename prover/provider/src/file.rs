//! Files that are read up to a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// All of a file of at most `max` bytes; nothing more is read of a longer one.
pub(crate) fn read(path: &Path, max: usize) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {max} bytes")));
    }
    Ok(bytes)
}
