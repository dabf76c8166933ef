//! The real clock, randomness and disk: the one place where the engine's binaries get them.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use xuncha_domain::disk::Disk;
use xuncha_domain::ids::Entropy;
use xuncha_domain::time::Clock;

pub struct SystemClock;

#[allow(clippy::disallowed_methods, reason = "this is the type that everything else takes time from")]
impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            // Before 1970: a phone whose battery was out.
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        }
    }

    fn monotonic_ms(&self) -> i64 {
        static START: OnceLock<Instant> = OnceLock::new();
        i64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn boot_id(&self) -> [u8; 8] {
        // A start of this process stands for a boot: monotonic times are compared within one start only.
        static BOOT: OnceLock<[u8; 8]> = OnceLock::new();
        *BOOT.get_or_init(|| xuncha_domain::ids::random(&SystemEntropy))
    }
}

pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the type that everything else takes randomness from"
    )]
    #[allow(clippy::expect_used, reason = "predictable ids and salts would be worse than no process")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives randomness");
    }
}

/// The machine's own disk.
pub struct SystemDisk;

impl Disk for SystemDisk {
    #[cfg(unix)]
    fn free_bytes(&self, path: &Path) -> Option<u64> {
        let volume = rustix::fs::statvfs(path).ok()?;
        volume.f_bavail.checked_mul(volume.f_frsize)
    }
}
