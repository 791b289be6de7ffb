//! `/v1/dev`: what only a development network without a block interval offers.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::sync::oneshot;

use super::body::NoBody;
use super::{Api, ApiError};
use crate::node::BlockMode;
use crate::view::Hex;

#[derive(Serialize)]
pub(crate) struct BlockView {
    height: u64,
    block_hash: Hex<[u8; 32]>,
}

/// Makes a block now: time is counted in blocks.
pub(crate) async fn block(State(api): State<Api>, _: NoBody) -> Result<Json<BlockView>, ApiError> {
    let development = api.shared.ask(|chain| Ok::<_, ApiError>(chain.is_development())).await?;
    if !development || api.shared.mode != BlockMode::Instant {
        let message = "only a development network without a block interval makes blocks when asked";
        return Err(ApiError::forbidden(message));
    }
    let (ask, made) = oneshot::channel();
    let header = match api.shared.asks.send(ask).await {
        Ok(()) => made.await.ok(),
        Err(_) => None,
    };
    let header = header.ok_or_else(|| ApiError::busy("the node makes no blocks any more"))?;
    Ok(Json(BlockView { height: header.height.0, block_hash: Hex(header.hash()) }))
}
