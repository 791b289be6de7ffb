//! An account's secret: a file with the 32-byte seed of its ed25519 key, as 64 hex digits and a line end.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use ed25519_dalek::SigningKey;
use rand::RngCore;
use rand::rngs::OsRng;
use zera_abi::id::decode_hex32;

use crate::file;
use crate::output::{Blame, Failure};

/// Makes a key and writes its file, readable by its owner alone.
///
/// # Errors
/// Bad input where the file exists: a key is never overwritten. The environment's where it can not be written.
pub fn create(path: &Path) -> Result<SigningKey, Failure> {
    let mut seed = [0u8; 32];
    OsRng.try_fill_bytes(&mut seed).context("drawing random bytes").environment()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Failure::Input(anyhow!("{}: exists already, and a key is never overwritten", path.display())));
        }
        Err(error) => return Err(error).with_context(|| format!("making {}", path.display())).environment(),
    };
    let text = format!("{}\n", hex::encode(seed));
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("writing {}", path.display()))
        .environment()?;
    Ok(SigningKey::from_bytes(&seed))
}

/// Reads a key's file.
///
/// # Errors
/// Bad input: missing, not 64 hex digits, or open to others than its owner.
pub fn read(path: &Path) -> Result<SigningKey, Failure> {
    owner_only(path)?;
    let text = file::read_text(path, 256)?;
    let seed = decode_hex32(text.trim_end());
    // Nothing of a secret goes into a message.
    let seed =
        seed.map_err(|_| anyhow!("{}: not a key file: expected 64 lower-case hex digits", path.display())).input()?;
    Ok(SigningKey::from_bytes(&seed))
}

/// Refuses a secret that others can read.
///
/// # Errors
/// Bad input: missing, or with permissions for group or others.
pub fn owner_only(path: &Path) -> Result<(), Failure> {
    let check = || -> anyhow::Result<()> {
        let metadata = std::fs::metadata(path)?;
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
            if metadata.is_file() && mode & 0o077 != 0 {
                bail!("others can read this secret (mode {mode:04o}); run: chmod 600 {}", path.display());
            }
        }
        Ok(())
    };
    check().with_context(|| path.display().to_string()).input()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        let key = create(&path).unwrap();
        assert_eq!(read(&path).unwrap().to_bytes(), key.to_bytes());
        assert_eq!(create(&path).unwrap_err().code(), 2);
        assert_eq!(read(&path).unwrap().to_bytes(), key.to_bytes());
        assert_eq!(create(&dir.path().join("no/b.key")).unwrap_err().code(), 3);
    }

    #[test]
    fn a_message_never_holds_the_secret() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        create(&path).unwrap();
        let secret = std::fs::read_to_string(&path).unwrap().to_uppercase();
        std::fs::write(&path, &secret).unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(!message.contains(secret.trim()), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o604, 0o640, 0o644, 0o666] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let failure = read(&path).unwrap_err();
            assert_eq!(failure.code(), 2);
            assert!(failure.to_string().contains("chmod 600"), "{failure}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        assert!(read(&path).is_ok());
    }
}
