//! The calls of the lock. What it is, and is not, stands in [`crate::lock`].

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::types::{Changes, Enroll, Nothing};
use crate::engine::Engine;
use crate::error::Result;
use crate::lock::AFTER_MIN;
use crate::sync;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LockStatus {
    /// A PIN is set.
    pub set: bool,
    pub locked: bool,
    /// Minutes in the background after which the PIN is asked for.
    pub after_min: u32,
    /// What may be chosen for it.
    pub after_choices: Vec<u32>,
    /// Milliseconds until the next try is taken, after too many wrong ones.
    pub wait_ms: i64,
}

#[derive(Clone, Serialize, Deserialize, TS)]
pub struct Pin {
    pub pin: String,
}

#[derive(Clone, Serialize, Deserialize, TS)]
pub struct SetPin {
    /// Six to twelve digits.
    pub pin: String,
    /// The PIN that it replaces.
    pub current: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LockAfter {
    pub minutes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AppShown {
    pub visible: bool,
}

pub fn status(engine: &Engine, _: Nothing) -> Result<LockStatus> {
    let standing = engine.0.lock.standing(&*engine.0.options.clock);
    Ok(LockStatus {
        set: standing.set,
        locked: standing.locked,
        after_min: standing.after_min,
        after_choices: AFTER_MIN.to_vec(),
        wait_ms: standing.wait_ms,
    })
}

pub fn set(engine: &Engine, arguments: SetPin) -> Result<LockStatus> {
    let SetPin { pin, current } = arguments;
    engine.0.lock.set(&engine.0.store, &engine.0.options, &pin, current.as_deref())?;
    status(engine, Nothing {})
}

pub fn set_after(engine: &Engine, arguments: LockAfter) -> Result<LockStatus> {
    engine.0.lock.set_after(&engine.0.store, arguments.minutes)?;
    status(engine, Nothing {})
}

pub fn remove(engine: &Engine, arguments: Pin) -> Result<LockStatus> {
    engine.0.lock.remove(&engine.0.store, &engine.0.options, &arguments.pin)?;
    status(engine, Nothing {})
}

pub fn now(engine: &Engine, _: Nothing) -> Result<LockStatus> {
    engine.0.lock.lock_now();
    // The page asks for its status, and learns it.
    engine.emit(&Changes { sync: true, ..Changes::default() });
    status(engine, Nothing {})
}

pub fn unlock(engine: &Engine, arguments: Pin) -> Result<LockStatus> {
    engine.0.lock.unlock(&engine.0.store, &engine.0.options, &arguments.pin)?;
    opened(engine)
}

/// Waits for the network, on a runtime of its own, as the first enrolment does.
pub fn unlock_by_hq(engine: &Engine, arguments: Enroll) -> Result<LockStatus> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(sync::enroll::vouched(engine, &arguments.text, arguments.server_url.as_deref()))?;
    engine.0.lock.forget(&engine.0.store)?;
    opened(engine)
}

/// Screens that asked while the phone was locked were refused: they ask again.
fn opened(engine: &Engine) -> Result<LockStatus> {
    engine.emit(&Changes {
        venues: true,
        officers: true,
        sync: true,
        visits_all: true,
        ..Changes::default()
    });
    status(engine, Nothing {})
}

pub fn shown(engine: &Engine, arguments: AppShown) -> Result<LockStatus> {
    engine.0.lock.shown(arguments.visible, &*engine.0.options.clock);
    status(engine, Nothing {})
}
