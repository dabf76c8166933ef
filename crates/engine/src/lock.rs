//! The PIN lock: whoever picks up an officer's phone sees nothing and records nothing in the officer's name.
//!
//! While locked, the engine refuses every call of a screen but those in [`OPEN`]. Sync goes on, a hub goes on serving, and
//! the rescue file can be made: it is sealed to HQ and tells nothing. Three ways lead in: the PIN; a code that HQ
//! gives for the same officer, with a network; and for the data alone the rescue file. None of them can be lost for good.
//!
//! It protects from a person with the phone in hand. It does not protect from a person who reads the app's files: the PIN
//! encrypts nothing, and six digits are found by trying them all against what is kept of them here. Against that stand the
//! platform's encryption of its storage and its key store. The device's key is not bound to the PIN: a forgotten PIN must
//! not cost recorded work (law 5), and the sync of the background signs without it.
//!
//! Wrong tries make the next one wait, twice as long each time. The wait is measured by the monotonic clock alone, so that
//! setting the date does not shorten it, and a start of the app begins it anew.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use xuncha_domain::ids::random;
use xuncha_domain::time::Clock;

use crate::api::types::ErrorCode;
use crate::engine::Options;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::store::pin::{self, Kept, Stretched};

/// Calls of a locked phone. None of them shows or writes what was recorded.
const OPEN: [&str; 6] =
    ["lock_status", "unlock", "unlock_by_hq", "app_shown", "network_changed", "rescue_bundle"];

/// Parameters of Argon2id: the least that the OWASP Password Storage Cheat Sheet allows, since a phone may have 2 GB.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Bounds what a damaged record may ask for.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const PASSES_MAX: u32 = 16;

const DIGITS_MIN: usize = 6;
const DIGITS_MAX: usize = 12;

/// Gloves slip: so many wrong tries cost nothing.
const FREE_TRIES: u32 = 4;
const WAIT_MIN_MS: i64 = 30 * 1000;
/// An officer who remembers must not stand in the cold for an hour. At 96 tries a day a million PINs take decades.
const WAIT_MAX_MS: i64 = 15 * 60 * 1000;

/// Minutes in the background before the PIN is asked for again. Taking a photo sends the app there for a moment.
pub const AFTER_MIN: [u32; 4] = [1, 5, 15, 60];
const AFTER_MIN_DEFAULT: u32 = 5;

/// What a screen may say of the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub set: bool,
    pub locked: bool,
    pub after_min: u32,
    /// Milliseconds until the next try is taken.
    pub wait_ms: i64,
}

pub struct Lock {
    state: Mutex<State>,
    /// One try at a time: two at once would count as one.
    trying: Mutex<()>,
}

struct State {
    kept: Kept,
    locked: bool,
    /// When the app went to the background, by both clocks.
    left: Option<Moment>,
    /// Of the last wrong try or of the app's start, by the monotonic clock.
    waits_since_ms: i64,
}

#[derive(Clone, Copy)]
struct Moment {
    now_ms: i64,
    monotonic_ms: i64,
}

impl Moment {
    fn of(clock: &dyn Clock) -> Self {
        Self { now_ms: clock.now_ms(), monotonic_ms: clock.monotonic_ms() }
    }

    /// Whether so long ago, by either clock: the monotonic one stands still while a phone sleeps, and the other one can be
    /// set, which counts as too long when it went back.
    fn is_older(self, than_ms: i64, clock: &dyn Clock) -> bool {
        let now = Self::of(clock);
        now.now_ms < self.now_ms
            || now.now_ms.saturating_sub(self.now_ms) >= than_ms
            || now.monotonic_ms.saturating_sub(self.monotonic_ms) >= than_ms
    }
}

impl Lock {
    /// Locked when a PIN is set and the phone is enrolled: without an enrolment there is nobody's work to show, and nobody
    /// whom HQ could give a code.
    pub(crate) fn open(kept: Kept, enrolled: bool, clock: &dyn Clock) -> Self {
        let locked = kept.pin.is_some() && enrolled;
        let state = State { kept, locked, left: None, waits_since_ms: clock.monotonic_ms() };
        Self { state: Mutex::new(state), trying: Mutex::new(()) }
    }

    /// # Errors
    /// `Locked` for what is not [`OPEN`].
    pub(crate) fn admit(&self, call: &str, clock: &dyn Clock) -> Result<()> {
        if OPEN.contains(&call) || !self.standing(clock).locked {
            return Ok(());
        }
        Err(Error::Refused(ErrorCode::Locked, "this phone is locked"))
    }

    pub(crate) fn standing(&self, clock: &dyn Clock) -> Standing {
        let mut state = self.state();
        let after_min = match state.kept.after_min {
            0 => AFTER_MIN_DEFAULT,
            chosen => chosen,
        };
        let set = state.kept.pin.is_some();
        let away_ms = i64::from(after_min) * 60 * 1000;
        if set && state.left.is_some_and(|left| left.is_older(away_ms, clock)) {
            state.locked = true;
        }
        let since = clock.monotonic_ms().saturating_sub(state.waits_since_ms);
        let wait_ms = if set { wait_after(state.kept.failures).saturating_sub(since).max(0) } else { 0 };
        Standing { set, locked: state.locked, after_min, wait_ms }
    }

