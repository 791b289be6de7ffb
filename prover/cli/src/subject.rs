//! The predicate that a command is about, and its input.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, anyhow};
use serde_json::Value;
use zera_library::Predicate;
use zera_provider::{Native, Program};
use zera_r1cs::Artefact;
use zera_r1cs::manifest::PRIVATE_LEN_MAX;

use crate::output::{Blame, Failure};
use crate::{arg, file};

/// Most bytes of an input file that may hold JSON instead of the bytes themselves.
const JSON_MAX: u64 = 1 << 20;

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
        let expected = self.artefact.manifest.public_len as usize;
        let bytes = match text.strip_prefix('@') {
            Some(path) => {
                let bytes = file::read(Path::new(path), JSON_MAX)?;
                match std::str::from_utf8(&bytes) {
                    Ok(text) if bytes.len() != expected && is_json(text) => self.json(text)?,
                    _ => bytes,
                }
            }
            None if is_json(text) => self.json(text)?,
            None => arg::bytes(text, 0)?,
        };
        check_len("public", expected, bytes)
    }

    /// Private bytes from `HEX` or `@FILE`; none where nothing is given.
    ///
    /// # Errors
    /// Bad input, another number of bytes included.
    pub fn private(&self, text: Option<&str>) -> Result<Vec<u8>, Failure> {
        let bytes = text.map_or(Ok(Vec::new()), |text| arg::bytes(text, u64::from(PRIVATE_LEN_MAX)))?;
        check_len("private", self.artefact.manifest.private_len as usize, bytes)
    }

    fn json(&self, text: &str) -> Result<Vec<u8>, Failure> {
        let name = &self.artefact.manifest.name;
        let built_in =
            self.built_in().with_context(|| format!("{name}: a JSON input needs a built-in predicate")).input()?;
        parse_json(built_in, text)
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

fn check_len(which: &str, expected: usize, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let got = bytes.len();
    if got == expected {
        Ok(bytes)
    } else {
        Err(Failure::Input(anyhow!("{which} input: expected {expected} bytes, got {got}")))
    }
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
