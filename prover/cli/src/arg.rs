//! How arguments are spelled: bytes, amounts, accounts. Errors are texts, as clap wants them.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::anyhow;
use zera_abi::{AccountId, Amount};

use crate::output::{Blame, Failure};
use crate::{file, keyfile};

/// Bytes as hex digits, `0x` before them or not.
///
/// # Errors
/// One line.
pub fn hex(text: &str) -> Result<Vec<u8>, String> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text))
        .map_err(|error| format!("{:?}: not hex: {error}", shorten(text)))
}

/// `HEX` or `@FILE`, the file's bytes as they are.
///
/// # Errors
/// Bad input.
pub fn bytes(text: &str, max: u64) -> Result<Vec<u8>, Failure> {
    match text.strip_prefix('@') {
        Some(path) => file::read(Path::new(path), max),
        None => hex(text).map_err(|error| anyhow!(error)).input(),
    }
}

/// ZRA with up to nine places, or smallest units with a `u` after them: `1.25`, `1250000000u`.
///
/// # Errors
/// One line.
pub fn amount(text: &str) -> Result<Amount, String> {
    match text.strip_suffix('u') {
        Some(units) if !units.is_empty() && units.bytes().all(|b| b.is_ascii_digit()) => {
            units.parse().map(Amount::from_units).map_err(|_| "amount: does not fit 128 bits".to_owned())
        }
        Some(_) => Err("amount: expected smallest units as digits before the u".to_owned()),
        None => text.parse().map_err(|error| format!("{error}")),
    }
}

/// `KEY=AMOUNT`.
///
/// # Errors
/// One line.
pub fn assignment(text: &str) -> Result<(String, Amount), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=ZRA")?;
    Ok((key.to_owned(), amount(value)?))
}

/// An id, read by its own rules.
///
/// # Errors
/// One line.
pub fn id<T: FromStr<Err = zera_abi::id::IdError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{error}"))
}

/// An account: 64 hex digits, or the key file that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// By its id.
    Id(AccountId),
    /// By its key file.
    File(PathBuf),
}

impl FromStr for Account {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Account, Self::Err> {
        Ok(text.parse().map_or_else(|_| Account::File(PathBuf::from(text)), Account::Id))
    }
}

impl Account {
    /// The id.
    ///
    /// # Errors
    /// As [`keyfile::read`].
    pub fn id(&self) -> Result<AccountId, Failure> {
        match self {
            Account::Id(id) => Ok(*id),
            Account::File(path) if !path.exists() => {
                Err(Failure::Input(anyhow!("{}: neither 64 lower-case hex digits nor a key file", path.display())))
            }
            Account::File(path) => Ok(AccountId(keyfile::read(path)?.verifying_key().to_bytes())),
        }
    }
}

/// At most 40 characters of what was typed.
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_zra_or_units() {
        assert_eq!(amount("1.25"), Ok(Amount::from_units(1_250_000_000)));
        assert_eq!(amount("1250u"), Ok(Amount::from_units(1250)));
        for bad in ["", "u", "-1", "1.", "1e3", "+1u", "1.5u", "340282366920938463463374607431768211456u", "1 "] {
            assert!(amount(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hex_has_an_even_number_of_digits() {
        assert_eq!(hex("0x0aFf"), Ok(vec![10, 255]));
        assert_eq!(hex(""), Ok(vec![]));
        assert!(hex("abc").is_err() && hex("0x0x").is_err() && hex("zz").is_err());
        assert!(hex(&"z".repeat(1000)).unwrap_err().len() < 120);
    }

    #[test]
    fn an_assignment_has_one_key_and_an_amount() {
        assert_eq!(assignment("A=2"), Ok(("A".into(), Amount::from_units(2_000_000_000))));
        assert!(assignment("A").is_err() && assignment("A=B").is_err() && assignment("A=1=2").is_err());
    }

    #[test]
    fn what_is_no_id_is_a_key_file() {
        let text = "ab".repeat(32);
        assert_eq!(text.parse(), Ok(Account::Id(AccountId([0xab; 32]))));
        let file: Account = "operator.key".parse().unwrap();
        assert_eq!(file, Account::File("operator.key".into()));
        assert_eq!(file.id().unwrap_err().code(), 2);
    }
}
