//! `POST /v1/sync`.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use xuncha_domain::limits::SYNC_BODY_BYTES_MAX;
use xuncha_domain::protocol::v1::{self, sync::SyncRequest};

use super::app::App;
use super::device::Phone;
use super::error::Problem;
use crate::service::Error;

pub(super) async fn sync(
    State(app): State<App>,
    Phone(device): Phone,
    request: Request,
) -> Result<Response, Problem> {
    let body = read(request).await?;
    let answer = app
        .run(move |service| {
            let request: SyncRequest = v1::decode(&body).map_err(|_| Error::Malformed)?;
            Ok(v1::encode(&service.sync(&device, &request)?))
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, v1::CONTENT_TYPE)], answer).into_response())
}

/// The body within its limit. Refused by its announced length before a byte is read: whoever asks first (`Expect`,
/// RFC 9110, section 10.1.1) then hears the reason instead of a broken connection.
async fn read(request: Request) -> Result<Bytes, Error> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > SYNC_BODY_BYTES_MAX) {
        return Err(Error::TooLarge);
    }
    Bytes::from_request(request, &()).await.map_err(|_| Error::TooLarge)
}
