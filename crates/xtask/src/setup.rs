//! Installs what is missing and nothing else: system packages by apt-get, the packages of `ui` by npm, a Python client by
//! pip, and cargo-nextest by cargo. Whatever is present is left alone, so a second call costs a second.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::place;

/// To build and to show the app. The font is needed because the product speaks Chinese.
const TO_BUILD: &[&str] = &["build-essential", "pkg-config", "libwebkit2gtk-4.1-dev", "fonts-noto-cjk"];
/// To drive the app and a browser on a machine without a screen.
const TO_TEST: &[&str] =
    &["webkit2gtk-driver", "xvfb", "chromium", "chromium-driver", "python3", "python3-venv"];
/// What Vite asks for; checked here because its own message is hard to read.
const NODE_AT_LEAST: (u32, u32) = (20, 19);

pub(crate) fn for_run() -> Result<()> {
    system_packages(TO_BUILD)?;
    node()?;
    ui_packages()
}

pub(crate) fn for_test() -> Result<()> {
    system_packages(&[TO_BUILD, TO_TEST].concat())?;
    node()?;
    tuspy()?;
    nextest()
}

pub(crate) fn system_packages(wanted: &[&str]) -> Result<()> {
    if !answers("dpkg-query", &["--version"]) {
        println!(
            "setup: not a Debian system, so nothing is installed here; needed are: {}",
            wanted.join(" ")
        );
        return Ok(());
    }
    let missing: Vec<&str> = wanted.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        println!("setup: system packages are present");
        return Ok(());
    }
    println!("setup: installing {}", missing.join(" "));
    // The index of a fresh machine is empty or old; packages named by an old index are gone from the mirror.
    succeed(&mut apt_get(&["update"])?)?;
    let install = [&["install", "--yes", "--no-install-recommends"], missing.as_slice()].concat();
    succeed(&mut apt_get(&install)?)
}

fn is_installed(package: &str) -> bool {
    let asked =
        Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]).output();
    asked.is_ok_and(|answer| answer.status.success() && answer.stdout == b"installed")
}

pub(crate) fn apt_get(arguments: &[&str]) -> Result<Command> {
    let is_root = fs::metadata("/proc/self").context("who am I?")?.uid() == 0;
    ensure!(
        is_root || answers("sudo", &["--version"]),
        "system packages are missing and this is neither root nor is there sudo: run apt-get {} as root",
        arguments.join(" ")
    );
    let mut command = Command::new(if is_root { "env" } else { "sudo" });
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments);
    Ok(command)
}

/// Node itself is for the user to choose; an old one is named instead of failing later inside a build.
fn node() -> Result<()> {
    let (major, minor) = NODE_AT_LEAST;
    let answer = Command::new("node").arg("--version").output();
    let said =
        answer.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    match node_version(&said) {
        Some(found) if found >= NODE_AT_LEAST => {}
        Some(_) => bail!("Node {major}.{minor} or newer is needed, this is {said}"),
        None => bail!("Node {major}.{minor} or newer is needed and was not found"),
    }
    ensure!(answers("npm", &["--version"]), "npm is needed and was not found");
    println!("setup: node {said}");
    Ok(())
}

fn node_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// `npm ci`, when `node_modules` was not made from this very lock file. Times of files say nothing after a clone, so
/// the lock that was installed is kept beside what it installed.
pub(crate) fn ui_packages() -> Result<()> {
    let wanted = fs::read(place::ui().join("package-lock.json")).context("ui/package-lock.json")?;
    let stamp = place::ui().join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("setup: ui/node_modules is up to date");
        return Ok(());
    }
    println!("setup: npm ci");
    succeed(&mut place::npm(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, wanted).context("noting which lock is installed")
}

/// A Python of its own for the tus client that the tests run; the list that was installed is kept in it.
fn tuspy() -> Result<()> {
    let wanted = place::root().join("tests/clients/requirements.txt");
    let list = fs::read(&wanted).context("tests/clients/requirements.txt")?;
    let stamp = place::tuspy().join("installed.txt");
    if fs::read(&stamp).is_ok_and(|installed| installed == list) {
        println!("setup: tuspy is present");
        return Ok(());
    }
    println!("setup: installing tuspy");
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(place::tuspy()))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    succeed(Command::new(place::tuspy().join("bin/python")).args(install).arg(&wanted))?;
    fs::write(&stamp, list).context("noting which tuspy is installed")
}

fn nextest() -> Result<()> {
    // Asked through cargo, which also looks where `cargo install` puts things when PATH does not.
    let asked = place::cargo(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if asked.is_ok_and(|status| status.success()) {
        println!("setup: cargo-nextest is present");
        return Ok(());
    }
    println!("setup: cargo install cargo-nextest --locked (some minutes, once)");
    succeed(&mut place::cargo(["install", "cargo-nextest", "--locked"]))
}

fn answers(program: &str, arguments: &[&str]) -> bool {
    let asked = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Runs a command to its end with its output on the terminal.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start: {}", place::spoken(command)))?;
    ensure!(status.success(), "{} ended with {status}", place::spoken(command));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_that_node_prints() {
        assert_eq!(node_version("v20.19.2"), Some((20, 19)));
        assert!(node_version("v18.19.0").is_some_and(|found| found < NODE_AT_LEAST));
        assert_eq!(node_version(""), None);
    }
}
