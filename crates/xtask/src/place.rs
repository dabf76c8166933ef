//! Where things are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, iter};

/// The root of the repository, whatever directory the command was called in.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_path_buf()
}

pub(crate) fn ui() -> PathBuf {
    root().join("ui")
}

pub(crate) fn ui_dist() -> PathBuf {
    ui().join("dist")
}

/// One target directory for everything that xtask builds. It lies outside the clone by default, so that a fresh clone
/// (CI makes one per run) does not build four hundred dependencies again.
pub(crate) fn target() -> PathBuf {
    if let Some(chosen) = env::var_os("CARGO_TARGET_DIR") {
        return chosen.into();
    }
    match env::home_dir() {
        Some(home) => home.join(".cache/xuncha/target"),
        None => root().join("target"),
    }
}

/// A program of ours, as `cargo build` leaves it.
pub(crate) fn built(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// The virtual environment of the Python client that the tests run.
pub(crate) fn tuspy() -> PathBuf {
    target().join("tuspy")
}

/// `cargo …` in the root, building into [`target`].
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root()).env("CARGO_TARGET_DIR", target());
    // What the cargo that started xtask says of xtask: a build script that watches one of these would run again.
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_PKG_")) {
        command.env_remove(name);
    }
    command.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_MANIFEST_PATH");
    command
}

/// `npm …` in `ui`.
pub(crate) fn npm<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(ui());
    command
}

/// The command line as a person would type it, for messages.
pub(crate) fn spoken(command: &Command) -> String {
    let words = iter::once(command.get_program()).chain(command.get_args());
    let name = |word: &std::ffi::OsStr| word.to_string_lossy().into_owned();
    words
        .map(name)
        .map(|word| word.rsplit_once("bin/").map_or(word.clone(), |(_, end)| end.into()))
        .collect::<Vec<_>>()
        .join(" ")
}
