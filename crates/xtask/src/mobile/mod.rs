//! `cargo xtask check-mobile`: as much of the phone app as a machine without Android Studio and Xcode can check.
//!
//! Rust is type checked for both phones. No C is compiled and nothing is linked, so the C compilers are stand-ins. Kotlin
//! is compiled against hand-written signatures (`crates/xtask/mobile/stubs`): that proves its syntax and its own types,
//! and that of Android what we believe. It is not a part of `xtask test`: the first run costs ten minutes of processor
//! time and 240 MB of downloads. Later ones take seconds.

mod tools;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs};

use anyhow::{Context, Result};

use crate::{place, setup};
use tools::Compiler;

const ANDROID: &str = "aarch64-linux-android";
const IOS: &str = "aarch64-apple-ios";
/// Never checked here, whatever else is.
const NOT_CHECKED: &str = "\
not checked  linking, C code, Gradle, the real Android classes, APK and IPA: needs the Android SDK and NDK, and Xcode
not checked  Swift (crates/background/ios): there is no compiler for it here
not checked  anything at run time on a phone";

pub(crate) fn check() -> Result<ExitCode> {
    let steps = [
        ("Rust for Android (src-tauri, the plugin, all they depend on)", rust(ANDROID)),
        ("Rust for iOS (the same)", rust(IOS)),
        ("Kotlin of the plugin, against stubs", kotlin()),
    ];
    println!();
    let mut well = true;
    for (name, result) in steps {
        match result {
            Ok(()) => println!("checked      {name}"),
            Err(error) => {
                well = false;
                println!("FAILED       {name}: {error:#}");
            }
        }
    }
    println!("{NOT_CHECKED}");
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn rust(target: &str) -> Result<()> {
    println!("\n=== Rust for {target}");
    let compiler = tools::compiler(target)?;
    let mut check = place::cargo(["check", "--package", "xuncha-app", "--target", target]);
    if let Compiler::WithSource(folder) = &compiler {
        check
            .arg("-Zbuild-std=std,panic_abort")
            .env("RUSTC", folder.join("usr/bin/rustc"))
            .env("LD_LIBRARY_PATH", folder.join("usr/lib/x86_64-linux-gnu"))
            // Building the standard library is an unstable feature of cargo.
            .env("RUSTC_BOOTSTRAP", "1");
    }
    // Its own target directory: another compiler would throw out what the other commands built.
    check.env("CARGO_TARGET_DIR", tools::folder().join("target"));
    for tool in ["CC", "CXX", "AR"] {
        check.env(format!("{tool}_{}", target.replace('-', "_")), "/bin/true");
    }
    if target == IOS {
        pretend_xcode(&mut check)?;
    }
    setup::succeed(&mut check)
}

/// Build scripts ask for the version of the iOS SDK, and are content with no answer.
fn pretend_xcode(command: &mut Command) -> Result<()> {
    let bin = tools::folder().join("xcode");
    fs::create_dir_all(&bin).context("a folder for a stand-in of xcrun")?;
    let xcrun = bin.join("xcrun");
    fs::write(&xcrun, "#!/bin/sh\n")?;
    fs::set_permissions(&xcrun, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([bin.clone()].into_iter().chain(env::split_paths(&path)))?;
    command.env("PATH", path).env("SDKROOT", bin);
    Ok(())
}

fn kotlin() -> Result<()> {
    println!("\n=== Kotlin");
    let lib = tools::kotlin()?;
    let ours = place::root().join("crates/background/android/src/main/java");
    let stubs = place::root().join("crates/xtask/mobile/stubs");
    setup::succeed(&mut kotlin_compiler(&lib, &[&ours, &stubs]))
}

fn kotlin_compiler(lib: &Path, sources: &[&Path]) -> Command {
    let jars = [
        "kotlin-compiler",
        "kotlin-stdlib",
        "kotlin-reflect",
        "kotlin-script-runtime",
        "annotations-13.0",
        "kotlinx-coroutines-core-jvm",
    ];
    let jar = |name: &str| lib.join(format!("{name}.jar")).display().to_string();
    let mut command = Command::new("java");
    command.args(["-cp", &jars.map(jar).join(":"), "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"]);
    command.args(["-no-stdlib", "-no-reflect", "-Werror", "-cp", &jar("kotlin-stdlib")]);
    command.arg("-d").arg(tools::folder().join("kotlin-classes")).args(sources);
    command
}
