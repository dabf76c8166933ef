//! The phone app: a window around the engine, and nothing else.
//!
//! Everything that decides lives in `xuncha_engine`, which the bridge serves to a plain browser as well. What is here
//! carries calls, photo bytes and events between the webview and the engine, and tells the engine when the app goes
//! to the background. What wakes it there is `xuncha_background`.

mod commands;
mod document;
mod phone;
mod photo;
mod rescue;

use tauri::webview::WebviewWindowBuilder;
use tauri::{App, AppHandle, Manager, RunEvent};
use xuncha_engine::Phone;

/// Runs the app until its window is closed.
#[cfg_attr(mobile, tauri::mobile_entry_point)]
pub fn run() {
    let app = tauri::Builder::default()
        .plugin(xuncha_background::init(phone::data_folder))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_fs::init())
        .invoke_handler(tauri::generate_handler![
            commands::call,
            commands::photo_add,
            commands::scan,
            document::document_save,
            rescue::diagnostics_save,
            rescue::rescue_save,
            rescue::rescue_carry
        ])
        .register_asynchronous_uri_scheme_protocol("photo", photo::serve)
        .register_asynchronous_uri_scheme_protocol("document", document::serve)
        .setup(|app| Ok(set_up(app)?))
        .build(tauri::generate_context!());
    match app {
        Ok(app) => app.run(|app, event| attend(app, &event)),
        // There is no window to say it in.
        Err(error) => {
            tracing::error!(%error, "the app could not start");
            std::process::exit(1);
        }
    }
}

/// The window comes last: its page calls the engine at once.
fn set_up(app: &mut App) -> tauri::Result<()> {
    app.manage(phone::open(app.handle())?);
    for window in &app.config().app.windows {
        WebviewWindowBuilder::from_config(app, window)?.build()?;
    }
    Ok(())
}

fn attend(app: &AppHandle, event: &RunEvent) {
    match event {
        RunEvent::Exit => app.state::<Phone>().suspend(),
        #[cfg(mobile)]
        RunEvent::WindowEvent { event: tauri::WindowEvent::Suspended, .. } => app.state::<Phone>().suspend(),
        _ => {}
    }
}
