//! `predicate.toml`: what an author says about a program that is to be compiled.

use std::path::Path;

use anyhow::{Context, anyhow};
use serde::Deserialize;
use zera_r1cs::manifest::COMMITMENT;
use zera_r1cs::{Field, FieldInput, FieldKind, Manifest};

use crate::file;
use crate::output::{Blame, Failure};

/// Most bytes of the file.
const MAX: u64 = 1 << 20;
/// Bytes of a field element.
const CELL: u32 = 32;

/// The file. Every key may be missing; a key that is not listed here is refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name of the predicate.
    pub name: Option<String>,
    /// Its version, counted by the author.
    pub version: Option<u32>,
    /// The exported function.
    pub entry: Option<String>,
    /// Bytes of public input.
    pub public_bytes: Option<u32>,
    /// Bytes of private input.
    pub private_bytes: Option<u32>,
    /// Whether the answer commits to the private bytes.
    #[serde(default)]
    pub commit_private: bool,
    #[serde(default, rename = "field")]
    fields: Vec<SourceField>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceField {
    name: String,
    input: SourceInput,
    #[serde(rename = "type")]
    kind: String,
    offset: u32,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SourceInput {
    Public,
    Private,
}

/// Reads a file.
///
/// # Errors
/// Bad input, naming the file and the place in it.
pub fn read(path: &Path) -> Result<Source, Failure> {
    let text = file::read_text(path, MAX)?;
    toml::from_str(&text).with_context(|| path.display().to_string()).input()
}

impl Source {
    /// The manifest; `stem` is the name where the file has none. Version 1, entry `predicate` and no input bytes unless said.
    ///
    /// # Errors
    /// Bad input: what a manifest does not allow, and types of fields that are none.
    pub fn manifest(&self, stem: &str) -> Result<Manifest, Failure> {
        let declared = if self.commit_private { vec![COMMITMENT.to_owned()] } else { Vec::new() };
        let fields = self.fields.iter().map(SourceField::field).collect::<Result<Vec<_>, _>>()?;
        Manifest::new(
            self.name.as_deref().unwrap_or(stem),
            self.version.unwrap_or(1),
            self.public_bytes.unwrap_or(0),
            self.private_bytes.unwrap_or(0),
            declared,
        )
        .and_then(|manifest| manifest.with_entry(self.entry.as_deref().unwrap_or("predicate")))
        .and_then(|manifest| manifest.with_commitment(self.commit_private))
        .and_then(|manifest| manifest.with_fields(fields))
        .input()
    }
}

impl SourceField {
    fn field(&self) -> Result<Field, Failure> {
        let (kind, count) = kind(&self.kind).ok_or_else(|| {
            Failure::Input(anyhow!(
                "field {}: type {:?}: expected u8 to u64, i8 to i64, bool or field, or one of them with [N]",
                crate::arg::shorten(&self.name),
                crate::arg::shorten(&self.kind)
            ))
        })?;
        let input = match self.input {
            SourceInput::Public => FieldInput::Public,
            SourceInput::Private => FieldInput::Private,
        };
        Ok(Field { name: self.name.clone(), input, offset: self.offset, kind, count })
    }
}

/// A type: `T` or `T[N]`. A field element is 32 bytes, a bool is a byte.
fn kind(text: &str) -> Option<(FieldKind, u32)> {
    let (element, count): (_, u32) = match text.split_once('[') {
        Some((element, rest)) => {
            let digits = rest.strip_suffix(']').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
            (element, digits.parse().ok().filter(|count| *count > 0)?)
        }
        None => (text, 1),
    };
    let kind = match element {
        "u8" | "bool" => FieldKind::U8,
        "u16" => FieldKind::U16,
        "u32" => FieldKind::U32,
        "u64" => FieldKind::U64,
        "i8" => FieldKind::I8,
        "i16" => FieldKind::I16,
        "i32" => FieldKind::I32,
        "i64" => FieldKind::I64,
        "field" => return Some((FieldKind::Bytes, count.checked_mul(CELL)?)),
        _ => return None,
    };
    Some((kind, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read() {
        assert_eq!(kind("u32[9]"), Some((FieldKind::U32, 9)));
        assert_eq!(kind("field[2]"), Some((FieldKind::Bytes, 64)));
        assert_eq!(kind("bool"), Some((FieldKind::U8, 1)));
        for bad in
            ["", "u24", "u8[", "u8[]", "u8[0]", "u8[-1]", "u8[+1]", "u8[1]x", "field[4294967295]", "u8[9999999999]"]
        {
            assert_eq!(kind(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_file_becomes_a_manifest() {
        let text = "name = 'a'\nversion = 3\npublic_bytes = 5\n[[field]]\nname = 'x'\ninput = 'public'\ntype = 'u32'\noffset = 1";
        let source: Source = toml::from_str(text).unwrap();
        let manifest = source.manifest("stem").unwrap();
        assert_eq!((manifest.name.as_str(), manifest.version, manifest.public_len), ("a", 3, 5));
        assert_eq!((manifest.entry.as_str(), manifest.fields[0].offset), ("predicate", 1));
        assert_eq!(Source::default().manifest("stem").unwrap().name, "stem");
        let committed = Source { commit_private: true, ..Source::default() }.manifest("stem").unwrap();
        assert!(committed.commitment && committed.declared == [COMMITMENT]);
        for bad in ["nam = 'a'", "version = '1'", "public_bytes = -1", "[[field]]\nname = 'x'"] {
            assert!(toml::from_str::<Source>(bad).is_err(), "{bad}");
        }
        // A field beyond the input.
        let source: Source = toml::from_str(&text.replace("offset = 1", "offset = 2")).unwrap();
        assert_eq!(source.manifest("stem").unwrap_err().code(), 2);
    }
}