    /// The app is no longer, or again, what its officer looks at.
    pub(crate) fn shown(&self, visible: bool, clock: &dyn Clock) {
        // Before the moment is forgotten.
        self.standing(clock);
        let mut state = self.state();
        if visible {
            state.left = None;
        } else if state.left.is_none() {
            state.left = Some(Moment::of(clock));
        }
    }

    pub(crate) fn lock_now(&self) {
        let mut state = self.state();
        state.locked = state.kept.pin.is_some();
    }

    /// Sets a PIN, or another one in place of `current`.
    ///
    /// # Errors
    /// `PinUnfit`; with a PIN set those of [`Lock::check`].
    pub(crate) fn set(
        &self,
        store: &Store,
        options: &Options,
        new: &str,
        current: Option<&str>,
    ) -> Result<()> {
        fit(new)?;
        if self.state().kept.pin.is_some() {
            self.check(store, options, current.unwrap_or_default())?;
        }
        let stretched = stretched(new, random(&*options.entropy))?;
        self.change(store, |kept| kept.pin = Some(stretched))
    }

    /// # Errors
    /// Those of [`Lock::check`].
    pub(crate) fn remove(&self, store: &Store, options: &Options, current: &str) -> Result<()> {
        self.check(store, options, current)?;
        self.forget(store)
    }

    /// HQ spoke for the officer: no PIN is asked for any more.
    pub(crate) fn forget(&self, store: &Store) -> Result<()> {
        self.change(store, |kept| {
            kept.pin = None;
            kept.failures = 0;
        })?;
        self.state().locked = false;
        Ok(())
    }

    pub(crate) fn set_after(&self, store: &Store, after_min: u32) -> Result<()> {
        if !AFTER_MIN.contains(&after_min) {
            return Err(Error::Refused(ErrorCode::BadRequest, "no such time"));
        }
        self.change(store, |kept| kept.after_min = after_min)
    }

    /// # Errors
    /// Those of [`Lock::check`].
    pub(crate) fn unlock(&self, store: &Store, options: &Options, pin: &str) -> Result<()> {
        self.check(store, options, pin)?;
        let mut state = self.state();
        state.locked = false;
        state.left = None;
        Ok(())
    }

    /// A try counts before it is looked at: ending the app in its middle gains nothing.
    ///
    /// # Errors
    /// `PinTooSoon` when the wait is not over, `PinWrong`.
    fn check(&self, store: &Store, options: &Options, pin: &str) -> Result<()> {
        let _one_at_a_time = self.trying.lock().unwrap_or_else(PoisonError::into_inner);
        if self.standing(&*options.clock).wait_ms > 0 {
            return Err(Error::Refused(ErrorCode::PinTooSoon, "the next try has to wait"));
        }
        let Some(known) = self.state().kept.pin.clone() else { return Ok(()) };
        self.change(store, |kept| kept.failures = kept.failures.saturating_add(1))?;
        let right = pin.len() <= DIGITS_MAX && hash(pin, &known)? == known.hash;
        // The time that the stretching takes is part of no wait.
        self.state().waits_since_ms = options.clock.monotonic_ms();
        if !right {
            return Err(Error::Refused(ErrorCode::PinWrong, "this is not the PIN"));
        }
        self.change(store, |kept| kept.failures = 0)
    }

    /// Durable before it counts.
    fn change(&self, store: &Store, change: impl FnOnce(&mut Kept)) -> Result<()> {
        let mut kept = self.state().kept.clone();
        change(&mut kept);
        store.write(|transaction| pin::keep(transaction, &kept))?;
        self.state().kept = kept;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long the next try waits after so many wrong ones, in milliseconds.
fn wait_after(failures: u32) -> i64 {
    let Some(doublings) = failures.checked_sub(FREE_TRIES + 1) else { return 0 };
    // A shift that loses no bit; further ones are above the longest wait anyway.
    (WAIT_MIN_MS << doublings.min(16)).min(WAIT_MAX_MS)
}

/// Digits, for a pad that gloves can hit; none of those that everybody tries first.
fn fit(pin: &str) -> Result<()> {
    let digits = pin.as_bytes();
    let steps_by =
        |step: u8| digits.windows(2).all(|pair| matches!(pair, [a, b] if b.wrapping_sub(*a) == step));
    let plain = [0, 1, u8::MAX].into_iter().any(steps_by);
    let length = DIGITS_MIN..=DIGITS_MAX;
    if length.contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) && !plain {
        return Ok(());
    }
    Err(Error::Refused(
        ErrorCode::PinUnfit,
        "six to twelve digits, neither all the same nor counting up or down",
    ))
}

fn stretched(pin: &str, salt: [u8; 16]) -> Result<Stretched> {
    let empty = Stretched { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES, salt, hash: [0; 32] };
    Ok(Stretched { hash: hash(pin, &empty)?, ..empty })
}

fn hash(pin: &str, by: &Stretched) -> Result<[u8; 32]> {
    let wrong = |_| Error::Refused(ErrorCode::Internal, "the kept PIN cannot be read");
    let (memory, passes) = (by.memory_kib.min(MEMORY_KIB_MAX), by.passes.min(PASSES_MAX));
    let params = Params::new(memory, passes, by.lanes, None).map_err(wrong)?;
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(pin.as_bytes(), &by.salt, &mut hash)
        .map_err(wrong)?;
    Ok(hash)
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
