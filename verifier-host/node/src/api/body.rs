//! Request bodies and queries: bounded in bytes and time, one JSON object, no field but the known ones.

use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::fault::ApiError;

/// Longest time for a body to come in.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// The same for a file.
pub(crate) const UPLOAD_TIMEOUT: Duration = Duration::from_secs(60);
/// What is read of a body that is too long, so that its sender gets to read the answer.
const DRAIN_MAX: usize = 4 * 1024 * 1024;

/// A JSON object of at most `MAX` bytes. `T` derives `Deserialize` with `deny_unknown_fields`.
pub(crate) struct Body<T, const MAX: usize>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync, const MAX: usize> FromRequest<S> for Body<T, MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if !is_kind(request.headers(), "application/json") {
            return Err(ApiError::media("application/json"));
        }
        let bytes = read(request, MAX, BODY_TIMEOUT).await?;
        parse(&bytes).map(Body)
    }
}

/// A body that may be empty or `{}`.
pub(crate) struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = read(request, super::BODY_MAX, BODY_TIMEOUT).await?;
        match bytes.trim_ascii() {
            b"" | b"{}" => Ok(NoBody),
            _ => Err(ApiError::bad("body: expected nothing")),
        }
    }
}

/// A query string. `T` derives `Deserialize` with `deny_unknown_fields`.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Query(query)),
            Err(error) => Err(ApiError::bad(format!("query: {}", error.body_text()))),
        }
    }
}

/// Whether the body is said to be of this kind.
pub(crate) fn is_kind(headers: &HeaderMap, expected: &str) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(expected))
}

/// Reads a body that nobody wants, as far as its sender must be heard out to read the answer.
pub(crate) async fn drain(request: Request) {
    let _ = read(request, 0, BODY_TIMEOUT).await;
}

/// The body, of at most `max` bytes within `timeout`.
pub(crate) async fn read(request: Request, max: usize, timeout: Duration) -> Result<Vec<u8>, ApiError> {
    let mut stream = request.into_body().into_data_stream();
    let reading = async {
        let (mut bytes, mut seen) = (Vec::new(), 0usize);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| ApiError::bad("body: broke off"))?;
            seen = seen.saturating_add(chunk.len());
            if seen > max.max(DRAIN_MAX) {
                break;
            }
            if seen <= max {
                bytes.extend_from_slice(&chunk);
            }
        }
        if seen > max { Err(ApiError::too_large(max)) } else { Ok(bytes) }
    };
    tokio::time::timeout(timeout, reading).await.map_err(|_| ApiError::slow())?
}

/// Parses one JSON object. Repeated fields, trailing bytes and nesting beyond 128 levels are refused by serde itself.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // A struct would also be read from an array of its fields.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::bad("body: expected a JSON object"));
    }
    serde_json::from_slice(bytes).map_err(|error| ApiError::bad(format!("body: {error}")))
}

/// Bytes from lower-case hex.
pub(crate) fn from_hex(what: &str, text: &str) -> Result<Vec<u8>, ApiError> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(ApiError::bad(format!("{what}: expected lower-case hex")));
    }
    hex::decode(text).map_err(|error| ApiError::bad(format!("{what}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        tx: String,
        #[serde(default)]
        count: u32,
    }

    #[test]
    fn one_object_with_the_known_fields_once() {
        let sample: Sample = parse(br#" {"tx": "00", "count": 4294967295} "#).expect("well-formed");
        assert_eq!(sample, Sample { tx: "00".into(), count: u32::MAX });
        let deep = format!("{{\"tx\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
        let deep_unknown = format!("{{\"x\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
        for bad in [
            "",
            "{",
            "null",
            "[\"00\"]",
            "\"00\"",
            "{\"tx\":\"00\"} x",
            "{\"tx\":\"00\"}{}",
            "{}",
            "{\"tx\":\"00\",\"tx\":\"01\"}",
            "{\"tx\":\"00\",\"other\":1}",
            "{\"tx\":7}",
            "{\"tx\":\"00\",\"count\":-1}",
            "{\"tx\":\"00\",\"count\":NaN}",
            "{\"tx\":\"00\",\"count\":1e9}",
            "{\"tx\":\"00\",\"count\":4294967296}",
            "{\"tx\":\"\u{0}\"}",
            &deep,
            &deep_unknown,
        ] {
            assert!(parse::<Sample>(bad.as_bytes()).is_err(), "{bad:.60}");
        }
        assert!(parse::<Sample>(b"{\"tx\":\"\xff\"}").is_err(), "not UTF-8");
    }

    #[test]
    fn hex_has_one_spelling() {
        assert_eq!(from_hex("x", "00ff").expect("hex"), [0, 255]);
        for bad in ["0", "0F", "0x00", "g0", " 00"] {
            assert!(from_hex("x", bad).is_err(), "{bad}");
        }
    }
}
