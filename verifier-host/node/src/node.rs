//! A node: what it is started with, its life and its end.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zera_abi::Height;
use zera_host::{Chain, Genesis, Lanes};
use zera_market::ports::Store;

use crate::api::router;
use crate::artefact::{ArtefactLimits, ArtefactPlace, ArtefactStore};
use crate::block;
use crate::error::{Fault, NodeError};
use crate::metrics::{Metrics, Timed};
use crate::rate::{RateLimiter, RateLimits};
use crate::serve::serve;
use crate::shared::Shared;
use crate::token::Token;

/// Most threads that verify proofs and settle.
pub const VERIFY_THREADS_MAX: usize = 1024;
/// Most requests for a block that wait.
const ASKS_MAX: usize = 16;

/// When blocks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockMode {
    /// One every interval, also with nothing in it.
    Every(Duration),
    /// One whenever a transaction can be applied.
    Instant,
}

/// What a node is started with.
pub struct NodeConfig {
    /// Where the chain starts.
    pub genesis: Genesis,
    /// Where its state is kept. One node a store.
    pub store: Arc<dyn Store>,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// When blocks are made.
    pub block: BlockMode,
    /// Threads that verify the proofs of a block, and that run contract calls ahead. They change no block.
    pub verify_threads: usize,
    /// Where `.zpred` files are kept, and how much of them.
    pub artefacts: (ArtefactPlace, ArtefactLimits),
    /// What a client has to show to change anything, 16 to 256 visible ASCII characters; needed beyond loopback.
    pub token: Option<String>,
}

/// A running node. Dropping it ends it in the background; [`Node::shutdown`] waits.
pub struct Node {
    address: SocketAddr,
    shared: Arc<Shared>,
    blocks: Option<JoinHandle<()>>,
    server: Option<JoinHandle<()>>,
}

impl Node {
    /// Opens the chain, listens and starts to make blocks.
    ///
    /// # Errors
    /// [`NodeError`] where the configuration is not safe, the address is taken or the chain does not open.
    pub async fn start(config: NodeConfig) -> Result<Node, NodeError> {
        Node::start_limited(config, RateLimits::standard()).await
    }

    /// [`Node::start`] with other limits on how often one client may ask.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn start_limited(config: NodeConfig, rates: RateLimits) -> Result<Node, NodeError> {
        let NodeConfig { genesis, store, listen, block, verify_threads, artefacts, token } = config;
        if token.is_none() && !listen.ip().to_canonical().is_loopback() {
            return Err(NodeError::Public { address: listen });
        }
        let token = token.map(|text| Token::parse(&text)).transpose()?;
        let lanes = NonZeroUsize::new(verify_threads).filter(|threads| threads.get() <= VERIFY_THREADS_MAX);
        let Some(lanes) = lanes.map(Lanes::new) else {
            return Err(NodeError::Threads { got: verify_threads, max: VERIFY_THREADS_MAX });
        };
        if matches!(block, BlockMode::Every(interval) if interval < Duration::from_millis(1)) {
            return Err(NodeError::Interval);
        }
        let listener = TcpListener::bind(listen).await.map_err(|source| NodeError::Bind { address: listen, source })?;
        let address = listener.local_addr().map_err(|source| NodeError::Bind { address: listen, source })?;
        let metrics = Arc::new(Metrics::new());
        let store = Arc::new(Timed::new(store, &metrics));
        let opening = tokio::task::spawn_blocking(move || {
            let kept = ArtefactStore::open(&artefacts.0, artefacts.1).map_err(NodeError::Artefacts)?;
            let mut chain = Chain::open(store, &genesis)?;
            chain.set_lanes(lanes);
            Ok::<_, NodeError>((chain, kept))
        });
        let opened = opening.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
        tracing::info!(%address, height = %opened.0.head().height, network = opened.0.name(), "node started");
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let rate = RateLimiter::new(rates);
        let shared = Arc::new(Shared::new(opened, lanes, block, token, asks, metrics, rate));
        let blocks = tokio::spawn(block::run(Arc::clone(&shared), asked));
        let server = tokio::spawn(serve(listener, router(Arc::clone(&shared)), Arc::clone(&shared)));
        Ok(Node { address, shared, blocks: Some(blocks), server: Some(server) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The height of the last block.
    pub fn height(&self) -> Height {
        *self.shared.head.borrow()
    }

    /// Why it stopped making blocks, if it did.
    pub fn fault(&self) -> Option<Fault> {
        self.shared.fault.borrow().clone()
    }

    /// Until it stops making blocks by itself.
    pub async fn failed(&self) -> Fault {
        let mut faults = self.shared.fault.subscribe();
        let fault = match faults.wait_for(Option::is_some).await {
            Ok(fault) => fault.clone(),
            Err(_) => None,
        };
        match fault {
            Some(fault) => fault,
            // The sender lives in `self`.
            None => std::future::pending().await,
        }
    }

    /// Ends it: the block that is being made is finished, requests under way get a few seconds, the store is free after.
    ///
    /// # Errors
    /// [`NodeError::Fault`] where it had stopped by itself before.
    pub async fn shutdown(mut self) -> Result<(), NodeError> {
        self.shared.closing.send_replace(true);
        for task in [self.blocks.take(), self.server.take()].into_iter().flatten() {
            // The tasks themselves do not panic: what may is caught as a fault.
            let _ = task.await;
        }
        let shared = Arc::clone(&self.shared);
        let _ = tokio::task::spawn_blocking(move || shared.close()).await;
        tracing::info!(height = %self.height(), "node ended");
        match self.fault() {
            Some(fault) => Err(fault.into()),
            None => Ok(()),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.shared.closing.send_replace(true);
    }
}
