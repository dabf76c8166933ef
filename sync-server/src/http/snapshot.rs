//! `GET /v1/snapshot/{scope}`: the same file to all who may read the scope, with ranges and a validator.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::app::App;
use super::device::OpenPhone;
use super::error::Problem;
use super::ranged;

#[derive(serde::Deserialize)]
pub(super) struct Standing {
    /// How far in the feed a file must go to be of use to the phone.
    #[serde(default)]
    after: u64,
}

pub(super) async fn snapshot(
    State(app): State<App>,
    OpenPhone(device): OpenPhone,
    Path(scope): Path<String>,
    Query(standing): Query<Standing>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let file = app.run(move |service| service.snapshot(&device, &scope, standing.after)).await?;
    let mut response = ranged::file(&file.path, &hex::encode(file.content), &headers).await?;
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    // For this phone only, and asked about each time: its name stays while its content goes on.
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}
