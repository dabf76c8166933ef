//! The compilers that `check-mobile` needs, put into a folder of the target directory and nowhere else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::{place, setup};

/// Debian's newest Rust for bookworm, with the source of the standard library and of what that depends on. `rustc-web`
/// is named so because browsers are built with it.
const PACKAGES: &[&str] =
    &["rustc-web", "libstd-rust-web-1.96", "libstd-rust-web-dev", "rust-web-src", "libllvm22"];
const JAVA: &[&str] = &["openjdk-17-jre-headless"];

pub(crate) enum Compiler {
    /// The machine's own has the standard library for this target.
    Own,
    /// Unpacked into this folder, where it builds the standard library first.
    WithSource(PathBuf),
}

pub(crate) fn folder() -> PathBuf {
    place::target().join("mobile")
}

pub(crate) fn compiler(target: &str) -> Result<Compiler> {
    if own_has(target) {
        println!("check-mobile: this machine's rustc knows {target}");
        return Ok(Compiler::Own);
    }
    let rust = folder().join("rust");
    let stamp = rust.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == PACKAGES.join(" ")) {
        return Ok(Compiler::WithSource(rust));
    }
    println!("check-mobile: unpacking {} (140 MB, once)", PACKAGES.join(", "));
    let downloads = folder().join("packages");
    for fresh in [&rust, &downloads] {
        let _ = fs::remove_dir_all(fresh);
        fs::create_dir_all(fresh).context("a folder for the compiler")?;
    }
    let download = || {
        let mut command = Command::new("apt-get");
        setup::succeed(command.arg("download").args(PACKAGES).current_dir(&downloads))
    };
    if download().is_err() {
        // The index of a fresh machine is empty or old.
        setup::succeed(&mut setup::apt_get(&["update"])?)?;
        download().context("this needs Debian 12, or `rustup target add` of both phones")?;
    }
    for package in fs::read_dir(&downloads)? {
        setup::succeed(Command::new("dpkg").arg("-x").arg(package?.path()).arg(&rust))?;
    }
    fs::remove_dir_all(&downloads)?;
    fs::write(stamp, PACKAGES.join(" "))?;
    Ok(Compiler::WithSource(rust))
}

fn own_has(target: &str) -> bool {
    let asked = Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output();
    asked.is_ok_and(|answer| {
        answer.status.success() && Path::new(String::from_utf8_lossy(&answer.stdout).trim()).exists()
    })
}

/// The folder of the Kotlin compiler's jars; Java is there afterwards, too.
pub(crate) fn kotlin() -> Result<PathBuf> {
    let java = Command::new("java").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !java.is_ok_and(|status| status.success()) {
        setup::system_packages(JAVA)?;
    }
    let wanted = place::root().join("crates/xtask/mobile");
    let kotlin = folder().join("kotlin");
    let lib = kotlin.join("node_modules/kotlin-compiler/lib");
    let lock = fs::read(wanted.join("package-lock.json")).context("crates/xtask/mobile/package-lock.json")?;
    let installed = kotlin.join("package-lock.json");
    if lib.is_dir() && fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(lib);
    }
    println!("check-mobile: fetching the Kotlin compiler (94 MB, once)");
    fs::create_dir_all(&kotlin)?;
    fs::copy(wanted.join("package.json"), kotlin.join("package.json"))?;
    fs::write(&installed, lock)?;
    setup::succeed(place::npm(["ci", "--no-audit", "--no-fund"]).current_dir(&kotlin))?;
    ensure!(lib.is_dir(), "{} is not there after npm ci", lib.display());
    Ok(lib)
}
