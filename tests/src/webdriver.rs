//! A small client of the W3C WebDriver protocol, for the browser that shows a page of ours and for the app's window.
//!
//! Both are driven by the drivers of the distribution (chromedriver, WebKitWebDriver) with plain HTTP, so that the tests
//! need no Node package and no network. A [`Part`] is looked up anew for each action, which is repeated until it works:
//! pages redraw whenever they like, so there is no element to hold on to and no time to wait for.

mod axe;
mod browsers;
mod part;
mod shots;

use std::path::Path;
use std::time::Duration;
use std::{env, fs, thread};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

pub use part::Part;

use crate::processes::{Display, Process, looked_for};

/// The slowest single command seen is a start of Chromium on two busy cores, some ten seconds.
const COMMAND_WITHIN: Duration = Duration::from_secs(90);

/// An error that the driver answered with, such as `no such element`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: String,
    pub message: String,
}

/// One window with one page, and everything that was started for it.
pub struct Page {
    agent: ureq::Agent,
    /// Address of the session.
    session: String,
    // Dropped in this order: first what uses the display and the folder.
    driver: Process,
    _display: Option<Display>,
    _profile: Option<tempfile::TempDir>,
}

impl Page {
    /// # Panics
    /// When the page cannot be loaded.
    pub fn goto(&self, url: &str) {
        self.must("POST", "/url", &json!({ "url": url }));
    }

    pub fn reload(&self) {
        self.must("POST", "/refresh", &json!({}));
    }

    pub fn url(&self) -> String {
        text(&self.must("GET", "/url", &Value::Null))
    }

