//! Packed keys that were made once, by the digest of what they were made of.
//!
//! ```text
//! DIR/<sha256 of a .zkey or of a proving key>.<form>.pack   a packed key: zera_prover::pack
//! DIR/stamps/<sha256 of a file's place, size and times>     the file's sha256, in hexadecimal: it need not be read again
//! ```
//!
//! Nothing in there is needed or secret: it can be deleted at any time. The folder is its owner's alone, since whoever may write to it
//! can spoil proofs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use sha2::{Digest, Sha256};
use zera_iden3::Map;
use zera_kernels::{Engine, Slice};
use zera_prover::PackError;

use crate::output::{Blame, Failure};

/// A file that changed more recently may change again without its times telling.
const SETTLED: Duration = Duration::from_secs(2);
/// What a run that was killed left behind is older than this.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// What unfinished files start with.
const UNFINISHED: &str = ".tmp-";

/// Where packed keys are kept.
#[derive(clap::Args, Clone, Debug)]
pub struct CacheArgs {
    /// The folder where keys are kept as they are used, by default zera in the user's cache folder.
    #[arg(long, value_name = "DIR", env = "ZERA_CACHE")]
    cache: Option<PathBuf>,
    /// Keep no key: convert it, without checking the subgroup of its points, each time.
    #[arg(long)]
    no_cache: bool,
}

/// A folder of packed keys, or none.
pub struct Cache(Option<PathBuf>);

/// Where a key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It lay there.
    Kept,
    /// It was made, and is kept now.
    Made,
    /// It was made, and is not kept.
    Lost,
}

impl Origin {
    /// A word for reports.
    pub const fn word(self) -> &'static str {
        match self {
            Origin::Kept => "kept",
            Origin::Made => "made",
            Origin::Lost => "not kept",
        }
    }
}

impl CacheArgs {
    /// The folder that these arguments, or the environment, name.
    pub fn open(&self) -> Cache {
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let user = || folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
        if self.no_cache {
            return Cache(None);
        }
        Cache(self.cache.clone().or_else(|| Some(user()?.join("zera"))))
    }
}

impl Cache {
    /// Whether keys are kept at all.
    pub const fn keeps(&self) -> bool {
        self.0.is_some()
    }

    /// The SHA-256 of these bytes. Those of a file that lies where it lay, with the same size and times, are not read.
    pub fn digest(&self, file: Option<&File>, bytes: &[u8]) -> [u8; 32] {
        let stamp = self.0.as_ref().zip(file).and_then(|(dir, file)| Some(dir.join("stamps").join(stamp(file)?)));
        let read = |path: &PathBuf| -> Option<[u8; 32]> {
            let mut digest = [0; 32];
            hex::decode_to_slice(fs::read_to_string(path).ok()?, &mut digest).ok()?;
            Some(digest)
        };
        if let Some(digest) = stamp.as_ref().and_then(read) {
            return digest;
        }
        let digest = Sha256::digest(bytes).into();
        if let Some(path) = stamp {
            // Without it the file is read again next time.
            let _ = replace(&path, |file| io::Write::write_all(file, hex::encode(digest).as_bytes()));
        }
        digest
    }

    /// The key made of what has this digest, opened; or made by `make` and written by `pack`.
    ///
    /// A packed key that is damaged or from another version is told of, and made again. One that cannot be written is told of, too.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn key<K>(
        &self,
        engine: &dyn Engine,
        source: &[u8; 32],
        open: impl FnOnce(&Slice) -> Result<K, PackError>,
        make: impl FnOnce() -> Result<K, Failure>,
        pack: impl FnOnce(&K, &mut File) -> io::Result<()>,
    ) -> Result<(K, Origin), Failure> {
        let Some((dir, form)) = self.0.as_ref().zip(engine.form()) else {
            return Ok((make()?, Origin::Lost));
        };
        let path = dir.join(format!("{}.{form}.pack", hex::encode(source)));
        match File::open(&path).and_then(|file| Map::of(&file)) {
            Ok(map) => match open(&Slice::new(Arc::new(map))) {
                Ok(key) => return Ok((key, Origin::Kept)),
                Err(error) => eprintln!("note: {}: {error}; it is made again", path.display()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            Err(error) => eprintln!("note: {}: {error}; it is made again", path.display()),
        }
        let key = make()?;
        let written = replace(&path, |file| pack(&key, file)).with_context(|| format!("writing {}", path.display()));
        let origin = match written.environment() {
            Ok(()) => Origin::Made,
            Err(failure) => {
                eprintln!("note: {failure}; the key is not kept");
                Origin::Lost
            }
        };
        Ok((key, origin))
    }
}

/// A name for a file as it is now: its place, size and times. `None` where these do not tell whether it changed.
#[cfg(unix)]
fn stamp(file: &File) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let now = SystemTime::now();
    let metadata = file.metadata().ok()?;
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(metadata.ctime()).ok()?);
    let settled = now.duration_since(changed).is_ok_and(|age| age > SETTLED);
    let m = &metadata;
    let facts =
        [m.dev(), m.ino(), m.size(), m.mtime() as u64, m.mtime_nsec() as u64, m.ctime() as u64, m.ctime_nsec() as u64];
    let mut hash = Sha256::new();
    facts.iter().for_each(|fact| hash.update(fact.to_le_bytes()));
    (settled && metadata.is_file()).then(|| hex::encode(hash.finalize()))
}

