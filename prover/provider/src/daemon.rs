//! The daemon: one loop over one enum of inputs.

mod attest;
mod config;
mod consider;
mod drive;
mod fetch;
mod obtain;
mod pump;
mod shared;
mod state;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use zera_abi::AccountId;

pub use config::{Fetch, ProviderConfig};

use crate::calibrate::{Estimates, calibrate};
use crate::decline::Declines;
use crate::error::DaemonError;
use crate::journal::Journal;
use crate::market::MarketClient;
use crate::predicate::Program;
use crate::prove::{Groth16, Prover};
use crate::report::{Report, Reporter};
use crate::wallet::Wallet;
use crate::workshop::Workshop;
use shared::{Shared, Windows};
use state::State;

/// Inputs that wait for the loop.
const INPUTS_MAX: usize = 1024;

/// Starts providers.
#[derive(Debug)]
pub struct Daemon;

/// A running provider. Dropping it is a kill: what it was doing goes on from the job book after the next start.
#[derive(Debug)]
pub struct DaemonHandle {
    /// What happens. Reports beyond [`REPORTS_MAX`](crate::report::REPORTS_MAX) unread ones are dropped and counted.
    pub reports: mpsc::Receiver<Report>,
    account: AccountId,
    declines: Arc<Mutex<Declines>>,
    reporter: Arc<Reporter>,
    stop: watch::Sender<bool>,
    drain: std::time::Duration,
    done: Option<JoinHandle<Result<(), DaemonError>>>,
}

impl Daemon {
    /// Loads the keys of the predicates it serves, measures, resumes what the job book holds, and begins to work.
    ///
    /// # Errors
    /// [`DaemonError`]; nothing is left running.
    pub async fn start<C: MarketClient>(config: ProviderConfig, client: C) -> Result<DaemonHandle, DaemonError> {
        config.check()?;
        let (keys, predicates, fuel) = (config.keys.clone(), config.predicates.clone(), config.native_fuel);
        let programs: Vec<Program> = config.programs.iter().map(|program| program.clone().with_fuel(fuel)).collect();
        let learned = config.fetch.as_ref().map(|fetch| fetch.keys.clone());
        let load = move || -> Result<Groth16, DaemonError> {
            let prover = Groth16::load(&keys, predicates.as_deref(), &programs)?.with_fuel(fuel);
            Ok(match learned {
                Some(folder) => prover.with_learning(folder),
                None => prover,
            })
        };
        let prover = tokio::task::spawn_blocking(load).await.map_err(|_| DaemonError::Ended("loading of keys"))??;
        Daemon::start_with(config, client, Arc::new(prover)).await
    }

    /// [`start`](Daemon::start) with a prover of one's own.
    ///
    /// # Errors
    /// [`DaemonError`].
    pub async fn start_with<C: MarketClient>(
        config: ProviderConfig,
        client: C,
        prover: Arc<dyn Prover>,
    ) -> Result<DaemonHandle, DaemonError> {
        config.check()?;
        let client = Arc::new(client);
        let status = client.status().await?;
        let windows = Windows::read(&client.rules().await?)?;
        let account = AccountId(config.key.verifying_key().to_bytes());
        let (chain, path) = (status.chain_id, config.journal.clone());
        let open = move || {
            let journal = Journal::open(&path, &account, &chain)?;
            let (jobs, declines) = (journal.jobs()?, journal.declines()?);
            Ok::<_, DaemonError>((journal, jobs, declines))
        };
        let opened =
            tokio::task::spawn_blocking(open).await.map_err(|_| DaemonError::Ended("opening of the job book"))?;
        let (journal, jobs, declines) = opened?;

        let workshop = Workshop::open(Arc::clone(&prover), config.threads, config.max_concurrent)
            .map_err(|what| DaemonError::Config(format!("proving threads: {what}")))?;
        let (reporter, reports) = Reporter::new();
        let (reporter, estimates) = (Arc::new(reporter), Arc::new(Estimates::default()));
        for predicate in prover.predicates() {
            let (work_ns, measured) = calibrate(&prover, &workshop, &journal, &predicate, config.threads).await?;
            estimates.learn(predicate, work_ns);
            if let Some(offer) = prover.offer(&predicate) {
                let name = offer.name;
                reporter.tell(Report::Calibrated { predicate, name, rows: offer.rows, work_ns, measured });
            }
        }

        let (stop, stopping) = watch::channel(false);
        let (heights, status_now) = watch::channel(status);
        let on_resend = Arc::clone(&reporter);
        let wallet = Wallet::new(config.key.clone(), Arc::clone(&client), config.patience)
            .on_chain(chain)
            .with_on_resend(move |tx, times| on_resend.tell(Report::Resent { tx: tx.hash(), times }));
        let declines = Arc::new(Mutex::new(declines));
        let drain = config.drain;
        let shared = Arc::new(Shared {
            config,
            client,
            wallet,
            journal: Arc::new(journal),
            prover,
            workshop,
            estimates,
            reporter: Arc::clone(&reporter),
            windows,
            chain,
            account,
            fetches: Arc::default(),
            status: status_now,
            stopping,
        });
        let state = State::new(shared, jobs, Arc::clone(&declines));
        let done = Some(tokio::spawn(state.run(heights)));
        Ok(DaemonHandle { reports, account, declines, reporter, stop, drain, done })
    }
}

impl DaemonHandle {
    /// The account that stakes and is paid.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// How often each reason for declining occurred, over all restarts.
    pub fn declines(&self) -> Declines {
        self.declines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reports that nobody read in time.
    pub fn reports_dropped(&self) -> u64 {
        self.reporter.dropped()
    }

    /// Takes nothing more, hands back what was not started, finishes the rest, and ends. What is not done within the
    /// configuration's `drain` is left to the job book and the next start.
    ///
    /// # Errors
    /// [`DaemonError`] where the daemon had ended by itself.
    pub async fn stop(&mut self) -> Result<(), DaemonError> {
        let Some(mut done) = self.done.take() else { return Ok(()) };
        // The loop may have ended, and with it the receiver.
        let _ = self.stop.send(true);
        match tokio::time::timeout(self.drain, &mut done).await {
            Ok(ended) => joined(ended),
            Err(_) => {
                done.abort();
                let _ = done.await;
                Ok(())
            }
        }
    }

    /// Waits until the daemon ends by itself, which it does only with an error, or after [`stop`](DaemonHandle::stop).
    ///
    /// # Errors
    /// [`DaemonError`].
    pub async fn ended(&mut self) -> Result<(), DaemonError> {
        let Some(done) = &mut self.done else { return Ok(()) };
        let ended = done.await;
        self.done = None;
        joined(ended)
    }
}

impl Drop for DaemonHandle {
    fn drop(&mut self) {
        if let Some(done) = &self.done {
            done.abort();
        }
    }
}

fn joined(ended: Result<Result<(), DaemonError>, tokio::task::JoinError>) -> Result<(), DaemonError> {
    ended.unwrap_or(Err(DaemonError::Ended("the daemon's loop")))
}

#[cfg(test)]
mod tests;
