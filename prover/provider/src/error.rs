//! Why the network, the wallet or the daemon failed.

use zera_abi::{ChainId, Height, TxHash};

use crate::journal::JournalError;

/// Why a node did not give what was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No answer: nobody knows whether the request arrived. Only this is worth sending again as it is.
    #[error("node: no answer: {what}")]
    Transport {
        /// What was asked, and how it failed.
        what: String,
    },
    /// The node refused.
    #[error("node: {message} ({code}, http {status})")]
    Api {
        /// The HTTP status.
        status: u16,
        /// The stable code.
        code: String,
        /// One line.
        message: String,
    },
    /// The answer is not one of this API.
    #[error("node: {what}")]
    Answer {
        /// What is wrong with it.
        what: String,
    },
}

impl ClientError {
    /// Whether there was no answer.
    pub fn is_transport(&self) -> bool {
        matches!(self, ClientError::Transport { .. })
    }

    /// Whether the same request may be taken a little later: no answer, too many requests, or the node's own trouble.
    pub fn is_transient(&self) -> bool {
        match self {
            ClientError::Transport { .. } => true,
            ClientError::Api { status, .. } => *status == 429 || *status >= 500,
            ClientError::Answer { .. } => false,
        }
    }

    /// Whether the thing asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, ClientError::Api { status: 404, .. })
    }
}

/// Why a transaction has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// The node did not answer, or nonsense.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The node refused it, and it is in no block.
    #[error("transaction {hash}: refused: {reason}")]
    Refused {
        /// The transaction.
        hash: TxHash,
        /// The node's reason.
        reason: String,
    },
    /// The height passed its expiry: it can be in no block any more.
    #[error("transaction {hash}: expired at {expiry} and is in no block")]
    Expired {
        /// The transaction.
        hash: TxHash,
        /// Its expiry.
        expiry: Height,
    },
    /// Its nonce was used by another transaction: it can be in no block any more.
    #[error("transaction {hash}: its nonce {nonce} was used by another")]
    Superseded {
        /// The transaction.
        hash: TxHash,
        /// Its nonce.
        nonce: u64,
    },
    /// Patience ran out; it may still land.
    #[error("transaction {hash}: no result after {waited_ms} ms; it may still land until height {expiry}")]
    Unsettled {
        /// The transaction.
        hash: TxHash,
        /// How long was waited.
        waited_ms: u64,
        /// Its expiry.
        expiry: Height,
    },
    /// The node's chain is not the one that the wallet was made for.
    #[error("node: is on chain {found}, expected {expected}")]
    OtherChain {
        /// The wallet's chain.
        expected: ChainId,
        /// The node's chain.
        found: ChainId,
    },
}

/// Why a daemon does not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DaemonError {
    /// A setting that can not be used.
    #[error("provider: {0}")]
    Config(String),
    /// The job book.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The node.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A predicate's keys, or its calibration.
    #[error("provider: {predicate}: {what}")]
    Predicate {
        /// Its name.
        predicate: String,
        /// What went wrong.
        what: String,
    },
    /// The node changed to another chain.
    #[error("node: is on chain {found}, this provider works for {expected}")]
    OtherChain {
        /// The provider's chain.
        expected: ChainId,
        /// The node's chain.
        found: ChainId,
    },
    /// The engine that was asked for.
    #[error("provider: {0}")]
    Engine(String),
    /// A part of the daemon ended that should not.
    #[error("provider: {0} ended")]
    Ended(&'static str),
}
