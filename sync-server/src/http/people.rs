//! Reference data, devices, officers, enrolment codes.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use xuncha_domain::ids::OfficerId;
use xuncha_domain::reference;

use super::app::App;
use super::console_user::Signed;
use super::error::Problem;
use super::json::{Body, Id, id};
use super::types::{ApiProblem, CategoryInfo, DistrictInfo, EnrolCode, NewEnrolCode, Reference};
use crate::service::Error;

/// Categories and districts in the order of screens.
#[utoipa::path(get, path = "/api/reference", responses((status = 200, body = Reference)))]
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

/// Lost or handed in: nothing is served to it any more, and what it still pushes is held.
#[utoipa::path(post, path = "/api/devices/{id}/close", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ApiProblem)))]
pub(super) async fn close_device(
    State(app): State<App>,
    Signed(user): Signed,
    Id(id): Id<16>,
) -> Result<StatusCode, Problem> {
    app.run(move |service| service.close_device(&user, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A one-time code with which one phone of an officer can join. Shown once.
#[utoipa::path(post, path = "/api/enroll-codes", request_body = NewEnrolCode,
    responses((status = 200, body = EnrolCode), (status = "4XX", body = ApiProblem)))]
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
