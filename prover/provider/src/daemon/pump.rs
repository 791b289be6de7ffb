//! What feeds the loop: the chain's height and its events.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};
use zera_abi::TaskId;

use super::drive::Ending;
use super::shared::Shared;
use crate::market::MarketClient;
use crate::report::Report;
use crate::view::{Cursor, EventView, StatusView};

/// Everything that the loop reacts to.
pub(super) enum Input {
    /// The height has changed.
    Height(Box<StatusView>),
    /// Something happened.
    Event(EventView),
    /// A job has ended.
    Ended(TaskId, Box<Ending>),
    /// Take nothing more.
    Stop,
}

/// Looks at the height again and again.
pub(super) async fn heights<C: MarketClient>(
    shared: Arc<Shared<C>>,
    told: watch::Sender<StatusView>,
    inputs: mpsc::Sender<Input>,
) {
    let (poll, slowest) = (shared.config.poll, shared.config.patience.pause_max);
    let mut pause = poll;
    let mut reachable = true;
    loop {
        match shared.client.status().await {
            Ok(status) => {
                (pause, reachable) = (poll, true);
                let last = told.borrow().clone();
                if status.height != last.height || status.chain_id != last.chain_id {
                    told.send_replace(status.clone());
                    if inputs.send(Input::Height(Box::new(status))).await.is_err() {
                        return;
                    }
                }
            }
            Err(error) => {
                if std::mem::take(&mut reachable) {
                    shared.tell(Report::Unreachable { what: error.to_string() });
                }
                pause = pause.saturating_mul(2).min(slowest.max(poll));
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// Follows events from the height at which the daemon started: what lies before is read from state.
pub(super) async fn events<C: MarketClient>(shared: Arc<Shared<C>>, inputs: mpsc::Sender<Input>) {
    let since = Cursor { height: shared.height(), index: u32::MAX };
    let mut events = shared.client.events(Some(since));
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                if inputs.send(Input::Event(event)).await.is_err() {
                    return;
                }
            }
            Err(error) => tracing::debug!(%error, "events interrupted"),
        }
    }
}
