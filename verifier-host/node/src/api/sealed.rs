//! `/v1/tasks/{id}/sealed`: private bytes on their way to the holder of a lock; see [`zera_host::sealed`].

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use zera_abi::{AccountId, Status, TaskId};
use zera_host::Chain;
use zera_host::sealed::{Address, OVERHEAD};
use zera_market::TaskState;

use super::body::{Body, from_hex};
use super::path::{Path, id};
use super::{Api, ApiError, SEALED_BODY_MAX};
use crate::mailbox::{Message, NotKept, check_signature};
use crate::shared::Shared;
use crate::view::{Hex, Text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealedBody {
    sealed: String,
    from: String,
    signature: String,
}

/// What waits for the holder.
#[derive(Serialize)]
pub(crate) struct SealedView {
    task: Text<TaskId>,
    provider: Text<AccountId>,
    sealing_key: Hex<[u8; 32]>,
    sealed: Hex<Vec<u8>>,
    tx: Option<Hex<Vec<u8>>>,
}

/// What was delivered on the chain, or else waits in the mailbox. Anybody may have it, and the holder alone opens it.
pub(crate) async fn show(State(api): State<Api>, Path(task): Path<String>) -> Result<Json<SealedView>, ApiError> {
    let task: TaskId = id(&task)?;
    let read = move |chain: &Chain| {
        let to = address(chain, &task)?;
        Ok::<_, ApiError>((to, chain.delivered(&task)?))
    };
    let (to, delivered) = api.shared.ask(read).await?;
    let (sealed, tx) = match delivered {
        Some(delivered) => (Some(delivered.sealed().to_vec()), Some(Hex(delivered.tx().encode()))),
        None => (api.shared.mailbox().get(&to).map(|message| message.sealed.clone()), None),
    };
    let sealed = sealed.ok_or_else(|| ApiError::not_found(format!("task {task}: nothing waits for its holder")))?;
    let Address { task, provider, key, .. } = to;
    let (task, provider) = (Text(task), Text(provider));
    Ok(Json(SealedView { task, provider, sealing_key: Hex(key), sealed: Hex(sealed), tx }))
}

/// Keeps a message for the holder. Its sender is the requester, or the creator of the contract that asked, so that nobody else
/// fills the mailbox or takes another's place in it.
pub(crate) async fn send(
    State(api): State<Api>,
    Path(task): Path<String>,
    Body(body): Body<SealedBody, SEALED_BODY_MAX>,
) -> Result<Response, ApiError> {
    let task: TaskId = id(&task)?;
    let from: AccountId = id(&body.from)?;
    let sealed = from_hex("sealed", &body.sealed)?;
    let signature = from_hex("signature", &body.signature)?;
    let signature = <[u8; 64]>::try_from(signature)
        .map_err(|bytes| ApiError::bad(format!("signature: expected 64 bytes, got {}", bytes.len())))?;
    let len = sealed.len();
    let read = move |chain: &Chain| {
        let to = address(chain, &task)?;
        let record = chain.market()?.task(&task).ok_or_else(|| unknown(&task))?;
        let requester = *record.requester();
        if from != requester && chain.contract(&requester)?.map(|row| row.creator) != Some(from) {
            return Err(ApiError::forbidden(format!("task {task}: {from} did not ask it")));
        }
        let publication = chain.predicate(record.predicate())?.map(|row| row.publication);
        let private_len = publication.map_or(0, |publication| publication.private_len);
        if private_len > record.rules().delivery_len_max {
            let max = record.rules().delivery_len_max;
            let why = format!("task {task}: reads {private_len} private bytes, at most {max} are delivered");
            return Err(ApiError::refused(Status::Limit, why));
        }
        let expected = usize::try_from(private_len).unwrap_or(usize::MAX).saturating_add(OVERHEAD);
        if len != expected {
            let why = format!("sealed: expected {expected} bytes, got {len}");
            return Err(ApiError::refused(Status::Limit, why));
        }
        Ok(to)
    };
    let to = api.shared.ask(read).await?;
    let message = Message { to, from, sealed };
    let work = move |shared: &Shared| {
        check_signature(&message, &signature)?;
        let (sealing_key, provider) = (Hex(message.to.key), Text(message.to.provider));
        let is_new = shared.mailbox().put(message)?;
        tracing::info!(%task, provider = %provider.0, sealed_len = len, "sealed bytes wait for their holder");
        Ok::<_, ApiError>((is_new, KeptView { task: Text(task), provider, sealing_key }))
    };
    let (is_new, kept) = api.shared.blocking(work).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(kept)).into_response())
}

/// Whom a message was kept for.
#[derive(Serialize)]
pub(crate) struct KeptView {
    task: Text<TaskId>,
    provider: Text<AccountId>,
    sealing_key: Hex<[u8; 32]>,
}

/// The holder of a task, by the key that it gave.
fn address(chain: &Chain, task: &TaskId) -> Result<Address, ApiError> {
    let record = chain.market()?.task(task).ok_or_else(|| unknown(task))?;
    let chain = chain.chain_id()?;
    match record.state() {
        TaskState::Assigned { provider, delivery, .. } => match delivery.key() {
            Some(key) => Ok(Address { chain, task: *task, provider: *provider, key: *key }),
            None => Err(ApiError::state(format!("task {task}: its holder has given no key to seal to"))),
        },
        state => Err(ApiError::state(format!("task {task}: {}, nobody holds it", state.name()))),
    }
}

fn unknown(task: &TaskId) -> ApiError {
    ApiError::not_found(format!("task {task} is not known"))
}

impl From<NotKept> for ApiError {
    fn from(why: NotKept) -> Self {
        let message = why.to_string();
        match why {
            NotKept::Signature => ApiError::forbidden(message),
            NotKept::OtherSender => ApiError::state(message),
            NotKept::Full => ApiError::busy(message).limited("mailbox"),
        }
    }
}
