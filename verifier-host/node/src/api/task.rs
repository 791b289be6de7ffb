//! `/v1/tasks`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use zera_abi::TaskId;
use zera_host::Chain;
use zera_market::Task;

use super::body::Query;
use super::path::{Path, id};
use super::{Api, ApiError, TASKS_MAX};
use crate::metrics::STATES;
use crate::view::{TaskView, Text};

pub(crate) async fn show(State(api): State<Api>, Path(task): Path<String>) -> Result<Json<TaskView>, ApiError> {
    let task: TaskId = id(&task)?;
    let read = move |chain: &Chain| {
        let found = chain.market()?.task(&task).ok_or_else(|| unknown(&task))?;
        Ok::<_, ApiError>(TaskView::new(chain, found)?)
    };
    api.shared.ask(read).await.map(Json)
}

fn unknown(task: &TaskId) -> ApiError {
    ApiError::not_found(format!("task {task} is not known"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    state: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct ListView {
    tasks: Vec<TaskView>,
    next: Option<Text<TaskId>>,
}

pub(crate) async fn list(State(api): State<Api>, Query(query): Query<ListQuery>) -> Result<Json<ListView>, ApiError> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=TASKS_MAX).contains(&limit) {
        return Err(ApiError::bad(format!("limit: expected 1 to {TASKS_MAX}, got {limit}")));
    }
    if query.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(ApiError::bad(format!("state: expected one of {}", STATES.join(", "))));
    }
    let after = query.after.as_deref().map(id::<TaskId>).transpose()?;
    let read = move |chain: &Chain| {
        let market = chain.market()?;
        let start = match after {
            None => 0,
            Some(task) => market.task(&task).ok_or_else(|| unknown(&task))?.sequence().saturating_add(1),
        };
        let fits = |task: &&Task| query.state.as_deref().is_none_or(|state| state == task.state().name());
        // The market keeps tasks in order of opening, so a place is a count; one more than fits says whether that is all.
        let from = usize::try_from(start).unwrap_or(usize::MAX);
        let mut found: Vec<&Task> = market.tasks().skip(from).filter(fits).take(limit.saturating_add(1)).collect();
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|task| Text(*task.id()));
        let tasks = found.into_iter().map(|task| TaskView::new(chain, task)).collect::<Result<_, _>>()?;
        Ok::<_, ApiError>(ListView { tasks, next })
    };
    api.shared.ask(read).await.map(Json)
}
