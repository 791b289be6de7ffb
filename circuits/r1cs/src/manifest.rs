//! What a predicate is called and how many bytes it reads.

mod field;

pub use field::{FIELDS_MAX, Field, FieldInput, FieldKind};

use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use thiserror::Error;
use zera_abi::wire::{MAX_DECLARED, MAX_PUBLIC_LEN, Reader, WireError};

/// Most bytes of a name.
pub const NAME_MAX: usize = 64;
/// Most private input bytes.
pub const PRIVATE_LEN_MAX: u32 = 1 << 24;
/// Name of the declared value that commits to the private bytes.
pub const COMMITMENT: &str = "private_commitment";
/// First byte of a manifest without entry, commitment and fields.
const LAYOUT: u8 = 1;
/// First byte of a manifest with one of them.
const LAYOUT_EXTENDED: u8 = 2;

/// What a predicate is called and how many bytes it reads: the part of a predicate's id that matrices do not say.
///
/// Made by [`Manifest::new`] and the `with_` methods, which check it; the fields are public to be read.
///
/// ```text
/// 0    1    layout: 2 with entry, commitment or fields, else 1
/// 1    4    version (u32 LE)
/// 5    4    public_len (u32 LE)
/// 9    4    private_len (u32 LE)
/// 13   1    length of the name, 1 to 64
/// 14   ..   name, of A-Z a-z 0-9 . _ -
/// +    1    number of declared values, at most 13
/// +    ..   per declared value: length of its name (1), name
/// layout 2 only, at least one of the three not empty
/// +    ..   length of the entry's name (1), 0 to 64; name, printable ASCII
/// +    1    1 where the private bytes are committed to, else 0
/// +    2    number of fields (u16 LE), at most 1024
/// +    ..   fields ([`Field`])
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
    /// The program's exported function; empty for a predicate without a program.
    pub entry: String,
    /// Whether declared value 0, then called [`COMMITMENT`], is [`zera_statement::input_root`] of the private bytes.
    pub commitment: bool,
    /// Typed values among the input bytes, for people who write inputs as text; may be empty. In the author's order.
    pub fields: Vec<Field>,
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
    /// Two declared values, or two fields, share a name.
    #[error("manifest: {name} is declared twice")]
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
    #[error("manifest: layout {got}, this build reads {LAYOUT} and {LAYOUT_EXTENDED}")]
    Layout {
        /// The first byte.
        got: u8,
    },
    /// Not the name of an exported function.
    #[error("manifest: an entry is 1 to {NAME_MAX} of printable ASCII, got {name:?}")]
    Entry {
        /// What came instead; lossy where it was not UTF-8.
        name: String,
    },
    /// A commitment without the declared value that holds it.
    #[error("manifest: private bytes are committed to, but declared value 0 is {declared:?}, not {COMMITMENT}")]
    Commitment {
        /// Name of declared value 0, where there is one.
        declared: Option<String>,
    },
    /// A field that takes no bytes, or bytes beyond the input.
    #[error("manifest: field {name}: {bytes} bytes at {offset} of an input of {len}")]
    Place {
        /// Its name.
        name: String,
        /// Its first byte.
        offset: u32,
        /// Bytes it takes.
        bytes: u64,
        /// Bytes there are.
        len: u32,
    },
    /// Two fields on the same byte.
    #[error("manifest: fields {first} and {second} overlap")]
    Overlap {
        /// The one that starts first.
        first: String,
        /// The other.
        second: String,
    },
    /// A byte that stands for nothing.
    #[error("manifest: no {what} has the code {code}")]
    Code {
        /// What it should stand for.
        what: &'static str,
        /// The byte.
        code: u8,
    },
    /// Layout 2 without anything that layout 1 could not say.
    #[error("manifest: not the canonical encoding")]
    NotCanonical,
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
    /// A checked manifest without entry, commitment and fields.
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
        let manifest = Manifest { name: name.into(), version, public_len, private_len, declared, ..Manifest::empty() };
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
        check_unique(&manifest.declared)?;
        for name in std::iter::once(&manifest.name).chain(&manifest.declared) {
            if !is_name(name.as_bytes()) {
                return Err(ManifestError::Name { name: name.clone() });
            }
        }
        Ok(manifest)
    }

    fn empty() -> Manifest {
        Manifest {
            name: String::new(),
            version: 0,
            public_len: 0,
            private_len: 0,
            declared: Vec::new(),
            entry: String::new(),
            commitment: false,
            fields: Vec::new(),
        }
    }

    /// With this exported function as the program's entry.
    ///
    /// # Errors
    /// [`ManifestError::Entry`] unless it is 1 to 64 characters of printable ASCII.
    pub fn with_entry(self, entry: impl Into<String>) -> Result<Manifest, ManifestError> {
        let entry = entry.into();
        if is_entry(entry.as_bytes()) {
            Ok(Manifest { entry, ..self })
        } else {
            Err(ManifestError::Entry { name: entry })
        }
    }

    /// With or without a commitment to the private bytes.
    ///
    /// # Errors
    /// [`ManifestError::Commitment`] where there is to be one and declared value 0 is not [`COMMITMENT`].
    pub fn with_commitment(self, commitment: bool) -> Result<Manifest, ManifestError> {
        match self.declared.first() {
            declared if commitment && declared.is_none_or(|name| name != COMMITMENT) => {
                Err(ManifestError::Commitment { declared: declared.cloned() })
            }
            _ => Ok(Manifest { commitment, ..self }),
        }
    }

    /// With these fields, in this order.
    ///
    /// # Errors
    /// [`ManifestError::Limit`] above [`FIELDS_MAX`]; [`ManifestError::Name`] and [`ManifestError::Duplicate`] for their
    /// names; [`ManifestError::Place`], [`ManifestError::Overlap`].
    pub fn with_fields(self, fields: Vec<Field>) -> Result<Manifest, ManifestError> {
        check_field_count(fields.len())?;
        if let Some(field) = fields.iter().find(|field| !is_name(field.name.as_bytes())) {
            return Err(ManifestError::Name { name: field.name.clone() });
        }
        check_unique(fields.iter().map(|field| &field.name))?;
        field::check_places(&fields, self.public_len, self.private_len)?;
        Ok(Manifest { fields, ..self })
    }

    fn is_extended(&self) -> bool {
        !self.entry.is_empty() || self.commitment || !self.fields.is_empty()
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![if self.is_extended() { LAYOUT_EXTENDED } else { LAYOUT }];
        for number in [self.version, self.public_len, self.private_len] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        put_name(&mut out, &self.name);
        out.push(self.declared.len() as u8);
        for name in &self.declared {
            put_name(&mut out, name);
        }
        if self.is_extended() {
            put_name(&mut out, &self.entry);
            out.push(self.commitment.into());
            out.extend_from_slice(&(self.fields.len() as u16).to_le_bytes());
            self.fields.iter().for_each(|field| field.encode(&mut out));
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
        if layout != LAYOUT && layout != LAYOUT_EXTENDED {
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
        let mut manifest = Manifest::new(name, version, public_len, private_len, declared)?;
        if layout == LAYOUT_EXTENDED {
            manifest = manifest.extend(&mut reader)?;
        }
        reader.end()?;
        Ok(manifest)
    }

    /// Reads what layout 2 adds.
    fn extend(self, reader: &mut Reader<'_>) -> Result<Manifest, ManifestError> {
        let mut manifest = self;
        let len = usize::from(reader.u8()?);
        if len > 0 {
            manifest = manifest.with_entry(String::from_utf8_lossy(reader.take(len)?))?;
        }
        manifest = match reader.u8()? {
            code @ (0 | 1) => manifest.with_commitment(code == 1)?,
            code => return Err(ManifestError::Code { what: "commitment", code }),
        };
        let count = usize::from(reader.u16()?);
        check_field_count(count)?;
        if count > reader.remaining() / field::LEAST {
            return Err(ManifestError::Length);
        }
        let fields = (0..count).map(|_| Field::decode(reader)).collect::<Result<Vec<_>, _>>()?;
        manifest = manifest.with_fields(fields)?;
        if manifest.is_extended() { Ok(manifest) } else { Err(ManifestError::NotCanonical) }
    }

    /// SHA-256 of the canonical bytes, the third part of a predicate's id.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.to_bytes()).into()
    }
}

fn check_field_count(count: usize) -> Result<(), ManifestError> {
    if count <= FIELDS_MAX {
        return Ok(());
    }
    Err(ManifestError::Limit { what: "the number of fields", value: count as u64, max: FIELDS_MAX as u64 })
}

fn check_unique<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<(), ManifestError> {
    let mut known = BTreeSet::new();
    match names.into_iter().find(|name| !known.insert(*name)) {
        Some(name) => Err(ManifestError::Duplicate { name: name.clone() }),
        None => Ok(()),
    }
}

fn is_entry(name: &[u8]) -> bool {
    (1..=NAME_MAX).contains(&name.len()) && name.iter().all(|byte| matches!(byte, 0x20..=0x7e))
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
