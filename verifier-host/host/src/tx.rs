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

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use zera_abi::wire::{Reader, Request, WireError};
use zera_abi::{AccountId, Amount, ChainId, Height, KeyId, Outcome, PredicateId, TaskId, TxHash};
use zera_market::Answer;

use crate::codec::{Field, put_list, record, take_list};
use crate::registry::Publication;

/// Most bytes of a transaction; a deployment is the largest.
pub const MAX_TX_LEN: usize = 300 * 1024;
/// Most configuration entries of a deployment.
pub const MAX_CONFIG: usize = 32;
const VERSION: u8 = 1;
const SIGNATURE_LEN: usize = 64;
const DOMAIN: &[u8] = b"zera/tx/v1";

record! {
    /// A configured amount of a contract, such as `OFFCHAIN_COMP_BOUNTY`.
    pub struct ConfigEntry {
        /// The key, at most 64 bytes.
        key: String,
        /// The amount.
        amount: Amount,
    }
}

/// What a transaction does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Moves free money.
    Transfer {
        /// To whom.
        to: AccountId,
        /// How much.
        amount: Amount,
    },
    /// Creates a contract and endows it.
    Deploy {
        /// The module.
        wasm: Vec<u8>,
        /// Its configuration.
        config: Vec<ConfigEntry>,
        /// Money moved from the sender to the new contract.
        endowment: Amount,
    },
    /// Calls a contract's entry by name.
    Call {
        /// The contract.
        contract: AccountId,
        /// An exported function `() -> ()` or `() -> i32`.
        entry: String,
        /// The bytes that `input_read` reads.
        input: Vec<u8>,
    },
    /// Locks a task at the block's clock price.
    Lock {
        /// The task.
        task: TaskId,
    },
    /// Gives a lock back before the start deadline.
    Release {
        /// The task.
        task: TaskId,
    },
    /// Delivers an answer with its proof.
    Submit {
        /// The task.
        task: TaskId,
        /// The answer.
        answer: Answer,
    },
    /// Announces a rescue without showing it.
    Commit {
        /// The task.
        task: TaskId,
        /// [`zera_market::commit_digest`] of salt, provider, task and proof.
        digest: [u8; 32],
    },
    /// Shows what was committed.
    Reveal {
        /// The task.
        task: TaskId,
        /// The salt of the commitment.
        salt: [u8; 32],
        /// The answer.
        answer: Answer,
    },
    /// Publishes a predicate's version under a name.
    Publish(Publication),
    /// Registers a verifying key for a predicate of the sender's.
    RegisterKey {
        /// The predicate.
        predicate: PredicateId,
        /// Canonical key bytes.
        key: Vec<u8>,
    },
    /// Withdraws an open task of a contract whose creator the sender is; see [`crate::world::World::cancel`] for the
    /// contract's own way.
    Cancel {
        /// The task.
        task: TaskId,
    },
    /// Opens a task for the sender itself: no contract, so no call-back.
    Open {
        /// A request as contracts make it ([`zera_abi::wire::Request`]), with no fuel for a call-back.
        request: RequestBytes,
    },
    /// Points a name of the sender's at a published predicate, after the time lock; registers a free name at once.
    Name {
        /// The name.
        name: String,
        /// The predicate.
        predicate: PredicateId,
    },
    /// Shows two valid proofs with different outcomes for one key and input: the key is withdrawn for good.
    Contradict {
        /// The key.
        key: KeyId,
        /// The input root of both.
        input_root: [u8; 32],
        /// The proofs; one of the two names the sender as provider, so that a report can not be copied.
        exhibits: Box<[Exhibit; 2]>,
    },
    /// Takes a key of the sender's out of use, and its deposit back, once no task is open on it.
    Unregister {
        /// The key.
        key: KeyId,
    },
}

record! {
    /// A proof with what its statement holds beside key, predicate and input root.
    pub struct Exhibit {
        /// The task inside the binding.
        task: TaskId,
        /// The provider inside the binding.
        provider: AccountId,
        /// The last height inside the binding.
        not_after: Height,
        /// The outcome.
        outcome: Outcome,
        /// Declared values.
        declared: Vec<[u8; 32]>,
        /// The proof.
        proof: [u8; 256],
    }
}

/// The bytes of a request that reads back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestBytes(Vec<u8>);

impl RequestBytes {
    /// Encodes a request.
    ///
    /// # Errors
    /// [`WireError::Limit`].
    pub fn new(request: &Request<'_>) -> Result<RequestBytes, WireError> {
        let mut bytes = vec![0; request.encoded_len()];
        request.encode(&mut bytes)?;
        Ok(RequestBytes(bytes))
    }

    /// The request.
    ///
    /// # Errors
    /// None for bytes that were checked when they came in.
    pub fn request(&self) -> Result<Request<'_>, WireError> {
        Request::decode(&self.0)
    }

    /// Bytes of the request.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never: a request has fixed fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Field for RequestBytes {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<RequestBytes, WireError> {
        let bytes = Vec::<u8>::take(from)?;
        Request::decode(&bytes)?;
        Ok(RequestBytes(bytes))
    }
}

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
        Some(SignedTx { signature: key.sign(&message).to_bytes(), hash: hash(&message), tx: self })
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
        VerifyingKey::from_bytes(&tx.sender.0)
            .and_then(|key| key.verify_strict(&message, &Signature::from_bytes(&signature)))
            .map_err(|_| DecodeError::Signature)?;
        Ok(SignedTx { hash: hash(&message), tx, signature })
    }
}

