//! `/v1/artefacts`: the files of published predicates, by the SHA-256 of their bytes.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use zera_abi::{ChainId, PredicateId};
use zera_host::PredicateRow;

use super::body::{Query, UPLOAD_TIMEOUT, drain, is_kind, read};
use super::path::{Path, id};
use super::{Api, ApiError};
use crate::artefact::{Content, NotStored};
use crate::shared::Shared;
use crate::view::{Hex, Text};

/// The header with the owner's signature of [`artefact_message`](crate::artefact_message), as hex.
pub(crate) const SIGNATURE: &str = "zera-signature";
const KIND: &str = "application/octet-stream";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutQuery {
    predicate: String,
}

#[derive(Serialize)]
struct ArtefactView {
    sha256: Hex<[u8; 32]>,
    predicate: Text<PredicateId>,
}

/// The file, as it was put.
pub(crate) async fn show(State(api): State<Api>, Path(sha256): Path<String>) -> Result<Response, ApiError> {
    let sha256 = digest(&sha256)?;
    let work =
        move |shared: &Shared| shared.artefacts.read(&sha256).map_err(|error| ApiError::from(NotStored::Io(error)));
    let stored = api.shared.blocking(work).await?;
    let stored = stored.ok_or_else(|| ApiError::not_found("no artefact of this SHA-256 is stored"))?;
    let body = match stored.content {
        Content::Bytes(bytes) => Body::from(bytes),
        // Piece by piece: a slow reader holds one piece and its connection.
        Content::File(chunks) => Body::from_stream(stream::unfold(Some(chunks), |chunks| async {
            let mut chunks = chunks?;
            let read = move || (chunks.next(), chunks);
            match tokio::task::spawn_blocking(read).await {
                Ok((Ok(Some(bytes)), chunks)) => Some((Ok(bytes), Some(chunks))),
                Ok((Ok(None), _)) => None,
                Ok((Err(error), _)) => Some((Err(error), None)),
                Err(_) => Some((Err(std::io::Error::other("the reader panicked")), None)),
            }
        })),
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
    headers.insert(header::CONTENT_LENGTH, stored.len.into());
    if let Ok(signature) = HeaderValue::from_str(&hex::encode(stored.signature)) {
        headers.insert(SIGNATURE, signature);
    }
    Ok(response)
}

/// Stores a file of a published predicate, with its owner's signature. Everything that can be refused is before a byte of it
/// is read.
pub(crate) async fn put(
    State(api): State<Api>,
    Path(sha256): Path<String>,
    Query(query): Query<PutQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    let (sha256, predicate, signature, row) = match expected(&api, &sha256, &query, request.headers()).await {
        Ok(expected) => expected,
        Err(refused) => {
            // So that the sender gets to read the answer.
            drain(request).await;
            return Err(refused);
        }
    };
    let bytes = read(request, api.shared.artefacts.limits().len_max, UPLOAD_TIMEOUT).await?;
    let work = move |shared: &Shared| {
        let put = shared.artefacts.put(&row.publication, sha256, signature, bytes);
        if let Err(why) = &put {
            tracing::info!(%predicate, artefact = hex::encode(sha256), reason = %why, "artefact not stored");
        }
        put.map_err(ApiError::from)
    };
    let is_new = api.shared.blocking(work).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(ArtefactView { sha256: Hex(sha256), predicate: Text(predicate) })).into_response())
}

/// What is said of the file before it comes, checked.
async fn expected(
    api: &Api,
    sha256: &str,
    query: &PutQuery,
    headers: &HeaderMap,
) -> Result<([u8; 32], PredicateId, [u8; 64], PredicateRow), ApiError> {
    if !is_kind(headers, KIND) {
        return Err(ApiError::media(KIND));
    }
    let sha256 = digest(sha256)?;
    let predicate: PredicateId = id(&query.predicate)?;
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signature = hex::decode(signature).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
    let signature = signature.ok_or_else(|| ApiError::bad(format!("{SIGNATURE}: expected 128 hex digits")))?;
    let read = move |chain: &zera_host::Chain| {
        let row = chain.predicate(&predicate)?;
        let row = row.ok_or_else(|| ApiError::not_found(format!("predicate {predicate} is not published")))?;
        Ok::<(PredicateRow, ChainId), ApiError>((row, chain.chain_id()?))
    };
    let (row, chain) = api.shared.ask(read).await?;
    if !api.shared.artefacts.holds(&sha256) {
        api.shared.artefacts.admit(&chain, &row.owner, &predicate, &sha256, &signature)?;
    }
    Ok((sha256, predicate, signature, row))
}

fn digest(text: &str) -> Result<[u8; 32], ApiError> {
    // Spelled as every id is.
    id::<PredicateId>(text).map(|id| id.0)
}

impl From<NotStored> for ApiError {
    fn from(why: NotStored) -> Self {
        let message = why.to_string();
        match why {
            NotStored::Signature => ApiError::forbidden(message),
            NotStored::Digest | NotStored::Decode(_) => ApiError::bad(message),
            NotStored::OtherPredicate { .. } | NotStored::OtherPublication => {
                ApiError::refused(zera_abi::Status::State, message)
            }
            NotStored::Length { max, .. } => ApiError::too_large(max),
            NotStored::PredicateFull { .. } | NotStored::Full => {
                ApiError::refused(zera_abi::Status::Limit, message).limited("artefacts")
            }
            NotStored::Io(error) => {
                tracing::error!(%error, "the store of artefacts failed");
                ApiError::node(message)
            }
        }
    }
}
