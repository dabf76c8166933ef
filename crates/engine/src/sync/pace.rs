//! How much to send at once: what a link carries in a few seconds.
//!
//! Nothing is assumed of a link. What is acknowledged soon doubles the next piece, what takes long or is lost halves it; the
//! sizes outlive a run, since the next one mostly meets the same link.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use xuncha_domain::limits;

/// A piece that was acknowledged within this time was smaller than it could be.
const SOON_MS: i64 = 3_000;
/// A piece that took longer should have been smaller.
const LATE_MS: i64 = 8_000;
/// Without an answer for so long a piece, which was cut to take a few seconds, is on a dead connection.
pub const PIECE_PATIENCE: Duration = Duration::from_secs(15);

/// Bytes at once, between two bounds.
pub struct Size {
    now: AtomicUsize,
    least: usize,
    most: usize,
}

impl Size {
    const fn new(start: usize, least: usize, most: usize) -> Self {
        Self { now: AtomicUsize::new(start), least, most }
    }

    pub fn bytes(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    /// `sent` bytes were acknowledged after so long. Fewer than were allowed say nothing of a larger size.
    pub fn acknowledged(&self, sent: usize, took_ms: i64) {
        let now = self.bytes();
        if took_ms > LATE_MS {
            self.lost();
        } else if took_ms <= SOON_MS && sent >= now / 2 {
            self.now.store((now * 2).min(self.most), Ordering::Relaxed);
        }
    }

    pub fn lost(&self) {
        self.now.store((self.bytes() / 2).max(self.least), Ordering::Relaxed);
    }
}

/// What this link has carried.
pub struct Pace {
    /// A piece of a photo. Of one that breaks off HQ keeps what arrived.
    pub piece: Size,
    /// A piece of a photo of another phone.
    pub pull: Size,
    /// The packets of one push, which arrive as a whole or not at all.
    pub push: Size,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            // The memory of three uploads at once stays below 2 MB.
            piece: Size::new(64 * 1024, 8 * 1024, 512 * 1024),
            pull: Size::new(64 * 1024, 8 * 1024, 512 * 1024),
            push: Size::new(1024 * 1024, 16 * 1024, limits::PACKETS_PER_SYNC_MAX * limits::PACKET_BYTES_MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_what_the_link_carries() {
        let Pace { piece, .. } = Pace::default();
        for _ in 0..10 {
            piece.acknowledged(piece.bytes(), 900);
        }
        assert_eq!(piece.bytes(), 512 * 1024);
        // The small rest of a photo on a fast link says nothing.
        piece.lost();
        piece.acknowledged(1_000, 100);
        assert_eq!(piece.bytes(), 256 * 1024);
        piece.acknowledged(256 * 1024, 5_000);
        assert_eq!(piece.bytes(), 256 * 1024);
        piece.acknowledged(256 * 1024, 20_000);
        assert_eq!(piece.bytes(), 128 * 1024);
        for _ in 0..10 {
            piece.lost();
        }
        assert_eq!(piece.bytes(), 8 * 1024);
    }
}
