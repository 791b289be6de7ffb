//! Answers, what they claim, and what has been judged.

use sha2::{Digest, Sha256};
use zera_abi::{AccountId, Outcome, Status, TaskId};

use crate::ports::{Claim, Verdict, Verify};

/// What a provider sends: everything else in the statement is rebuilt from the market's own state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The outcome claimed.
    pub outcome: Outcome,
    /// Declared values, canonical big-endian scalars.
    pub declared: Vec<[u8; 32]>,
    /// The proof, as it came.
    pub proof: Box<[u8; 256]>,
}

impl Answer {
    /// [`answer_digest`] of this answer.
    pub fn digest(&self) -> [u8; 32] {
        answer_digest(self.outcome, &self.declared, &self.proof)
    }
}

/// `SHA-256("zera/answer/v1" || outcome u8 || n u8 || declared[n * 32] || proof[256])`, the count saturating at 255.
pub fn answer_digest(outcome: Outcome, declared: &[[u8; 32]], proof: &[u8; 256]) -> [u8; 32] {
    let count = u8::try_from(declared.len()).unwrap_or(u8::MAX);
    let mut hash = Sha256::new();
    hash.update(b"zera/answer/v1");
    hash.update([outcome.code(), count]);
    for value in declared {
        hash.update(value);
    }
    hash.update(proof);
    hash.finalize().into()
}

/// `SHA-256("zera/commit/v1" || salt[32] || provider[32] || task[32] || answer digest[32])`: what T12 commits to.
///
/// The salt hides which answer exists; the provider inside keeps a copied digest from being revealed by its copier.
pub fn commit_digest(salt: &[u8; 32], provider: &AccountId, task: &TaskId, answer: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"zera/commit/v1");
    hash.update(salt);
    hash.update(provider.as_bytes());
    hash.update(task.as_bytes());
    hash.update(answer);
    hash.finalize().into()
}

/// `SHA-256("zera/challenge/v1" || outcome u8)`: what stands in a challenge's commitment in place of an answer.
pub fn challenge_digest(claimed: Outcome) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"zera/challenge/v1");
    hash.update([claimed.code()]);
    hash.finalize().into()
}

/// A claim whose proof the judge found valid. Only the market makes one, by asking the judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl Verified<Claim> {
    /// Asks the judge; where the claim is not proven, the error is what the judge said.
    pub(crate) fn judge(claim: Claim, proof: &[u8; 256], judge: &mut dyn Verify) -> Result<Verified<Claim>, Verdict> {
        match judge.verify(&claim, proof) {
            Verdict::Valid => Ok(Verified(claim)),
            verdict @ (Verdict::Invalid | Verdict::Malformed) => Err(verdict),
        }
    }
}

impl<T> Verified<T> {
    /// What was verified.
    pub fn get(&self) -> &T {
        &self.0
    }

    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

/// How a submission or a reveal that reached the judge ended. All three change the market and stand.
#[must_use = "a rejected proof costs the sender stake, and its receipt has to say so"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// T4 or T13: the answer is accepted.
    Accepted,
    /// T15: a trap or an exceeded bound was proven; the task has ended.
    Failed,
    /// T5, T5', or a burnt deposit: the proof does not prove the claim.
    Rejected(Verdict),
}

impl Ruling {
    /// The status of the receipt.
    pub const fn status(self) -> Status {
        match self {
            Ruling::Accepted | Ruling::Failed | Ruling::Rejected(Verdict::Valid) => Status::Ok,
            Ruling::Rejected(Verdict::Invalid) => Status::No,
            Ruling::Rejected(Verdict::Malformed) => Status::Encoding,
        }
    }
}
