//! The predicate that a command is about, and its input.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, anyhow};
use serde_json::Value;
use zera_library::Predicate;
use zera_provider::{Native, Program};
use zera_r1cs::manifest::PRIVATE_LEN_MAX;
use zera_r1cs::{Artefact, FieldInput};

use crate::output::{Blame, Failure};
use crate::{arg, fields, file};

/// Most bytes of an input file that may hold JSON instead of the bytes themselves.
const JSON_MAX: u64 = 1 << 20;

/// An input as it was given, its file read: what it means is for the predicate to say.
pub enum Given<'a> {
    /// The bytes of a file.
    File(Vec<u8>),
    /// A JSON object.
    Json(&'a str),
    /// Bytes in hex.
    Bytes(Vec<u8>),
}

impl<'a> Given<'a> {
    /// `HEX`, `@FILE` or a JSON object, of private bytes.
    ///
    /// # Errors
    /// Bad input.
    pub fn private(text: &'a str) -> Result<Given<'a>, Failure> {
        Given::read(text, u64::from(PRIVATE_LEN_MAX))
    }

    fn read(text: &'a str, max: u64) -> Result<Given<'a>, Failure> {
        Ok(match text.strip_prefix('@') {
            Some(path) => Given::File(file::read(Path::new(path), max)?),
            None if is_json(text) => Given::Json(text),
            None => Given::Bytes(arg::bytes(text, 0)?),
        })
    }
}

/// A predicate.
pub struct Subject {
    /// What is proved.
    pub artefact: Cow<'static, Artefact>,
    /// Where its native answer comes from.
    pub native: Native,
}

impl Subject {
    /// The predicate of a program; see [`predicates`](crate::predicates) for where one comes from.
    pub fn of(program: Program) -> Subject {
        Subject { artefact: program.artefact, native: program.native }
    }

    /// The built-in predicate, where it is one: its form in JSON.
    pub fn built_in(&self) -> Option<&'static Predicate> {
        match self.native {
            Native::Library(predicate) => Some(predicate),
            _ => None,
        }
    }

    /// Public bytes from `HEX`, `@FILE` or a JSON object; a file may hold the bytes or the object.
    ///
    /// # Errors
    /// Bad input, another number of bytes included.
    pub fn public(&self, text: &str) -> Result<Vec<u8>, Failure> {
        self.input(FieldInput::Public, Given::read(text, JSON_MAX)?)
    }

    /// Private bytes, as [`Self::public`]; none where nothing is given.
    ///
    /// # Errors
    /// Bad input, another number of bytes included.
    pub fn private(&self, text: Option<&str>) -> Result<Vec<u8>, Failure> {
        self.private_of(Given::private(text.unwrap_or_default())?)
    }

    /// Private bytes of what was read before the predicate was known.
    ///
    /// # Errors
    /// Bad input, another number of bytes included.
    pub fn private_of(&self, given: Given<'_>) -> Result<Vec<u8>, Failure> {
        self.input(FieldInput::Private, given)
    }

    /// Whether inputs have the predicate's lengths.
    ///
    /// # Errors
    /// Bad input.
    pub fn check_lengths(&self, public: &[u8], private: &[u8]) -> Result<(), Failure> {
        for (input, bytes) in [(FieldInput::Public, public), (FieldInput::Private, private)] {
            let (expected, got) = (self.len(input), bytes.len());
            if got != expected {
                let which = fields::word(input);
                return Err(Failure::Input(anyhow!("{which} input: expected {expected} bytes, got {got}")));
            }
        }
        Ok(())
    }

    fn len(&self, input: FieldInput) -> usize {
        let manifest = &self.artefact.manifest;
        match input {
            FieldInput::Public => manifest.public_len as usize,
            FieldInput::Private => manifest.private_len as usize,
        }
    }

    fn input(&self, input: FieldInput, given: Given<'_>) -> Result<Vec<u8>, Failure> {
        let expected = self.len(input);
        let bytes = match given {
            Given::File(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) if bytes.len() != expected && is_json(text) => self.json(input, text)?,
                _ => bytes,
            },
            Given::Json(text) => self.json(input, text)?,
            Given::Bytes(bytes) => bytes,
        };
        let got = bytes.len();
        if got == expected {
            return Ok(bytes);
        }
        Err(Failure::Input(anyhow!("{} input: expected {expected} bytes, got {got}", fields::word(input))))
    }

    fn json(&self, input: FieldInput, text: &str) -> Result<Vec<u8>, Failure> {
        if let Some(predicate) = self.built_in().filter(|_| input == FieldInput::Public) {
            return parse_json(predicate, text);
        }
        let value: Value = serde_json::from_str(text).context("input: not JSON").input()?;
        fields::bytes(&self.artefact.manifest, input, &value)
    }
}

/// The public bytes that a JSON object means for a built-in predicate.
///
/// # Errors
/// Bad input.
pub fn parse_json(predicate: &Predicate, text: &str) -> Result<Vec<u8>, Failure> {
    let value: Value = serde_json::from_str(text).context("input: not JSON").input()?;
    (predicate.parse)(&value).input()
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predicates;

    #[test]
    fn one_input_in_every_form() {
        let subject = predicates::open("SpecialPriceOraclePredicate").unwrap();
        let predicate = subject.built_in().unwrap();
        let bytes = subject.public(predicate.example).unwrap();
        assert_eq!(bytes.len(), 131);
        assert_eq!(subject.public(&hex::encode(&bytes)).unwrap(), bytes);
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in [("raw", bytes.as_slice()), ("json", predicate.example.as_bytes())] {
            let path = dir.path().join(name);
            file::write(&path, content).unwrap();
            assert_eq!(subject.public(&format!("@{}", path.display())).unwrap(), bytes, "{name}");
        }
        for bad in
            ["", "00", "xy", "{", "{}", "@", "@/nonexistent", r#"{"threshold":1,"max_spread_bps":1,"quotes":[]}"#]
        {
            assert_eq!(subject.public(bad).unwrap_err().code(), 2, "{bad}");
        }
        assert!(subject.private(None).unwrap().is_empty());
        assert_eq!(subject.private(Some("00")).unwrap_err().code(), 2);
    }

    #[test]
    fn a_file_of_a_built_in_predicate_keeps_its_native_answer() {
        let subject = predicates::open("SpecialPriceOraclePredicate").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.zpred");
        file::write(&path, &subject.artefact.encode()).unwrap();
        let read = predicates::open(path.to_str().unwrap()).unwrap();
        assert_eq!(read.artefact, subject.artefact);
        assert_eq!(read.built_in().map(|p| p.name), Some("SpecialPriceOraclePredicate"));
        assert_eq!(predicates::open("NoSuchPredicate").err().unwrap().code(), 2);
    }
}
