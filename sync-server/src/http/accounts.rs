//! `/api/setup` and `/api/session`.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum_extra::extract::cookie::CookieJar;
use serde::Serialize;
use utoipa::ToSchema;

use super::app::App;
use super::console_user::{Signed, cookie, token};
use super::error::Problem;
use super::json::Body;
use super::types::{ApiProblem, Session, SetUp, SignIn};
use crate::service::{ConsoleUser, Opened};

/// Whether the first administrator is still to be made.
#[derive(Serialize, ToSchema)]
pub(super) struct SetUpNeeded {
    needed: bool,
}

#[utoipa::path(get, path = "/api/setup", responses((status = 200, description = "Done", body = SetUpNeeded)), security(()))]
pub(super) async fn setup_needed(State(app): State<App>) -> Result<Json<SetUpNeeded>, Problem> {
    let needed = app.run(|service| service.setup_needed()).await?;
    Ok(Json(SetUpNeeded { needed }))
}

/// Makes the first administrator; only with the link that the server printed, only while no user exists.
#[utoipa::path(post, path = "/api/setup", request_body = SetUp, security(()),
    responses((status = 200, description = "Done", body = Session), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn set_up(
    State(app): State<App>,
    jar: CookieJar,
    Body(SetUp { token, user, password }): Body<SetUp>,
) -> Result<(CookieJar, Json<Session>), Problem> {
    let opened = app.run(move |service| service.set_up(&token, &user, &password)).await?;
    Ok(signed_in(&app, jar, opened))
}

#[utoipa::path(get, path = "/api/session",
    responses((status = 200, description = "Done", body = Session), (status = 401, description = "Not signed in", body = ApiProblem)))]
pub(super) async fn session(State(app): State<App>, Signed(user): Signed) -> Json<Session> {
    Json(describe(&app, user))
}

#[utoipa::path(post, path = "/api/session", request_body = SignIn, security(()),
    responses((status = 200, description = "Done", body = Session), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn sign_in(
    State(app): State<App>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    jar: CookieJar,
    Body(SignIn { user, password }): Body<SignIn>,
) -> Result<(CookieJar, Json<Session>), Problem> {
    let address = address.ip().to_string();
    let opened = app.run(move |service| service.sign_in(&user, &password, &address)).await?;
    Ok(signed_in(&app, jar, opened))
}

#[utoipa::path(delete, path = "/api/session", responses((status = 204, description = "Done, nothing to show")))]
pub(super) async fn sign_out(
    State(app): State<App>,
    jar: CookieJar,
) -> Result<(CookieJar, StatusCode), Problem> {
    if let Some(token) = token(&jar) {
        app.run(move |service| service.sign_out(&token)).await?;
    }
    let secure = app.service().behind_tls();
    Ok((jar.remove(cookie(String::new(), secure)), StatusCode::NO_CONTENT))
}

fn signed_in(app: &App, jar: CookieJar, opened: Opened) -> (CookieJar, Json<Session>) {
    let secure = app.service().behind_tls();
    (jar.add(cookie(opened.token, secure)), Json(describe(app, opened.user)))
}

fn describe(app: &App, user: ConsoleUser) -> Session {
    let city = app.service().city();
    Session {
        user: user.name,
        role: user.role.as_str().to_owned(),
        city: city.id.to_string(),
        city_name: city.name.clone(),
    }
}
