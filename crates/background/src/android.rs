//! Android: Kotlin schedules (`android/`), WorkManager wakes it, and it calls back here by name.

use std::path::Path;
use std::time::Duration;

use jni::JNIEnv;
use jni::objects::{JClass, JString};
use jni::sys::jint;
use serde::Serialize;
use tauri::Wry;
use tauri::plugin::PluginApi;

use crate::process;

#[derive(Serialize)]
struct Schedule<'a> {
    data: &'a str,
}

/// Tells Kotlin where the data are; it keeps that with the work, for a process that starts without the app.
pub(crate) fn schedule(api: &PluginApi<Wry, ()>, data: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let plugin = api.register_android_plugin("cn.xuncha.background", "BackgroundPlugin")?;
    let data = data.to_str().ok_or("the data folder's name is no text")?;
    Ok(plugin.run_mobile_plugin::<()>("schedule", Schedule { data })?)
}

/// `NativeSync.run` of Kotlin. Blocks for at most `limit_s` seconds.
#[allow(unsafe_code, reason = "the JVM finds this function by its name")]
#[unsafe(no_mangle)]
extern "system" fn Java_cn_xuncha_background_NativeSync_run(
    mut env: JNIEnv<'_>,
    _class: JClass<'_>,
    data: JString<'_>,
    metered: jint,
    limit_s: jint,
) -> jint {
    let data: String = match env.get_string(&data) {
        Ok(data) => data.into(),
        Err(error) => {
            tracing::error!(%error, "no data folder");
            return process::code(xuncha_engine::Woken::Done);
        }
    };
    let limit = Duration::from_secs(u64::try_from(limit_s).unwrap_or(0));
    process::code(process::sync(Path::new(&data), process::metered(metered), limit))
}

/// `NativeSync.stop` of Kotlin.
#[allow(unsafe_code, reason = "the JVM finds this function by its name")]
#[unsafe(no_mangle)]
extern "system" fn Java_cn_xuncha_background_NativeSync_stop(_env: JNIEnv<'_>, _class: JClass<'_>) {
    process::stop();
}
