//! Rescue bundles, and a text of diagnostics, on their way out of the app's own folder, to where the officer wants them (a USB stick, a folder of the
//! phone, a cloud drive), and into another phone's app. The system's dialog names the place, which on a phone is no path
//! but an address that only the file system plugin can open.

use std::io::{self, Read};

use tauri::{AppHandle, State, Wry};
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder};
use tauri_plugin_fs::{FsExt, OpenOptions};
use xuncha_engine::Phone;
use xuncha_engine::api::types::{ApiError, ErrorCode};

use crate::commands::blocking;

/// Asks where the bundle that was made last should go, and copies it there. False when the officer changes his mind.
#[tauri::command]
pub(crate) async fn rescue_save(app: AppHandle, phone: State<'_, Phone>) -> Result<bool, ApiError> {
    let phone = phone.inner().clone();
    blocking(move || {
        let (name, mut bundle) = phone.rescue_file()?;
        save(&app, app.dialog().file().set_file_name(name), &mut bundle)
    })
    .await
}

/// Longer than any text of diagnostics.
const TEXT_BYTES_MAX: usize = 256 * 1024;

/// Asks where a text that the page shows should go. False when the officer changes his mind.
#[tauri::command]
pub(crate) async fn diagnostics_save(app: AppHandle, text: String) -> Result<bool, ApiError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(ApiError::new(ErrorCode::TextTooLong, "too long for diagnostics"));
    }
    blocking(move || {
        let dialog = app.dialog().file().set_file_name("xuncha-diagnostics.txt");
        save(&app, dialog, &mut text.as_bytes())
    })
    .await
}

/// Writes what is read to the place that the dialog gives, durably. False when the officer changes his mind.
pub(crate) fn save(
    app: &AppHandle,
    dialog: FileDialogBuilder<Wry>,
    content: &mut impl Read,
) -> Result<bool, ApiError> {
    let Some(chosen) = dialog.blocking_save_file() else { return Ok(false) };
    let mut how = OpenOptions::new();
    how.write(true).create(true).truncate(true);
    let copied = app.fs().open(chosen, how).and_then(|mut file| {
        io::copy(content, &mut file)?;
        file.sync_all()
    });
    copied.map(|()| true).map_err(|error| ApiError::new(ErrorCode::Internal, format!("not saved: {error}")))
}

/// Asks for the rescue file of another phone and takes it, to hand it on to HQ. False when the officer changes his mind.
#[tauri::command]
pub(crate) async fn rescue_carry(app: AppHandle, phone: State<'_, Phone>) -> Result<bool, ApiError> {
    let engine = phone.engine()?.clone();
    blocking(move || {
        let Some(chosen) = app.dialog().file().blocking_pick_file() else { return Ok(false) };
        let mut how = OpenOptions::new();
        how.read(true);
        let opened = app.fs().open(chosen, how);
        let mut file =
            opened.map_err(|error| ApiError::new(ErrorCode::Internal, format!("not opened: {error}")))?;
        engine.carry_rescue(&mut file).map(|()| true)
    })
    .await
}
