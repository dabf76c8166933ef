//! A phone as a running program without a browser: its calls over loopback, as the pages make them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use xuncha_engine::Engine;
use xuncha_engine::api::types::{AddPhoto, VisitView};

use crate::processes::{Process, built};
use crate::stage::ui_dist;

/// The engine answers in milliseconds; a loaded machine gets this long.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Whatever carries a tap to an engine: a call over HTTP, or the engine in this very process.
pub trait Hand {
    /// # Errors
    /// When the engine refused the call, or did not answer any more.
    fn call(&self, name: &str, arguments: Value) -> Result<Value, String>;
    /// # Errors
    /// As [`Hand::call`].
    fn photo(&self, meta: &AddPhoto, bytes: &[u8]) -> Result<VisitView, String>;
}

/// Calls by name with their own types.
///
/// # Errors
/// As [`Hand::call`].
pub fn ask<T: DeserializeOwned>(hand: &impl Hand, name: &str, arguments: Value) -> Result<T, String> {
    serde_json::from_value(hand.call(name, arguments)?).map_err(|error| error.to_string())
}

/// The app's engine in a process of its own, with its sync worker.
pub struct RunningPhone {
    pub process: Process,
    pub calls: Calls,
}

impl RunningPhone {
    /// # Panics
    /// When the program does not start.
    pub fn start(data: &Path) -> Self {
        let process = Self::starting(data);
        let line = process.wait_for_line("http://127.0.0.1:");
        let address = line.split_whitespace().last().expect("the address ends the line");
        let (base, key) = address.split_once("/?key=").expect("the address has a key");
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(ANSWER_WITHIN))
            .build();
        let calls = Calls { agent: agent.into(), base: base.into(), key: key.into() };
        Self { process, calls }
    }

    /// A program that was started and has not said yet that it is ready.
    pub fn starting(data: &Path) -> Process {
        let mut command = Command::new(built("XUNCHA_BRIDGE", "xuncha-bridge"));
        command.arg("--data").arg(data).arg("--ui").arg(ui_dist());
        command.env("XUNCHA_LOG", "info,xuncha_engine=debug");
        Process::start("phone", &mut command)
    }
}

#[derive(Clone)]
pub struct Calls {
    agent: ureq::Agent,
    base: String,
    key: String,
}

impl Calls {
    fn post(&self, path: &str) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        self.agent.post(format!("{}{path}", self.base)).header("x-bridge-key", &self.key)
    }
}

fn answered(
    sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    name: &str,
) -> Result<Value, String> {
    let mut answer = sent.map_err(|error| format!("{name}: {error}"))?;
    let body: Value = answer.body_mut().read_json().map_err(|error| format!("{name}: {error}"))?;
    if answer.status().is_success() { Ok(body) } else { Err(format!("{name} was refused: {body}")) }
}

impl Hand for Calls {
    fn call(&self, name: &str, arguments: Value) -> Result<Value, String> {
        answered(self.post(&format!("/call/{name}")).send_json(arguments), name)
    }

    fn photo(&self, meta: &AddPhoto, bytes: &[u8]) -> Result<VisitView, String> {
        let meta = serde_json::to_string(meta).map_err(|error| error.to_string())?;
        let view = answered(self.post("/photo").query("meta", meta).send(bytes), "photo")?;
        serde_json::from_value(view).map_err(|error| error.to_string())
    }
}

impl Hand for Engine {
    fn call(&self, name: &str, arguments: Value) -> Result<Value, String> {
        Engine::call(self, name, arguments).map_err(|error| format!("{name}: {error:?}"))
    }

    fn photo(&self, meta: &AddPhoto, mut bytes: &[u8]) -> Result<VisitView, String> {
        self.add_photo(meta, &mut bytes).map_err(|error| format!("photo: {error:?}"))
    }
}
