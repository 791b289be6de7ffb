//! `/v1/predicates`, `/v1/names` and `/v1/keys`.

use axum::Json;
use axum::extract::State;
use zera_abi::{KeyId, PredicateId};

use super::path::{Path, id};
use super::{Api, ApiError};
use crate::shared::{Shared, next};
use crate::view::{KeyView, NameView, PredicateView};

pub(crate) async fn predicates(State(api): State<Api>) -> Result<Json<Vec<PredicateView>>, ApiError> {
    let read = |shared: &Shared| {
        let (rows, now) = shared.read(|chain| Ok::<_, ApiError>((chain.predicates()?, next(chain.head().height))))?;
        Ok::<_, ApiError>(rows.into_iter().map(|row| PredicateView::new(row, now, &shared.artefacts)).collect())
    };
    api.shared.blocking(read).await.map(Json)
}

/// By id; and what is no known id is a name, as it stands in the next block.
pub(crate) async fn predicate(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<Json<PredicateView>, ApiError> {
    let read = move |chain: &zera_host::Chain| {
        let now = next(chain.head().height);
        let mut row = match name.parse::<PredicateId>() {
            Ok(id) => chain.predicate(&id)?,
            Err(_) => None,
        };
        if row.is_none()
            && let Some(named) = chain.predicate_name(&name)?
        {
            row = chain.predicate(&named.at(now))?;
        }
        let row = row.ok_or_else(|| ApiError::not_found("no predicate of this id or name is published"))?;
        Ok::<_, ApiError>((row, now))
    };
    let (row, now) = api.shared.ask(read).await?;
    Ok(Json(PredicateView::new(row, now, &api.shared.artefacts)))
}

pub(crate) async fn name(State(api): State<Api>, Path(name): Path<String>) -> Result<Json<NameView>, ApiError> {
    let read = move |chain: &zera_host::Chain| {
        let row = chain.predicate_name(&name)?.ok_or_else(|| ApiError::not_found("no such name is registered"))?;
        Ok::<_, ApiError>(NameView::new(name, &row, next(chain.head().height)))
    };
    api.shared.ask(read).await.map(Json)
}

pub(crate) async fn key(State(api): State<Api>, Path(key): Path<String>) -> Result<Json<KeyView>, ApiError> {
    let key: KeyId = id(&key)?;
    let read = move |chain: &zera_host::Chain| {
        let (row, bytes) =
            chain.key(&key)?.ok_or_else(|| ApiError::not_found(format!("key {key} is not registered")))?;
        let bond = chain.market()?.key_bond(&key);
        Ok::<_, ApiError>(KeyView::new(key, &row, bond, bytes, next(chain.head().height)))
    };
    api.shared.ask(read).await.map(Json)
}
