//! Names our commands, so that the capability has to grant each of them.

fn main() {
    let commands = tauri_build::AppManifest::new().commands(&[
        "call",
        "photo_add",
        "scan",
        "document_save",
        "diagnostics_save",
        "rescue_save",
        "rescue_carry",
    ]);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands)) {
        println!("cargo::error={error:#}");
    }
}
