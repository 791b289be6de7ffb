//! Errors as the API tells them.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use zera_abi::Status;
use zera_host::{DecodeError, NodeFault, Rejection};

use crate::pool::PoolError;
use crate::shared::{Refused, Unavailable};

/// Seconds after which a busy node may be asked again.
const RETRY_AFTER_S: u64 = 1;

/// An HTTP status, a code and one line.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    limit: Option<&'static str>,
    retry_s: u64,
}

/// The limit that refused a request, for the metrics.
#[derive(Clone, Copy)]
pub(crate) struct Limit(pub(crate) &'static str);

#[derive(Serialize)]
struct ErrorView<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    code: &'static str,
    message: &'a str,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { status, code, message: message.into(), limit: None, retry_s: RETRY_AFTER_S }
    }

    pub(crate) fn bad(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, Status::Encoding.name(), message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, Status::NotFound.name(), message)
    }

    pub(crate) fn method() -> ApiError {
        ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "E_METHOD", "no such method at this path")
    }

    pub(crate) fn media(expected: &str) -> ApiError {
        let message = format!("body: expected content-type {expected}");
        ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Status::Encoding.name(), message)
    }

    pub(crate) fn too_large(max: usize) -> ApiError {
        let message = format!("body: at most {max} bytes are taken");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, Status::Limit.name(), message).limited("body")
    }

    pub(crate) fn slow() -> ApiError {
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "E_TIMEOUT", "body: did not come in time").limited("body_time")
    }

    pub(crate) fn busy(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "E_BUSY", message)
    }

    /// One client asks too often; there is room for one more request after `wait`.
    pub(crate) fn rate(wait: Duration) -> ApiError {
        let message = "this client asks too often";
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, Status::Limit.name(), message);
        ApiError { retry_s: wait.as_secs().saturating_add(1), ..error.limited("rate") }
    }

    /// Names the limit that it comes from.
    pub(crate) fn limited(self, limit: &'static str) -> ApiError {
        ApiError { limit: Some(limit), ..self }
    }

    pub(crate) fn token() -> ApiError {
        let message = "this node takes changes only with its token";
        ApiError::new(StatusCode::UNAUTHORIZED, Status::Unauthorized.name(), message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, Status::Unauthorized.name(), message)
    }

    pub(crate) fn state(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::CONFLICT, Status::State.name(), message)
    }

    pub(crate) fn refused(status: Status, message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, status.name(), message)
    }

    pub(crate) fn node(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "E_NODE", message)
    }

    /// A transaction that waited and is in no block after all.
    pub(crate) fn rejected(reason: &Rejection) -> ApiError {
        ApiError::new(StatusCode::CONFLICT, reason.status().name(), reason.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let message = self.message.replace(['\n', '\r'], " ");
        let body = Json(ErrorView { error: Inner { code: self.code, message: &message } });
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, self.retry_s.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(limit) = self.limit {
            response.extensions_mut().insert(Limit(limit));
        }
        response
    }
}

impl From<Unavailable> for ApiError {
    fn from(why: Unavailable) -> Self {
        match why {
            Unavailable::Fault(fault) => fault.into(),
            Unavailable::Reader => ApiError::node(why.to_string()),
            Unavailable::Closed => ApiError::busy(why.to_string()),
            Unavailable::Busy => ApiError::busy(why.to_string()).limited("queries"),
        }
    }
}

impl From<NodeFault> for ApiError {
    fn from(fault: NodeFault) -> Self {
        tracing::error!(%fault, "a request met a fault");
        ApiError::node(fault.to_string())
    }
}

impl From<DecodeError> for ApiError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooLong { .. } => {
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, Status::Limit.name(), error.to_string())
                    .limited("transaction")
            }
            DecodeError::Signature => ApiError::forbidden(error.to_string()),
            _ => ApiError::bad(error.to_string()),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let message = refused.to_string();
        match refused {
            Refused::Unavailable(why) => why.into(),
            Refused::TooFar { .. } => ApiError::refused(Status::State, message),
            Refused::Pool(PoolError::NonceTaken { .. }) => {
                ApiError::new(StatusCode::CONFLICT, Status::Duplicate.name(), message)
            }
            Refused::Pool(PoolError::SenderFull) => {
                ApiError::new(StatusCode::TOO_MANY_REQUESTS, Status::Limit.name(), message).limited("sender")
            }
            Refused::Pool(PoolError::Full { .. } | PoolError::GappedFull) => ApiError::busy(message).limited("pool"),
            Refused::Rejected(Rejection::Node(_)) => ApiError::node(message),
            Refused::Rejected(reason @ (Rejection::NonceUsed { .. } | Rejection::Duplicate)) => {
                ApiError::rejected(&reason)
            }
            Refused::Rejected(reason) => ApiError::refused(reason.status(), message),
        }
    }
}
