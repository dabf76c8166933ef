//! JSON and query bodies whose refusals look like every other problem.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::Problem;
use crate::service::Error;

/// A JSON body.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(value) = Json::from_request(request, state).await.map_err(|_| Error::BadRequest("body"))?;
        Ok(Self(value))
    }
}

/// The parameters after `?`.
pub(super) struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(value) =
            Query::from_request_parts(parts, state).await.map_err(|_| Error::BadRequest("query"))?;
        Ok(Self(value))
    }
}

/// An id of `N` bytes in the path, as hexadecimal text. Anything else names nothing.
pub(super) struct Id<const N: usize>(pub [u8; N]);

impl<const N: usize, S: Send + Sync> FromRequestParts<S> for Id<N> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text): Path<String> =
            Path::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        id(&text).map(Self).ok_or(Problem(Error::NotFound))
    }
}

/// Reads exactly `N` bytes of lowercase or uppercase hexadecimal text.
pub(super) fn id<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}
