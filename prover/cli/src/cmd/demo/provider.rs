//! A provider of the demo: a daemon, its drills, its reports.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use tokio::sync::watch;
use zera_abi::{AccountId, Amount, PredicateId};
use zera_params::Keys;
use zera_provider::daemon::Fetch;
use zera_provider::http::Client;
use zera_provider::{
    Conduct, Daemon, DaemonError, DaemonHandle, KeySource, PriceRule, PrivateFolder, ProviderConfig, Report,
};

use super::network::{Served, Setup, account, demo_key, zra};

/// A provider of the demo.
pub struct Provider {
    /// Its name in the timeline.
    pub name: &'static str,
    /// Its account.
    pub account: AccountId,
    /// How it behaves from now on.
    pub conduct: watch::Sender<Conduct>,
    /// Where it looks for private bytes.
    pub private: PathBuf,
    handle: Mutex<DaemonHandle>,
    reports: Mutex<Vec<Report>>,
}

impl Provider {
    /// What its daemon reported so far.
    pub fn reports(&self) -> Vec<Report> {
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        let mut handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(report) = handle.reports.try_recv() {
            reports.push(report);
        }
        reports.clone()
    }

    /// Whether it has measured a predicate, and so can answer it.
    pub fn knows(&self, id: &PredicateId) -> bool {
        let knows = |report: &Report| matches!(report, Report::Calibrated { predicate, .. } if predicate == id);
        self.reports().iter().any(knows)
    }

    /// Starts one that is idle until a story says otherwise.
    ///
    /// # Errors
    /// Where its daemon does not start.
    pub async fn start(
        name: &'static str,
        setup: &Setup<'_>,
        client: &Client,
        served: &[Served],
    ) -> anyhow::Result<Provider> {
        let (conduct, drill) = watch::channel(Conduct::Idle);
        let seed = name.to_lowercase();
        let keys: BTreeMap<PredicateId, Arc<Keys>> =
            served.iter().map(|Served { artefact, keys }| (artefact.predicate_id(), Arc::clone(keys))).collect();
        let private = setup.data.join(format!("{seed}-private"));
        std::fs::create_dir_all(&private).with_context(|| format!("making the folder {}", private.display()))?;
        let config = ProviderConfig {
            // What it costs to run this machine, and what is asked on top.
            price: PriceRule {
                per_second: Amount::from_units(200_000_000),
                per_job: Amount::from_units(10_000_000),
                stake_risk_bps: 50,
                margin_bps: 2_000,
                floor: zra(1),
            },
            threads: setup.threads,
            max_stake: zra(50),
            // Of the library what there are keys for; every other one is taken from the node when a task names it.
            predicates: None,
            fetch: Some(Fetch::standard(setup.keys())),
            private: Some(PrivateFolder(private.clone())),
            attest: true,
            drill,
            ..ProviderConfig::local(demo_key(&seed), KeySource::Given(keys), setup.data.join(format!("{seed}.redb")))
        };
        let handle = Daemon::start(config, client.clone()).await?;
        let (handle, reports) = (Mutex::new(handle), Mutex::default());
        Ok(Provider { name, account: account(&seed), conduct, private, handle, reports })
    }

    /// Finishes what it has taken, and ends.
    ///
    /// # Errors
    /// Where its daemon had ended by itself.
    pub async fn stop(self) -> Result<(), DaemonError> {
        self.handle.into_inner().unwrap_or_else(PoisonError::into_inner).stop().await
    }
}
