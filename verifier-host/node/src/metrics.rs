//! What the node counts, as a metrics server reads it.
//!
//! Labels are words of this code, never words of a client, so nobody but us makes a new series.

use std::sync::Arc;
use std::time::Instant;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use zera_market::ports::{Change, Row, Store, StoreError, Table};

/// Names and values of a series.
pub(crate) type Labels<const N: usize> = [(&'static str, &'static str); N];
/// The same with a status of HTTP: 100 to 599, and only what the node answers.
type HttpLabels = [(&'static str, std::borrow::Cow<'static, str>); 3];

/// The states of a task, as [`zera_market::TaskState::name`] gives them.
pub(crate) const STATES: [&str; 11] = [
    "open",
    "assigned",
    "rescue",
    "attested",
    "challenged",
    "accepted",
    "final",
    "failed",
    "expired",
    "cancelled",
    "revoked",
];

/// Every counter, gauge and histogram.
pub(crate) struct Metrics {
    registry: Registry,
    /// Blocks made since the start.
    pub(crate) blocks: Counter,
    /// Transactions in blocks, by action and ending.
    pub(crate) txs: Family<Labels<2>, Counter>,
    /// Transactions in blocks that did not do what they say, by action and status.
    pub(crate) refusals: Family<Labels<2>, Counter>,
    /// Transactions in no block, by where they were refused and why.
    pub(crate) not_taken: Family<Labels<2>, Counter>,
    /// Proofs judged in blocks, by verdict and reason.
    pub(crate) proofs: Family<Labels<2>, Counter>,
    /// Events, by name.
    pub(crate) events: Family<Labels<1>, Counter>,
    /// Fuel charged.
    pub(crate) fuel: Counter,
    /// Applying one block, commit included.
    pub(crate) apply_time: Histogram,
    /// Verifying one block's proofs ahead of it.
    pub(crate) verify_time: Histogram,
    /// Proofs verified so.
    pub(crate) verified_ahead: Counter,
    commit_time: Histogram,
    http: Family<HttpLabels, Counter>,
    /// Requests and connections refused by a limit.
    pub(crate) limits: Family<Labels<1>, Counter>,
    // What is read when it is asked for.
    pub(crate) height: Gauge,
    pub(crate) ready: Gauge,
    pub(crate) pool: Gauge,
    pub(crate) pool_len: Gauge,
    pub(crate) streams: Gauge,
    pub(crate) tasks: Family<Labels<1>, Gauge>,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        let mut registry = Registry::with_prefix("zera");
        let build =
            [("version", env!("CARGO_PKG_VERSION").to_owned()), ("protocol", zera_abi::PROTOCOL_VERSION.to_string())];
        registry.register("build", "The program and its protocol", Info::new(build));
        macro_rules! add {
            ($name:literal, $help:literal, $metric:expr) => {{
                let metric = $metric;
                registry.register($name, $help, metric.clone());
                metric
            }};
            ($name:literal, $help:literal, $metric:expr, $unit:expr) => {{
                let metric = $metric;
                registry.register_with_unit($name, $help, $unit, metric.clone());
                metric
            }};
        }
        // From a quarter of a millisecond to 8 seconds.
        let times = || Histogram::new(exponential_buckets(0.000_25, 2.0, 16));
        Metrics {
            blocks: add!("blocks", "Blocks made since the start", Counter::default()),
            txs: add!("transactions", "Transactions in blocks, by action and ending", Family::default()),
            refusals: add!(
                "transactions_refused",
                "Transactions in blocks that were not done, by action and status",
                Family::default()
            ),
            not_taken: add!(
                "transactions_not_taken",
                "Transactions in no block, by stage (admission, waiting) and reason",
                Family::default()
            ),
            proofs: add!("proofs", "Proofs judged in blocks, by verdict and reason", Family::default()),
            events: add!("events", "Events of blocks, by name", Family::default()),
            fuel: add!("fuel_used", "Fuel charged", Counter::default()),
            apply_time: add!("block_apply", "Applying one block, its commit included", times(), Unit::Seconds),
            verify_time: add!(
                "verification",
                "Verifying the proofs of one block ahead of it, on all threads",
                times(),
                Unit::Seconds
            ),
            verified_ahead: add!("proofs_verified_ahead", "Proofs verified ahead of a block", Counter::default()),
            commit_time: add!("ledger_commit", "One commit to the ledger", times(), Unit::Seconds),
            http: add!("http_requests", "Requests answered, by method, route and status", Family::default()),
            limits: add!("limited", "Requests and connections refused, by limit", Family::default()),
            height: add!("height", "Height of the last block", Gauge::default()),
            ready: add!("ready", "1 where /readyz says ok", Gauge::default()),
            pool: add!("pool_transactions", "Transactions that wait", Gauge::default()),
            pool_len: add!("pool", "Bytes of transactions that wait", Gauge::default(), Unit::Bytes),
            streams: add!("event_streams", "Streams of events that are open", Gauge::default()),
            tasks: add!("tasks", "Tasks by state", Family::default()),
            registry,
        }
    }

    /// Counts an answer. `route` is one of the router's, or `other`.
    pub(crate) fn answered(&self, method: &'static str, route: &'static str, status: u16) {
        let labels = [("method", method.into()), ("route", route.into()), ("status", status.to_string().into())];
        self.http.get_or_create(&labels).inc();
    }

    /// Counts what a limit refused.
    pub(crate) fn limited(&self, limit: &'static str) {
        self.limits.get_or_create(&[("limit", limit)]).inc();
    }

    /// Counts a transaction that is in no block.
    pub(crate) fn not_taken(&self, stage: &'static str, reason: &'static str) {
        self.not_taken.get_or_create(&[("stage", stage), ("reason", reason)]).inc();
    }

    /// All of it as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// A store whose commits are timed.
pub(crate) struct Timed {
    store: Arc<dyn Store>,
    time: Histogram,
}

impl Timed {
    pub(crate) fn new(store: Arc<dyn Store>, metrics: &Metrics) -> Timed {
        Timed { store, time: metrics.commit_time.clone() }
    }
}

impl Store for Timed {
    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read(table, key)
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.store.scan(table, prefix, from, limit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        let start = Instant::now();
        self.store.commit(changes)?;
        self.time.observe(start.elapsed().as_secs_f64());
        Ok(())
    }
}
