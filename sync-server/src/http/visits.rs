//! `/api/overview`, `/api/visits`, `/api/conflicts`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::console_user::Signed;
use super::error::Problem;
use super::json::{Asked, Body, Id};
use super::types::{
    ApiProblem, ConflictPage, ConflictQuery, DecideDuplicate, DuplicatePage, Overview, ResolveConflict,
    ReviewVisit, VisitDetail, VisitPage, VisitQuery,
};

#[utoipa::path(get, path = "/api/overview", responses((status = 200, description = "Done", body = Overview), (status = 401, description = "Not signed in", body = ApiProblem)))]
pub(super) async fn overview(State(app): State<App>, Signed(_): Signed) -> Result<Json<Overview>, Problem> {
    Ok(Json(app.run(|service| service.overview()).await?))
}

/// Newest first.
#[utoipa::path(get, path = "/api/visits", params(VisitQuery),
    responses((status = 200, description = "Done", body = VisitPage), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn visits(
    State(app): State<App>,
    Signed(_): Signed,
    Asked(query): Asked<VisitQuery>,
) -> Result<Json<VisitPage>, Problem> {
    Ok(Json(app.run(move |service| service.visits(query)).await?))
}

#[utoipa::path(get, path = "/api/visits/{id}", params(("id" = String, Path)),
    responses((status = 200, description = "Done", body = VisitDetail), (status = 404, description = "Nothing of that name", body = ApiProblem)))]
pub(super) async fn visit(
    State(app): State<App>,
    Signed(_): Signed,
    Id(id): Id<16>,
) -> Result<Json<VisitDetail>, Problem> {
    Ok(Json(app.run(move |service| service.visit(&id)).await?))
}

/// Conflicts waiting for a person, by visit.
#[utoipa::path(get, path = "/api/conflicts", params(ConflictQuery),
    responses((status = 200, description = "Done", body = ConflictPage), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn conflicts(
    State(app): State<App>,
    Signed(_): Signed,
    Asked(query): Asked<ConflictQuery>,
) -> Result<Json<ConflictPage>, Problem> {
    Ok(Json(app.run(move |service| service.conflicts(query.before_ms)).await?))
}

/// Keeps one of several values; answers with the visit as it is then, or with nothing for a field of something else.
#[utoipa::path(post, path = "/api/conflicts/resolve", request_body = ResolveConflict,
    responses((status = 200, description = "Done", body = VisitDetail), (status = 204, description = "Done, nothing to show"), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn resolve(
    State(app): State<App>,
    Signed(user): Signed,
    Body(wanted): Body<ResolveConflict>,
) -> Result<Response, Problem> {
    Ok(match app.run(move |service| service.resolve(&user, &wanted)).await? {
        Some(visit) => Json(visit).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// A supervisor approves a visit or returns it with a remark.
#[utoipa::path(post, path = "/api/visits/{id}/review", params(("id" = String, Path)), request_body = ReviewVisit,
    responses((status = 200, description = "Done", body = VisitDetail), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn review(
    State(app): State<App>,
    Signed(user): Signed,
    Id(id): Id<16>,
    Body(wanted): Body<ReviewVisit>,
) -> Result<Json<VisitDetail>, Problem> {
    Ok(Json(app.run(move |service| service.review(&user, &id, &wanted)).await?))
}

/// Visits that may be one call, and what was decided of them.
#[utoipa::path(get, path = "/api/duplicates",
    responses((status = 200, description = "Done", body = DuplicatePage), (status = 401, description = "Not signed in", body = ApiProblem)))]
pub(super) async fn duplicates(
    State(app): State<App>,
    Signed(_): Signed,
) -> Result<Json<DuplicatePage>, Problem> {
    Ok(Json(app.run(|service| service.duplicates()).await?))
}

/// Joins two visits to one call, or keeps them apart.
#[utoipa::path(post, path = "/api/duplicates/decide", request_body = DecideDuplicate,
    responses((status = 200, description = "Done", body = DuplicatePage), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn decide_duplicate(
    State(app): State<App>,
    Signed(user): Signed,
    Body(wanted): Body<DecideDuplicate>,
) -> Result<Json<DuplicatePage>, Problem> {
    Ok(Json(app.run(move |service| service.decide_duplicate(&user, &wanted)).await?))
}
