//! `/api/photos/{sha256}`: pictures for the console.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::console_user::Signed;
use super::error::Problem;
use super::json::{Asked, Id};
use super::ranged;
use super::types::ApiProblem;
use crate::service::PhotoSize;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PhotoQuery {
    /// `full` when left out.
    #[param(inline)]
    size: Option<Size>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Size {
    Thumb,
    Full,
}

/// A photo's bytes; the thumbnail is a JPEG of at most 320 pixels.
#[utoipa::path(get, path = "/api/photos/{sha256}", params(("sha256" = String, Path), PhotoQuery),
    responses((status = 200, description = "Done", content_type = "image/*", body = Vec<u8>), (status = 404, description = "Nothing of that name", body = ApiProblem)))]
pub(super) async fn photo(
    State(app): State<App>,
    Signed(_): Signed,
    Id(sha256): Id<32>,
    Asked(PhotoQuery { size }): Asked<PhotoQuery>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let size = if matches!(size, Some(Size::Thumb)) { PhotoSize::Thumb } else { PhotoSize::Full };
    let photo = app.run(move |service| service.photo(&sha256, size)).await?;
    let mut name = hex::encode(sha256);
    if size == PhotoSize::Thumb {
        name.push_str("-thumb");
    }
    let mut response = ranged::file(&photo.path, &name, &asked).await?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(photo.mime));
    // It never changes, but it may be erased, and no order reaches a browser's cache.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    Ok(response)
}
