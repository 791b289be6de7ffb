//! JSON over HTTP: routes and their limits. Handlers are by noun in the modules below.

mod account;
mod body;
mod chain;
mod contract;
mod dev;
mod event;
mod fault;
mod path;
mod registry;
mod task;
mod tx;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::Semaphore;

pub(crate) use fault::ApiError;

use crate::shared::Shared;

/// Most bytes of a request's body.
pub const BODY_MAX: usize = 64 * 1024;
/// Most bytes of the body of `POST /v1/tx`: the hex of the largest transaction.
pub const TX_BODY_MAX: usize = 700 * 1024;
/// Most requests at a time.
pub const REQUESTS_MAX: usize = 256;
/// Most requests at a time that wait for a transaction.
pub const WAITS_MAX: usize = 128;
/// Most streams of events at a time.
pub const STREAMS_MAX: usize = 64;
/// Most tasks of a page.
pub const TASKS_MAX: usize = 100;
/// Most events of a page.
pub const EVENTS_MAX: usize = 1000;

/// What handlers are given.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) shared: Arc<Shared>,
    streams: Arc<Semaphore>,
}

/// A bound on requests at a time.
#[derive(Clone)]
struct Gate {
    places: Arc<Semaphore>,
    what: &'static str,
}

impl Gate {
    fn new(places: usize, what: &'static str) -> Gate {
        Gate { places: Arc::new(Semaphore::new(places)), what }
    }
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    // Health is told also while everything else is at its limit.
    let health = Router::new().route("/livez", get(chain::livez)).route("/readyz", get(chain::readyz));
    let waits = Router::new()
        .route("/v1/tx/{hash}/wait", get(tx::wait))
        .layer(middleware::from_fn_with_state(Gate::new(WAITS_MAX, "waiting requests"), bounded));
    // A stream holds its own place for as long as it lives.
    let streams = Router::new().route("/v1/events", get(event::stream));
    let requests = Router::new()
        .route("/version", get(chain::version))
        .route("/v1/status", get(chain::status))
        .route("/v1/blocks/{height}", get(chain::block))
        .route("/v1/tx", post(tx::send))
        .route("/v1/tx/{hash}", get(tx::show))
        .route("/v1/accounts/{id}", get(account::show))
        .route("/v1/tasks", get(task::list))
        .route("/v1/tasks/{id}", get(task::show))
        .route("/v1/contracts/{id}", get(contract::show))
        .route("/v1/contracts/{id}/storage/{key}", get(contract::storage))
        .route("/v1/contracts/{id}/query", post(contract::query))
        .route("/v1/predicates", get(registry::predicates))
        .route("/v1/predicates/{name}", get(registry::predicate))
        .route("/v1/keys/{id}", get(registry::key))
        .route("/v1/market", get(chain::market))
        .route("/v1/events/list", get(event::list))
        .route("/v1/dev/block", post(dev::block))
        .layer(middleware::from_fn_with_state(Gate::new(REQUESTS_MAX, "requests"), bounded));
    let api = Api { streams: Arc::new(Semaphore::new(STREAMS_MAX)), shared };
    Router::new()
        .merge(health)
        .merge(waits)
        .merge(streams)
        .merge(requests)
        .fallback(|| async { ApiError::not_found("no such path") })
        .method_not_allowed_fallback(|| async { ApiError::method() })
        .layer(middleware::from_fn_with_state(api.clone(), authorised))
        .with_state(api)
}

/// Refuses a request where as many as may be are under way.
async fn bounded(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    match gate.places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => ApiError::busy(format!("too many {} at a time", gate.what)).into_response(),
    }
}

/// Lets a request that changes something pass only with the token, where there is one, and never from the page of another
/// origin: a browser sends those without asking.
async fn authorised(State(api): State<Api>, request: Request, next: Next) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let headers = request.headers();
        if let Some(origin) = headers.get(header::ORIGIN) {
            let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, rest)| rest);
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            if authority.is_none() || authority != host {
                return ApiError::forbidden("the page of another origin may only read").into_response();
            }
        }
        if let Some(token) = &api.shared.token {
            let shown = headers.get(header::AUTHORIZATION);
            if !shown.is_some_and(|shown| token.admits(shown.as_bytes())) {
                return ApiError::token().into_response();
            }
        }
    }
    next.run(request).await
}
