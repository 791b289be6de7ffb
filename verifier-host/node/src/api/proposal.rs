//! `/v1/proposals`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use zera_host::Chain;
use zera_market::Proposal;

use super::body::Query;
use super::path::{Path, number};
use super::{Api, ApiError, PROPOSALS_PAGE_MAX};
use crate::shared::next;
use crate::view::{ProposalView, ScheduleView, Units};

/// The states that a list may be of.
const STATES: [&str; 5] = ["voting", "passed", "adopted", "overtaken", "expired"];

fn unknown(proposal: u64) -> ApiError {
    ApiError::not_found(format!("proposal {proposal} is not known"))
}

pub(crate) async fn show(State(api): State<Api>, Path(proposal): Path<String>) -> Result<Json<ProposalView>, ApiError> {
    let proposal = number("proposal", &proposal)?;
    let read = move |chain: &Chain| {
        let market = chain.market()?;
        let found = market.proposal(proposal).ok_or_else(|| unknown(proposal))?;
        Ok::<_, ApiError>(ProposalView::new(market, found, next(chain.head().height)))
    };
    api.shared.ask(read).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    state: Option<String>,
    limit: Option<usize>,
    after: Option<u64>,
}

#[derive(Serialize)]
pub(crate) struct ListView {
    proposals: Vec<ProposalView>,
    next: Option<u64>,
    deposit: Units,
    schedule: ScheduleView,
}

pub(crate) async fn list(State(api): State<Api>, Query(query): Query<ListQuery>) -> Result<Json<ListView>, ApiError> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=PROPOSALS_PAGE_MAX).contains(&limit) {
        return Err(ApiError::bad(format!("limit: expected 1 to {PROPOSALS_PAGE_MAX}, got {limit}")));
    }
    if query.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(ApiError::bad(format!("state: expected one of {}", STATES.join(", "))));
    }
    let read = move |chain: &Chain| {
        let market = chain.market()?;
        let start = match query.after {
            None => 0,
            Some(after) => market.proposal(after).ok_or_else(|| unknown(after))?.id().saturating_add(1),
        };
        let fits = |proposal: &&Proposal| query.state.as_deref().is_none_or(|state| state == proposal.state().name());
        let from = usize::try_from(start).unwrap_or(usize::MAX);
        // One more than fits says whether that is all.
        let mut found: Vec<&Proposal> =
            market.proposals().skip(from).filter(fits).take(limit.saturating_add(1)).collect();
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more).map(|proposal| proposal.id());
        let height = next(chain.head().height);
        Ok::<_, ApiError>(ListView {
            proposals: found.into_iter().map(|proposal| ProposalView::new(market, proposal, height)).collect(),
            next: last,
            deposit: Units(market.proposal_deposit()),
            schedule: ScheduleView(market.schedule().clone()),
        })
    };
    api.shared.ask(read).await.map(Json)
}
