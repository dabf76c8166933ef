//! Hands the Android and iOS parts to the app's build. The plugin has no commands that a page may call.

fn main() {
    let plugin = tauri_plugin::Builder::new(&[]).android_path("android").ios_path("ios");
    if let Err(error) = plugin.try_build() {
        println!("cargo::error={error:#}");
    }
}
