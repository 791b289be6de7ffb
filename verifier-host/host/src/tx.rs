//! Signed transactions.
//!
//! ```text
//! 0    1    version, 1
//! 1    32   chain
//! 33   32   sender (ed25519 public key)
//! 65   8    nonce (u64 LE)
//! 73   8    expiry (u64 LE): last height at which it may be included
//! 81   8    fuel_limit (u64 LE)
//! 89   1    action
//! 90   ..   the action's fields
//! +    64   ed25519 signature over "zera/tx/v1" and every byte before it
//! ```

mod action;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use zera_abi::wire::{Reader, WireError};
use zera_abi::{AccountId, ChainId, Height, TxHash};

use crate::codec::Field;

pub use action::{Action, ConfigEntry, Exhibit, MAX_CONFIG, MAX_RULE, RequestBytes, RuleName};

/// Most bytes of a transaction; a deployment is the largest.
pub const MAX_TX_LEN: usize = 300 * 1024;
const VERSION: u8 = 1;
const SIGNATURE_LEN: usize = 64;
const DOMAIN: &[u8] = b"zera/tx/v1";

/// A transaction before its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tx {
    /// The chain it is meant for.
    pub chain: ChainId,
    /// Who signs and pays.
    pub sender: AccountId,
    /// The sender's count of transactions so far.
    pub nonce: u64,
    /// Last height at which it may be included.
    pub expiry: Height,
    /// Most fuel it may use.
    pub fuel_limit: u64,
    /// What it does.
    pub action: Action,
}

/// A transaction whose signature holds. There is no other way to make one than signing or decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTx {
    tx: Tx,
    signature: [u8; SIGNATURE_LEN],
    hash: TxHash,
    /// Bytes of the encoding.
    len: usize,
}

/// Why bytes are not a signed transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Longer than [`MAX_TX_LEN`].
    #[error("transaction: {got} bytes, at most {MAX_TX_LEN} are taken")]
    TooLong {
        /// Its length.
        got: usize,
    },
    /// Fields and length do not match.
    #[error("transaction: malformed: {0}")]
    Malformed(WireError),
    /// Another version.
    #[error("transaction: version {got} is not known, expected 1")]
    Version {
        /// The version byte.
        got: u8,
    },
    /// An action byte that names nothing.
    #[error("transaction: action {got} is not known")]
    Action {
        /// The action byte.
        got: u8,
    },
    /// The sender is not a public key, or the signature is another's.
    #[error("transaction: the signature does not hold for the sender")]
    Signature,
}

impl From<WireError> for DecodeError {
    fn from(error: WireError) -> Self {
        DecodeError::Malformed(error)
    }
}

impl Tx {
    /// Signs with the sender's key.
    ///
    /// `None` where `key` is not the sender's.
    pub fn sign(self, key: &SigningKey) -> Option<SignedTx> {
        if key.verifying_key().to_bytes() != self.sender.0 {
            return None;
        }
        let message = self.message();
        Some(SignedTx {
            signature: key.sign(&message).to_bytes(),
            hash: hash(&message),
            len: self.signed_len(),
            tx: self,
        })
    }

    /// Bytes that it has once it is signed.
    pub fn signed_len(&self) -> usize {
        let mut out = Vec::new();
        self.put(&mut out);
        out.len().saturating_add(SIGNATURE_LEN)
    }

    /// The bytes that are signed: the domain, then everything but the signature.
    fn message(&self) -> Vec<u8> {
        let mut out = DOMAIN.to_vec();
        self.put(&mut out);
        out
    }

    fn put(&self, out: &mut Vec<u8>) {
        VERSION.put(out);
        self.chain.put(out);
        self.sender.put(out);
        self.nonce.put(out);
        self.expiry.put(out);
        self.fuel_limit.put(out);
        self.action.put(out);
    }
}

impl SignedTx {
    /// The transaction.
    pub fn tx(&self) -> &Tx {
        &self.tx
    }

    /// Its name: SHA-256 of the signed bytes. Another signature on the same bytes has the same name.
    pub fn hash(&self) -> TxHash {
        self.hash
    }

    /// Bytes of [`SignedTx::encode`].
    #[expect(clippy::len_without_is_empty, reason = "a transaction is never empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The bytes that [`SignedTx::decode`] reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.tx.put(&mut out);
        self.signature.put(&mut out);
        out
    }

    /// Reads a transaction and checks its signature (strictly: no small-order key, canonical scalar).
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<SignedTx, DecodeError> {
        if bytes.len() > MAX_TX_LEN {
            return Err(DecodeError::TooLong { got: bytes.len() });
        }
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(DecodeError::Version { got: version });
        }
        let tx = Tx {
            chain: Field::take(&mut reader)?,
            sender: Field::take(&mut reader)?,
            nonce: Field::take(&mut reader)?,
            expiry: Field::take(&mut reader)?,
            fuel_limit: Field::take(&mut reader)?,
            action: Action::take(&mut reader)?,
        };
        let signature: [u8; SIGNATURE_LEN] = Field::take(&mut reader)?;
        reader.end()?;
        let message = tx.message();
        if !is_signed_by(&tx.sender, &message, &signature) {
            return Err(DecodeError::Signature);
        }
        Ok(SignedTx { hash: hash(&message), len: bytes.len(), tx, signature })
    }
}

