//! JSON over HTTP: routes and their limits. Handlers are by noun in the modules below.

mod account;
mod artefact;
mod body;
mod chain;
mod contract;
mod decline;
mod dev;
mod event;
mod fault;
mod operator;
mod path;
mod proposal;
mod registry;
mod sealed;
mod task;
mod tx;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post, put};
use tokio::sync::Semaphore;

pub(crate) use fault::ApiError;
pub use operator::OPENAPI;

use self::fault::Limit;
use crate::rate::Client;
use crate::shared::Shared;

/// Most bytes of a request's body.
pub const BODY_MAX: usize = 64 * 1024;
/// Most bytes of the body of `POST /v1/tx`: the hex of the largest transaction.
pub const TX_BODY_MAX: usize = 700 * 1024;
/// Most bytes of the body of `POST /v1/tasks/{id}/sealed`: the hex of the longest message, and who sent it.
pub const SEALED_BODY_MAX: usize = 270 * 1024;
/// Most files at a time that come in: each is held in memory and decoded.
pub const UPLOADS_MAX: usize = 2;
/// Most requests at a time.
pub const REQUESTS_MAX: usize = 256;
/// Most requests at a time that wait for a transaction.
pub const WAITS_MAX: usize = 128;
/// Most streams of events at a time.
pub const STREAMS_MAX: usize = 64;
/// Bytes of transactions after which a page of a block ends; one transaction is always given.
pub const BLOCK_TXS_LEN_MAX: usize = 2 * 1024 * 1024;
/// Most tasks of a page.
pub const TASKS_MAX: usize = 100;
/// Most proposals of a page, and votes of an account that are shown.
pub const PROPOSALS_PAGE_MAX: usize = 100;
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
    limit: &'static str,
}

impl Gate {
    fn new(places: usize, what: &'static str, limit: &'static str) -> Gate {
        Gate { places: Arc::new(Semaphore::new(places)), what, limit }
    }
}

/// The bounds that routes share.
struct Gates {
    requests: Option<Gate>,
    waits: Option<Gate>,
    uploads: Option<Gate>,
    /// Health is told also while everything else is at its limit, and a stream holds its own place while it lives.
    open: Option<Gate>,
}

fn close(gate: Option<&Gate>, route: MethodRouter<Api>) -> MethodRouter<Api> {
    match gate {
        Some(gate) => route.layer(middleware::from_fn_with_state(gate.clone(), bounded)),
        None => route,
    }
}

macro_rules! routes {
    ($($gate:ident $method:ident $path:literal $handler:path;)*) => {
        /// Every route: its method in lower case and its path, with parameters in braces.
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),*];

        fn routes(gates: &Gates) -> Router<Api> {
            Router::new()$(.route($path, close(gates.$gate.as_ref(), $method($handler))))*
        }
    };
}

