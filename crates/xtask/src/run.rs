//! `cargo xtask run`: HQ and one phone on this machine, ready to be tried.
//!
//! A new installation is filled with a synthetic city unless `--empty` is given. The phone is enrolled through the
//! bridge before it is shown, because the window and the bridge open the same data folder.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::processes::{self, Processes, address_in};
use crate::{place, setup};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Do not fill a new installation with the synthetic city.
    #[arg(long)]
    empty: bool,
    /// Folder of HQ's data; the phone's lies beside it.
    #[arg(long, default_value = "data/hq")]
    data: PathBuf,
    /// HQ listens here; the phone in a browser one port above.
    #[arg(long, default_value_t = 8720)]
    port: u16,
    /// Show the phone in a browser even when there is a display.
    #[arg(long)]
    browser: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let phone_port = arguments.port.checked_add(1).context("--port must leave room for one port above it")?;
    processes::port_is_free(arguments.port)?;
    processes::port_is_free(phone_port)?;
    setup::for_run()?;
    setup::succeed(&mut place::npm(["run", "build"]))?;
    setup::succeed(&mut place::cargo(["build", "--workspace", "--bins"]))?;

    let data = place::root().join(&arguments.data);
    let phone_data = data.with_file_name("phone");
    if !data.exists() && !arguments.empty {
        println!("run: filling {} with the synthetic city", data.display());
        setup::succeed(&mut server("demo", &data))?;
    }

    let mut all = Processes::new();
    let console = start_server(&mut all, &data, arguments.port)?;
    if !phone_data.exists() && !arguments.empty {
        enrol(&data, &phone_data, arguments.port)?;
    }
    let phone = start_phone(&mut all, &phone_data, phone_port, arguments.browser)?;
    println!("\nHQ console:  {console}\nPhone:       {phone}\nCtrl-C stops both.\n");

    let (name, status) = all.wait_for_one()?;
    println!("run: {name} ended ({status}); stopping the rest");
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The address to open: the console, or the one-time link that makes its first user.
fn start_server(all: &mut Processes, data: &Path, port: u16) -> Result<String> {
    let mut serve = server("serve", data);
    serve.args(["--listen", &format!("127.0.0.1:{port}"), "--ui"]).arg(place::ui_dist());
    let (ready, next) = all.start_until_ready("HQ", &serve)?;
    let one_time_link = next.as_deref().and_then(address_in);
    Ok(one_time_link.or(address_in(&ready)).unwrap_or_default().to_owned())
}

/// A fresh one-time code from HQ, handed to the phone's data folder as an officer would scan it.
fn enrol(data: &Path, phone_data: &Path, port: u16) -> Result<()> {
    let code =
        server("enroll-code", data).args(["--officer", "first"]).output().context("asking HQ for a code")?;
    ensure!(code.status.success(), "HQ gave no code: {}", String::from_utf8_lossy(&code.stderr));
    let code = String::from_utf8(code.stdout).context("the code is text")?;
    let mut enrol = Command::new(place::built("xuncha-bridge"));
    enrol.arg("--data").arg(phone_data).args(["--enroll", code.trim()]);
    enrol.args(["--server", &format!("http://127.0.0.1:{port}")]);
    setup::succeed(&mut enrol)
}

/// What to tell the person about where the phone is.
fn start_phone(all: &mut Processes, data: &Path, port: u16, browser: bool) -> Result<String> {
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some());
    if has_display && !browser {
        all.start("the phone's window", Command::new(place::built("xuncha-app")).env("XUNCHA_DATA", data))?;
        return Ok("in its window (--browser shows it in a browser instead)".into());
    }
    if !browser {
        println!(
            "run: this machine has no display, so the phone is served for a browser instead of a window"
        );
    }
    let mut bridge = Command::new(place::built("xuncha-bridge"));
    bridge.arg("--data").arg(data).arg("--ui").arg(place::ui_dist()).args(["--port", &port.to_string()]);
    let (ready, _) = all.start_until_ready("the phone's bridge", &bridge)?;
    Ok(address_in(&ready).unwrap_or_default().to_owned())
}

fn server(subcommand: &str, data: &Path) -> Command {
    let mut command = Command::new(place::built("xuncha-server"));
    command.arg(subcommand).arg("--data").arg(data);
    command
}
