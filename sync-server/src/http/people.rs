//! Reference data, devices, officers, enrolment codes.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use xuncha_domain::ids::OfficerId;
use xuncha_domain::reference;

use super::app::App;
use super::console_user::Signed;
use super::error::Problem;
use super::json::{Body, Id, id};
use super::types::{
    ApiProblem, CategoryInfo, DeviceRow, DistrictInfo, EnrolCode, MoveOfficer, NewEnrolCode, NewOfficer,
    OfficerInfo, QuarantineInfo, Reference, TeamInfo,
};
use crate::service::{Error, Officer};
use crate::storage::{QuarantineRow, TeamRow};

/// Categories and districts in the order of screens.
#[utoipa::path(get, path = "/api/reference", responses((status = 200, description = "Done", body = Reference)))]
pub(super) async fn reference(Signed(_): Signed) -> Json<Reference> {
    let categories = reference::categories().iter();
    let districts = reference::districts().iter().filter(|district| !district.statistical);
    Json(Reference {
        categories: categories
            .map(|c| CategoryInfo { code: c.code.clone(), zh: c.zh.clone(), en: c.en.clone() })
            .collect(),
        districts: districts
            .map(|d| DistrictInfo { code: d.code.clone(), zh: d.zh.clone(), en: d.en.clone() })
            .collect(),
    })
}

/// Phones, newest first, with what each said of itself when HQ last heard from it.
#[utoipa::path(get, path = "/api/devices",
    responses((status = 200, description = "Done", body = Vec<DeviceRow>), (status = 401, description = "Not signed in", body = ApiProblem)))]
pub(super) async fn devices(
    State(app): State<App>,
    Signed(_): Signed,
) -> Result<Json<Vec<DeviceRow>>, Problem> {
    Ok(Json(app.run(|service| service.devices()).await?))
}

/// Damaged commits that phones sent as they are, newest first.
#[utoipa::path(get, path = "/api/quarantine",
    responses((status = 200, description = "Done", body = Vec<QuarantineInfo>), (status = 401, description = "Not signed in", body = ApiProblem)))]
pub(super) async fn quarantine(
    State(app): State<App>,
    Signed(_): Signed,
) -> Result<Json<Vec<QuarantineInfo>>, Problem> {
    let rows = app.run(|service| service.quarantined()).await?.into_iter();
    let info = |row: QuarantineRow| QuarantineInfo {
        device: hex::encode(row.device),
        chain: hex::encode(row.chain),
        seq: row.seq,
        commit: hex::encode(row.hash),
        reason: row.reason,
        size: row.size,
        received_ms: row.received_ms,
    };
    Ok(Json(rows.map(info).collect()))
}

/// Lost or handed in: nothing is served to it any more, and what it still pushes is held.
#[utoipa::path(post, path = "/api/devices/{id}/close", params(("id" = String, Path)),
    responses((status = 200, description = "Done", body = DeviceRow), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn close_device(
    State(app): State<App>,
    Signed(user): Signed,
    Id(id): Id<16>,
) -> Result<Json<DeviceRow>, Problem> {
    let row = app.run(move |service| {
        service.close_device(&user, &id)?;
        service.device_row(&id)
    });
    Ok(Json(row.await?))
}

#[utoipa::path(get, path = "/api/officers",
    responses((status = 200, description = "Done", body = Vec<OfficerInfo>), (status = 401, description = "Not signed in", body = ApiProblem)))]
pub(super) async fn officers(
    State(app): State<App>,
    Signed(_): Signed,
) -> Result<Json<Vec<OfficerInfo>>, Problem> {
    let officers = app.run(|service| service.officers()).await?;
    Ok(Json(officers.into_iter().map(officer_info).collect()))
}

/// Enters an officer into the city's register.
#[utoipa::path(post, path = "/api/officers", request_body = NewOfficer,
    responses((status = 200, description = "Done", body = OfficerInfo), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn add_officer(
    State(app): State<App>,
    Signed(user): Signed,
    Body(NewOfficer { name, certificate_no, team }): Body<NewOfficer>,
) -> Result<Json<OfficerInfo>, Problem> {
    let team = team.map(|team| id(&team).ok_or(Error::BadRequest("team"))).transpose()?;
    let officer = app.run(move |service| {
        let id = service.add_officer_by(&user, &name, &certificate_no, team)?;
        service.officer(&id)
    });
    Ok(Json(officer_info(officer.await?)))
}

/// Moves an officer to another team. Their phones lose what the old one reads and get what the new one reads with their
/// next sync; what they recorded is never lost with it.
#[utoipa::path(post, path = "/api/officers/{id}/team", params(("id" = String, Path)), request_body = MoveOfficer,
    responses((status = 200, description = "Done", body = OfficerInfo), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn move_officer(
    State(app): State<App>,
    Signed(user): Signed,
    Id(officer): Id<16>,
    Body(MoveOfficer { from, to }): Body<MoveOfficer>,
) -> Result<Json<OfficerInfo>, Problem> {
    let team = |text: &str| id(text).ok_or(Error::BadRequest("team"));
    let (from, to) = (from.as_deref().map(team).transpose()?, team(&to)?);
    let moved = app.run(move |service| service.move_officer(&user, &OfficerId(officer), from, to));
    Ok(Json(officer_info(moved.await?)))
}

fn officer_info(Officer { row, team_name, devices }: Officer) -> OfficerInfo {
    OfficerInfo {
        id: hex::encode(row.id),
        name: row.name,
        certificate_no: row.certificate_no,
        team: row.team.map(hex::encode),
        team_name,
        devices,
    }
}

#[utoipa::path(get, path = "/api/teams",
    responses((status = 200, description = "Done", body = Vec<TeamInfo>), (status = 401, description = "Not signed in", body = ApiProblem)))]
pub(super) async fn teams(State(app): State<App>, Signed(_): Signed) -> Result<Json<Vec<TeamInfo>>, Problem> {
    let teams = app.run(|service| service.teams()).await?.into_iter();
    let info = |row: TeamRow| TeamInfo {
        id: hex::encode(row.id),
        name: row.name,
        tier: row.tier,
        district: row.district,
    };
    Ok(Json(teams.map(info).collect()))
}

/// A one-time code with which one phone of an officer can join. Shown once.
#[utoipa::path(post, path = "/api/enroll-codes", request_body = NewEnrolCode,
    responses((status = 200, description = "Done", body = EnrolCode), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn enrol_code(
    State(app): State<App>,
    Signed(user): Signed,
    headers: HeaderMap,
    Body(NewEnrolCode { officer }): Body<NewEnrolCode>,
) -> Result<Json<EnrolCode>, Problem> {
    let officer = OfficerId(id(&officer).ok_or(Error::NotFound)?);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    let code = app.run(move |service| service.enrol_code_by(&user, officer, host.as_deref())).await?;
    Ok(Json(EnrolCode { code: code.code, text: code.text, qr_svg: code.qr_svg, expires_ms: code.expires_ms }))
}