fn hash(message: &[u8]) -> TxHash {
    TxHash(Sha256::digest(message).into())
}

impl Action {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Action::Transfer { to, amount } => {
                0u8.put(out);
                to.put(out);
                amount.put(out);
            }
            Action::Deploy { wasm, config, endowment } => {
                1u8.put(out);
                wasm.put(out);
                put_list(config, out);
                endowment.put(out);
            }
            Action::Call { contract, entry, input } => {
                2u8.put(out);
                contract.put(out);
                entry.put(out);
                input.put(out);
            }
            Action::Lock { task } => {
                3u8.put(out);
                task.put(out);
            }
            Action::Release { task } => {
                4u8.put(out);
                task.put(out);
            }
            Action::Submit { task, answer } => {
                5u8.put(out);
                task.put(out);
                put_answer(answer, out);
            }
            Action::Commit { task, digest } => {
                6u8.put(out);
                task.put(out);
                digest.put(out);
            }
            Action::Reveal { task, salt, answer } => {
                7u8.put(out);
                task.put(out);
                salt.put(out);
                put_answer(answer, out);
            }
            Action::Publish(publication) => {
                8u8.put(out);
                publication.put(out);
            }
            Action::RegisterKey { predicate, key } => {
                9u8.put(out);
                predicate.put(out);
                key.put(out);
            }
            Action::Cancel { task } => {
                10u8.put(out);
                task.put(out);
            }
            Action::Open { request } => {
                11u8.put(out);
                request.put(out);
            }
            Action::Name { name, predicate } => {
                12u8.put(out);
                name.put(out);
                predicate.put(out);
            }
            Action::Contradict { key, input_root, exhibits } => {
                13u8.put(out);
                key.put(out);
                input_root.put(out);
                exhibits.iter().for_each(|exhibit| exhibit.put(out));
            }
            Action::Unregister { key } => {
                14u8.put(out);
                key.put(out);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Action, DecodeError> {
        Ok(match from.u8()? {
            0 => Action::Transfer { to: Field::take(from)?, amount: Field::take(from)? },
            1 => Action::Deploy { wasm: Field::take(from)?, config: take_list(from)?, endowment: Field::take(from)? },
            2 => Action::Call { contract: Field::take(from)?, entry: Field::take(from)?, input: Field::take(from)? },
            3 => Action::Lock { task: Field::take(from)? },
            4 => Action::Release { task: Field::take(from)? },
            5 => Action::Submit { task: Field::take(from)?, answer: take_answer(from)? },
            6 => Action::Commit { task: Field::take(from)?, digest: Field::take(from)? },
            7 => Action::Reveal { task: Field::take(from)?, salt: Field::take(from)?, answer: take_answer(from)? },
            8 => Action::Publish(Field::take(from)?),
            9 => Action::RegisterKey { predicate: Field::take(from)?, key: Field::take(from)? },
            10 => Action::Cancel { task: Field::take(from)? },
            11 => Action::Open { request: Field::take(from)? },
            12 => Action::Name { name: Field::take(from)?, predicate: Field::take(from)? },
            13 => Action::Contradict {
                key: Field::take(from)?,
                input_root: Field::take(from)?,
                exhibits: Box::new([Field::take(from)?, Field::take(from)?]),
            },
            14 => Action::Unregister { key: Field::take(from)? },
            got => return Err(DecodeError::Action { got }),
        })
    }

    /// A word for logs, receipts and views.
    pub fn name(&self) -> &'static str {
        match self {
            Action::Transfer { .. } => "transfer",
            Action::Deploy { .. } => "deploy",
            Action::Call { .. } => "call",
            Action::Lock { .. } => "lock",
            Action::Release { .. } => "release",
            Action::Submit { .. } => "submit",
            Action::Commit { .. } => "commit",
            Action::Reveal { .. } => "reveal",
            Action::Publish(_) => "publish",
            Action::RegisterKey { .. } => "register_key",
            Action::Cancel { .. } => "cancel",
            Action::Open { .. } => "open",
            Action::Name { .. } => "name",
            Action::Contradict { .. } => "contradict",
            Action::Unregister { .. } => "unregister",
        }
    }
}

/// `outcome u8 | n u8 | n declared values of 32 bytes | proof 256`.
pub(crate) fn put_answer(answer: &Answer, out: &mut Vec<u8>) {
    answer.outcome.put(out);
    put_list(&answer.declared, out);
    answer.proof.as_ref().put(out);
}

pub(crate) fn take_answer(from: &mut Reader<'_>) -> Result<Answer, WireError> {
    Ok(Answer { outcome: Field::take(from)?, declared: take_list(from)?, proof: Box::new(Field::take(from)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            Action::Reveal { task, salt: [6; 32], answer },
            Action::Publish(Publication {
                name: "P".into(),
                matrices_digest: [1; 32],
                program_hash: [2; 32],
                manifest_hash: [3; 32],
                public_len: 131,
                private_len: 0,
                declared: 0,
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
