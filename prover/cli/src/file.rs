//! Files that a person names: read up to a limit, written whole.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

use crate::output::{Blame, Failure};

/// All of a file of at most `max` bytes; nothing more is read of a longer one. Pipes are files, too.
///
/// # Errors
/// Bad input, naming the file: missing, a folder, unreadable, too long.
pub fn read(path: &Path, max: u64) -> Result<Vec<u8>, Failure> {
    read_after(path, |_| Ok(max))
}

/// As [`read`], where the first four bytes, or as many as there are, say how long the file may be, or that it is none.
///
/// # Errors
/// As [`read`]; and what `limit` says.
pub fn read_after(path: &Path, limit: impl FnOnce(&[u8]) -> anyhow::Result<u64>) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let bytes = || -> anyhow::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        if file.metadata()?.is_dir() {
            bail!("is a folder");
        }
        let mut bytes = Vec::new();
        (&mut file).take(4).read_to_end(&mut bytes)?;
        let max = limit(&bytes)?;
        file.take(max.saturating_add(1).saturating_sub(bytes.len() as u64)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > max {
            bail!("more than {max} bytes");
        }
        Ok(bytes)
    };
    bytes().with_context(|| format!("{shown}")).input()
}

/// As [`read`], for text.
///
/// # Errors
/// As [`read`]; not UTF-8.
pub fn read_text(path: &Path, max: u64) -> Result<String, Failure> {
    String::from_utf8(read(path, max)?).map_err(|_| anyhow!("{}: not UTF-8 text", path.display())).input()
}

/// Writes a file that is there whole or not at all, in place of one that is there already.
///
/// # Errors
/// The environment's: the folder is missing or can not be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = || -> anyhow::Result<()> {
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
            // A pipe or a terminal is written to, not replaced.
            return Ok(OpenOptions::new().write(true).open(path)?.write_all(bytes)?);
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".tmp-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut file = builder.tempfile_in(folder(path))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    written().with_context(|| format!("writing {}", path.display())).environment()
}

/// Makes a folder, and those that it lies in, where there is none.
///
/// # Errors
/// Bad input where something else has its name, or that of a folder that it would lie in; else the environment's.
pub fn make_folder(path: &Path) -> Result<(), Failure> {
    let other = path.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir());
    if let Some(other) = other {
        return Err(Failure::Input(anyhow!("{}: not a folder", other.display())));
    }
    fs::create_dir_all(path).with_context(|| format!("making the folder {}", path.display())).environment()
}

/// The folder that a file lies in.
pub fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_beyond() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        for (path, max, what) in [(&path, 4, "more than 4 bytes"), (&dir.path().to_path_buf(), 9, "folder")] {
            let failure = read(path, max).unwrap_err();
            assert_eq!(failure.code(), 2);
            assert!(failure.to_string().contains(what), "{failure}");
        }
        assert_eq!(read(&dir.path().join("g"), 9).unwrap_err().code(), 2);
    }

    #[test]
    fn the_start_of_a_file_says_how_long_it_may_be() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        for (content, start) in [("", ""), ("123", "123"), ("1234", "1234"), ("12345678", "1234")] {
            write(&path, content.as_bytes()).unwrap();
            let read = |max| {
                read_after(&path, |bytes| {
                    assert_eq!(bytes, start.as_bytes());
                    Ok(max)
                })
            };
            assert_eq!(read(8).unwrap(), content.as_bytes());
            assert_eq!(read(2).is_err(), content.len() > 2);
            let refused = read_after(&path, |_| bail!("another file")).unwrap_err();
            assert_eq!((refused.code(), refused.to_string()), (2, format!("{}: another file", path.display())));
        }
    }

    #[test]
    fn a_folder_is_made_where_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let (file, new) = (dir.path().join("f"), dir.path().join("a/b"));
        write(&file, b"1").unwrap();
        for _ in 0..2 {
            make_folder(&new).unwrap();
            assert!(new.is_dir());
        }
        for path in [file.clone(), file.join("a"), file.join("a/b")] {
            let failure = make_folder(&path).unwrap_err();
            assert_eq!((failure.code(), failure.to_string()), (2, format!("{}: not a folder", file.display())));
        }
    }

    #[test]
    fn writing_replaces_and_leaves_no_other_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        write(&path, b"1").unwrap();
        write(&path, b"2").unwrap();
        assert_eq!(read(&path, 9).unwrap(), b"2");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(write(&dir.path().join("no/f"), b"1").unwrap_err().code(), 3);
    }
}
