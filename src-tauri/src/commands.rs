//! What the page may call. The engine blocks on its database, so each call runs on a thread made for that.

use serde_json::Value;
use tauri::ipc::Request;
use tauri::{State, async_runtime};
use xuncha_engine::Phone;
use xuncha_engine::api::types::{ApiError, ErrorCode, VisitView};

use crate::photo::{self, Received};

/// Any call of the engine's facade by its name.
#[tauri::command]
pub(crate) async fn call(phone: State<'_, Phone>, name: String, args: Value) -> Result<Value, ApiError> {
    let phone = phone.inner().clone();
    blocking(move || phone.call(&name, args)).await
}

/// A photo with what is known about it; apart from `call`, because its bytes do not travel as JSON.
#[tauri::command]
pub(crate) async fn photo_add(phone: State<'_, Phone>, request: Request<'_>) -> Result<VisitView, ApiError> {
    let engine = phone.engine()?.clone();
    let photo = Received::from_request(&request)?;
    blocking(move || engine.add_photo(&photo.meta, &mut photo.bytes.as_slice())).await
}

/// The text of the QR in a photo.
#[tauri::command]
pub(crate) async fn scan(phone: State<'_, Phone>, request: Request<'_>) -> Result<String, ApiError> {
    let engine = phone.engine()?.clone();
    let bytes = photo::bytes_of(&request)?;
    blocking(move || engine.read_code(&mut bytes.as_slice())).await
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let stopped = |_| Err(ApiError::new(ErrorCode::Internal, "the call was stopped"));
    async_runtime::spawn_blocking(work).await.unwrap_or_else(stopped)
}
