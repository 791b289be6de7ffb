//! A file seen as bytes, without reading it.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// The bytes of a file as the system maps them; pages are read as they are touched, and given up where memory is short.
///
/// Whoever may write the file can change the bytes under a reader's eyes, and cut it, after which reading is an error that
/// ends the process. So map files that are written once and moved into their place, in folders of one's own; where bytes are
/// checked and then used, the use must stand wrong bytes, and must not be unsafe.
#[derive(Debug)]
pub struct Map(Mmap);

impl Map {
    /// Maps a regular file, as long as it is now.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::InvalidInput`] for what is no regular file.
    pub fn of(file: &File) -> io::Result<Map> {
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        // SAFETY: the map is read as bytes alone, of which every value is one, and no reference into it outlives it. That
        // nobody else writes the file meanwhile cannot be had from the system; what the page above asks of users is all that
        // any user of a map relies on.
        unsafe { Mmap::map(file) }.map(Map)
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl std::ops::Deref for Map {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_is_seen_and_a_folder_is_not() {
        let mut file = tempfile::tempfile().unwrap();
        assert!(Map::of(&file).unwrap().is_empty());
        file.write_all(b"key").unwrap();
        assert_eq!(&*Map::of(&file).unwrap(), b"key");
        assert!(Map::of(&File::open("/").unwrap()).is_err());
    }
}
