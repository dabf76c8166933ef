//! Which phone asks: `Authorization: Bearer <device token>`.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use xuncha_domain::protocol::v1::token;

use super::app::App;
use super::error::Problem;
use crate::service::{Device, Error};

/// An enrolled phone, open or closed.
pub(super) struct Phone(pub Device);

/// An enrolled phone that may still read.
pub(super) struct OpenPhone(pub Device);

impl FromRequestParts<App> for Phone {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(token::read).ok_or(Error::DeviceUnknown)?;
        app.run(move |service| service.device(&token)).await.map(Self)
    }
}

impl FromRequestParts<App> for OpenPhone {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Phone(device) = Phone::from_request_parts(parts, app).await?;
        if device.closed { Err(Problem(Error::DeviceClosed)) } else { Ok(Self(device)) }
    }
}
