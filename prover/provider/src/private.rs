//! Private input bytes: how they lie in memory, and a folder that whoever asks fills for its provider.

use std::fmt;
use std::io::ErrorKind;
use std::ops::Deref;
use std::path::PathBuf;

use zera_abi::TaskId;
use zeroize::Zeroizing;

use crate::file;

/// Private bytes in memory: shown nowhere, and wiped where they are no longer needed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PrivateBytes(Zeroizing<Vec<u8>>);

impl From<Vec<u8>> for PrivateBytes {
    fn from(bytes: Vec<u8>) -> PrivateBytes {
        PrivateBytes(Zeroizing::new(bytes))
    }
}

impl Deref for PrivateBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Their number and nothing else.
impl fmt::Debug for PrivateBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} private bytes", self.0.len())
    }
}

/// A folder with private bytes as they are, one file an input, named in lower-case hex by the task, or by one of the
/// commitments that its request fixes.
///
/// The job book keeps none of them: after a restart they are read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateFolder(pub PathBuf);

impl PrivateFolder {
    /// The bytes for a task: those under its own name first. `None` where nobody has put them there.
    ///
    /// # Errors
    /// One line: there is a file, and it is unreadable or does not have `len` bytes.
    pub fn find(&self, task: &TaskId, expected: &[[u8; 32]], len: usize) -> Result<Option<PrivateBytes>, String> {
        let names = std::iter::once(task.to_string()).chain(expected.iter().map(hex::encode));
        for name in names {
            match file::read(&self.0.join(&name), len) {
                Ok(bytes) if bytes.len() == len => return Ok(Some(bytes.into())),
                Ok(bytes) => return Err(format!("private bytes {name}: {} bytes, expected {len}", bytes.len())),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(format!("private bytes {name}: {error}")),
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_not_shown() {
        let bytes = PrivateBytes::from(b"secret".to_vec());
        assert_eq!((format!("{bytes:?}"), &*bytes), ("6 private bytes".to_owned(), &b"secret"[..]));
    }

    #[test]
    fn bytes_are_found_by_task_and_by_commitment_and_have_the_right_length() {
        let dir = tempfile::tempdir().unwrap();
        let folder = PrivateFolder(dir.path().to_path_buf());
        let (task, expected) = (TaskId([1; 32]), [[2; 32], [3; 32]]);
        let write = |id: [u8; 32], bytes: &[u8]| std::fs::write(dir.path().join(hex::encode(id)), bytes).unwrap();
        assert_eq!(folder.find(&task, &expected, 2), Ok(None));
        write([3; 32], &[7, 8]);
        assert_eq!(folder.find(&task, &[], 2), Ok(None));
        assert_eq!(folder.find(&task, &expected, 2), Ok(Some(vec![7, 8].into())));
        write([1; 32], &[9, 9]);
        assert_eq!(folder.find(&task, &expected, 2), Ok(Some(vec![9, 9].into())));
        for len in [1, 3] {
            assert!(folder.find(&task, &expected, len).is_err(), "{len}");
        }
        assert_eq!(PrivateFolder(dir.path().join("none")).find(&task, &expected, 2), Ok(None));
    }
}
