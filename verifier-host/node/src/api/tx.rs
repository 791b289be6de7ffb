//! `/v1/tx`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use zera_abi::TxHash;
use zera_host::{Rejection, SignedTx};

use super::body::{Body, Query, from_hex};
use super::path::{Path, id};
use super::{Api, ApiError, TX_BODY_MAX};
use crate::reason;
use crate::record::task_of;
use crate::shared::{Admission, Shared};
use crate::view::{ReceiptView, Text};

/// Longest time to wait for a transaction.
const WAIT_MS_MAX: u64 = 30_000;
/// Time to wait for a transaction unless told.
const WAIT_MS: u64 = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendBody {
    tx: String,
}

#[derive(Serialize)]
struct HashView {
    hash: Text<TxHash>,
}

#[derive(Serialize)]
struct PendingView {
    hash: Text<TxHash>,
    pending: bool,
}

pub(crate) async fn send(
    State(api): State<Api>,
    Body(body): Body<SendBody, TX_BODY_MAX>,
) -> Result<Response, ApiError> {
    let bytes = from_hex("tx", &body.tx)?;
    let work = move |shared: &Shared| {
        // The signature is checked here, outside every lock.
        let tx = SignedTx::decode(&bytes).inspect_err(|error| {
            shared.metrics.not_taken("admission", reason::decode(error));
            tracing::info!(reason = %error, "transaction not taken");
        })?;
        let (hash, sender, action) = (tx.hash(), tx.tx().sender, tx.tx().action.name());
        let task = task_of(&tx.tx().action);
        let admitted = shared.admit(tx, bytes.len()).inspect_err(|why| {
            shared.metrics.not_taken("admission", reason::refused(why));
            tracing::info!(
                tx = %hash,
                action,
                provider = %sender,
                task = task.map(tracing::field::display),
                reason = %why,
                "transaction not taken"
            );
        })?;
        Ok::<_, ApiError>(admitted)
    };
    let (status, hash) = match api.shared.blocking(work).await? {
        Admission::Waits(hash) => (StatusCode::ACCEPTED, hash),
        Admission::InBlock(hash) => (StatusCode::OK, hash),
    };
    Ok((status, Json(HashView { hash: Text(hash) })).into_response())
}

/// What is known of a transaction.
enum Known {
    InBlock(Box<ReceiptView>),
    Waits,
    Rejected(Rejection),
}

impl Known {
    fn into_response(self, hash: TxHash) -> Response {
        match self {
            Known::InBlock(receipt) => Json(receipt).into_response(),
            Known::Waits => {
                (StatusCode::ACCEPTED, Json(PendingView { hash: Text(hash), pending: true })).into_response()
            }
            Known::Rejected(reason) => ApiError::rejected(&reason).into_response(),
        }
    }
}

async fn look(api: &Api, hash: TxHash) -> Result<Known, ApiError> {
    let work = move |shared: &Shared| {
        // The pool first: what leaves it for a block between the two questions is found in the block.
        let (waits, rejection) = {
            let pool = shared.pool();
            (pool.holds(&hash), pool.rejection(&hash).cloned())
        };
        let receipt = shared.read(|chain| Ok::<_, ApiError>(chain.receipt(&hash)?))?;
        match (receipt, waits, rejection) {
            (Some((height, receipt)), ..) => Ok(Known::InBlock(Box::new(ReceiptView::new(height, receipt)))),
            (None, true, _) => Ok(Known::Waits),
            (None, false, Some(reason)) => Ok(Known::Rejected(reason)),
            (None, false, None) => Err(ApiError::not_found(format!("transaction {hash} is not known"))),
        }
    };
    api.shared.blocking(work).await
}

pub(crate) async fn show(State(api): State<Api>, Path(hash): Path<String>) -> Result<Response, ApiError> {
    let hash: TxHash = id(&hash)?;
    look(&api, hash).await.map(|known| known.into_response(hash))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaitQuery {
    timeout_ms: Option<u64>,
}

pub(crate) async fn wait(
    State(api): State<Api>,
    Path(hash): Path<String>,
    Query(query): Query<WaitQuery>,
) -> Result<Response, ApiError> {
    let hash: TxHash = id(&hash)?;
    let timeout_ms = query.timeout_ms.unwrap_or(WAIT_MS).min(WAIT_MS_MAX);
    let until = Instant::now() + Duration::from_millis(timeout_ms);
    let mut head = api.shared.head.subscribe();
    let mut closing = api.shared.closing.subscribe();
    loop {
        // Before looking: a block that lands after it is a change.
        head.borrow_and_update();
        let known = look(&api, hash).await?;
        if !matches!(known, Known::Waits) {
            return Ok(known.into_response(hash));
        }
        tokio::select! {
            _ = head.changed() => {}
            _ = closing.wait_for(|closing| *closing) => return Ok(known.into_response(hash)),
            () = tokio::time::sleep_until(until) => return Ok(known.into_response(hash)),
        }
    }
}
