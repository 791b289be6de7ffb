//! Predicates, their names and their keys, as rows of the state.

use zera_abi::{AccountId, Height, KeyId, PredicateId};

use crate::codec::record;

/// Longest name of a predicate in bytes.
pub const MAX_NAME_LEN: usize = 64;

record! {
    /// What is published of a predicate's version; its id is the digest of the first three.
    pub struct Publication {
        /// The name to register or to point at this version: 1 to 64 of `A-Z a-z 0-9 . _ -`.
        name: String,
        /// Digest of the matrices.
        matrices_digest: [u8; 32],
        /// Hash of the program.
        program_hash: [u8; 32],
        /// Hash of the manifest.
        manifest_hash: [u8; 32],
        /// Public input bytes.
        public_len: u32,
        /// Private input bytes.
        private_len: u32,
        /// Declared values after the three inputs of every statement.
        declared: u8,
    }
}

impl Publication {
    /// The predicate's id.
    pub fn id(&self) -> PredicateId {
        zera_statement::predicate_id(&self.matrices_digest, &self.program_hash, &self.manifest_hash)
    }

    /// Whether the name is 1 to 64 of `A-Z a-z 0-9 . _ -`.
    pub fn name_is_valid(&self) -> bool {
        name_is_valid(&self.name)
    }
}

/// Whether a name is 1 to 64 of `A-Z a-z 0-9 . _ -`.
pub fn name_is_valid(name: &str) -> bool {
    (1..=MAX_NAME_LEN).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

record! {
    /// A published predicate.
    pub struct PredicateRow {
        /// Who published it; only they register keys for it.
        owner: AccountId,
        /// What was published.
        publication: Publication,
        /// The key that new tasks are pinned to.
        key: Option<KeyId>,
        /// The key that they will be pinned to from a height on.
        next_key: Option<(KeyId, Height)>,
    }
}

impl PredicateRow {
    /// The key that a task opened at `height` is pinned to.
    pub fn key_at(&self, height: Height) -> Option<KeyId> {
        match self.next_key {
            Some((key, from)) if from <= height => Some(key),
            _ => self.key,
        }
    }
}

record! {
    /// A registered name. A new version becomes active only after the time lock.
    pub struct NameRow {
        /// Who may repoint it.
        owner: AccountId,
        /// The version that it names.
        active: PredicateId,
        /// The version that it will name from a height on.
        next: Option<(PredicateId, Height)>,
    }
}

impl NameRow {
    /// What the name means at `height`.
    pub fn at(&self, height: Height) -> PredicateId {
        match self.next {
            Some((predicate, from)) if from <= height => predicate,
            _ => self.active,
        }
    }
}

record! {
    /// A registered key.
    pub struct KeyRow {
        /// The predicate it proves.
        predicate: PredicateId,
        /// Who registered it.
        owner: AccountId,
        /// First height at which tasks may be pinned to it.
        activates: Height,
    }
}
