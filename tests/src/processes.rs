//! Real programs under test: HQ, phones, browsers, displays.
//!
//! Each runs in its own process group, and the whole group is killed when its [`Process`] is dropped, whether the test
//! passed or not: a driver that is killed alone leaves its browser behind, which then answers the next test.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// Debug builds on two busy cores start within seconds; a loaded CI machine gets this long.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How often a condition is looked at that nothing announces.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Looks until `condition` gives a value, at least for [`READY_WITHIN`] (longer when looking itself is slow).
///
/// # Panics
/// When it never does.
pub fn eventually<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    looked_for(condition).unwrap_or_else(|| panic!("still not: {what}"))
}

/// Like [`eventually`], for callers with more to say when it never happens.
pub fn looked_for<T>(mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    for _ in 0..READY_WITHIN.as_millis() / LOOK_EVERY.as_millis() {
        if let Some(value) = condition() {
            return Some(value);
        }
        thread::sleep(LOOK_EVERY);
    }
    None
}

/// A port of loopback that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}

/// A program of ours: where the variable says, or else beside the running test, where cargo builds both.
pub fn built(variable: &str, name: &str) -> PathBuf {
    let beside = || {
        let test = env::current_exe().expect("a test knows where it lies");
        test.ancestors().nth(2).expect("target/debug/deps/test").join(name)
    };
    let path = env::var_os(variable).map_or_else(beside, PathBuf::from);
    assert!(path.exists(), "{} is not built; `cargo xtask test` builds everything", path.display());
    path
}

/// A running program with what it has printed so far.
pub struct Process {
    name: String,
    child: Child,
    output: Arc<Output>,
}

#[derive(Default)]
struct Output {
    so_far: Mutex<Printed>,
    grew: Condvar,
}

#[derive(Default)]
struct Printed {
    lines: Vec<String>,
    /// How many of its two outputs have ended.
    ended: u8,
}

impl Process {
    /// Starts `command` in a process group of its own.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub fn start(name: &str, command: &mut Command) -> Self {
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let output = Arc::new(Output::default());
        let sources: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for source in sources {
            let output = output.clone();
            thread::spawn(move || output.collect(source));
        }
        Self { name: name.to_owned(), child, output }
    }

    /// Waits for a line that contains `part` and returns it.
    ///
    /// # Panics
    /// When the program ends first or takes longer than [`READY_WITHIN`].
    pub fn wait_for_line(&self, part: &str) -> String {
        self.line_before_end(part)
            .unwrap_or_else(|| panic!("{} never printed {part:?}, only:\n{}", self.name, self.printed()))
    }

    /// Waits for a line that contains `part`; `None` when the program ends first or takes longer than
    /// [`READY_WITHIN`].
    pub fn line_before_end(&self, part: &str) -> Option<String> {
        let found = |printed: &Printed| printed.lines.iter().find(|line| line.contains(part)).cloned();
        let waiting = |printed: &mut Printed| found(printed).is_none() && printed.ended < 2;
        let printed = self.output.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        let (printed, _) = self
            .output
            .grew
            .wait_timeout_while(printed, READY_WITHIN, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        found(&printed)
    }

    /// Everything printed so far, for the message of a failing test.
    pub fn printed(&self) -> String {
        self.output.so_far.lock().unwrap_or_else(PoisonError::into_inner).lines.join("\n")
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGKILL to the whole group, as a power cut or the system's memory killer would. Nothing is flushed.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    /// SIGTERM to the whole group, then waits for the end.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        eventually(&format!("{} ended", self.name), || self.child.try_wait().ok().flatten())
    }

    /// The group may outlive its leader, so it is signalled whether or not the leader still runs.
    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- {} printed:\n{}", self.name, self.printed());
        }
        self.kill();
    }
}

impl Output {
    fn collect(&self, source: Box<dyn Read + Send>) {
        for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            self.change(|printed| printed.lines.push(line));
        }
        self.change(|printed| printed.ended += 1);
    }

    fn change(&self, change: impl FnOnce(&mut Printed)) {
        change(&mut self.so_far.lock().unwrap_or_else(PoisonError::into_inner));
        self.grew.notify_all();
    }
}

/// A display of phone size that nobody looks at.
pub struct Display {
    /// What DISPLAY must be, such as `:99`.
    pub name: String,
    _server: Process,
}

impl Display {
    /// # Panics
    /// When Xvfb is missing or does not start.
    pub fn start() -> Self {
        // It takes the first free number and prints it; the size is that of the app's window.
        let arguments = ["-displayfd", "1", "-screen", "0", "390x844x24", "-nolisten", "tcp"];
        let server = Process::start("Xvfb", Command::new("Xvfb").args(arguments));
        let number = eventually("Xvfb printed its number", || {
            server.printed().lines().find(|line| line.parse::<u32>().is_ok()).map(str::to_owned)
        });
        Self { name: format!(":{number}"), _server: server }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_line_is_waited_for_and_the_group_dies_with_its_process() {
        let process = Process::start("two of them", &mut sh("sleep 600 & echo child $!; wait"));
        let child = process.wait_for_line("child ").replace("child ", "/proc/");
        assert!(PathBuf::from(&child).exists());
        drop(process);
        // The child is nobody's any more; whoever inherits it may not have collected it yet.
        eventually("the child is gone", || {
            let state = std::fs::read_to_string(format!("{child}/stat")).unwrap_or_default();
            (state.is_empty() || state.contains(") Z ")).then_some(())
        });
    }

    #[test]
    #[should_panic(expected = "never printed \"ready\", only:\nbroken")]
    fn a_program_that_ends_early_shows_what_it_printed() {
        Process::start("broken", &mut sh("echo broken >&2")).wait_for_line("ready");
    }

    #[test]
    fn stop_lets_a_program_end_by_itself() {
        let mut process =
            Process::start("polite", &mut sh("trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done"));
        process.wait_for_line("ready");
        assert_eq!(process.stop().code(), Some(7));
    }
}
