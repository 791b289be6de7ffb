//! A job as a row of the book: JSON, ids and bytes as in the API.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zera_abi::{Amount, ChainId, Height, KeyId, Outcome, PredicateId, TaskId};
use zera_host::SignedTx;
use zera_market::Answer;

use crate::job::{AnyJob, Job, Offered, Proved, Sent, Staked, Submitted, Terms, Way};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    terms: TermsRow,
    state: StateRow,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermsRow {
    #[serde(with = "crate::json")]
    chain: ChainId,
    #[serde(with = "crate::json")]
    task: TaskId,
    #[serde(with = "crate::json")]
    predicate: PredicateId,
    #[serde(with = "crate::json")]
    key: KeyId,
    #[serde(with = "crate::json")]
    input_root: [u8; 32],
    #[serde(with = "crate::json")]
    not_after: Height,
    #[serde(with = "crate::json")]
    public: Vec<u8>,
    /// Rows of before there were private bytes have neither.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    expected: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    witness_only: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    delivers: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum StateRow {
    Offered {
        rescue: bool,
        #[serde(with = "crate::json")]
        price: Amount,
        #[serde(with = "crate::json")]
        stake: Amount,
        #[serde(with = "crate::json")]
        sent: Option<Vec<u8>>,
    },
    Staked {
        #[serde(with = "crate::json")]
        price: Amount,
        #[serde(with = "crate::json")]
        stake: Amount,
        #[serde(with = "crate::json")]
        locked: Height,
        #[serde(with = "crate::json")]
        lock_deadline: Height,
    },
    Proved {
        #[serde(with = "crate::json")]
        price: Amount,
        #[serde(with = "crate::json")]
        outcome: Outcome,
        declared: Vec<String>,
        #[serde(with = "crate::json")]
        proof: Box<[u8; 256]>,
        sent: Option<SentRow>,
    },
    Submitted {
        #[serde(with = "crate::json")]
        price: Amount,
        #[serde(with = "crate::json")]
        outcome: Outcome,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum SentRow {
    Submit {
        #[serde(with = "crate::json")]
        tx: Vec<u8>,
    },
    Commit {
        #[serde(with = "crate::json")]
        tx: Vec<u8>,
        #[serde(with = "crate::json")]
        salt: [u8; 32],
    },
    Reveal {
        #[serde(with = "crate::json")]
        tx: Vec<u8>,
        #[serde(with = "crate::json")]
        salt: [u8; 32],
    },
}

pub(super) fn encode(job: &AnyJob) -> Vec<u8> {
    let terms = job.terms();
    let state = match job {
        AnyJob::Offered(Job { state: Offered { by, price, stake, sent }, .. }) => StateRow::Offered {
            rescue: *by == Way::Rescue,
            price: *price,
            stake: *stake,
            sent: sent.as_ref().map(SignedTx::encode),
        },
        AnyJob::Staked(Job { state: Staked { price, stake, locked, lock_deadline }, .. }) => {
            StateRow::Staked { price: *price, stake: *stake, locked: *locked, lock_deadline: *lock_deadline }
        }
        AnyJob::Proved(Job { state: Proved { price, answer, sent }, .. }) => StateRow::Proved {
            price: *price,
            outcome: answer.outcome,
            declared: answer.declared.iter().map(hex::encode).collect(),
            proof: answer.proof.clone(),
            sent: sent.as_ref().map(|sent| match sent {
                Sent::Submit(tx) => SentRow::Submit { tx: tx.encode() },
                Sent::Commit { tx, salt } => SentRow::Commit { tx: tx.encode(), salt: *salt },
                Sent::Reveal { tx, salt } => SentRow::Reveal { tx: tx.encode(), salt: *salt },
            }),
        },
        AnyJob::Submitted(Job { state: Submitted { price, outcome }, .. }) => {
            StateRow::Submitted { price: *price, outcome: *outcome }
        }
    };
    let terms = TermsRow {
        chain: terms.chain,
        task: terms.task,
        predicate: terms.predicate,
        key: terms.key,
        input_root: terms.input_root,
        not_after: terms.not_after,
        public: terms.public.clone(),
        expected: terms.expected.iter().map(hex::encode).collect(),
        witness_only: terms.witness_only,
        delivers: terms.delivers,
    };
    serde_json::to_vec(&Row { terms, state }).expect("every field has a JSON form")
}

pub(super) fn decode(bytes: &[u8]) -> Result<AnyJob, String> {
    let Row { terms, state } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let terms = Arc::new(Terms {
        chain: terms.chain,
        task: terms.task,
        predicate: terms.predicate,
        key: terms.key,
        input_root: terms.input_root,
        not_after: terms.not_after,
        public: terms.public,
        expected: terms.expected.into_iter().map(<[u8; 32] as crate::json::Json>::read).collect::<Result<_, _>>()?,
        witness_only: terms.witness_only,
        delivers: terms.delivers,
    });
    Ok(match state {
        StateRow::Offered { rescue, price, stake, sent } => {
            let by = if rescue { Way::Rescue } else { Way::Lock };
            AnyJob::Offered(Job { terms, state: Offered { by, price, stake, sent: sent.map(tx).transpose()? } })
        }
        StateRow::Staked { price, stake, locked, lock_deadline } => {
            AnyJob::Staked(Job { terms, state: Staked { price, stake, locked, lock_deadline } })
        }
        StateRow::Proved { price, outcome, declared, proof, sent } => {
            let declared = declared.into_iter().map(<[u8; 32] as crate::json::Json>::read).collect::<Result<_, _>>()?;
            let sent = match sent {
                None => None,
                Some(SentRow::Submit { tx: bytes }) => Some(Sent::Submit(tx(bytes)?)),
                Some(SentRow::Commit { tx: bytes, salt }) => Some(Sent::Commit { tx: tx(bytes)?, salt }),
                Some(SentRow::Reveal { tx: bytes, salt }) => Some(Sent::Reveal { tx: tx(bytes)?, salt }),
            };
            let answer = Answer { outcome, declared, proof };
            AnyJob::Proved(Job { terms, state: Proved { price, answer, sent } })
        }
        StateRow::Submitted { price, outcome } => AnyJob::Submitted(Job { terms, state: Submitted { price, outcome } }),
    })
}

/// A transaction of ours; its signature is checked again.
fn tx(bytes: Vec<u8>) -> Result<SignedTx, String> {
    SignedTx::decode(&bytes).map_err(|error| error.to_string())
}
