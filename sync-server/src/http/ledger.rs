//! `/api/ledgers`, `/api/rows`, and what their forms ask for: `/api/venues`, `/api/assignments`.

use axum::Json;
use axum::extract::{Path, State};

use super::app::App;
use super::console_user::Signed;
use super::error::Problem;
use super::json::{Asked, Body, Id};
use super::types::{
    ApiProblem, AssignVenues, Assigned, LedgerInfo, LedgerPage, LedgerQuery, LedgerRow, NewRow, SetRow,
    VenueInfo, VenueQuery,
};

/// What ledgers there are, with their columns.
#[utoipa::path(get, path = "/api/ledgers",
    responses((status = 200, description = "Done", body = Vec<LedgerInfo>), (status = 401, description = "Not signed in", body = ApiProblem)))]
pub(super) async fn ledgers(
    State(app): State<App>,
    Signed(_): Signed,
) -> Result<Json<Vec<LedgerInfo>>, Problem> {
    Ok(Json(app.run(|service| Ok(service.ledgers())).await?))
}

/// Of open rows those due first, of all others the newest first.
#[utoipa::path(get, path = "/api/ledgers/{ledger}", params(("ledger" = String, Path), LedgerQuery),
    responses((status = 200, description = "Done", body = LedgerPage), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn ledger(
    State(app): State<App>,
    Signed(_): Signed,
    Path(of): Path<String>,
    Asked(query): Asked<LedgerQuery>,
) -> Result<Json<LedgerPage>, Problem> {
    Ok(Json(app.run(move |service| service.ledger(&of, query)).await?))
}

/// Begins a row; the same row again comes back as it is.
#[utoipa::path(post, path = "/api/ledgers/{ledger}", params(("ledger" = String, Path)), request_body = NewRow,
    responses((status = 200, description = "Done", body = LedgerRow), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn add_row(
    State(app): State<App>,
    Signed(user): Signed,
    Path(of): Path<String>,
    Body(new): Body<NewRow>,
) -> Result<Json<LedgerRow>, Problem> {
    Ok(Json(app.run(move |service| service.add_row(&user, &of, new)).await?))
}

/// A row with what hangs on it.
#[utoipa::path(get, path = "/api/rows/{id}", params(("id" = String, Path)),
    responses((status = 200, description = "Done", body = LedgerRow), (status = 404, description = "Nothing of that name", body = ApiProblem)))]
pub(super) async fn ledger_row(
    State(app): State<App>,
    Signed(_): Signed,
    Id(id): Id<16>,
) -> Result<Json<LedgerRow>, Problem> {
    Ok(Json(app.run(move |service| service.ledger_row(&id)).await?))
}

/// Sets cells of one row together, each over what was drawn of it.
#[utoipa::path(patch, path = "/api/rows/{id}", params(("id" = String, Path)), request_body = SetRow,
    responses((status = 200, description = "Done", body = LedgerRow), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn set_row(
    State(app): State<App>,
    Signed(user): Signed,
    Id(id): Id<16>,
    Body(wanted): Body<SetRow>,
) -> Result<Json<LedgerRow>, Problem> {
    Ok(Json(app.run(move |service| service.set_row(&user, &id, wanted)).await?))
}

/// Venues of the register, by part of their name, address or licence number.
#[utoipa::path(get, path = "/api/venues", params(VenueQuery),
    responses((status = 200, description = "Done", body = Vec<VenueInfo>), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn venues(
    State(app): State<App>,
    Signed(_): Signed,
    Asked(query): Asked<VenueQuery>,
) -> Result<Json<Vec<VenueInfo>>, Problem> {
    let found = move |service: &crate::service::Service| {
        service.find_venues(&query.text.unwrap_or_default(), query.limit.unwrap_or(20))
    };
    Ok(Json(app.run(found).await?))
}

/// Gives the venues of a campaign to a team; what was given before stays as it is.
#[utoipa::path(post, path = "/api/assignments", request_body = AssignVenues,
    responses((status = 200, description = "Done", body = Assigned), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn assign(
    State(app): State<App>,
    Signed(user): Signed,
    Body(wanted): Body<AssignVenues>,
) -> Result<Json<Assigned>, Problem> {
    Ok(Json(app.run(move |service| service.assign(&user, &wanted)).await?))
}
