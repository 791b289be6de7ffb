//! `/metrics` and the API's own description.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::{Api, STREAMS_MAX};
use crate::metrics::STATES;
use crate::shared::{Shared, Unavailable};

/// The API for machines: OpenAPI 3.1.
pub const OPENAPI: &str = include_str!("../../docs/openapi.json");

pub(crate) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

/// What the node counts. Nothing of it is secret: all that the chain's numbers say is public already.
pub(crate) async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    let metrics = &api.shared.metrics;
    metrics.ready.set(i64::from(api.shared.not_ready().is_none()));
    metrics.height.set(gauge(api.shared.head.borrow().0));
    metrics.streams.set(gauge(STREAMS_MAX.saturating_sub(api.streams.available_permits())));
    // A chain that stopped can not be asked: what it said last stands, and `ready` says so.
    let _ = api.shared.blocking(count).await;
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], metrics.text())
}

fn count(shared: &Shared) -> Result<(), Unavailable> {
    {
        let pool = shared.pool();
        shared.metrics.pool.set(gauge(pool.count()));
        shared.metrics.pool_len.set(gauge(pool.len_bytes()));
    }
    let mut counts = [0u64; STATES.len()];
    shared.read(|chain| {
        for task in chain.market()?.tasks() {
            let place = STATES.iter().position(|state| *state == task.state().name());
            if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                *count += 1;
            }
        }
        Ok::<_, Unavailable>(())
    })?;
    for (state, count) in STATES.into_iter().zip(counts) {
        shared.metrics.tasks.get_or_create(&[("state", state)]).set(gauge(count));
    }
    Ok(())
}

fn gauge(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
