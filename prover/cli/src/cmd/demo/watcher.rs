//! The watcher of the demo: re-runs what is attested, and challenges what is wrong.

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zera_abi::AccountId;
use zera_provider::http::Client;
use zera_provider::{DaemonError, Tally, WatchConfig, Watcher};

use super::network::{Setup, demo_key, zra};

/// The watcher at work.
pub struct Watching {
    /// Its account.
    pub account: AccountId,
    stop: watch::Sender<bool>,
    done: JoinHandle<Result<Tally, DaemonError>>,
}

impl Watching {
    /// Starts it, with the keys that are in the demo's folder.
    ///
    /// # Errors
    /// Where the node does not answer.
    pub async fn start(setup: &Setup<'_>, client: &Client) -> anyhow::Result<Watching> {
        let config =
            WatchConfig { keys: Some(setup.keys()), budget: zra(10), ..WatchConfig::local(demo_key("watcher")) };
        let watcher = Watcher::new(config, client.clone(), |_| ()).await?;
        let (stop, stopping) = watch::channel(false);
        let account = watcher.account();
        Ok(Watching { account, stop, done: tokio::spawn(watcher.run(stopping)) })
    }

    /// Ends it; what it has earned and lost by its own count.
    ///
    /// # Errors
    /// Where it had ended by itself.
    pub async fn stop(self) -> anyhow::Result<Tally> {
        // It may have ended, and with it the receiver.
        let _ = self.stop.send(true);
        Ok(self.done.await.context("the watcher's task")??)
    }
}
