//! The one engine of the app, also when it could not be opened.
//!
//! A database from a newer app or a damaged one must not end in a program that dies at its start without a word. The
//! reason is kept instead, every call answers with it, and the screen says what the officer can do.

use std::path::PathBuf;

use tauri::{AppHandle, Emitter, Manager, async_runtime};
use xuncha_engine::api::types::ApiError;
use xuncha_engine::{Engine, Options};

/// Names another data folder; tests give each run its own.
const DATA_VARIABLE: &str = "XUNCHA_DATA";

pub(crate) struct Phone(Result<Engine, ApiError>);

impl Phone {
    /// Opens the engine, starts its sync and passes its changes on to the page as the event `changes`.
    pub(crate) fn open(app: &AppHandle) -> tauri::Result<Self> {
        let opened = Engine::open(Options::system(data_folder(app)?));
        if let Ok(engine) = &opened {
            let page = app.clone();
            engine.subscribe(Box::new(move |changes| {
                // Fails only while the window closes, when nobody is left to tell.
                let _ = page.emit("changes", changes);
            }));
            engine.start_sync(async_runtime::handle().inner());
        }
        Ok(Self(opened.map_err(ApiError::from)))
    }

    pub(crate) fn engine(&self) -> Result<Engine, ApiError> {
        self.0.clone()
    }

    /// The app may be killed from now on without another word.
    pub(crate) fn suspend(&self) {
        if let Ok(engine) = &self.0 {
            engine.suspend();
        }
    }
}

fn data_folder(app: &AppHandle) -> tauri::Result<PathBuf> {
    match std::env::var_os(DATA_VARIABLE) {
        Some(chosen) => Ok(chosen.into()),
        None => app.path().app_data_dir(),
    }
}
