//! Who sits at the console: the session cookie, and the header that foreign pages cannot send.

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use super::app::App;
use super::error::Problem;
use crate::service::{ConsoleUser, Error};

pub(super) const COOKIE: &str = "xuncha_session";

/// A signed-in user.
pub(super) struct Signed(pub ConsoleUser);

impl FromRequestParts<App> for Signed {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = token(&CookieJar::from_headers(&parts.headers)).ok_or(Error::Unauthorized)?;
        app.run(move |service| service.session(&token)).await.map(Self)
    }
}

pub(super) fn token(jar: &CookieJar) -> Option<String> {
    jar.get(COOKIE).map(|cookie| cookie.value().to_owned())
}

/// A session cookie of the browser: gone when it closes, never shown to scripts, never sent along from other sites.
pub(super) fn cookie(value: String, secure: bool) -> Cookie<'static> {
    Cookie::build((COOKIE, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(secure)
        .build()
}

/// Unsafe methods need `x-xuncha: 1`: a form or a picture on a foreign page cannot set a header of its own.
pub(super) async fn no_forgery(request: Request, next: Next) -> Response {
    let ours = request.headers().get("x-xuncha").is_some_and(|value| value.as_bytes() == b"1");
    if request.method().is_safe() || ours {
        next.run(request).await
    } else {
        Problem(Error::Forbidden).into_response()
    }
}
