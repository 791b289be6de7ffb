//! `/v1/contracts`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use zera_abi::AccountId;
use zera_host::EntryName;

use super::body::{Body, from_hex};
use super::path::{Path, id};
use super::{Api, ApiError, BODY_MAX};
use crate::shared::Unavailable;
use crate::view::{ContractView, Hex, QueryView};

pub(crate) async fn show(State(api): State<Api>, Path(contract): Path<String>) -> Result<Json<ContractView>, ApiError> {
    let contract: AccountId = id(&contract)?;
    let read = move |chain: &zera_host::Chain| {
        let row = chain.contract(&contract)?.ok_or_else(|| unknown(&contract))?;
        Ok::<_, ApiError>(ContractView::new(contract, &row))
    };
    api.shared.ask(read).await.map(Json)
}

fn unknown(contract: &AccountId) -> ApiError {
    ApiError::not_found(format!("{contract} is not a contract"))
}

#[derive(Serialize)]
pub(crate) struct StorageView {
    value: Hex<Vec<u8>>,
}

pub(crate) async fn storage(
    State(api): State<Api>,
    Path((contract, key)): Path<(String, String)>,
) -> Result<Json<StorageView>, ApiError> {
    let contract: AccountId = id(&contract)?;
    let key = from_hex("key", &key)?;
    let read = move |chain: &zera_host::Chain| {
        let value = chain.storage(&contract, &key)?;
        value.ok_or_else(|| ApiError::not_found(format!("contract {contract} stores nothing under this key")))
    };
    api.shared.ask(read).await.map(|value| Json(StorageView { value: Hex(value) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryBody {
    entry: String,
    input: String,
    caller: Option<String>,
}

pub(crate) async fn query(
    State(api): State<Api>,
    Path(contract): Path<String>,
    Body(body): Body<QueryBody, BODY_MAX>,
) -> Result<Json<QueryView>, ApiError> {
    let contract: AccountId = id(&contract)?;
    let caller = body.caller.map_or(Ok(AccountId([0; 32])), |caller| id(&caller))?;
    let entry = EntryName::parse(&body.entry).map_err(|error| ApiError::forbidden(error.to_string()))?;
    let input = from_hex("input", &body.input)?;
    let query = move |chain: &mut zera_host::Chain| Ok(chain.query(contract, caller, entry, &input)?);
    let report = api.shared.query::<Option<zera_host::CallReport>>(query).await.map_err(|why: Unavailable| why)?;
    report.map(|report| Json(report.into())).ok_or_else(|| unknown(&contract))
}
