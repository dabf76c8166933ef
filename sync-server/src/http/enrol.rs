//! `POST /v1/enroll`.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use xuncha_domain::protocol::v1::{self, enroll::EnrollRequest};

use super::app::App;
use super::error::Problem;
use crate::service::Error;

pub(super) async fn enrol(
    State(app): State<App>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Result<Response, Problem> {
    let request: EnrollRequest = v1::decode(&body).map_err(|_| Error::Malformed)?;
    let address = address.ip().to_string();
    let answer = app.run(move |service| service.enrol(&request, &address)).await?;
    Ok(([(header::CONTENT_TYPE, v1::CONTENT_TYPE)], v1::encode(&answer)).into_response())
}
