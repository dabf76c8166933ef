//! How long to wait: for a connection that does nothing, not for one that is slow.
//!
//! A fixed time for a whole request would never deliver a large body over a thin link, and a long one would leave a dead
//! connection standing for minutes while the network is there again.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// For HQ to think about a request whose bytes have arrived.
const ANSWER: Duration = Duration::from_secs(20);
/// What system and modem may hold of a body that looks sent; more of it is seen going.
const BUFFERED_BYTES_MAX: usize = 256 * 1024;
/// The thinnest link over which a whole body must arrive: 30 kbit/s and some loss.
const THINNEST_BYTES_PER_S: u64 = 3_000;

/// For a request whose body counts as a whole or not at all.
pub fn whole(body_bytes: usize) -> Duration {
    let buffered = body_bytes.min(BUFFERED_BYTES_MAX) as u64;
    ANSWER + Duration::from_millis(buffered * 1_000 / THINNEST_BYTES_PER_S)
}

/// Counts what moves in a request, in either direction.
#[derive(Debug, Clone, Default)]
pub struct Moved(Arc<AtomicU64>);

impl Moved {
    pub fn more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Waits for `work` as long as something moves; none when nothing did for the whole of `patience`.
pub async fn watch<T>(patience: Duration, moved: &Moved, work: impl Future<Output = T>) -> Option<T> {
    watch_by(|| tokio::time::sleep(patience), moved, work).await
}

async fn watch_by<T, Sleep: Future<Output = ()>>(
    sleep: impl Fn() -> Sleep,
    moved: &Moved,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    loop {
        let before = moved.so_far();
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            () = sleep() => if moved.so_far() == before { return None },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn, ready};
    use std::task::Poll;

    use super::*;

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
    }

    #[test]
    fn a_slow_link_carries_any_body_and_a_dead_one_is_left() {
        run(async {
            // Each sleep is over at once, and within each a chunk moves: a thousand times as long as the patience.
            let moved = Moved::default();
            let mut chunks = 0;
            let body = poll_fn(|_| {
                moved.more();
                chunks += 1;
                if chunks == 1_000 { Poll::Ready(()) } else { Poll::Pending }
            });
            assert_eq!(watch_by(|| ready(()), &moved, body).await, Some(()));
            assert_eq!(watch_by(|| ready(()), &moved, pending::<()>()).await, None);
        });
    }

    #[test]
    fn what_is_hidden_in_buffers_has_its_time() {
        // All of a body is taken at once, and nothing is seen of it until the answer: at 30 kbit/s.
        for body in [400, 16 * 1024, 110_000, BUFFERED_BYTES_MAX] {
            assert!(whole(body) > Duration::from_millis(body as u64 * 1_000 / 3_750));
        }
        assert!(whole(400) < Duration::from_secs(25), "a dead connection is left soon");
    }
}
