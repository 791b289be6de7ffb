//! `/v1/accounts`.

use axum::Json;
use axum::extract::State;
use zera_abi::{AccountId, Height};

use super::path::{Path, id};
use super::{Api, ApiError};
use crate::view::AccountView;

pub(crate) async fn show(State(api): State<Api>, Path(account): Path<String>) -> Result<Json<AccountView>, ApiError> {
    let account: AccountId = id(&account)?;
    let read = move |chain: &zera_host::Chain| {
        let (nonce, contract) = (chain.nonce(&account)?, chain.contract(&account)?.is_some());
        let next = Height(chain.head().height.0.saturating_add(1));
        Ok::<_, ApiError>(AccountView::new(account, chain.market()?, next, nonce, contract))
    };
    api.shared.ask(read).await.map(Json)
}
