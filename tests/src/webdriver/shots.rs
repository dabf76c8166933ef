//! Pictures of the important steps, for people, and what a machine can say of them for people who see otherwise.
//!
//! Each step is looked at by axe-core in every colour scheme that the browser can pretend. When `XUNCHA_SHOTS` names a
//! folder, both languages are, and each gives one picture per scheme. The page is left as it was.

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
    /// Looks at a step, and takes its pictures if they are wanted.
    ///
    /// # Panics
    /// When axe-core has a serious finding, or a picture cannot be taken or written.
    pub fn shot(&self, step: &str) {
        let Some(folder) = env::var_os(SHOTS_VARIABLE) else { return self.in_each_scheme(step, None) };
        for lang in ["en", "zh-CN"] {
            self.must("POST", "/execute/async", &json!({ "script": SPEAK, "args": [lang] }));
            self.in_each_scheme(&format!("{step}-{lang}"), Some(Path::new(&folder)));
        }
    }

    fn in_each_scheme(&self, name: &str, folder: Option<&Path>) {
        for scheme in ["dark", "light"] {
            let shown = self.prefers(scheme);
            if shown || scheme == "light" {
                let name = format!("{name}-{scheme}");
                if let Some(folder) = folder {
                    self.screenshot(&folder.join(format!("{name}.png")));
                }
                self.is_accessible(&name);
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
