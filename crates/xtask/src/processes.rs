//! The long-running programs of `cargo xtask run`, and their common end.
//!
//! They share xtask's process group, so Ctrl-C in a terminal reaches all of them. For every other end of xtask (killed,
//! crashed) `setpriv` asks the kernel to send each child a SIGTERM when its parent dies; it is part of every Debian.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::place;

/// A debug build opens its database and listens within a second; a loaded machine gets a minute.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// A program that is ready prints what else it has to say at once.
const SAYS_WITHIN: Duration = Duration::from_secs(1);
/// How often the children are asked whether one has ended.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub(crate) struct Processes(Vec<(&'static str, Child)>);

impl Processes {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Starts a program whose output goes to the terminal.
    pub(crate) fn start(&mut self, name: &'static str, program: &Command) -> Result<()> {
        self.spawn(name, &mut bound_to_us(program))?;
        Ok(())
    }

    /// Starts a program and waits until it prints a line with an address, which is returned; so is the next line, when
    /// there is one at once. Its output is shown as well.
    pub(crate) fn start_until_ready(
        &mut self,
        name: &'static str,
        program: &Command,
    ) -> Result<(String, Option<String>)> {
        let child = self.spawn(name, bound_to_us(program).stdout(Stdio::piped()))?;
        let lines = lines_of(child)?;
        loop {
            match lines.recv_timeout(READY_WITHIN) {
                Ok(line) if address_in(&line).is_some() => {
                    return Ok((line, lines.recv_timeout(SAYS_WITHIN).ok()));
                }
                Ok(_) => {}
                Err(mpsc::RecvTimeoutError::Timeout) => bail!("{name} did not say that it is ready"),
                Err(mpsc::RecvTimeoutError::Disconnected) => bail!("{name} ended before it was ready"),
            }
        }
    }

    fn spawn(&mut self, name: &'static str, command: &mut Command) -> Result<&mut Child> {
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        self.0.push((name, child));
        self.0.last_mut().map(|(_, child)| child).context("just pushed")
    }

    /// Waits until any of them ends; the others are stopped when `self` is dropped.
    pub(crate) fn wait_for_one(&mut self) -> Result<(&'static str, ExitStatus)> {
        loop {
            for (name, child) in &mut self.0 {
                if let Some(status) = child.try_wait()? {
                    return Ok((name, status));
                }
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for (_, child) in &mut self.0 {
            if let Ok(None) = child.try_wait() {
                // The shell has `kill` built in; the standard library can only send SIGKILL.
                let _ = Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status();
            }
            let _ = child.wait();
        }
    }
}

/// Says that a port is taken before anything is built or filled for it.
pub(crate) fn port_is_free(port: u16) -> Result<()> {
    let free = TcpListener::bind(("127.0.0.1", port)).is_ok();
    ensure!(free, "port {port} is busy: stop what uses it, or choose another with --port");
    Ok(())
}

pub(crate) fn address_in(line: &str) -> Option<&str> {
    line.split_whitespace().find(|word| word.starts_with("http://"))
}

fn bound_to_us(program: &Command) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]).arg(program.get_program()).args(program.get_args());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(place::root()).stdin(Stdio::null());
    command
}

/// The lines that a child prints, each shown on the terminal too, for as long as it runs.
fn lines_of(child: &mut Child) -> Result<Receiver<String>> {
    let output = child.stdout.take().context("stdout is piped")?;
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("{line}");
            // Nobody listens any more once the program is ready; its lines are still shown.
            let _ = sender.send(line);
        }
    });
    Ok(lines)
}
