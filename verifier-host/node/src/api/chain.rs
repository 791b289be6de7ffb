//! Health, version, the head, blocks and totals.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use zera_abi::Height;

use super::body::Query;
use super::path::{Path, number};
use super::{Api, ApiError, BLOCK_TXS_LEN_MAX};
use crate::node::BlockMode;
use crate::view::{BlockTxsView, CostView, HeaderView, MarketView, RulesVersionView, StatusView};

pub(crate) async fn livez() -> &'static str {
    "ok"
}

pub(crate) async fn readyz(State(api): State<Api>) -> (StatusCode, String) {
    match api.shared.not_ready() {
        None => (StatusCode::OK, "ok".to_owned()),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

#[derive(Serialize)]
pub(crate) struct VersionView {
    version: &'static str,
    protocol: u32,
}

pub(crate) async fn version() -> Json<VersionView> {
    Json(VersionView { version: env!("CARGO_PKG_VERSION"), protocol: zera_abi::PROTOCOL_VERSION })
}

pub(crate) async fn status(State(api): State<Api>) -> Result<Json<StatusView>, ApiError> {
    let block_ms = match api.shared.mode {
        BlockMode::Every(interval) => u64::try_from(interval.as_millis()).unwrap_or(u64::MAX),
        BlockMode::Instant => 0,
    };
    let work = move |shared: &crate::shared::Shared| {
        let pending = shared.pool().count();
        shared.read(|chain| Ok::<_, ApiError>(StatusView::new(chain, block_ms, pending)?))
    };
    api.shared.blocking(work).await.map(Json)
}

pub(crate) async fn block(State(api): State<Api>, Path(height): Path<String>) -> Result<Json<HeaderView>, ApiError> {
    let height = parse_height(&height)?;
    let read = move |chain: &zera_host::Chain| header(chain, height);
    api.shared.ask(read).await.map(|header| Json(HeaderView::from(&header)))
}

fn parse_height(text: &str) -> Result<Height, ApiError> {
    number("height", text).map(Height)
}

fn header(chain: &zera_host::Chain, height: Height) -> Result<zera_host::Header, ApiError> {
    chain.header(height)?.ok_or_else(|| ApiError::not_found(format!("block {height} is not there")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockTxsQuery {
    from: Option<usize>,
}

/// The block's transactions as they were signed, so that anyone can apply it again.
pub(crate) async fn block_txs(
    State(api): State<Api>,
    Path(height): Path<String>,
    Query(query): Query<BlockTxsQuery>,
) -> Result<Json<BlockTxsView>, ApiError> {
    let (height, from) = (parse_height(&height)?, query.from.unwrap_or(0));
    let read = move |chain: &zera_host::Chain| {
        header(chain, height)?;
        Ok::<_, ApiError>(BlockTxsView::new(height, chain.block_transactions(height)?, from, BLOCK_TXS_LEN_MAX)?)
    };
    api.shared.ask(read).await.map(Json)
}

pub(crate) async fn cost(State(api): State<Api>) -> Result<Json<CostView>, ApiError> {
    let read = |chain: &zera_host::Chain| Ok::<_, ApiError>(CostView::new(chain.cost()?, chain.fuel_price()?));
    api.shared.ask(read).await.map(Json)
}

/// The rules of one version: a task is judged by those that it opened under.
pub(crate) async fn rules(
    State(api): State<Api>,
    Path(version): Path<String>,
) -> Result<Json<RulesVersionView>, ApiError> {
    let version: u32 = number("rules", &version)?;
    let read = move |chain: &zera_host::Chain| {
        let market = chain.market()?;
        let found = market.rules_of(version).ok_or_else(|| {
            ApiError::not_found(format!("rules {version} are not there: the latest are {}", market.rules_version()))
        })?;
        Ok::<_, ApiError>(RulesVersionView::new(version, market.rules_version(), found.clone()))
    };
    api.shared.ask(read).await.map(Json)
}

pub(crate) async fn market(State(api): State<Api>) -> Result<Json<MarketView>, ApiError> {
    let read = |chain: &zera_host::Chain| {
        let market = chain.market()?;
        Ok::<_, ApiError>(MarketView::new(market.totals(), market.rules_version(), market.rules().clone()))
    };
    api.shared.ask(read).await.map(Json)
}
