//! The machine's own clock and randomness: the only place of the server that reads them.

use std::time::{Instant, SystemTime};

use xuncha_domain::ids::Entropy;
use xuncha_domain::time::Clock;

pub struct SystemClock {
    started: Instant,
    boot: [u8; 8],
}

impl SystemClock {
    // This is where time enters.
    #[allow(clippy::disallowed_methods)]
    pub fn new() -> Self {
        let mut boot = [0; 8];
        SystemEntropy.fill(&mut boot);
        Self { started: Instant::now(), boot }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    // This is where time enters.
    #[allow(clippy::disallowed_methods)]
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn boot_id(&self) -> [u8; 8] {
        self.boot
    }
}

pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    // This is where randomness enters. Predictable tokens and keys would be worse than no server.
    #[allow(clippy::disallowed_methods)]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            tracing::error!(%error, "no randomness");
            std::process::abort();
        }
    }
}
