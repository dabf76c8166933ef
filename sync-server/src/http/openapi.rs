//! The description of the console API, made from the routes themselves.

use axum::Json;
use axum::routing::{MethodRouter, get};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder, Paths};

use super::console_user::COOKIE;

const DESCRIPTION: &str = "What HQ's console asks of the server. Sessions are cookies; methods that change something need \
    the header `x-xuncha: 1`. Times are milliseconds since 1970 UTC, ids lowercase hexadecimal text.";

pub(super) fn head() -> OpenApi {
    let mut info = Info::new("Xuncha HQ", env!("CARGO_PKG_VERSION"));
    info.description = Some(DESCRIPTION.into());
    let mut components = Components::new();
    components
        .add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))));
    OpenApiBuilder::new()
        .info(info)
        .paths(Paths::new())
        .components(Some(components))
        .security(Some([SecurityRequirement::new("session", Vec::<String>::new())]))
        .build()
}

/// The whole document.
pub fn document() -> OpenApi {
    super::console().split_for_parts().1
}

pub(super) fn route<S: Clone + Send + Sync + 'static>(document: OpenApi) -> MethodRouter<S> {
    get(async move || Json(document))
}
