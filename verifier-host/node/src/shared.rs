//! What the block loop and the handlers share: the chain behind a lock, the pool, and what they tell each other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore, mpsc, oneshot, watch};
use zera_abi::{Blocks, Height, TxHash};
use zera_host::{Chain, Header, Lanes, Memo, NodeFault, ProofJob, Rejection, SignedTx, Verdicts};

use crate::artefact::ArtefactStore;
use crate::decline::Declines;
use crate::error::Fault;
use crate::mailbox::Mailbox;
use crate::metrics::Metrics;
use crate::node::BlockMode;
use crate::pool::{PER_SENDER_MAX, Pool, PoolError};
use crate::rate::RateLimiter;
use crate::token::Token;

/// Most threads that read the chain for handlers at a time. A reader that went away still counts until its thread is done.
const READERS_MAX: usize = 64;
/// Most contract queries at a time: each keeps the writer waiting.
const QUERIES_MAX: usize = 4;
/// Longest time that making a block may take before the node says that it is not ready.
const BLOCK_TIME_MAX: Duration = Duration::from_secs(30);
/// A network with a block interval is not ready after this many intervals without a block, and [`BLOCK_TIME_MAX`].
const INTERVALS_MAX: u32 = 10;

/// Why the chain can not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unavailable {
    /// It failed.
    #[error(transparent)]
    Fault(#[from] NodeFault),
    /// The node is shutting down.
    #[error("node: shutting down")]
    Closed,
    /// Too many ask.
    #[error("node: too many queries at a time")]
    Busy,
    /// The thread that asked panicked.
    #[error("node: a reader panicked")]
    Reader,
}

/// What became of a transaction that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It waits for a block.
    Waits(TxHash),
    /// It is in a block.
    InBlock(TxHash),
}

/// Why a transaction was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error("transaction: nonce {got} is too far ahead, the next one is {expected}, at most {PER_SENDER_MAX} wait")]
    TooFar { got: u64, expected: u64 },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<NodeFault> for Refused {
    fn from(fault: NodeFault) -> Self {
        Refused::Unavailable(fault.into())
    }
}

/// Someone who wants a block now, and waits for its header.
pub(crate) type Ask = oneshot::Sender<Header>;

/// When the block loop last did something.
pub(crate) struct Beat {
    /// The last block.
    pub(crate) block: Instant,
    /// Since when a block is being made.
    pub(crate) busy: Option<Instant>,
}

pub(crate) struct Shared {
    /// Taken out when the node shuts down, so that the store is free for another.
    chain: RwLock<Option<Chain>>,
    pool: Mutex<Pool>,
    lanes: Lanes,
    /// Taken by the one writer alone.
    memo: Mutex<Memo>,
    pub(crate) mode: BlockMode,
    pub(crate) token: Option<Token>,
    /// Something new waits.
    pub(crate) wake: Notify,
    pub(crate) asks: mpsc::Sender<Ask>,
    /// The height of the last block; changes in the step that makes the block readable.
    pub(crate) head: watch::Sender<Height>,
    pub(crate) fault: watch::Sender<Option<Fault>>,
    pub(crate) closing: watch::Sender<bool>,
    pub(crate) beat: Mutex<Beat>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) rate: RateLimiter,
    pub(crate) artefacts: ArtefactStore,
    mailbox: Mutex<Mailbox>,
    declines: Mutex<Declines>,
    readers: Arc<Semaphore>,
    queries: Arc<Semaphore>,
}

impl Shared {
    pub(crate) fn new(
        (chain, artefacts): (Chain, ArtefactStore),
        lanes: Lanes,
        mode: BlockMode,
        token: Option<Token>,
        asks: mpsc::Sender<Ask>,
        metrics: Arc<Metrics>,
        rate: RateLimiter,
    ) -> Shared {
        let head = chain.head().height;
        Shared {
            chain: RwLock::new(Some(chain)),
            pool: Mutex::new(Pool::default()),
            lanes,
            memo: Mutex::new(Memo::default()),
            mode,
            token,
            wake: Notify::new(),
            asks,
            head: watch::Sender::new(head),
            fault: watch::Sender::new(None),
            closing: watch::Sender::new(false),
            beat: Mutex::new(Beat { block: Instant::now(), busy: None }),
            metrics,
            rate,
            artefacts,
            mailbox: Mutex::default(),
            declines: Mutex::default(),
            readers: Arc::new(Semaphore::new(READERS_MAX)),
            queries: Arc::new(Semaphore::new(QUERIES_MAX)),
        }
    }

    /// Reads the chain on this thread. Blocks while a block is applied.
    pub(crate) fn read<R, E: From<Unavailable>>(&self, read: impl FnOnce(&Chain) -> Result<R, E>) -> Result<R, E> {
        // A writer that panicked left the chain without its state, and every reader of it says so.
        let chain = self.chain.read().unwrap_or_else(PoisonError::into_inner);
        read(chain.as_ref().ok_or(Unavailable::Closed)?)
    }

    /// Changes the chain on this thread.
    pub(crate) fn write<R, E: From<Unavailable>>(
        &self,
        write: impl FnOnce(&mut Chain) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut chain = self.chain.write().unwrap_or_else(PoisonError::into_inner);
        write(chain.as_mut().ok_or(Unavailable::Closed)?)
    }

    /// Closes the chain: whoever comes later finds it closed.
    pub(crate) fn close(&self) {
        let chain = self.chain.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(chain);
    }

