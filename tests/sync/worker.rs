//! The phone that syncs by itself: woken by HQ's nudges, and by a network that came back.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use tokio::runtime::Runtime;
use xuncha_engine::Woken;
use xuncha_engine::api::types::{
    Answer, Connection, ErrorCode, Nothing, PhotoPolicy, PhotoWait, PictureKind, SaveState, SetPhotoPolicy,
    VisitRef,
};
use xuncha_tests::world::{City, Phone};

/// Far below the minute after which an idle phone looks by itself.
const SOON: Duration = Duration::from_secs(20);

/// Rings whenever something changed on the phone.
fn changes(phone: &Phone) -> Receiver<()> {
    let (ring, rings) = mpsc::channel();
    phone.engine.subscribe(Box::new(move |_| {
        let _ = ring.send(());
    }));
    rings
}

fn until(rings: &Receiver<()>, done: impl Fn() -> bool) {
    while !done() {
        rings.recv_timeout(SOON).expect("it happens soon");
    }
}

#[test]
fn a_nudge_of_hq_brings_a_colleagues_work_within_seconds() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    a.answer(&visit, "CMN-R-01", Answer::Yes);
    city.sync(&a);
    let rings = changes(&b);
    let runtime = Runtime::new().unwrap();
    b.engine.start_sync(runtime.handle());
    let known = || b.engine.visit_get(VisitRef { visit: visit.clone() }).is_ok();
    let holds = |item| known() && !b.answers(&visit, item).is_empty();
    until(&rings, || holds("CMN-R-01"));
    // The first look is over and the phone idles; only a nudge brings the next answer soon.
    a.answer(&visit, "CMN-R-02", Answer::No);
    city.sync(&a);
    until(&rings, || holds("CMN-R-02"));
}

/// A captive portal: every request is answered with a page and status 200.
fn portal() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 64 * 1024]);
            count.fetch_add(1, Ordering::SeqCst);
            let page = "<html>log in</html>";
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n";
            let _ = write!(stream, "{head}content-length: {}\r\n\r\n{page}", page.len());
        }
    });
    (address, asked)
}

#[test]
fn a_captive_portal_is_not_hq_and_costs_nothing() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, "CMN-R-01", Answer::Yes);
    let (address, asked) = portal();
    let phone = at_address(phone, &address);
    let rings = changes(&phone);
    let runtime = Runtime::new().unwrap();
    phone.engine.start_sync(runtime.handle());
    until(&rings, || phone.sync_status().last_error == Some(ErrorCode::ServerAnswer));
    // Somebody walks out of the café: asked again at once, and again in vain.
    let before = asked.load(Ordering::SeqCst);
    phone.engine.network_changed(Connection { metered: None }).unwrap();
    until(&rings, || asked.load(Ordering::SeqCst) > before && !phone.sync_status().running);
    assert_eq!(phone.sync_status().state, SaveState::OnPhone);
    runtime.shutdown_background();

    let phone = phone.restarted();
    assert_eq!(phone.answers(&visit, "CMN-R-01"), ["yes"]);
}

#[test]
fn the_policy_holds_back_photos_and_never_records() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, "CMN-R-01", Answer::Yes);
    super::take_photo(&phone, &visit, "baseline.jpg");
    let waits = |policy, metered| {
        phone.engine.network_changed(Connection { metered }).unwrap();
        let set = SetPhotoPolicy { kind: PictureKind::Original, policy };
        phone.engine.photo_policy_set(set).unwrap().waits
    };
    assert_eq!(waits(PhotoPolicy::Any, Some(true)), None);
    assert_eq!(waits(PhotoPolicy::Unmetered, Some(false)), None);
    assert_eq!(waits(PhotoPolicy::Unmetered, None), Some(PhotoWait::MeteringUnknown));
    assert_eq!(waits(PhotoPolicy::Manual, Some(false)), Some(PhotoWait::Manual));
    assert_eq!(waits(PhotoPolicy::Unmetered, Some(true)), Some(PhotoWait::Metered));
    city.sync(&phone);
    let status = phone.sync_status();
    assert_eq!((status.state, status.commits_here, status.photos_here), (SaveState::OnPhone, 0, 1));
    assert_eq!(city.answers(&visit, "CMN-R-01"), ["yes"]);
    assert!(!city.visit(&visit).photos[0].held);

    let phone = phone.restarted();
    phone.engine.network_changed(Connection { metered: Some(true) }).unwrap();
    assert_eq!(phone.engine.photo_sending(Nothing {}).unwrap().waits, Some(PhotoWait::Metered));
    assert_eq!(phone.engine.photos_send_now(Nothing {}).unwrap().waits, None);
    city.sync(&phone);
    assert!(city.visit(&visit).photos[0].held);
    // "Now" was for those photos.
    city.sync(&phone);
    super::take_photo(&phone, &visit, "picture.png");
    assert_eq!(phone.engine.photo_sending(Nothing {}).unwrap().waits, Some(PhotoWait::Metered));
}

