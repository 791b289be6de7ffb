//! Parameters of a path.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::fault::ApiError;

/// The parameters as text; each handler parses its own.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Path(path)),
            Err(error) => Err(ApiError::bad(format!("path: {}", error.body_text()))),
        }
    }
}

/// A number of what `what` names, in the one form that there is of it.
pub(crate) fn number<T: FromStr>(what: &str, text: &str) -> Result<T, ApiError> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit());
    let parsed = text.parse().ok().filter(|_| canonical);
    parsed.ok_or_else(|| ApiError::bad(format!("{what}: expected a decimal number")))
}

/// An id from its text.
pub(crate) fn id<T: FromStr<Err: Display>>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: T::Err| ApiError::bad(error.to_string()))
}
