use std::path::Path;

use super::{files, root};

/// Our crates that a crate's manifest names under `[dependencies]`.
fn ours(manifest: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(manifest)).unwrap();
    let (_, dependencies) = text.split_once("[dependencies]").unwrap();
    let dependencies = dependencies.split("\n[").next().unwrap();
    let names = dependencies.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
    names.filter(|name| name.starts_with("xuncha-")).map(str::to_owned).collect()
}

#[test]
fn arrows_point_where_the_design_says() {
    assert_eq!(ours("crates/domain/Cargo.toml"), [""; 0]);
    assert_eq!(ours("crates/documents/Cargo.toml"), ["xuncha-domain"]);
    assert_eq!(ours("crates/engine/Cargo.toml"), ["xuncha-documents", "xuncha-domain"]);
    assert_eq!(ours("sync-server/Cargo.toml"), ["xuncha-domain"]);
    assert_eq!(ours("crates/xtask/Cargo.toml"), [""; 0]);
    assert_eq!(ours("crates/background/Cargo.toml"), ["xuncha-engine"]);
    for shell in ["crates/bridge/Cargo.toml", "src-tauri/Cargo.toml"] {
        let allowed = ["xuncha-background", "xuncha-domain", "xuncha-engine"];
        assert!(ours(shell).iter().all(|to| allowed.contains(&to.as_str())), "{shell}");
    }
    assert!(!ours("tests/Cargo.toml").contains(&"xuncha-app".to_owned()));
}

#[test]
fn the_domain_knows_no_sql_http_async_or_clock() {
    let manifest = std::fs::read_to_string(root().join("crates/domain/Cargo.toml")).unwrap();
    for foreign in ["rusqlite", "reqwest", "axum", "tokio", "tauri", "getrandom", "ureq"] {
        assert!(!manifest.contains(foreign), "crates/domain depends on {foreign}");
    }
    let manifest = std::fs::read_to_string(root().join("crates/documents/Cargo.toml")).unwrap();
    for foreign in ["rusqlite", "reqwest", "axum", "tokio", "tauri", "getrandom", "ureq", "typst-kit"] {
        assert!(!manifest.contains(foreign), "crates/documents depends on {foreign}");
    }
}

/// Fails for every file below `folder` that contains one of `words`.
fn free_of(folder: &str, endings: &[&str], words: &[&str]) {
    let folder = root().join(folder);
    let found = files(&folder, endings);
    assert!(!found.is_empty(), "{} is empty", folder.display());
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        for word in words {
            assert!(!text.contains(word), "{} contains {word}", path.display());
        }
    }
}

#[test]
fn the_servers_rules_know_no_transport_and_its_transport_no_sql() {
    free_of("sync-server/src/service", &["rs"], &["axum", "rusqlite"]);
    free_of("sync-server/src/http", &["rs"], &["rusqlite"]);
}

#[test]
fn phone_and_console_never_import_each_other() {
    let source = ["ts", "vue"];
    free_of("ui/src/phone", &source, &["@/console", "../console"]);
    free_of("ui/src/console", &source, &["@/phone", "../phone"]);
    free_of("ui/src/shared", &source, &["@/phone", "@/console", "../phone", "../console"]);
}

#[test]
fn one_door_leads_from_the_ui_to_its_host() {
    let door = Path::new("ui/src/shared/backend");
    for path in files(&root().join("ui/src"), &["ts", "vue"]) {
        let inside = path.strip_prefix(root()).unwrap().starts_with(door);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(inside || !text.contains("@tauri-apps/"), "{} opens a door of its own", path.display());
    }
}
