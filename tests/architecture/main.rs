//! The walls of the house, checked: who may depend on whom, generated files fresh, migrations unedited, both languages
//! whole.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a check fails by panicking, also in its helpers"
)]

mod arrows;
mod generated;
mod languages;
mod migrations;

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(&xuncha_tests::package()).parent().unwrap().to_owned()
}

/// Every file below a folder with one of these endings.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, endings));
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| *wanted == ending)) {
            found.push(path);
        }
    }
    found.sort();
    found
}