#[cfg(not(unix))]
fn stamp(_: &File) -> Option<String> {
    None
}

/// Writes a file that is there whole or not at all, in a folder that is made, the owner's alone.
fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let dir = crate::file::folder(path);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&dir)?;
    sweep(&dir);
    let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&dir)?;
    write(file.as_file_mut())?;
    file.persist(path)?;
    Ok(())
}

/// Deletes what killed runs left.
fn sweep(dir: &Path) {
    let now = SystemTime::now();
    let unfinished = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(UNFINISHED);
    let stale = |entry: &fs::DirEntry| {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        modified.is_ok_and(|time| now.duration_since(time).is_ok_and(|age| age > STALE))
    };
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if unfinished(&entry) && stale(&entry) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;
    use std::io::Write;
    use zera_kernels::CpuEngine;

    fn args(dir: &Path) -> CacheArgs {
        CacheArgs { cache: Some(dir.join("cache")), no_cache: false }
    }

    fn key(cache: &Cache, made: &str) -> (String, Origin) {
        cache
            .key(
                &CpuEngine::detect(),
                &[1; 32],
                |bytes| if bytes.starts_with(b"key") { Ok("kept".to_owned()) } else { Err(PackError::Magic) },
                || Ok(made.to_owned()),
                |_, file| file.write_all(b"key"),
            )
            .expect("a key")
    }

    #[test]
    fn a_key_is_made_once_and_again_where_it_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let cache = args(dir.path()).open();
        assert_eq!(key(&cache, "a"), ("a".to_owned(), Origin::Made));
        assert_eq!(key(&cache, "b"), ("kept".to_owned(), Origin::Kept));
        let files = || fs::read_dir(dir.path().join("cache")).unwrap().map(|entry| entry.unwrap().path());
        let path = files().next().unwrap();
        fs::write(&path, b"damage").unwrap();
        assert_eq!(key(&cache, "c"), ("c".to_owned(), Origin::Made));
        assert_eq!(key(&cache, "d"), ("kept".to_owned(), Origin::Kept));
        assert_eq!(files().count(), 1);
        let failed = cache.key(
            &CpuEngine::detect(),
            &[2; 32],
            |_| Ok(()),
            || Err(Failure::Input(anyhow!("no key"))),
            |(), _| Ok(()),
        );
        assert_eq!(failed.unwrap_err().to_string(), "no key");
        assert_eq!(files().count(), 1);
    }

    #[test]
    fn a_key_that_can_not_be_kept_is_made_each_time() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("cache"), b"a file where the folder should be").unwrap();
        assert_eq!(key(&args(dir.path()).open(), "a"), ("a".to_owned(), Origin::Lost));
        let none = CacheArgs { no_cache: true, ..args(dir.path()) }.open();
        assert_eq!((key(&none, "a"), none.keeps()), (("a".to_owned(), Origin::Lost), false));
    }

    #[test]
    fn a_file_is_read_again_when_it_changed() {
        let dir = tempfile::tempdir().unwrap();
        let cache = args(dir.path()).open();
        let path = dir.path().join("f");
        fs::write(&path, b"one").unwrap();
        let file = File::open(&path).unwrap();
        let of = |bytes: &[u8]| -> [u8; 32] { Sha256::digest(bytes).into() };
        // It has just changed: what its times say is not relied on.
        assert_eq!(cache.digest(Some(&file), b"one"), of(b"one"));
        assert_eq!(cache.digest(Some(&file), b"two"), of(b"two"));
        std::thread::sleep(SETTLED + Duration::from_millis(1100));
        assert_eq!(cache.digest(Some(&file), b"one"), of(b"one"));
        assert_eq!(cache.digest(Some(&file), b"not looked at"), of(b"one"));
        fs::write(&path, b"two").unwrap();
        assert_eq!(cache.digest(Some(&file), b"two"), of(b"two"));
        assert_eq!(cache.digest(None, b"a pipe's"), of(b"a pipe's"));
    }
}
