//! iOS: Swift registers and schedules (`ios/`), the system wakes it, and it calls back here by name.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use tauri::Wry;
use tauri::plugin::PluginApi;

use crate::process;

#[allow(unsafe_code, reason = "a function of the Swift part")]
mod swift {
    use tauri::Wry;
    use tauri::plugin::PluginApi;
    use tauri::plugin::mobile::PluginInvokeError;

    tauri::ios_plugin_binding!(init_plugin_background);

    pub(super) fn register(api: &PluginApi<Wry, ()>) -> Result<(), PluginInvokeError> {
        api.register_ios_plugin(init_plugin_background).map(drop)
    }
}

/// The app's main function runs in a woken process too, and sets this before the system may call.
static DATA: OnceLock<PathBuf> = OnceLock::new();

/// Called while the app is built, so before it has finished launching: later the system takes no handlers.
pub(crate) fn register(api: &PluginApi<Wry, ()>, data: PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    let data = DATA.get_or_init(|| data);
    tracing::debug!(data = %data.display(), "syncs in the background");
    swift::register(api)?;
    Ok(())
}

/// One sync of at most `limit_s` seconds. Blocks.
#[allow(unsafe_code, reason = "Swift finds this function by its name")]
#[unsafe(no_mangle)]
extern "C" fn xuncha_background_sync(metered: i32, limit_s: u32) -> i32 {
    let Some(data) = DATA.get() else { return process::code(xuncha_engine::Woken::Again) };
    process::code(process::sync(data, process::metered(metered), Duration::from_secs(limit_s.into())))
}

#[allow(unsafe_code, reason = "Swift finds this function by its name")]
#[unsafe(no_mangle)]
extern "C" fn xuncha_background_stop() {
    process::stop();
}