    /// Verdicts on `jobs`, from blocks before or in lanes.
    ///
    /// # Errors
    /// [`Fault::Worker`] where a lane panicked: then there are no verdicts at all.
    pub(crate) fn judge(&self, jobs: &[ProofJob]) -> Result<Verdicts, Fault> {
        // Verdicts are kept once they are there, so a panic leaves the memo as it was.
        let mut memo = self.memo.lock().unwrap_or_else(PoisonError::into_inner);
        memo.judge(jobs, self.lanes).map_err(|fault| match fault {
            NodeFault::Panic { message } => Fault::Worker { message },
            fault => fault.into(),
        })
    }

    pub(crate) fn pool(&self) -> MutexGuard<'_, Pool> {
        // The pool's own code does not panic between two of its fields.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        // Nor does the mailbox's.
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn declines(&self) -> MutexGuard<'_, Declines> {
        // Nor do those of declines.
        self.declines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn beat(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on a blocking thread, at most [`READERS_MAX`] of them at a time.
    pub(crate) async fn blocking<R: Send + 'static, E: From<Unavailable> + Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Shared) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E> {
        let permit = Arc::clone(&self.readers).acquire_owned().await.map_err(|_| Unavailable::Closed)?;
        self.spawn(permit, work).await
    }

    /// Reads the chain on a blocking thread.
    pub(crate) async fn ask<R: Send + 'static, E: From<Unavailable> + Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Chain) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E> {
        self.blocking(|shared| shared.read(read)).await
    }

    /// Runs a contract's query on a blocking thread, at most [`QUERIES_MAX`] at a time.
    pub(crate) async fn query<R: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&mut Chain) -> Result<R, Unavailable> + Send + 'static,
    ) -> Result<R, Unavailable> {
        let permit = Arc::clone(&self.queries).try_acquire_owned().map_err(|_| Unavailable::Busy)?;
        self.spawn(permit, |shared| shared.write(query)).await
    }

    async fn spawn<R: Send + 'static, E: From<Unavailable> + Send + 'static>(
        self: &Arc<Self>,
        permit: tokio::sync::OwnedSemaphorePermit,
        work: impl FnOnce(&Shared) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E> {
        let shared = Arc::clone(self);
        let run = move || {
            let result = work(&shared);
            drop(permit);
            result
        };
        tokio::task::spawn_blocking(run).await.map_err(|_| Unavailable::Reader)?
    }

    /// Takes a transaction of `len` bytes into the pool, or says why not. Blocks while a block is applied.
    ///
    /// The pool is locked throughout, so no block is settled between the question and the answer.
    pub(crate) fn admit(&self, tx: SignedTx, len: usize) -> Result<Admission, Refused> {
        let hash = tx.hash();
        let mut pool = self.pool();
        if pool.holds(&hash) {
            return Ok(Admission::Waits(hash));
        }
        let gap = self.read(|chain| match chain.admit(&tx) {
            Ok(()) => Ok(Some(None)),
            Err(Rejection::Duplicate) => Ok(None),
            Err(Rejection::NonceGap { got, expected }) => {
                may_wait(chain, &tx, got, expected)?;
                Ok(Some(Some(expected)))
            }
            Err(other) => Err(Refused::Rejected(other)),
        })?;
        let Some(gap) = gap else { return Ok(Admission::InBlock(hash)) };
        let gapped = gap.is_some_and(|expected| !pool.leads_to(&tx.tx().sender, expected, tx.tx().nonce));
        pool.insert(tx, len, gapped)?;
        drop(pool);
        self.wake.notify_one();
        Ok(Admission::Waits(hash))
    }

    /// Stops the node for good. The first fault counts.
    pub(crate) fn fail(&self, fault: Fault) {
        tracing::error!(%fault, "the node stopped");
        self.fault.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert(fault);
            is_first
        });
    }

    /// Why the node is not ready.
    pub(crate) fn not_ready(&self) -> Option<String> {
        if let Some(fault) = self.fault.borrow().as_ref() {
            return Some(format!("the chain stopped: {fault}"));
        }
        if *self.closing.borrow() {
            return Some("shutting down".to_owned());
        }
        let beat = self.beat();
        if beat.busy.is_some_and(|since| since.elapsed() > BLOCK_TIME_MAX) {
            return Some(format!("a block is being made for over {} s", BLOCK_TIME_MAX.as_secs()));
        }
        match self.mode {
            BlockMode::Every(interval) => {
                let patience = interval.saturating_mul(INTERVALS_MAX).max(BLOCK_TIME_MAX);
                (beat.block.elapsed() > patience).then(|| format!("no block for over {} s", patience.as_secs()))
            }
            BlockMode::Instant => None,
        }
    }
}

/// What must hold for a transaction to wait for an earlier nonce. It may wait for free, so it has to be one that could
/// pay: the rest is asked once its turn comes.
fn may_wait(chain: &Chain, tx: &SignedTx, got: u64, expected: u64) -> Result<(), Refused> {
    let ahead = got.saturating_sub(expected);
    if ahead >= u64::try_from(PER_SENDER_MAX).unwrap_or(u64::MAX) {
        return Err(Refused::TooFar { got, expected });
    }
    let (limit, needed) = (tx.tx().fuel_limit, chain.intrinsic_fuel(tx)?);
    if limit < needed {
        return Err(Rejection::FuelLimit { limit, needed, action: tx.tx().action.name() }.into());
    }
    let fee = u128::from(limit).saturating_mul(u128::from(chain.fuel_price()?));
    let (fee, free) = (zera_abi::Amount::from_units(fee), chain.market()?.account(&tx.tx().sender).free);
    if free < fee { Err(Rejection::Fee { fee, free }.into()) } else { Ok(()) }
}

/// The height of the block after `head`.
pub(crate) fn next(head: Height) -> Height {
    // The chain stops at the greatest height by itself.
    head.checked_add(Blocks(1)).unwrap_or(head)
}
