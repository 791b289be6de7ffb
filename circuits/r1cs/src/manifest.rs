//! What a predicate is called and how many bytes it reads.

use sha2::{Digest, Sha256};
use thiserror::Error;
use zera_abi::wire::{MAX_DECLARED, MAX_PUBLIC_LEN, Reader, WireError};

/// Most bytes of a name.
pub const NAME_MAX: usize = 64;
/// Most private input bytes.
pub const PRIVATE_LEN_MAX: u32 = 1 << 24;
/// First byte of every manifest of this layout.
const LAYOUT: u8 = 1;

/// What a predicate is called and how many bytes it reads: the part of a predicate's id that matrices do not say.
///
/// Made by [`Manifest::new`], which checks it; the fields are public to be read.
///
/// ```text
/// 0    1    layout, 1
/// 1    4    version (u32 LE)
/// 5    4    public_len (u32 LE)
/// 9    4    private_len (u32 LE)
/// 13   1    length of the name, 1 to 64
/// 14   ..   name, of A-Z a-z 0-9 . _ -
/// +    1    number of declared values, at most 13
/// +    ..   per declared value: length of its name (1), name
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Manifest {
    /// Name, 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
    pub name: String,
    /// Version of the predicate, counted by its author.
    pub version: u32,
    /// Public input bytes, exactly.
    pub public_len: u32,
    /// Private input bytes, exactly.
    pub private_len: u32,
    /// Names of the declared public values, in order, each once.
    pub declared: Vec<String>,
}

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Not a name.
    #[error("manifest: a name is 1 to {NAME_MAX} of A-Z a-z 0-9 . _ -, got {name:?}")]
    Name {
        /// What came instead; lossy where it was not UTF-8.
        name: String,
    },
    /// Two declared values share a name.
    #[error("manifest: declared value {name} occurs twice")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A number above its ceiling.
    #[error("manifest: {what} is {value}, at most {max}")]
    Limit {
        /// The field.
        what: &'static str,
        /// Its value.
        value: u64,
        /// The ceiling.
        max: u64,
    },
    /// Another layout than this build reads.
    #[error("manifest: layout {got}, this build reads {LAYOUT}")]
    Layout {
        /// The first byte.
        got: u8,
    },
    /// The bytes end inside a field, or go on after the last one.
    #[error("manifest: length does not match the fields")]
    Length,
}

impl From<WireError> for ManifestError {
    /// [`Reader`] fails for one reason alone.
    fn from(_: WireError) -> ManifestError {
        ManifestError::Length
    }
}

impl Manifest {
    /// A checked manifest.
    ///
    /// # Errors
    /// [`ManifestError::Name`], [`ManifestError::Duplicate`], [`ManifestError::Limit`].
    pub fn new(
        name: impl Into<String>,
        version: u32,
        public_len: u32,
        private_len: u32,
        declared: Vec<String>,
    ) -> Result<Manifest, ManifestError> {
        let manifest = Manifest { name: name.into(), version, public_len, private_len, declared };
        let limits = [
            ("public_len", u64::from(public_len), MAX_PUBLIC_LEN as u64),
            ("private_len", u64::from(private_len), u64::from(PRIVATE_LEN_MAX)),
            ("the number of declared values", manifest.declared.len() as u64, MAX_DECLARED as u64),
        ];
        for (what, value, max) in limits {
            if value > max {
                return Err(ManifestError::Limit { what, value, max });
            }
        }
        for (at, name) in manifest.declared.iter().enumerate() {
            if manifest.declared[..at].contains(name) {
                return Err(ManifestError::Duplicate { name: name.clone() });
            }
        }
        for name in std::iter::once(&manifest.name).chain(&manifest.declared) {
            if !is_name(name.as_bytes()) {
                return Err(ManifestError::Name { name: name.clone() });
            }
        }
        Ok(manifest)
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![LAYOUT];
        for number in [self.version, self.public_len, self.private_len] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        put_name(&mut out, &self.name);
        out.push(self.declared.len() as u8);
        for name in &self.declared {
            put_name(&mut out, name);
        }
        out
    }

    /// Reads what [`Self::to_bytes`] writes.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        let mut reader = Reader::new(bytes);
        let layout = reader.u8()?;
        if layout != LAYOUT {
            return Err(ManifestError::Layout { got: layout });
        }
        let (version, public_len, private_len) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let name = read_name(&mut reader)?;
        let count = usize::from(reader.u8()?);
        if count > MAX_DECLARED {
            let (value, max) = (count as u64, MAX_DECLARED as u64);
            return Err(ManifestError::Limit { what: "the number of declared values", value, max });
        }
        let declared = (0..count).map(|_| read_name(&mut reader)).collect::<Result<Vec<_>, _>>()?;
        reader.end()?;
        Manifest::new(name, version, public_len, private_len, declared)
    }

    /// SHA-256 of the canonical bytes, the third part of a predicate's id.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.to_bytes()).into()
    }
}

fn is_name(name: &[u8]) -> bool {
    (1..=NAME_MAX).contains(&name.len())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    out.push(name.len() as u8);
    out.extend_from_slice(name.as_bytes());
}

fn read_name(reader: &mut Reader<'_>) -> Result<String, ManifestError> {
    let len = usize::from(reader.u8()?);
    let bytes = reader.take(len)?;
    let name = String::from_utf8_lossy(bytes).into_owned();
    if is_name(bytes) { Ok(name) } else { Err(ManifestError::Name { name }) }
}
