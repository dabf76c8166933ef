//! `POST /v1/sync`.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use xuncha_domain::protocol::v1::{self, sync::SyncRequest};

use super::app::App;
use super::device::Phone;
use super::error::Problem;
use crate::service::Error;

pub(super) async fn sync(
    State(app): State<App>,
    Phone(device): Phone,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|_| Error::TooLarge)?;
    let answer = app
        .run(move |service| {
            let request: SyncRequest = v1::decode(&body).map_err(|_| Error::Malformed)?;
            Ok(v1::encode(&service.sync(&device, &request)?))
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, v1::CONTENT_TYPE)], answer).into_response())
}
