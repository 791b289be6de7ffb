//! Predicates, their names and their keys, as rows of the state.

use zera_abi::wire::{Reader, WireError};
use zera_abi::{AccountId, Height, KeyId, PredicateId};

use crate::codec::{Field, record};

/// Longest name of a predicate in bytes.
pub const MAX_NAME_LEN: usize = 64;
/// Most private input bytes of a predicate. They are never on the chain; providers hold them in memory.
pub const MAX_PRIVATE_LEN: u32 = 1 << 24;

/// What is published of a predicate's version; its id is the digest of the first three.
///
/// ```text
/// 0    4    length of the name (u32 LE)
/// 4    ..   name
/// +    32   digest of the matrices
/// +    32   hash of the program
/// +    32   hash of the manifest
/// +    4    public_len (u32 LE)
/// +    4    private_len (u32 LE)
/// +    1    declared
/// +    1    commitment, only where private_len is not 0: 0 none, else 1 + its index
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The name to register or to point at this version: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    pub name: String,
    /// Digest of the matrices.
    pub matrices_digest: [u8; 32],
    /// Hash of the program.
    pub program_hash: [u8; 32],
    /// Hash of the manifest.
    pub manifest_hash: [u8; 32],
    /// Public input bytes.
    pub public_len: u32,
    /// Private input bytes.
    pub private_len: u32,
    /// Declared values after the three inputs of every statement.
    pub declared: u8,
    /// The declared value, by index, that commits to all of the private bytes, where there is one. A request that fixes it
    /// fixes the bytes; without it nobody can, and only a witness answers. `None` where there are no private bytes.
    pub commitment: Option<u8>,
}

impl Field for Publication {
    fn put(&self, out: &mut Vec<u8>) {
        self.name.put(out);
        self.matrices_digest.put(out);
        self.program_hash.put(out);
        self.manifest_hash.put(out);
        self.public_len.put(out);
        self.private_len.put(out);
        self.declared.put(out);
        if self.private_len != 0 {
            self.commitment.map_or(0, |index| index.saturating_add(1)).put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Publication, WireError> {
        let name = Field::take(from)?;
        let (matrices_digest, program_hash, manifest_hash) =
            (Field::take(from)?, Field::take(from)?, Field::take(from)?);
        let (public_len, private_len, declared) = (u32::take(from)?, u32::take(from)?, u8::take(from)?);
        let commitment = if private_len == 0 { None } else { u8::take(from)?.checked_sub(1) };
        Ok(Publication {
            name,
            matrices_digest,
            program_hash,
            manifest_hash,
            public_len,
            private_len,
            declared,
            commitment,
        })
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

    /// Whether a request with this many expected values owes the private bytes, at most `len_max` of them, to whoever holds its task:
    /// it fixes what they commit to.
    pub fn delivers(&self, expected: usize, len_max: u32) -> bool {
        (1..=len_max).contains(&self.private_len) && !self.witness_only(expected)
    }

    /// Whether a request with this many expected values leaves the private bytes to the provider. Anyone can feed a predicate
    /// garbage in private and prove false or a trap by it, so then outcome 1 alone is an answer: a witness exists.
    pub fn witness_only(&self, expected: usize) -> bool {
        self.private_len != 0 && self.commitment.is_none_or(|index| usize::from(index) >= expected)
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
