//! How each kind of window is started.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{Page, agent, command, text};
use crate::processes::{Display, Process, eventually, free_port};

/// The size of the app's window.
const PHONE: (u32, u32) = (390, 844);
/// The smallest phone that officers carry.
const SMALL_PHONE: (u32, u32) = (360, 640);

/// Officers and HQ share the city's clock, wherever the test runs.
const CLOCK: &str = "Asia/Shanghai";

impl Page {
    /// A phone's browser: Chromium with the size, the touch and the pixels of a phone.
    pub fn phone_browser() -> Self {
        Self::phone_of(PHONE)
    }

    pub fn small_phone_browser() -> Self {
        Self::phone_of(SMALL_PHONE)
    }

    fn phone_of((width, height): (u32, u32)) -> Self {
        let metrics =
            json!({ "width": width, "height": height, "pixelRatio": 2.0, "touch": true, "mobile": true });
        Self::chromium((width, height), json!({ "deviceMetrics": metrics }))
    }

    /// Makes the phone's screen larger or smaller, in CSS pixels; for browsers of the Chromium family.
    ///
    /// # Panics
    /// When the browser refuses.
    pub fn sized(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": true });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics });
        self.must("POST", "/goog/cdp/execute", &command);
    }

    /// An office browser, for the console.
    pub fn desk_browser() -> Self {
        Self::chromium((1440, 900), Value::Null)
    }

    fn chromium((width, height): (u32, u32), emulation: Value) -> Self {
        let profile = tempfile::tempdir().expect("a folder for the browser's profile");
        let mut arguments = vec![
            format!("--user-data-dir={}", profile.path().display()),
            format!("--window-size={width},{height}"),
        ];
        arguments.extend(CHROMIUM_ARGUMENTS.iter().map(|&argument| argument.to_owned()));
        let mut options = json!({ "args": arguments, "prefs": { "intl.accept_languages": "zh-CN,zh" } });
        if !emulation.is_null() {
            options["mobileEmulation"] = emulation;
        }
        let (driver, port) = chromedriver();
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        Self::begin(driver, port, wanted, None, Some(profile))
    }

    /// The app's own window on a display of its own, with its data in `data`.
    pub fn app(program: &Path, data: &Path) -> Self {
        let display = Display::start();
        let port = free_port();
        let mut driver = Command::new("WebKitWebDriver");
        driver.args(["--host=127.0.0.1", &format!("--port={port}")]);
        // The driver passes its environment on to the app.
        driver.env("TAURI_WEBVIEW_AUTOMATION", "true").env("DISPLAY", &display.name).env("XUNCHA_DATA", data);
        // What the web view keeps is this phone's, and not what another test left behind.
        driver.env("TZ", CLOCK).env("XDG_DATA_HOME", data.join("web"));
        driver.env_remove("WAYLAND_DISPLAY");
        let driver = Process::start("WebKitWebDriver", &mut driver);
        let wanted = json!({ "webkitgtk:browserOptions": { "binary": program, "args": [] } });
        Self::begin(driver, port, wanted, Some(display), None)
    }

    fn begin(
        driver: Process,
        port: u16,
        wanted: Value,
        display: Option<Display>,
        profile: Option<tempfile::TempDir>,
    ) -> Self {
        let agent = agent();
        let server = format!("http://127.0.0.1:{port}");
        eventually("the driver is ready", || {
            let status = command(&agent, "GET", &format!("{server}/status"), &Value::Null).ok()?;
            (status["ready"] == true).then_some(())
        });
        let body = json!({ "capabilities": { "alwaysMatch": wanted } });
        let session = command(&agent, "POST", &format!("{server}/session"), &body)
            .unwrap_or_else(|problem| panic!("no session: {problem:?}\n{}", driver.printed()));
        let session = format!("{server}/session/{}", text(&session["sessionId"]));
        Self { agent, session, driver, _display: display, _profile: profile }
    }
}

/// A running driver and its port. It takes a free port of IPv6 and then the same of IPv4, which another process
/// may hold by then; it ends with that, and the next one draws another port.
///
/// # Panics
/// When five of them found no port.
fn chromedriver() -> (Process, u16) {
    let mut last = String::new();
    for _ in 0..5 {
        let driver =
            Process::start("chromedriver", Command::new("chromedriver").arg("--port=0").env("TZ", CLOCK));
        if let Some(line) = driver.line_before_end("started successfully on port ") {
            let port = line.rsplit(' ').next().and_then(|port| port.trim_end_matches('.').parse().ok());
            return (driver, port.expect("chromedriver names its port"));
        }
        last = driver.printed();
        assert!(last.contains("Address already in use"), "chromedriver did not start:\n{last}");
    }
    panic!("chromedriver found no port:\n{last}");
}

const CHROMIUM_ARGUMENTS: &[&str] = &[
    "--headless=new",
    // CI runs as root in a container, where the sandbox and the small shared memory do not work.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    // Maps are drawn by WebGL, here without a graphics card.
    "--enable-unsafe-swiftshader",
    // A test talks to loopback and to nothing else.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
];
