//! Why a node does not start, and why it stopped.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use zera_host::{NodeFault, OpenError};

/// Why a node does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// Strangers could reach it.
    #[error("listen: {address} is not a loopback address; listening there needs a token")]
    Public {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// A token that is easily guessed, or can not stand in a header.
    #[error("token: expected {min} to {max} visible ASCII characters, got {got} characters")]
    Token {
        /// Least characters.
        min: usize,
        /// Most characters.
        max: usize,
        /// Its characters.
        got: usize,
    },
    /// No threads, or more than any machine has.
    #[error("verify threads: expected 1 to {max}, got {got}")]
    Threads {
        /// The number given.
        got: usize,
        /// The greatest number.
        max: usize,
    },
    /// A block interval of nothing.
    #[error("block interval: expected at least 1 ms")]
    Interval,
    /// The address can not be had.
    #[error("listen: {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        #[source]
        source: io::Error,
    },
    /// The store of artefacts does not open.
    #[error("artefacts: the store can not be opened")]
    Artefacts(#[source] io::Error),
    /// The chain does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It stopped by itself.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why a node stopped making blocks. The state on disk is that of the last whole block.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The chain failed.
    #[error("chain: {0}")]
    Chain(#[source] Arc<NodeFault>),
    /// A thread that verifies proofs panicked.
    #[error("proof verification: a worker panicked: {message}")]
    Worker {
        /// The panic's message.
        message: String,
    },
    /// The thread that applies blocks panicked.
    #[error("block: the writer panicked: {message}")]
    Writer {
        /// The panic's message.
        message: String,
    },
}

impl From<NodeFault> for Fault {
    fn from(fault: NodeFault) -> Self {
        Fault::Chain(Arc::new(fault))
    }
}

/// The message of a caught panic.
pub(crate) fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
