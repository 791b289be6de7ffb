//! The token that a client shows to change anything.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::NodeError;

/// Fewest characters of a token.
const MIN: usize = 16;
/// Most characters of a token.
const MAX: usize = 256;

/// A bearer token, kept as its digest.
pub(crate) struct Token([u8; 32]);

impl Token {
    /// # Errors
    /// [`NodeError::Token`].
    pub(crate) fn parse(text: &str) -> Result<Token, NodeError> {
        let got = text.chars().count();
        if !(MIN..=MAX).contains(&got) || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(NodeError::Token { min: MIN, max: MAX, got });
        }
        Ok(Token(Sha256::digest(text).into()))
    }

    /// Whether an `Authorization` header shows the token; in time that depends on the header alone.
    pub(crate) fn admits(&self, header: &[u8]) -> bool {
        let Some((scheme, shown)) = header.split_at_checked(b"Bearer ".len()) else { return false };
        let digest: [u8; 32] = Sha256::digest(shown).into();
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(digest.ct_eq(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_is_admitted() {
        let token = Token::parse("0123456789abcdef").expect("16 characters");
        assert!(token.admits(b"Bearer 0123456789abcdef"));
        assert!(token.admits(b"bearer 0123456789abcdef"));
        for header in
            ["", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdefg", "Basic  0123456789abcdef"]
        {
            assert!(!token.admits(header.as_bytes()), "{header}");
        }
    }

    #[test]
    fn weak_and_unprintable_tokens_are_refused() {
        for text in ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcde\u{e4}", &"x".repeat(257)] {
            assert!(matches!(Token::parse(text), Err(NodeError::Token { .. })), "{text}");
        }
    }
}