    /// The part that the page's author marked with `data-testid`.
    pub fn part(&self, test_id: &str) -> Part<'_> {
        self.css(&format!("[data-testid='{test_id}']"))
    }

    pub fn css(&self, selector: &str) -> Part<'_> {
        Part::new(self, "css selector", selector.to_owned())
    }

    /// The button that says exactly this.
    pub fn button(&self, words: &str) -> Part<'_> {
        Part::new(self, "xpath", format!("//button[normalize-space(.)={}]", quoted(words)))
    }

    /// The choice of a selection list whose text contains these words.
    pub fn option(&self, words: &str) -> Part<'_> {
        Part::new(self, "xpath", format!("//option[contains(., {})]", quoted(words)))
    }

    /// Waits until the words can be read somewhere on the page.
    ///
    /// # Panics
    /// When they never appear; with what can be read instead.
    pub fn sees(&self, words: &str) {
        self.until(&format!("the page shows {words:?}"), || {
            self.visible_text().contains(words).then_some(())
        });
    }

    /// Waits until the words can be read nowhere on the page.
    pub fn sees_no_more(&self, words: &str) {
        self.until(&format!("{words:?} is gone"), || (!self.visible_text().contains(words)).then_some(()));
    }

    pub fn visible_text(&self) -> String {
        text(&self.run("return document.body ? document.body.innerText : ''", &json!([])))
    }

    /// Runs a function body in the page and returns what it returns.
    ///
    /// # Panics
    /// When the script throws.
    pub fn run(&self, script: &str, arguments: &Value) -> Value {
        self.must("POST", "/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// Puts the phone at a place, for browsers of the Chromium family. Degrees of WGS-84, metres.
    pub fn stand_at(&self, latitude: f64, longitude: f64, accuracy_m: f64) {
        let granted = json!({ "descriptor": { "name": "geolocation" }, "state": "granted" });
        self.must("POST", "/permissions", &granted);
        let place = json!({ "latitude": latitude, "longitude": longitude, "accuracy": accuracy_m });
        let command = json!({ "cmd": "Emulation.setGeolocationOverride", "params": place });
        self.must("POST", "/goog/cdp/execute", &command);
    }

    /// Writes a PNG of what the window shows.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn screenshot(&self, file: &Path) {
        let png = text(&self.must("GET", "/screenshot", &Value::Null));
        let png = BASE64_STANDARD.decode(png).expect("a screenshot is base64");
        fs::create_dir_all(file.parent().expect("a file lies in a folder")).expect("the folder can be made");
        fs::write(file, png).expect("the screenshot can be written");
    }

    /// Kills the window and its driver at once, as a power cut would.
    pub fn kill(mut self) {
        self.driver.kill();
    }

    /// Closes the window in an orderly way; dropping the page kills it.
    pub fn close(mut self) {
        self.must("DELETE", "", &Value::Null);
        self.driver.stop();
    }

    /// Waits for a condition, and fails with what the page shows and a picture of it.
    fn until<T>(&self, what: &str, condition: impl FnMut() -> Option<T>) -> T {
        looked_for(condition).unwrap_or_else(|| {
            let picture = self.picture();
            panic!("still not: {what}\n{picture}--- {} shows:\n{}", self.url(), self.visible_text())
        })
    }

    /// Where the picture of a failure was put, when a folder for such pictures was named.
    fn picture(&self) -> String {
        let Some(folder) = env::var_os("XUNCHA_PICTURES") else { return String::new() };
        let name = thread::current().name().unwrap_or("test").replace("::", "-");
        let file = Path::new(&folder).join(format!("{name}.png"));
        self.screenshot(&file);
        format!("--- picture: {}\n", file.display())
    }

    fn must(&self, method: &str, path: &str, body: &Value) -> Value {
        self.command(method, path, body).unwrap_or_else(|problem| panic!("{method} {path}: {problem:?}"))
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Result<Value, Problem> {
        command(&self.agent, method, &format!("{}{path}", self.session), body)
    }
}

/// One command of the protocol. Answers are `{"value": …}`, errors too, with a status of 400 or more.
fn command(agent: &ureq::Agent, method: &str, url: &str, body: &Value) -> Result<Value, Problem> {
    let sent = match method {
        "GET" => agent.get(url).call(),
        "DELETE" => agent.delete(url).call(),
        _ => agent.post(url).send_json(body),
    };
    let broken = |error: ureq::Error| Problem { code: "no answer".into(), message: error.to_string() };
    let mut answer = sent.map_err(broken)?;
    // A screenshot is some hundred kilobytes of base64; the default limit of 10 MB is enough.
    let value = answer.body_mut().read_json::<Value>().map_err(broken)?["value"].take();
    if answer.status().is_success() {
        return Ok(value);
    }
    Err(Problem { code: text(&value["error"]), message: text(&value["message"]) })
}

fn agent() -> ureq::Agent {
    // An error of the protocol has a body that says what it is.
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(COMMAND_WITHIN));
    // The drivers listen on loopback; a proxy of the machine must not be asked.
    config.proxy(None).build().into()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// XPath has no escapes; our texts hold at most one kind of quote.
fn quoted(words: &str) -> String {
    if words.contains('\'') { format!("\"{words}\"") } else { format!("'{words}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says 已保存 a moment after the click, names the attached file, lists what was typed, and shows where it stands.
    const PAGE: &str = r#"<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>试验</title>
        <input data-testid="name" value="旧"><input type="file" data-testid="photo" hidden>
        <button onclick="setTimeout(() => { state.textContent = '已保存'; this.remove() }, 300)">保存</button>
        <button onclick="navigator.geolocation.getCurrentPosition(p => { state.textContent = '在 ' + p.coords.latitude })">定位</button>
        <p id="state" data-testid="state">尚未</p><ul></ul>
        <script>
        const at = id => document.querySelector(`[data-testid=${id}]`)
        at('photo').onchange = e => { state.textContent = e.target.files[0].name }
        at('name').onchange = e => { document.querySelector('ul').innerHTML = `<li>${e.target.value}</li>` }
        </script>"#;

    #[test]
    fn drives_a_page_in_a_phone_sized_browser() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("page.html");
        fs::write(&file, PAGE).unwrap();
        let page = Page::phone_browser();
        page.goto(&format!("file://{}", file.display()));
        assert_eq!(
            page.run("return [innerWidth, innerHeight, arguments[0]]", &json!([7])),
            json!([390, 844, 7])
        );

        page.sees("尚未");
        page.button("保存").click();
        page.part("state").says("已保存");
        page.button("保存").disappears();
        page.sees_no_more("尚未");

        page.part("name").fill("网吧");
        page.part("name").type_text("甲\u{E007}");
        assert_eq!(page.part("name").value(), "网吧甲");
        page.css("li").are(1);
        assert_eq!(page.css("li").nth(0).text(), "网吧甲");

        page.part("photo").attach(&file);
        page.part("state").says("page.html");
        assert_eq!(page.part("photo").attribute("type").as_deref(), Some("file"));

        page.stand_at(30.25, 120.5, 12.0);
        page.button("定位").click();
        page.part("state").says("在 30.25");

        let picture = folder.path().join("pictures/page.png");
        page.screenshot(&picture);
        assert!(fs::read(picture).unwrap().starts_with(b"\x89PNG"));
        page.reload();
        page.part("state").says("尚未");
        page.close();
    }
}
