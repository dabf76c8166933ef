use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;

use super::*;
use crate::engine::Engine;

const PIN: &str = "407193";
const OTHER: &str = "220815";
const MINUTE: i64 = 60 * 1000;

/// A clock that the test moves: by itself no time passes.
#[derive(Default)]
struct Hands {
    now_ms: AtomicI64,
    monotonic_ms: AtomicI64,
}

impl Hands {
    fn pass(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
        self.monotonic_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Somebody sets the date.
    fn set_by(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// The phone sleeps: only the date goes on.
    fn sleep(&self, ms: i64) {
        self.set_by(ms);
    }

    /// The phone is awake, and somebody keeps the date where it was.
    fn awake(&self, ms: i64) {
        self.monotonic_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }
    fn monotonic_ms(&self) -> i64 {
        self.monotonic_ms.load(Ordering::SeqCst)
    }
    fn boot_id(&self) -> [u8; 8] {
        [1; 8]
    }
}

struct Phone {
    hands: Arc<Hands>,
    engine: Engine,
    lock: Lock,
    _folder: TempDir,
}

impl Phone {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hands = Arc::new(Hands::default());
        hands.pass(1_000_000);
        let clock: Arc<dyn Clock> = hands.clone();
        let engine = Engine::open(Options { clock, ..Options::system(folder.path().into()) }).unwrap();
        let lock = Lock::open(Kept::default(), true, &*hands);
        Self { hands, engine, lock, _folder: folder }
    }

    fn with_pin() -> Self {
        let phone = Self::new();
        phone.set(PIN, None).unwrap();
        phone
    }

    /// The app ends and starts; the monotonic clock of the new process may say anything.
    fn restarted(self) -> Self {
        self.hands.monotonic_ms.store(5, Ordering::SeqCst);
        let kept = self.engine.read(pin::kept).unwrap();
        Self { lock: Lock::open(kept, true, &*self.hands), ..self }
    }

    fn set(&self, new: &str, current: Option<&str>) -> std::result::Result<(), ErrorCode> {
        let done = self.lock.set(&self.engine.0.store, &self.engine.0.options, new, current);
        done.map_err(|error| error.code())
    }

    fn unlock(&self, pin: &str) -> std::result::Result<(), ErrorCode> {
        let done = self.lock.unlock(&self.engine.0.store, &self.engine.0.options, pin);
        done.map_err(|error| error.code())
    }

    fn locked(&self) -> bool {
        self.lock.standing(&*self.hands).locked
    }

    fn wait_ms(&self) -> i64 {
        self.lock.standing(&*self.hands).wait_ms
    }

    fn kept(&self) -> Kept {
        self.engine.read(pin::kept).unwrap()
    }
}

#[test]
fn the_pin_is_asked_for_at_the_start_and_only_the_right_one_opens() {
    let phone = Phone::with_pin();
    assert!(!phone.locked(), "whoever sets it stays in");
    let phone = phone.restarted();
    assert!(phone.locked());
    assert_eq!(phone.unlock(OTHER), Err(ErrorCode::PinWrong));
    assert_eq!(phone.unlock(""), Err(ErrorCode::PinWrong));
    assert!(phone.locked());
    assert_eq!(phone.unlock(PIN), Ok(()));
    assert!(!phone.locked());
    assert!(Phone::new().unlock("whatever").is_ok(), "without a PIN nothing is locked");
}

#[test]
fn the_pin_itself_is_kept_nowhere_and_two_phones_keep_different_things() {
    let (one, two) = (Phone::with_pin(), Phone::with_pin());
    let (one, two) = (one.kept().pin.unwrap(), two.kept().pin.unwrap());
    assert_ne!(one.salt, two.salt);
    assert_ne!(one.hash, two.hash);
    assert_eq!((one.memory_kib, one.passes, one.lanes), (19 * 1024, 2, 1));
    let json = serde_json::to_string(&one).unwrap();
    assert!(!json.contains(PIN));
}

#[test]
fn wrong_tries_wait_twice_as_long_each_time_and_never_for_good() {
    let phone = Phone::with_pin().restarted();
    let mut waits = Vec::new();
    for _ in 0..14 {
        assert_eq!(phone.unlock(OTHER), Err(ErrorCode::PinWrong));
        let wait = phone.wait_ms();
        waits.push(wait / 1000);
        if wait > 0 {
            phone.hands.pass(wait - 1);
            assert_eq!(phone.unlock(PIN), Err(ErrorCode::PinTooSoon), "also the right one");
            phone.hands.pass(1);
        }
    }
    assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900, 900]);
    assert_eq!(phone.unlock(PIN), Ok(()));
    assert_eq!((phone.wait_ms(), phone.kept().failures), (0, 0), "the right one begins anew");
}

