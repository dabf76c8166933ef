//! The one phone of the app: where its data lie, and how its changes reach the page.

use std::path::PathBuf;

use tauri::{AppHandle, Emitter, Manager, async_runtime};
use xuncha_engine::Phone;

/// Names another data folder; tests give each run its own.
const DATA_VARIABLE: &str = "XUNCHA_DATA";

/// Opens the engine, starts its sync and passes its changes on to the page as the event `changes`.
pub(crate) fn open(app: &AppHandle) -> tauri::Result<Phone> {
    let phone = xuncha_background::phone(&data_folder(app)?);
    if let Ok(engine) = phone.engine() {
        let page = app.clone();
        engine.subscribe(Box::new(move |changes| {
            // Fails only while the window closes, when nobody is left to tell.
            let _ = page.emit("changes", changes);
        }));
        engine.start_sync(async_runtime::handle().inner());
    }
    Ok(phone)
}

pub(crate) fn data_folder(app: &AppHandle) -> tauri::Result<PathBuf> {
    match std::env::var_os(DATA_VARIABLE) {
        Some(chosen) => Ok(chosen.into()),
        None => app.path().app_data_dir(),
    }
}
