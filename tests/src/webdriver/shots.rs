//! Pictures of the important steps, for people: the README's, and for looking whether a page looks right.
//!
//! They are taken only when `XUNCHA_SHOTS` names a folder. Each step then gives one picture per language and, where the
//! browser can pretend it, one per colour scheme; the page is left as it was.

use std::env;
use std::path::Path;

use serde_json::{Value, json};

use super::Page;

const SHOTS_VARIABLE: &str = "XUNCHA_SHOTS";

/// Both languages come with the page, so it is only drawn anew; two frames later it is on the screen.
const SPEAK: &str = "const [lang, done] = arguments;
    document.querySelector('[data-v-app]').__vue_app__.config.globalProperties.$i18n.locale = lang;
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))";

impl Page {
    /// Takes the pictures of a step.
    ///
    /// # Panics
    /// When a picture cannot be taken or written.
    pub fn shot(&self, step: &str) {
        let Some(folder) = env::var_os(SHOTS_VARIABLE) else { return };
        for lang in ["en", "zh-CN"] {
            self.must("POST", "/execute/async", &json!({ "script": SPEAK, "args": [lang] }));
            for scheme in ["dark", "light"] {
                let shown = self.prefers(scheme);
                if shown || scheme == "light" {
                    self.screenshot(&Path::new(&folder).join(format!("{step}-{lang}-{scheme}.png")));
                }
            }
        }
    }

    /// Whether the browser could pretend that its owner chose this colour scheme; the app's window cannot.
    fn prefers(&self, scheme: &str) -> bool {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let command = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
        let chosen = self.command("POST", "/goog/cdp/execute", &command).is_ok();
        if chosen {
            self.settle();
        }
        chosen
    }

    fn settle(&self) {
        let script = "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(arguments[0])))";
        let _: Value = self.must("POST", "/execute/async", &json!({ "script": script, "args": [] }));
    }
}
