//! What axe-core finds wrong with a screen for people who do not see or point as others do (WCAG 2.1, A and AA).

use std::fs;

use serde_json::json;

use super::{Page, text};
use crate::package;

/// Serious and critical findings, each with the elements; minor ones are opinions.
const RUN: &str = "
const done = arguments[arguments.length - 1];
const only = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] };
const grave = ({ impact }) => impact === 'serious' || impact === 'critical';
const element = ({ target, any }) => `${target} (${any.map(({ message }) => message)})`;
const finding = ({ id, nodes }) => `${id}: ${nodes.map(element).join('; ')}`;
// What is still fading has neither its old nor its new contrast.
const fading = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
Promise.allSettled(fading.map((one) => one.finished))
  .then(() => axe.run(document, { resultTypes: ['violations'], runOnly: only }))
  .then(({ violations }) => violations.filter(grave).map(finding))
  .then(done, (error) => done([`axe-core: ${error}`]));";

impl Page {
    /// # Panics
    /// When there is a serious finding.
    pub(super) fn is_accessible(&self, step: &str) {
        let source = package().join("../ui/node_modules/axe-core/axe.min.js");
        let source = fs::read_to_string(source).expect("axe-core is installed with the ui's packages");
        let script = format!("{source}{RUN}");
        let found = self.must("POST", "/execute/async", &json!({ "script": script, "args": [] }));
        let findings: Vec<String> = found.as_array().into_iter().flatten().map(text).collect();
        assert!(findings.is_empty(), "{step} has serious findings: {}", findings.join("\n"));
    }
}
