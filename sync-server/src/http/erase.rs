//! `/api/erase-orders`.

use axum::Json;
use axum::extract::State;
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::erase::Target;

use super::app::App;
use super::console_user::Signed;
use super::error::Problem;
use super::json::{Body, id};
use super::types::{ApiProblem, EraseOrderInfo, EraseTarget, NewEraseOrder};
use crate::service::Error;

/// Newest first, with how far they have come.
#[utoipa::path(get, path = "/api/erase-orders",
    responses((status = 200, description = "Done", body = Vec<EraseOrderInfo>), (status = 401, description = "Not signed in", body = ApiProblem)))]
pub(super) async fn erase_orders(
    State(app): State<App>,
    Signed(_): Signed,
) -> Result<Json<Vec<EraseOrderInfo>>, Problem> {
    Ok(Json(app.run(|service| service.erase_orders()).await?))
}

/// Gives an order and carries it out at HQ; phones follow when they sync. Answers with the orders as they are then.
#[utoipa::path(post, path = "/api/erase-orders", request_body = NewEraseOrder,
    responses((status = 200, description = "Done", body = Vec<EraseOrderInfo>), (status = "4XX", description = "Refused; the code says why", body = ApiProblem)))]
pub(super) async fn give_erase_order(
    State(app): State<App>,
    Signed(user): Signed,
    Body(order): Body<NewEraseOrder>,
) -> Result<Json<Vec<EraseOrderInfo>>, Problem> {
    let orders = app.run(move |service| {
        let targets = order.targets.into_iter().map(target).collect::<Result<Vec<_>, _>>()?;
        service.erase(&user, &targets, &order.reason)?;
        service.erase_orders()
    });
    Ok(Json(orders.await?))
}

fn target(target: EraseTarget) -> Result<Target, Error> {
    let entity = |text: &str| id::<16>(text).map(EntityId).ok_or(Error::NotFound);
    Ok(match (target.entity, target.field, target.sha256) {
        (Some(of), Some(field), None) => Target::Field { entity: entity(&of)?, field },
        (Some(of), None, None) => Target::Everything(entity(&of)?),
        (None, None, Some(sha256)) => Target::Photo(id::<32>(&sha256).ok_or(Error::NotFound)?),
        _ => return Err(Error::BadRequest("an entity with or without a field, or a photo")),
    })
}
