//! Predicates that a task names and nothing here knows: taken from the node, checked, measured, and then offered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use zera_abi::{Height, KeyId, PredicateId};

use super::shared::Shared;
use crate::calibrate::calibrate;
use crate::market::MarketClient;
use crate::report::Report;

/// Blocks after which what could not be had is asked for again: its owner may have put it there meanwhile.
const RETRY_BLOCKS: u64 = 32;
/// Most failures that are remembered. Strangers publish predicates, so they must not choose our memory.
const FAILURES_MAX: usize = 1024;

/// What is being fetched, and what could not be.
#[derive(Default)]
pub(super) struct Fetches(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// One at a time: each may take seconds of this machine for keys.
    running: Option<PredicateId>,
    done: usize,
    failed: BTreeMap<PredicateId, (Height, String)>,
}

impl Fetches {
    fn with<R>(&self, f: impl FnOnce(&mut Inner) -> R) -> R {
        // Every change is one step.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Begins to fetch a predicate in the background, unless that is under way or was in vain; says how it stands, for people.
pub(super) fn fetch<C: MarketClient>(shared: &Arc<Shared<C>>, predicate: &PredicateId, key: &KeyId) -> String {
    let Some(rules) = &shared.config.fetch else { return String::new() };
    let now = shared.height();
    let begun = shared.fetches.with(|inner| {
        match inner.failed.get(predicate) {
            Some((at, why)) if now.since(*at).0 < RETRY_BLOCKS => return Err(format!(": {why}")),
            _ => {}
        }
        if inner.running.is_some() {
            return Err(": waits to be fetched from the node".to_owned());
        }
        if inner.done >= rules.predicates_max {
            return Err(format!(": {} predicates of the node are served, and no more", inner.done));
        }
        inner.running = Some(*predicate);
        Ok(())
    });
    if let Err(why) = begun {
        return why;
    }
    let (shared, predicate, key) = (Arc::clone(shared), *predicate, *key);
    tokio::spawn(async move {
        let taken = take_up(&shared, predicate, key).await;
        shared.fetches.with(|inner| {
            inner.running = None;
            match taken {
                Ok(()) => inner.done += 1,
                Err(why) => {
                    tracing::info!(%predicate, why, "predicate not taken up");
                    if inner.failed.len() >= FAILURES_MAX {
                        inner.failed.pop_first();
                    }
                    inner.failed.insert(predicate, (shared.height(), why));
                }
            }
        });
    });
    ": being fetched from the node".to_owned()
}

/// Tries the node's files of a predicate one after the other.
async fn take_up<C: MarketClient>(shared: &Arc<Shared<C>>, predicate: PredicateId, key: KeyId) -> Result<(), String> {
    let Some(rules) = &shared.config.fetch else { return Err("not fetched".to_owned()) };
    let mut why = "the node has no file of it".to_owned();
    for sha256 in shared.client.artefacts(&predicate).await.map_err(|error| error.to_string())? {
        let bytes = match shared.client.artefact(&sha256, rules.len_max).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => continue,
            Err(error) => {
                why = error.to_string();
                continue;
            }
        };
        let (prover, rows_max) = (Arc::clone(&shared.prover), shared.config.rows_max);
        let learn = move || prover.learn(&predicate, &key, &bytes, rows_max);
        match tokio::task::spawn_blocking(learn).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                why = fault.to_string();
                continue;
            }
            Err(_) => return Err("its file made a thread panic".to_owned()),
        }
        // A tape that leads nowhere shows here; what can not be proved is not offered.
        let threads = shared.config.threads;
        match calibrate(&shared.prover, &shared.workshop, &shared.journal, &predicate, threads).await {
            Ok((work_ns, measured)) => {
                shared.estimates.learn(predicate, work_ns);
                if let Some(offer) = shared.prover.offer(&predicate) {
                    let (name, rows) = (offer.name, offer.rows);
                    shared.tell(Report::Calibrated { predicate, name, rows, work_ns, measured });
                }
                return Ok(());
            }
            Err(error) => {
                shared.prover.forget(&predicate);
                why = error.to_string();
            }
        }
    }
    Err(why)
}