/// Whether the account signed the message, by the rule that has one answer everywhere: no small-order keys or points, no second
/// form of a signature (Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs", 2020).
pub fn is_signed_by(account: &AccountId, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
    VerifyingKey::from_bytes(&account.0)
        .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

fn hash(message: &[u8]) -> TxHash {
    TxHash(Sha256::digest(message).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Publication;
    use zera_abi::wire::Request;
    use zera_abi::{Amount, KeyId, Outcome, PredicateId, TaskId};
    use zera_market::Answer;

    fn samples() -> Vec<Action> {
        let answer = Answer { outcome: Outcome::True, declared: vec![[3; 32]], proof: Box::new([5; 256]) };
        let task = TaskId([1; 32]);
        let exhibit = Exhibit {
            task,
            provider: AccountId([2; 32]),
            not_after: Height(9),
            outcome: Outcome::False,
            declared: vec![[3; 32]],
            proof: [5; 256],
        };
        let request = RequestBytes::new(&Request {
            predicate: PredicateId([8; 32]),
            public: &[1, 2, 3],
            bounty: 1,
            min_stake: 2,
            value_at_risk: 3,
            deadline: 4,
            callback_fuel: 0,
            expected: &[7; 32],
            attested: false,
            level: zera_abi::Level::Final,
        })
        .unwrap();
        vec![
            Action::Transfer { to: AccountId([2; 32]), amount: Amount::from_units(7) },
            Action::Deploy {
                wasm: b"\0asm".to_vec(),
                config: vec![ConfigEntry { key: "K".into(), amount: Amount::from_units(1) }],
                endowment: Amount::ZERO,
            },
            Action::Call { contract: AccountId([9; 32]), entry: "ask".into(), input: vec![1, 2, 3] },
            Action::Lock { task },
            Action::Release { task },
            Action::Submit { task, answer: answer.clone() },
            Action::Commit { task, digest: [4; 32] },
            Action::Reveal { task, salt: [6; 32], answer: answer.clone() },
            Action::Publish(Publication {
                name: "P".into(),
                matrices_digest: [1; 32],
                program_hash: [2; 32],
                manifest_hash: [3; 32],
                public_len: 131,
                private_len: 0,
                declared: 0,
                commitment: None,
            }),
            Action::Publish(Publication {
                name: "Q".into(),
                matrices_digest: [1; 32],
                program_hash: [2; 32],
                manifest_hash: [3; 32],
                public_len: 1,
                private_len: 8,
                declared: 2,
                commitment: Some(1),
            }),
            Action::RegisterKey { predicate: PredicateId([8; 32]), key: vec![0; 704] },
            Action::Cancel { task },
            Action::Open { request },
            Action::Name { name: "P".into(), predicate: PredicateId([8; 32]) },
            Action::Contradict {
                key: KeyId([1; 32]),
                input_root: [2; 32],
                exhibits: Box::new([exhibit.clone(), exhibit]),
            },
            Action::Unregister { key: KeyId([1; 32]) },
            Action::Attest { task, outcome: Outcome::True, declared: vec![[9; 32]] },
            Action::Challenge { task, salt: [6; 32], claimed: Outcome::False },
            Action::Settle { task, answer: answer.clone() },
            Action::Stake { amount: Amount::from_units(7) },
            Action::Unstake { amount: Amount::from_units(8) },
            Action::Propose { rule: RuleName::new("open_fee").expect("a name"), value: u128::MAX },
            Action::Support { proposal: u64::MAX, amount: Amount::from_units(1) },
            Action::SealingKey { task, key: [7; 32] },
            Action::Demand { task },
            Action::Deliver { task, sealed: vec![1, 2, 3] },
            Action::Complain { task, secret: [8; 32] },
            Action::SettleNatively { task, fuel: 7, program: vec![1, 2], manifest: vec![3] },
        ]
    }

    fn sign(action: Action) -> SignedTx {
        let key = SigningKey::from_bytes(&[42; 32]);
        let tx = Tx {
            chain: ChainId([7; 32]),
            sender: AccountId(key.verifying_key().to_bytes()),
            nonce: 3,
            expiry: Height(99),
            fuel_limit: 1_000,
            action,
        };
        tx.sign(&key).expect("the sender is the key's owner")
    }

    #[test]
    fn every_action_round_trips_and_every_truncation_is_refused() {
        for action in samples() {
            let signed = sign(action);
            let bytes = signed.encode();
            assert_eq!(signed.len(), bytes.len());
            assert_eq!(SignedTx::decode(&bytes).as_ref(), Ok(&signed));
            for len in 0..bytes.len() {
                assert!(SignedTx::decode(&bytes[..len]).is_err(), "{} cut to {len}", signed.tx().action.name());
            }
        }
    }

    #[test]
    fn a_flip_of_any_byte_is_refused() {
        let bytes = sign(Action::Lock { task: TaskId([1; 32]) }).encode();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(SignedTx::decode(&bad).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_strangers_key_does_not_sign() {
        let tx = sign(Action::Lock { task: TaskId([1; 32]) }).tx().clone();
        assert_eq!(tx.sign(&SigningKey::from_bytes(&[1; 32])), None);
    }

    #[test]
    fn hostile_lengths_are_refused_without_allocation() {
        let mut bytes = sign(Action::Call { contract: AccountId([0; 32]), entry: "e".into(), input: vec![] }).encode();
        bytes[122..126].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(SignedTx::decode(&bytes), Err(DecodeError::Malformed(WireError::Length)));
        assert!(matches!(SignedTx::decode(&vec![1; MAX_TX_LEN + 1]), Err(DecodeError::TooLong { .. })));
    }
}
