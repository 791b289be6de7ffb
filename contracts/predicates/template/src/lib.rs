//! Is the age that I committed to at least the one asked for?
//!
//! Public: digest 32 | least age u8. Private: age u8 | salt 16; the digest is SHA-256 of both.

#![no_std]

use zera_predicate_sdk::{inputs, predicate, sha256};

inputs! {
    /// What everybody sees.
    struct Question { digest: [u8; 32], age_min: u8 }
    /// What only I know.
    struct Secret { age: u8, salt: [u8; 16] }
}

predicate! {
    fn predicate(question: Question, secret: Secret) -> bool {
        let mut message = [0; 17];
        message[0] = secret.age;
        message[1..].copy_from_slice(&secret.salt);
        sha256(&message) == question.digest && secret.age >= question.age_min
    }
}

#[cfg(test)]
mod tests {
    use super::{predicate, sha256};
    use zera_predicate_sdk::testing::{run, Outcome};

    fn ask(committed: u8, age: u8, age_min: u8) -> Outcome {
        let mut message = [7; 17];
        message[0] = committed;
        let mut public = [age_min; 33];
        public[..32].copy_from_slice(&sha256(&message));
        message[0] = age;
        run(&public, &message, predicate)
    }

    #[test]
    fn answers() {
        assert_eq!(ask(18, 18, 18), Outcome::True);
        assert_eq!(ask(17, 17, 18), Outcome::False, "too young");
        assert_eq!(ask(17, 18, 18), Outcome::False, "another age than the committed one");
    }
}
