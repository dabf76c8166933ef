//! One part of a page, named by how to find it. Each action finds it again and is repeated until the driver accepts it.

use std::path::Path;

use serde_json::{Value, json};

use super::{Page, Problem, text};

/// The name that the protocol gives to the field with an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What a person reads there. WebKitWebDriver's own `/text` leaves out what a parent with hidden overflow cuts short.
const TEXT: &str = "/property/innerText";

#[derive(Clone)]
pub struct Part<'p> {
    page: &'p Page,
    using: &'static str,
    value: String,
    /// Which of several, counted from 0.
    nth: usize,
}

impl<'p> Part<'p> {
    pub(super) fn new(page: &'p Page, using: &'static str, value: String) -> Self {
        Self { page, using, value, nth: 0 }
    }

    /// The one at this position, counted from 0, instead of the first.
    pub fn nth(mut self, position: usize) -> Self {
        self.nth = position;
        self
    }

    /// Waits until it can be seen.
    pub fn appears(&self) {
        self.page.until(&format!("{} is visible", self.value), || self.is_visible().then_some(()));
    }

    /// Waits until it cannot be seen any more.
    pub fn disappears(&self) {
        self.page.until(&format!("{} is gone", self.value), || (!self.is_visible()).then_some(()));
    }

    /// Waits until there are exactly so many of its kind.
    pub fn are(&self, number: usize) {
        let what = format!("there are {number} of {}", self.value);
        self.page.until(&what, || (self.elements().ok()?.len() == number).then_some(()));
    }

    /// Waits until its text contains these words.
    pub fn says(&self, words: &str) {
        self.page.until(&format!("{} says {words:?}", self.value), || {
            let said = self.get(TEXT).ok()?;
            text(&said).contains(words).then_some(())
        });
    }

    pub fn click(&self) {
        self.act("clicked", || {
            // WebKit's driver does not scroll to what is half in view, and clicks on what covers its middle.
            self.post("/click", &json!({})).inspect_err(|_| drop(self.scroll_to_middle()))
        });
    }

    /// Types after what is there already. Keys outside of text are the code points of the protocol (U+E000 and on).
    pub fn type_text(&self, words: &str) {
        self.act("typed into", || self.post("/value", &json!({ "text": words })));
    }

    /// Replaces what is there.
    pub fn fill(&self, words: &str) {
        self.act("cleared", || self.post("/clear", &json!({})));
        self.type_text(words);
    }

    /// Gives a file to a file input, which may be hidden.
    pub fn attach(&self, file: &Path) {
        let path = file.canonicalize().expect("the file to attach exists");
        self.act("given a file", || self.post("/value", &json!({ "text": path })));
    }

    /// Draws on it with a finger, from point to point; points are counted from its middle, in CSS pixels. By a script:
    /// after a touch that the driver plays, Chromium's emulation swallows the next tap.
    pub fn draw(&self, points: &[(i32, i32)]) {
        let script = "const [pad, points] = arguments;
            pad.scrollIntoView({ block: 'center' });
            const box = pad.getBoundingClientRect();
            const at = ([x, y]) => ({ clientX: box.x + box.width / 2 + x, clientY: box.y + box.height / 2 + y });
            const tell = (type, point) => pad.dispatchEvent(new PointerEvent(type,
                { ...at(point), pointerId: 7, pointerType: 'touch', bubbles: true, cancelable: true }));
            tell('pointerdown', points[0]);
            points.slice(1).forEach((point) => tell('pointermove', point));
            tell('pointerup', points.at(-1))";
        self.act("drawn on", || {
            let element = json!({ ELEMENT: self.element()? });
            let body = json!({ "script": script, "args": [element, points] });
            self.page.command("POST", "/execute/sync", &body)
        });
    }

    fn scroll_to_middle(&self) -> Result<Value, Problem> {
        let element = json!({ ELEMENT: self.element()? });
        let body = json!({ "script": "arguments[0].scrollIntoView({ block: 'center' })", "args": [element] });
        self.page.command("POST", "/execute/sync", &body)
    }

    pub fn text(&self) -> String {
        text(&self.act("read", || self.get(TEXT)))
    }

    /// What a form field holds now.
    pub fn value(&self) -> String {
        text(&self.act("read", || self.get("/property/value")))
    }

    pub fn attribute(&self, name: &str) -> Option<String> {
        self.act("read", || self.get(&format!("/attribute/{name}"))).as_str().map(str::to_owned)
    }

    pub fn is_visible(&self) -> bool {
        self.get("/displayed") == Ok(Value::Bool(true))
    }

    fn act<T>(&self, done: &str, mut action: impl FnMut() -> Result<T, Problem>) -> T {
        self.page.until(&format!("{} could be {done}", self.value), || action().ok())
    }

    fn get(&self, what: &str) -> Result<Value, Problem> {
        let element = self.element()?;
        self.page.command("GET", &format!("/element/{element}{what}"), &Value::Null)
    }

    fn post(&self, what: &str, body: &Value) -> Result<Value, Problem> {
        let element = self.element()?;
        self.page.command("POST", &format!("/element/{element}{what}"), body)
    }

    fn element(&self) -> Result<String, Problem> {
        let none = || Problem { code: "no such element".into(), message: self.value.clone() };
        self.elements()?.into_iter().nth(self.nth).ok_or_else(none)
    }

    fn elements(&self) -> Result<Vec<String>, Problem> {
        let query = json!({ "using": self.using, "value": self.value });
        let found = self.page.command("POST", "/elements", &query)?;
        Ok(found.as_array().into_iter().flatten().map(|element| text(&element[ELEMENT])).collect())
    }
}
