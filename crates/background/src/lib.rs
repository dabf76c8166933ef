//! Syncs while the app is not on the screen, when the platform allows it: WorkManager on Android, BGTaskScheduler on iOS.
//! On a computer this does nothing.
//!
//! The workhorse is the engine's own worker, which runs while the app is open. This is the bonus for the rest: an officer
//! who puts the phone away after the last visit does not have to open it again for HQ to know.
//!
//! What the platforms promise: Android starts the regular work every 15 minutes at the earliest, in Doze only in its
//! maintenance windows, and a vendor's battery saver may keep it from running until the app is opened. WorkManager stands
//! on the system's JobScheduler, so phones without Google services have all of it. iOS gives about 30 seconds at times
//! of its choosing, minutes while charging, and nothing after the app was swiped away.
//!
//! The platform wakes the app's own process, where the app may be open as well, so [`phone`] hands out the one engine of
//! the process: a second one would take the first one's half-taken photo for the leftovers of a kill.

#[cfg(target_os = "android")]
mod android;
#[cfg(target_os = "ios")]
mod ios;
mod process;

use std::path::PathBuf;

use tauri::plugin::{Builder, TauriPlugin};
use tauri::{AppHandle, Wry};

pub use process::phone;

/// Where the app's data are.
pub type DataFolder = fn(&AppHandle) -> tauri::Result<PathBuf>;

/// The plugin. `data` is the folder that [`phone`] is opened on.
pub fn init(data: DataFolder) -> TauriPlugin<Wry> {
    Builder::new("xuncha-background")
        .setup(move |app, api| {
            let data = data(app)?;
            #[cfg(target_os = "android")]
            android::schedule(&api, &data)?;
            #[cfg(target_os = "ios")]
            ios::register(&api, data)?;
            #[cfg(desktop)]
            let _ = (api, data);
            Ok(())
        })
        .build()
}
