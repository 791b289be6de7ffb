//! The port: what the daemon asks of a node.

#[cfg(test)]
pub(crate) mod double;

use std::future::Future;
use std::time::Duration;

use futures_util::stream::BoxStream;
use zera_abi::{AccountId, PredicateId, TaskId, TxHash};
use zera_host::SignedTx;

use crate::error::ClientError;
use crate::view::{
    AccountView, CostView, Cursor, EventView, RulesView, SealedView, StatusView, TaskStage, TaskView, TxState,
};

/// Events in order, without end; an error is a pause, not the end.
pub type EventStream = BoxStream<'static, Result<EventView, ClientError>>;

/// A node, as the daemon and the wallet see it.
///
/// Every answer may be late, lost, or false: whoever calls decides by what it can check and by asking again.
pub trait MarketClient: Send + Sync + 'static {
    /// The chain and its height.
    fn status(&self) -> impl Future<Output = Result<StatusView, ClientError>> + Send;

    /// The governed numbers.
    fn rules(&self) -> impl Future<Output = Result<RulesView, ClientError>> + Send;

    /// Prices of transactions.
    fn cost(&self) -> impl Future<Output = Result<CostView, ClientError>> + Send;

    /// Events after `after`, or all, and then as they come. Resumes by itself where it was interrupted.
    fn events(&self, after: Option<Cursor>) -> EventStream;

    /// A task; `None` where the node knows none of this name.
    fn task(&self, id: &TaskId) -> impl Future<Output = Result<Option<TaskView>, ClientError>> + Send;

    /// Private bytes that wait for the holder of a task, sealed; `None` where there are none, or nobody to wait for.
    fn sealed(&self, id: &TaskId) -> impl Future<Output = Result<Option<SealedView>, ClientError>> + Send;

    /// Tells why `from` does not take a task, for those who ask; nothing depends on it.
    fn decline(
        &self,
        id: &TaskId,
        from: &AccountId,
        reason: &str,
        signature: &[u8; 64],
    ) -> impl Future<Output = Result<(), ClientError>> + Send;

    /// SHA-256 of the `.zpred` files that the node has of a predicate; none where it knows none.
    fn artefacts(&self, predicate: &PredicateId) -> impl Future<Output = Result<Vec<[u8; 32]>, ClientError>> + Send;

    /// A file of at most `len_max` bytes that has this SHA-256; `None` where the node has none.
    fn artefact(
        &self,
        sha256: &[u8; 32],
        len_max: usize,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, ClientError>> + Send;

    /// All tasks in a state.
    fn tasks(&self, state: TaskStage) -> impl Future<Output = Result<Vec<TaskView>, ClientError>> + Send;

    /// An account; an unknown one is empty.
    fn account(&self, id: &AccountId) -> impl Future<Output = Result<AccountView, ClientError>> + Send;

    /// Hands a transaction over. Idempotent: a transaction that waits or is in a block already is taken again.
    fn submit_tx(&self, tx: &SignedTx) -> impl Future<Output = Result<(), ClientError>> + Send;

    /// Where a transaction is.
    fn tx(&self, hash: &TxHash) -> impl Future<Output = Result<TxState, ClientError>> + Send;

    /// Where a transaction is, once it is in a block or rejected, or after `timeout`.
    fn wait_tx(&self, hash: &TxHash, timeout: Duration) -> impl Future<Output = Result<TxState, ClientError>> + Send;
}