routes! {
    open get "/livez" chain::livez;
    open get "/readyz" chain::readyz;
    requests get "/metrics" operator::metrics;
    requests get "/version" chain::version;
    requests get "/v1/openapi.json" operator::openapi;
    requests get "/v1/status" chain::status;
    requests get "/v1/blocks/{height}" chain::block;
    requests get "/v1/blocks/{height}/txs" chain::block_txs;
    requests post "/v1/tx" tx::send;
    requests get "/v1/tx/{hash}" tx::show;
    waits get "/v1/tx/{hash}/wait" tx::wait;
    requests get "/v1/accounts/{id}" account::show;
    requests get "/v1/tasks" task::list;
    requests get "/v1/tasks/{id}" task::show;
    requests get "/v1/tasks/{id}/sealed" sealed::show;
    requests post "/v1/tasks/{id}/sealed" sealed::send;
    requests get "/v1/tasks/{id}/declines" decline::show;
    requests post "/v1/tasks/{id}/declines" decline::send;
    requests get "/v1/contracts/{id}" contract::show;
    requests get "/v1/contracts/{id}/storage/{key}" contract::storage;
    requests post "/v1/contracts/{id}/query" contract::query;
    requests get "/v1/predicates" registry::predicates;
    requests get "/v1/predicates/{name}" registry::predicate;
    uploads put "/v1/artefacts/{sha256}" artefact::put;
    requests get "/v1/artefacts/{sha256}" artefact::show;
    requests get "/v1/names/{name}" registry::name;
    requests get "/v1/keys/{id}" registry::key;
    requests get "/v1/market" chain::market;
    requests get "/v1/rules/{version}" chain::rules;
    requests get "/v1/cost" chain::cost;
    requests get "/v1/proposals" proposal::list;
    requests get "/v1/proposals/{id}" proposal::show;
    open get "/v1/events" event::stream;
    requests get "/v1/events/list" event::list;
    requests post "/v1/dev/block" dev::block;
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let gates = Gates {
        requests: Some(Gate::new(REQUESTS_MAX, "requests", "requests")),
        waits: Some(Gate::new(WAITS_MAX, "waiting requests", "waits")),
        uploads: Some(Gate::new(UPLOADS_MAX, "files", "uploads")),
        open: None,
    };
    let api = Api { streams: Arc::new(Semaphore::new(STREAMS_MAX)), shared };
    routes(&gates)
        .fallback(|| async { ApiError::not_found("no such path") })
        .method_not_allowed_fallback(|| async { ApiError::method() })
        .layer(middleware::from_fn_with_state(api.clone(), authorised))
        .layer(middleware::from_fn_with_state(api.clone(), admitted))
        .layer(middleware::from_fn_with_state(api.clone(), counted))
        .with_state(api)
}

/// Counts every answer, whoever gave it.
async fn counted(State(api): State<Api>, request: Request, next: Next) -> Response {
    let method = match *request.method() {
        Method::GET => "get",
        Method::POST => "post",
        Method::PUT => "put",
        Method::HEAD => "head",
        _ => "other",
    };
    let route = route_of(request.uri().path());
    let response = next.run(request).await;
    if let Some(Limit(limit)) = response.extensions().get() {
        api.shared.metrics.limited(limit);
    }
    api.shared.metrics.answered(method, route, response.status().as_u16());
    response
}

/// The route that a path belongs to, so that no client makes up a label.
fn route_of(path: &str) -> &'static str {
    let matches = |route: &str| {
        let (mut route, mut path) = (route.split('/'), path.split('/'));
        loop {
            match (route.next(), path.next()) {
                (None, None) => return true,
                (Some(route), Some(path)) if route == path || (route.starts_with('{') && !path.is_empty()) => {}
                _ => return false,
            }
        }
    };
    ROUTES.iter().map(|(_, route)| *route).find(|route| matches(route)).unwrap_or("other")
}

/// Refuses a client that asks more often than it may. Health is always told.
async fn admitted(State(api): State<Api>, request: Request, next: Next) -> Response {
    let is_health = matches!(request.uri().path(), "/livez" | "/readyz");
    if let Some(client) = request.extensions().get::<Client>()
        && !is_health
        && let Err(wait) = api.shared.rate.take(*client, Instant::now())
    {
        return ApiError::rate(wait).into_response();
    }
    next.run(request).await
}

/// Refuses a request where as many as may be are under way.
async fn bounded(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    match gate.places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => ApiError::busy(format!("too many {} at a time", gate.what)).limited(gate.limit).into_response(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_route_that_answers_it() {
        for (path, route) in [
            ("/livez", "/livez"),
            ("/v1/tx", "/v1/tx"),
            ("/v1/tx/00", "/v1/tx/{hash}"),
            ("/v1/tx/00/wait", "/v1/tx/{hash}/wait"),
            ("/v1/events", "/v1/events"),
            ("/v1/events/list", "/v1/events/list"),
            ("/v1/blocks/7/txs", "/v1/blocks/{height}/txs"),
            ("/v1/tasks/00/sealed", "/v1/tasks/{id}/sealed"),
            ("/v1/tx/", "other"),
            ("/v1/blocks//txs", "other"),
            ("/v1/tx/00/wait/", "other"),
            ("", "other"),
            ("/", "other"),
            ("/etc/passwd", "other"),
        ] {
            assert_eq!(route_of(path), route, "{path}");
        }
    }
}
