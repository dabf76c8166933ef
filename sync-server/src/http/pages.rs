//! The console's files, as built by `ui`: the page at `/` and `/setup`, everything else under `/assets`.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tower_http::services::ServeDir;

use super::app::App;

/// Everything from this server; pictures also from memory. The component library writes styles at run time.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Names of assets contain a hash of their content.
const FOREVER: &str = "public, max-age=31536000, immutable";

pub(super) fn router(ui: Option<PathBuf>) -> Router<App> {
    let files = ServeDir::new(ui.clone().unwrap_or_default().join("assets"));
    let assets = Router::new().fallback_service(files).layer(map_response(forever));
    let ui = Arc::new(ui);
    let page = get(move || page(Arc::clone(&ui)));
    Router::new()
        .route("/", page.clone())
        .route("/setup", page)
        .nest("/assets", assets)
        .route("/health", get(StatusCode::OK))
}

async fn forever(mut response: Response) -> Response {
    if response.status().is_success() {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(FOREVER));
    }
    response
}

async fn page(ui: Arc<Option<PathBuf>>) -> Response {
    let file = match ui.as_ref() {
        Some(folder) => tokio::fs::read_to_string(folder.join("console.html")).await.ok(),
        None => None,
    };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
        // The link of the first administrator must not leak to anyone.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    match file {
        Some(page) => (headers, Html(page)).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, headers, Html(MISSING)).into_response(),
    }
}

const MISSING: &str = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>巡查 Xuncha</title>\
    <h1>管理端页面未安装</h1><p>服务器正在运行，手机可以同步。请用 <code>--ui</code> 指定已构建的页面文件夹。</p>\
    <h1>The console is not installed</h1><p>The server is running and phones can sync. Name the folder of the built \
    pages with <code>--ui</code>.</p></html>";
