//! The vectors of FORMAT.md: what the bytes of every structure are, and what becomes of them.
//!
//! `cargo test -p xuncha-domain --test vectors` compares the committed files in `vectors/` with what this code makes.
//! `UPDATE_VECTORS=1` rewrites them: only for new files, the bytes of a released one never change.
// Helpers of a test target are tests, too: clippy.toml allows this inside `#[test]` only.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod json;
mod records;
mod stories;

use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    // At run time: clones that share a target directory may share this binary.
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("vectors").join(format!("{name}.json"))
}

#[test]
fn the_committed_files_are_what_this_code_makes() {
    let vectors = [
        ("values", records::values()),
        ("certificate", records::certificate()),
        ("genesis", records::genesis()),
        ("body", records::body()),
        ("photo", records::photo()),
        ("header", records::header()),
        ("head", records::head()),
        ("packet", records::packet()),
        ("receipt", records::receipt()),
        ("messages", records::messages()),
        ("snapshot", records::snapshot()),
        ("invite", records::invite()),
        ("acts", records::acts()),
        ("bundle", records::rescue_bundle()),
        ("hub", records::hub()),
        ("fork", stories::fork()),
        ("successor", stories::successor()),
        ("damaged_commit", stories::damaged_commit()),
        ("erased_value", stories::erased_value()),
        ("erase_order", stories::erase_order()),
        ("held_then_applied", stories::held_then_applied()),
        ("late_victim", stories::late_victim()),
        ("restored_hq", stories::restored_hq()),
        ("seal", stories::seal()),
    ];
    for (name, made) in vectors {
        if std::env::var_os("UPDATE_VECTORS").is_some() {
            std::fs::write(path(name), serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
        }
        let committed: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path(name)).unwrap()).unwrap();
        assert_eq!(committed, made, "{name}");
    }
}
