//! The demo's own view of the chain: it follows the event stream, remembers everything, and lets a story wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zera_provider::http::Client;
use zera_provider::view::EventView;

/// An event and when it was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Milliseconds since the demo started.
    pub at_ms: u64,
    /// The event.
    pub event: EventView,
}

/// Everything seen so far.
pub struct Feed {
    seen: watch::Receiver<Arc<Vec<Seen>>>,
    follower: JoinHandle<()>,
}

impl Feed {
    /// Follows the node from its first event on.
    pub fn follow(client: &Client, started: Instant, tell: impl Fn(&Seen) + Send + 'static) -> Feed {
        let (sender, seen) = watch::channel(Arc::new(Vec::new()));
        let mut events = client.events(None);
        let follower = tokio::spawn(async move {
            while let Some(event) = events.next().await {
                // An interruption is a pause: the stream resumes where it stopped.
                let Ok(event) = event else { continue };
                let at_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                let seen = Seen { at_ms, event };
                tell(&seen);
                sender.send_modify(|all| Arc::make_mut(all).push(seen));
            }
        });
        Feed { seen, follower }
    }

    /// How many events were seen; a story waits from here on.
    pub fn mark(&self) -> usize {
        self.seen.borrow().len()
    }

    /// Events after `mark`.
    pub fn since(&self, mark: usize) -> Vec<Seen> {
        self.seen.borrow().get(mark..).unwrap_or_default().to_vec()
    }

    /// The first event after `mark` that `wanted` accepts, seen already or still to come.
    ///
    /// # Errors
    /// Where it does not come within `patience`.
    pub async fn wait(
        &self,
        mark: usize,
        what: &str,
        patience: Duration,
        wanted: impl Fn(&EventView) -> bool,
    ) -> anyhow::Result<EventView> {
        let mut seen = self.seen.clone();
        let search = async {
            loop {
                let found =
                    seen.borrow_and_update().get(mark..).unwrap_or_default().iter().find(|s| wanted(&s.event)).cloned();
                if let Some(found) = found {
                    return Some(found.event);
                }
                if seen.changed().await.is_err() {
                    return None;
                }
            }
        };
        match tokio::time::timeout(patience, search).await {
            Ok(Some(event)) => Ok(event),
            Ok(None) => bail!("the event stream ended before: {what}"),
            Err(_) => bail!("did not happen within {} s: {what}", patience.as_secs()),
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.follower.abort();
    }
}
