//! 32-byte names. Each kind is its own type, so a task can not be passed where a key is meant.

use core::fmt;
use core::str::FromStr;

/// Why a text is not a 32-byte id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdError {
    /// The text has another number of characters than 64.
    Length(usize),
    /// The character at this index is not one of `0-9a-f`.
    Digit(usize),
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdError::Length(got) => write!(f, "id: expected 64 hex digits, got {} characters", got),
            IdError::Digit(at) => write!(f, "id: character {} is not a lower-case hex digit", at),
        }
    }
}

/// Decodes exactly 64 lower-case hex digits; one spelling per id.
///
/// # Errors
/// [`IdError`] with the length or the index of the offending character.
pub fn decode_hex32(text: &str) -> Result<[u8; 32], IdError> {
    if text.len() != 64 {
        return Err(IdError::Length(text.len()));
    }
    let mut bytes = [0u8; 32];
    for (at, digit) in text.bytes().enumerate() {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return Err(IdError::Digit(at)),
        };
        if let Some(byte) = bytes.get_mut(at / 2) {
            *byte = *byte << 4 | value;
        }
    }
    Ok(bytes)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for byte in self.0.iter() {
                    write!(f, "{:02x}", byte)?;
                }
                Ok(())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                decode_hex32(text).map($name)
            }
        }
    };
}

id! {
    /// One request for an answer: `SHA-256("zera/task/v1" || chain_id || contract || nonce[u64 LE])`.
    TaskId
}
id! {
    /// One version of a predicate: `SHA-256("zera/predicate/v1" || matrices digest || program hash || manifest hash)`.
    PredicateId
}
id! {
    /// A verifying key: SHA-256 of its canonical bytes ([`crate::wire`]).
    KeyId
}
id! {
    /// An account: an ed25519 public key, or a contract's address
    /// `SHA-256("zera/address/v1" || creator || nonce[u64 LE] || code_hash)`.
    AccountId
}
id! {
    /// A chain: the hash of its genesis.
    ChainId
}
id! {
    /// A contract's code: SHA-256 of the module's bytes.
    CodeHash
}
id! {
    /// A transaction: SHA-256 of its signed bytes.
    TxHash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_per_id() {
        let id = TaskId([0xab; 32]);
        let text = "abababababababababababababababababababababababababababababababab";
        assert_eq!(text.parse::<TaskId>(), Ok(id));
        assert_eq!(text[1..].parse::<TaskId>(), Err(IdError::Length(63)));
        let upper = "ABababababababababababababababababababababababababababababababab";
        assert_eq!(upper.parse::<TaskId>(), Err(IdError::Digit(0)));
    }
}
