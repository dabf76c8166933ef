//! HQ and its phones as the real programs, for end-to-end tests.
//!
//! Programs find each other by address and data folder only, as in the field. A test that wants to know what came of an
//! action looks at a screen or asks by a call, as people and pages do.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::processes::{Process, built, free_port};
use crate::webdriver::Page;

/// The server with its embedded SQLite in a folder of its own.
pub struct Hq {
    folder: tempfile::TempDir,
    port: u16,
    process: Process,
}

impl Hq {
    /// A new installation that knows the synthetic city.
    ///
    /// # Panics
    /// When the server does not start.
    pub fn with_demo_city() -> Self {
        let folder = tempfile::tempdir().expect("a folder for HQ");
        finish(server(folder.path()).arg("demo"));
        let port = free_port();
        let process = serve(folder.path(), port);
        Self { folder, port, process }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The one-time link that makes the first administrator.
    pub fn setup_link(&self) -> String {
        let line = self.process.wait_for_line("/setup?token=");
        line.split_whitespace().last().expect("the link ends the line").to_owned()
    }

    /// A fresh one-time code for the first officer.
    pub fn enroll_code(&self) -> String {
        finish(server(self.folder.path()).args(["enroll-code", "--officer", "first"])).trim().to_owned()
    }

    /// Publishes the checklists of a file, as an administrator at the machine does.
    ///
    /// # Panics
    /// When the server refuses them.
    pub fn publishes(&self, checklists: &str) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), checklists).expect("written");
        finish(server(self.folder.path()).args(["import", "checklists"]).arg(file.path()));
    }

    /// Where its database and its photos lie.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Pulls the plug and plugs it in again: SIGKILL, then a start on the same folder and port.
    pub fn crash_and_restart(&mut self) {
        self.crash();
        self.restart();
    }

    pub fn crash(&mut self) {
        self.process.kill();
    }

    pub fn restart(&mut self) {
        self.process = serve(self.folder.path(), self.port);
    }
}

/// One officer's phone. Its data outlives the programs that show it.
pub struct Phone {
    folder: tempfile::TempDir,
}

impl Phone {
    /// A phone fresh out of its box.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder for the phone") }
    }

    /// A phone whose officer has scanned a code of `hq`.
    pub fn enrolled_at(hq: &Hq) -> Self {
        Self::enrolled_through(hq, &hq.address())
    }

    /// A phone that reaches `hq` under another address, such as that of a bad link.
    pub fn enrolled_through(hq: &Hq, address: &str) -> Self {
        let phone = Self::new();
        finish(phone.bridge().args(["--enroll", &hq.enroll_code(), "--server", address]));
        phone
    }

    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Opens it in a browser of a phone's size.
    pub fn in_browser(&self) -> BrowserPhone {
        self.shown_in(Page::phone_browser)
    }

    /// Opens it in a browser of a small phone's size.
    pub fn in_small_browser(&self) -> BrowserPhone {
        self.shown_in(Page::small_phone_browser)
    }

    fn shown_in(&self, browser: fn() -> Page) -> BrowserPhone {
        let bridge = Process::start("bridge", self.bridge().arg("--ui").arg(ui_dist()).args(["--port", "0"]));
        let line = bridge.wait_for_line("http://127.0.0.1:");
        let page = browser();
        page.goto(line.split_whitespace().last().expect("the address ends the line"));
        BrowserPhone { page, bridge }
    }

    /// Opens it in the app's own window.
    pub fn in_window(&self) -> Page {
        Page::app(&built("XUNCHA_APP", "xuncha-app"), self.folder.path())
    }

    fn bridge(&self) -> Command {
        let mut command = Command::new(built("XUNCHA_BRIDGE", "xuncha-bridge"));
        command.arg("--data").arg(self.folder.path());
        command
    }
}

impl Default for Phone {
    fn default() -> Self {
        Self::new()
    }
}

/// A phone's page and the engine behind it.
pub struct BrowserPhone {
    pub page: Page,
    bridge: Process,
}

impl BrowserPhone {
    /// The battery is gone: the engine is killed in the middle of whatever it does.
    pub fn power_cut(mut self) {
        self.bridge.kill();
    }
}

/// The pages as `npm run build` leaves them.
pub fn ui_dist() -> PathBuf {
    let own = || crate::package().join("../ui/dist");
    std::env::var_os("XUNCHA_UI_DIST").map_or_else(own, PathBuf::from)
}

fn server(data: &Path) -> Command {
    let mut command = Command::new(built("XUNCHA_SERVER", "xuncha-server"));
    command.arg("--data").arg(data);
    command
}

fn serve(data: &Path, port: u16) -> Process {
    let mut command = server(data);
    command.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--ui"]).arg(ui_dist());
    let process = Process::start("HQ", &mut command);
    process.wait_for_line("http://");
    process
}

/// Runs a command to its end and returns what it printed.
///
/// # Panics
/// When it fails, with its reason.
fn finish(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enrolled_phone_opens_in_a_browser_and_in_its_window() {
        let hq = Hq::with_demo_city();
        assert!(hq.setup_link().starts_with(&hq.address()));
        let phone = Phone::enrolled_at(&hq);

        let browser = phone.in_browser();
        browser.page.css("#app > *").appears();
        assert!(!browser.page.url().contains("/enrol"), "{}", browser.page.url());
        browser.power_cut();

        let window = phone.in_window();
        window.css("#app > *").appears();
        assert!(!window.url().contains("/enrol"), "{}", window.url());
        window.close();
    }
}
