//! `/v1/tasks/{id}/declines`: why providers did not take a task.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use zera_abi::{AccountId, Amount, TaskId};
use zera_host::Chain;
use zera_market::Standing;

use super::body::{Body, from_hex};
use super::path::{Path, id};
use super::{Api, ApiError, BODY_MAX};
use crate::decline::{Declined, NotKept, check, is_offered};
use crate::shared::Shared;
use crate::view::Text;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclineBody {
    from: String,
    reason: String,
    signature: String,
}

/// How many providers gave each reason.
#[derive(Serialize)]
pub(crate) struct DeclinesView {
    task: Text<TaskId>,
    declines: Vec<ReasonView>,
}

#[derive(Serialize)]
struct ReasonView {
    reason: String,
    providers: u64,
}

impl DeclinesView {
    fn new(task: TaskId, counted: BTreeMap<String, u64>) -> DeclinesView {
        let declines = counted.into_iter().map(|(reason, providers)| ReasonView { reason, providers }).collect();
        DeclinesView { task: Text(task), declines }
    }
}

pub(crate) async fn show(State(api): State<Api>, Path(task): Path<String>) -> Result<Json<DeclinesView>, ApiError> {
    let task: TaskId = id(&task)?;
    let read = move |chain: &Chain| match chain.market()?.task(&task) {
        Some(_) => Ok(()),
        None => Err(unknown(&task)),
    };
    api.shared.ask(read).await?;
    Ok(Json(DeclinesView::new(task, api.shared.declines().of(&task))))
}

/// Keeps a reason. Its author could have locked, by what it owns: who could not has nothing to decline.
pub(crate) async fn send(
    State(api): State<Api>,
    Path(task): Path<String>,
    Body(body): Body<DeclineBody, BODY_MAX>,
) -> Result<Json<DeclinesView>, ApiError> {
    let task: TaskId = id(&task)?;
    let declined = Declined { task, provider: id::<AccountId>(&body.from)?, reason: body.reason };
    let signature = from_hex("signature", &body.signature)?;
    let signature = <[u8; 64]>::try_from(signature)
        .map_err(|bytes| ApiError::bad(format!("signature: expected 64 bytes, got {}", bytes.len())))?;
    let work = move |shared: &Shared| {
        shared.read(|chain| {
            let market = chain.market()?;
            let found = market.task(&task).ok_or_else(|| unknown(&task))?;
            if !is_offered(found.state()) {
                return Err(ApiError::state(format!("task {task}: {}, nothing to decline", found.state().name())));
            }
            check(&chain.chain_id()?, &declined, &signature)?;
            let provider = &declined.provider;
            let staked = market.standing(provider).map_or(Amount::ZERO, Standing::slashable);
            let owned = market.account(provider).free.checked_add(staked).unwrap_or(Amount::MAX);
            if owned < found.rules().stake_floor {
                return Err(ApiError::forbidden(format!("{provider} could not stake for any task")));
            }
            let mut declines = shared.declines();
            declines.put(declined, market)?;
            Ok(DeclinesView::new(task, declines.of(&task)))
        })
    };
    api.shared.blocking(work).await.map(Json)
}

fn unknown(task: &TaskId) -> ApiError {
    ApiError::not_found(format!("task {task} is not known"))
}

impl From<NotKept> for ApiError {
    fn from(why: NotKept) -> Self {
        let message = why.to_string();
        match why {
            NotKept::Reason => ApiError::bad(message),
            NotKept::Signature => ApiError::forbidden(message),
            NotKept::Full => ApiError::busy(message).limited("declines"),
        }
    }
}
