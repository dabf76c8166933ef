//! `POST /v1/things`.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use xuncha_domain::protocol::v1;

use super::app::App;
use super::device::OpenPhone;
use super::error::Problem;
use crate::service::Error;

pub(super) async fn things(
    State(app): State<App>,
    OpenPhone(device): OpenPhone,
    body: Bytes,
) -> Result<Response, Problem> {
    let answer = app
        .run(move |service| {
            let wanted = v1::decode(&body).map_err(|_| Error::Malformed)?;
            Ok(v1::encode(&service.things(&device, &wanted)?))
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, v1::CONTENT_TYPE)], answer).into_response())
}