/// An HQ that takes a request and never answers: a half-open connection.
fn silent() -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (ring, rings) = mpsc::channel();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            open.push(stream.unwrap());
            let _ = ring.send(());
        }
    });
    (address, rings)
}

fn at_address(phone: Phone, address: &str) -> Phone {
    let folder = phone.killed();
    let database = rusqlite::Connection::open(folder.path().join("xuncha.db")).unwrap();
    let set = "UPDATE meta SET value = CAST(?1 AS BLOB) WHERE key = 'server_url'";
    assert_eq!(database.execute(set, [address]).unwrap(), 1);
    drop(database);
    Phone::on(folder)
}

#[test]
fn a_phone_woken_in_the_background_sends_what_may_go_and_says_whether_to_come_back() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, "CMN-R-01", Answer::Yes);
    super::take_photo(&phone, &visit, "baseline.jpg");
    let originals = SetPhotoPolicy { kind: PictureKind::Original, policy: PhotoPolicy::Unmetered };
    phone.engine.photo_policy_set(originals).unwrap();
    let runtime = Runtime::new().unwrap();
    let woken = |phone: &Phone, metered| runtime.block_on(phone.engine.sync_in_background(metered, SOON));
    // The photo waits for another network: coming back at once would be in vain.
    assert_eq!(woken(&phone, Some(true)), Woken::Done);
    assert_eq!(city.answers(&visit, "CMN-R-01"), ["yes"]);
    assert!(!city.visit(&visit).photos[0].held);
    assert_eq!(woken(&phone, Some(false)), Woken::Done);
    assert!(city.visit(&visit).photos[0].held);

    phone.answer(&visit, "CMN-R-02", Answer::No);
    let phone = at_address(phone, "http://127.0.0.1:1");
    assert_eq!(woken(&phone, Some(false)), Woken::Again);
    assert_eq!(phone.sync_status().last_error, Some(ErrorCode::ServerUnreachable));
    assert_eq!(woken(&Phone::new(), Some(false)), Woken::Done);
}

#[test]
fn a_background_sync_that_the_platform_ends_leaves_the_next_one_free() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, "CMN-R-01", Answer::Yes);
    let (address, asked) = silent();
    let phone = at_address(phone, &address);
    let runtime = Runtime::new().unwrap();
    let engine = phone.engine.clone();
    let run = runtime.spawn(async move { engine.sync_in_background(None, SOON).await });
    asked.recv_timeout(SOON).expect("HQ is asked");
    assert!(phone.sync_status().running);
    run.abort();
    assert!(runtime.block_on(run).unwrap_err().is_cancelled());
    assert!(!phone.sync_status().running);

    // Its own limit ends it as well.
    let engine = phone.engine.clone();
    let short = Duration::from_millis(50);
    assert_eq!(runtime.block_on(engine.sync_in_background(None, short)), Woken::Again);
    let phone = at_address(phone, city.address());
    assert_eq!(runtime.block_on(phone.engine.sync_in_background(None, SOON)), Woken::Done);
    assert_eq!(city.answers(&visit, "CMN-R-01"), ["yes"]);
}
