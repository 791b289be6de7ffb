//! What transactions do.

use zera_abi::wire::{Reader, Request, WireError};
use zera_abi::{AccountId, Amount, Height, KeyId, Outcome, PredicateId, TaskId};
use zera_market::Answer;

use super::DecodeError;
use crate::codec::{Field, put_list, record, take_list};
use crate::registry::Publication;

/// Most configuration entries of a deployment.
pub const MAX_CONFIG: usize = 32;

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
    /// Delivers an answer without a proof, the whole stake behind it.
    Attest {
        /// The task.
        task: TaskId,
        /// The outcome.
        outcome: Outcome,
        /// Declared values.
        declared: Vec<[u8; 32]>,
    },
    /// Shows a challenge of an attested answer that was committed to, and bonds for it.
    Challenge {
        /// The task.
        task: TaskId,
        /// The salt of the commitment.
        salt: [u8; 32],
        /// What the challenger says the outcome is.
        claimed: Outcome,
    },
    /// Settles a challenge by a proof, of whichever answer.
    Settle {
        /// The task.
        task: TaskId,
        /// The answer.
        answer: Answer,
    },
    /// Moves free money into the sender's deposit, which backs its locks and answers for them.
    Stake {
        /// How much.
        amount: Amount,
    },
    /// Asks for a part of the deposit back; it is slashable until it comes.
    Unstake {
        /// How much.
        amount: Amount,
    },
    /// Asks for another value of one of the market's rules, with a deposit.
    Propose {
        /// The rule's name, at most [`MAX_RULE`] bytes.
        rule: RuleName,
        /// The value, in units.
        value: u128,
    },
    /// Makes this much of the sender's money votes for a proposal; 0 takes all of it back.
    Support {
        /// The proposal's number.
        proposal: u64,
        /// The whole amount, not what is added.
        amount: Amount,
    },
    /// Says what the private bytes of a task that the sender holds are to be sealed to.
    SealingKey {
        /// The task.
        task: TaskId,
        /// An X25519 public key; see [`crate::sealed`].
        key: [u8; 32],
    },
    /// Demands private bytes that did not come; the lock's clock stands until they are delivered on the chain.
    Demand {
        /// The task.
        task: TaskId,
    },
    /// Delivers private bytes on the chain, sealed, as the requester or as the creator of the contract that asked.
    Deliver {
        /// The task.
        task: TaskId,
        /// What [`crate::sealed::seal`] gives.
        sealed: Vec<u8>,
    },
    /// Shows that what was delivered on the chain is not what the request fixed.
    Complain {
        /// The task.
        task: TaskId,
        /// The secret of the key that the sender gave.
        secret: [u8; 32],
    },
    /// Has the host run the task's predicate on its public input: settles a challenge, or withdraws the key of a proof that says
    /// something else.
    SettleNatively {
        /// The task.
        task: TaskId,
        /// Most fuel of the run, paid for whether or not it is used.
        fuel: u64,
        /// Bytes of the predicate's program, whose hash is in the predicate's id.
        program: Vec<u8>,
        /// Bytes of its manifest, whose hash is in the predicate's id.
        manifest: Vec<u8>,
    },
}

/// Most bytes of a rule's name.
pub const MAX_RULE: usize = 64;

/// A name that a rule may have: 1 to [`MAX_RULE`] small letters, digits and underscores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleName(String);

impl RuleName {
    /// A name of this text.
    ///
    /// # Errors
    /// [`WireError::Limit`] for another length, [`WireError::Flags`] for other characters.
    pub fn new(name: &str) -> Result<RuleName, WireError> {
        if name.is_empty() || name.len() > MAX_RULE {
            return Err(WireError::Limit);
        }
        if !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
            return Err(WireError::Flags);
        }
        Ok(RuleName(name.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// UTF-8 behind a u32 length.
impl Field for RuleName {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<RuleName, WireError> {
        RuleName::new(&String::take(from)?)
    }
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
    #[expect(clippy::len_without_is_empty, reason = "a request has fixed fields")]
    pub fn len(&self) -> usize {
        self.0.len()
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

impl Action {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
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
            Action::Attest { task, outcome, declared } => {
                15u8.put(out);
                task.put(out);
                outcome.put(out);
                put_list(declared, out);
            }
            Action::Challenge { task, salt, claimed } => {
                16u8.put(out);
                task.put(out);
                salt.put(out);
                claimed.put(out);
            }
            Action::Settle { task, answer } => {
                17u8.put(out);
                task.put(out);
                put_answer(answer, out);
            }
            Action::Stake { amount } => {
                19u8.put(out);
                amount.put(out);
            }
            Action::Unstake { amount } => {
                20u8.put(out);
                amount.put(out);
            }
            Action::Propose { rule, value } => {
                21u8.put(out);
                rule.put(out);
                value.put(out);
            }
            Action::Support { proposal, amount } => {
                22u8.put(out);
                proposal.put(out);
                amount.put(out);
            }
            Action::SealingKey { task, key } => {
                25u8.put(out);
                task.put(out);
                key.put(out);
            }
            Action::Demand { task } => {
                26u8.put(out);
                task.put(out);
            }
            Action::Deliver { task, sealed } => {
                27u8.put(out);
                task.put(out);
                sealed.put(out);
            }
            Action::Complain { task, secret } => {
                28u8.put(out);
                task.put(out);
                secret.put(out);
            }
            Action::SettleNatively { task, fuel, program, manifest } => {
                18u8.put(out);
                task.put(out);
                fuel.put(out);
                program.put(out);
                manifest.put(out);
            }
        }
    }

    pub(super) fn take(from: &mut Reader<'_>) -> Result<Action, DecodeError> {
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
            15 => Action::Attest { task: Field::take(from)?, outcome: Field::take(from)?, declared: take_list(from)? },
            16 => Action::Challenge { task: Field::take(from)?, salt: Field::take(from)?, claimed: Field::take(from)? },
            17 => Action::Settle { task: Field::take(from)?, answer: take_answer(from)? },
            19 => Action::Stake { amount: Field::take(from)? },
            20 => Action::Unstake { amount: Field::take(from)? },
            21 => Action::Propose { rule: Field::take(from)?, value: Field::take(from)? },
            22 => Action::Support { proposal: Field::take(from)?, amount: Field::take(from)? },
            25 => Action::SealingKey { task: Field::take(from)?, key: Field::take(from)? },
            26 => Action::Demand { task: Field::take(from)? },
            27 => Action::Deliver { task: Field::take(from)?, sealed: Field::take(from)? },
            28 => Action::Complain { task: Field::take(from)?, secret: Field::take(from)? },
            18 => Action::SettleNatively {
                task: Field::take(from)?,
                fuel: Field::take(from)?,
                program: Field::take(from)?,
                manifest: Field::take(from)?,
            },
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
            Action::Attest { .. } => "attest",
            Action::Challenge { .. } => "challenge",
            Action::Settle { .. } => "settle",
            Action::Stake { .. } => "stake",
            Action::Unstake { .. } => "unstake",
            Action::Propose { .. } => "propose",
            Action::Support { .. } => "support",
            Action::SealingKey { .. } => "sealing_key",
            Action::Demand { .. } => "demand",
            Action::Deliver { .. } => "deliver",
            Action::Complain { .. } => "complain",
            Action::SettleNatively { .. } => "settle_natively",
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