#[test]
fn neither_a_restart_nor_another_date_shortens_a_wait() {
    let phone = Phone::with_pin().restarted();
    for _ in 0..6 {
        phone.hands.pass(phone.wait_ms());
        assert_eq!(phone.unlock(OTHER), Err(ErrorCode::PinWrong));
    }
    phone.hands.set_by(365 * 24 * 60 * MINUTE);
    assert_eq!(phone.wait_ms(), MINUTE);
    phone.hands.pass(MINUTE - 1);
    let phone = phone.restarted();
    assert_eq!(phone.wait_ms(), MINUTE, "it begins anew");
    assert_eq!(phone.unlock(PIN), Err(ErrorCode::PinTooSoon));
    phone.hands.pass(MINUTE);
    assert_eq!(phone.unlock(PIN), Ok(()));
}

#[test]
fn a_try_counts_before_it_is_looked_at() {
    let phone = Phone::with_pin();
    // What cannot be stretched stands for an app that ends in the middle.
    phone.lock.change(&phone.engine.0.store, |kept| kept.pin.as_mut().unwrap().lanes = 0).unwrap();
    assert_eq!(phone.unlock(PIN), Err(ErrorCode::Internal));
    assert_eq!(phone.kept().failures, 1);
}

#[test]
fn it_locks_after_minutes_in_the_background_by_whichever_clock_went_on() {
    let ways: [fn(&Hands); 4] = [
        |hands| hands.pass(5 * MINUTE),
        |hands| hands.sleep(5 * MINUTE),
        |hands| hands.awake(5 * MINUTE),
        |hands| hands.set_by(-MINUTE),
    ];
    for go_on in ways {
        let phone = Phone::with_pin();
        phone.lock.shown(false, &*phone.hands);
        go_on(&phone.hands);
        // The page may speak before it says that it is shown again.
        assert_eq!(phone.lock.admit("status", &*phone.hands).unwrap_err().code(), ErrorCode::Locked);
        phone.lock.shown(true, &*phone.hands);
        assert!(phone.locked());
        assert!(phone.lock.admit("unlock", &*phone.hands).is_ok());
    }
}

#[test]
fn a_glance_at_another_app_costs_no_pin() {
    let phone = Phone::with_pin();
    for _ in 0..3 {
        phone.lock.shown(false, &*phone.hands);
        phone.hands.pass(4 * MINUTE);
        // Said twice, by the page and by the system: the first one counts.
        phone.lock.shown(false, &*phone.hands);
        phone.lock.shown(true, &*phone.hands);
        assert!(!phone.locked());
    }
    phone.hands.pass(60 * MINUTE);
    assert!(!phone.locked(), "in the hand it stays open");
    phone.lock.set_after(&phone.engine.0.store, 15).unwrap();
    phone.lock.shown(false, &*phone.hands);
    phone.hands.pass(14 * MINUTE);
    phone.lock.shown(false, &*phone.hands);
    assert!(!phone.locked());
    phone.hands.pass(MINUTE);
    assert!(phone.locked());
    assert!(phone.lock.set_after(&phone.engine.0.store, 7).is_err());
}

#[test]
fn another_pin_or_none_takes_the_present_one() {
    let phone = Phone::with_pin();
    assert_eq!(phone.set(OTHER, None), Err(ErrorCode::PinWrong));
    assert_eq!(phone.set(OTHER, Some(OTHER)), Err(ErrorCode::PinWrong));
    assert_eq!(phone.kept().failures, 2, "these are tries as well");
    assert_eq!(phone.set(OTHER, Some(PIN)), Ok(()));
    let (store, options) = (&phone.engine.0.store, &phone.engine.0.options);
    assert!(phone.lock.remove(store, options, PIN).is_err());
    phone.lock.remove(store, options, OTHER).unwrap();
    assert!(!phone.restarted().locked());
}

#[test]
fn pins_that_everybody_tries_first_are_refused() {
    for plain in ["", "40719", "4071934071934", "40719a", "４０７１９３", "000000", "123456", "987654321"]
    {
        assert_eq!(Phone::new().set(plain, None), Err(ErrorCode::PinUnfit), "{plain}");
    }
}

#[test]
fn a_phone_that_lost_its_enrolment_is_not_locked() {
    let phone = Phone::with_pin();
    assert!(!Lock::open(phone.kept(), false, &*phone.hands).standing(&*phone.hands).locked);
}
