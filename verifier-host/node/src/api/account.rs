//! `/v1/accounts`.

use axum::Json;
use axum::extract::State;
use zera_abi::AccountId;

use super::path::{Path, id};
use super::{Api, ApiError};
use crate::view::AccountView;

pub(crate) async fn show(State(api): State<Api>, Path(account): Path<String>) -> Result<Json<AccountView>, ApiError> {
    let account: AccountId = id(&account)?;
    let read = move |chain: &zera_host::Chain| {
        let (market, nonce) = (chain.market()?, chain.nonce(&account)?);
        Ok::<_, ApiError>(AccountView::new(market, account, nonce, chain.contract(&account)?.is_some()))
    };
    api.shared.ask(read).await.map(Json)
}
