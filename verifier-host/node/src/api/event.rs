//! `/v1/events`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use zera_host::PlacedEvent;

use super::body::Query;
use super::{Api, ApiError, EVENTS_MAX};
use crate::sse::{Cursor, follow, parse_cursor};
use crate::view::EventView;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamQuery {
    since: Option<String>,
}

pub(crate) async fn stream(
    State(api): State<Api>,
    headers: HeaderMap,
    Query(query): Query<StreamQuery>,
) -> Result<Response, ApiError> {
    // A browser comes back to the address it first had, with the place it has reached in the header.
    let text = match headers.get(LAST_EVENT_ID) {
        Some(id) => Some(id.to_str().map_err(|_| malformed())?.to_owned()),
        None => query.since,
    };
    let cursor = cursor(&api, text).await?;
    let place = Arc::clone(&api.streams).try_acquire_owned();
    let place = place.map_err(|_| ApiError::busy("too many streams of events at a time").limited("streams"))?;
    Ok(follow(api.shared, cursor, place).into_response())
}

fn malformed() -> ApiError {
    ApiError::bad("cursor: expected HEIGHT:INDEX")
}

/// A cursor from its text. One beyond the head is of another chain: to wait for it would lose what comes before.
async fn cursor(api: &Api, text: Option<String>) -> Result<Option<Cursor>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let cursor = parse_cursor(&text).ok_or_else(malformed)?;
    let head = *api.shared.head.borrow();
    if cursor.0 > head {
        return Err(ApiError::state(format!("cursor: height {} is beyond the head, {head}", cursor.0)));
    }
    Ok(Some(cursor))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    since: Option<String>,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct ListView<'a> {
    events: Vec<EventView<'a>>,
    next: Option<String>,
}

pub(crate) async fn list(State(api): State<Api>, Query(query): Query<ListQuery>) -> Result<Response, ApiError> {
    let limit = query.limit.unwrap_or(100);
    if !(1..=EVENTS_MAX).contains(&limit) {
        return Err(ApiError::bad(format!("limit: expected 1 to {EVENTS_MAX}, got {limit}")));
    }
    let cursor = cursor(&api, query.since).await?;
    let events: Vec<PlacedEvent> = api.shared.ask(move |chain| Ok::<_, ApiError>(chain.events(cursor, limit)?)).await?;
    let last = events.last().map(|event| (event.height, event.index)).or(cursor);
    let next = last.map(|(height, index)| format!("{height}:{index}"));
    Ok(Json(ListView { events: events.iter().map(EventView).collect(), next }).into_response())
}
