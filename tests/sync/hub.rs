//! A phone without a signal gives its work to a hub, over real TLS on loopback; the hub carries it to HQ, and HQ's receipts
//! come back the same way.

use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::hub::{HubAnswer, Pairing};
use xuncha_engine::Engine;
use xuncha_engine::api::types::{Answer, ErrorCode, Nothing, SaveState, SetNote};
use xuncha_engine::hub::{HubStart, HubStatus, RelayPair};
use xuncha_engine::transport::{self, Hubs, Lost, Request, Transport};
use xuncha_tests::world::{City, Phone};

use super::{finish, measure, photo_file, take_photo};

const ITEM: &str = "CMN-R-01";
const NAME: &str = "保安2";
const NOTE: &str = "前台说老板不在，电话里很不客气";

/// A visit with an answer, a named reading, a note and a photo.
fn worked(phone: &Phone) -> String {
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::No);
    measure(phone, &visit, 378, Some(NAME));
    let token = phone.visit(&visit).note_token;
    let note = SetNote { visit: visit.clone(), item: None, text: NOTE.into(), token };
    phone.engine.visit_note(note).unwrap();
    take_photo(phone, &visit, "gps.jpg");
    visit
}

/// The code that the hub shows now, as a phone on the same machine reads it.
fn code(hub: &Phone) -> Pairing {
    let status = hub.engine.hub_start(HubStart::default()).unwrap();
    assert!(status.qr_svg.unwrap().starts_with("<svg"));
    let pairing: Pairing = status.text.unwrap().parse().unwrap();
    Pairing { addresses: vec![IpAddr::from([127, 0, 0, 1])], ..pairing }
}

fn pair(phone: &Phone, code: &Pairing) -> Result<(), ErrorCode> {
    let paired = phone.engine.relay_pair(RelayPair { text: code.to_string() });
    paired.map(drop).map_err(|error| error.code)
}

/// A phone without a signal whose hub is `hub`.
pub(super) fn away(city: &City, hub: &Phone) -> Phone {
    let phone = city.phone(1);
    phone.signal.set_away(true);
    pair(&phone, &code(hub)).unwrap();
    phone
}

fn only_here(phone: &Phone) -> (u32, u32, u32) {
    let status = phone.sync_status();
    (status.visits_only_here, status.photos_only_here, status.commits_only_here)
}

pub(super) fn status(hub: &Phone) -> HubStatus {
    hub.engine.hub_status(Nothing {}).unwrap()
}

fn state(phone: &Phone, visit: &str) -> SaveState {
    phone.visit(visit).summary.state
}

/// Every file below a folder that holds these bytes.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        } else if std::fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_hub_carries_work_to_hq_and_receipts_back() {
    let city = City::new();
    let hub = city.phone(0);
    let phone = away(&city, &hub);
    let visit = worked(&phone);
    assert_eq!((only_here(&phone).0, only_here(&phone).1, state(&phone, &visit)), (1, 1, SaveState::OnPhone));

    assert_eq!(city.try_sync(&phone).unwrap_err().code, ErrorCode::ServerUnreachable);
    assert_eq!((only_here(&phone), state(&phone, &visit)), ((0, 0, 0), SaveState::OnHub));
    let (here, relay) = (phone.sync_status(), phone.engine.relay_status(Nothing {}).unwrap());
    assert_eq!((here.state, here.visits_here, here.photos_here), (SaveState::OnHub, 1, 1));
    assert_eq!((relay.commits_on_hub, relay.photos_on_hub, relay.last_error), (here.commits_here, 1, None));
    assert_eq!(phone.visit(&visit).photos[0].state, Some(SaveState::OnHub));
    // Whatever is added is on this phone alone again.
    finish(&phone, &visit);
    assert_eq!((only_here(&phone).0, only_here(&phone).1), (1, 0));
    city.try_sync(&phone).unwrap_err();
    assert_eq!(only_here(&phone), (0, 0, 0));

    // Whoever finds the hub reads neither names nor pictures, and cannot speak for the phone at HQ.
    let picture = std::fs::read(photo_file("gps.jpg")).unwrap();
    assert!(!holding(phone.data(), NAME.as_bytes()).is_empty());
    for secret in [NAME.as_bytes(), NOTE.as_bytes(), &picture[picture.len() / 2..][..64]] {
        assert_eq!(holding(hub.data(), secret), [""; 0]);
    }

    let carried = status(&hub);
    assert!(carried.running && carried.packets > 0 && carried.photos == 1 && carried.bytes > 0);
    assert_eq!((carried.phones.len(), carried.delivered_packets), (1, 0));
    city.sync(&hub);
    let detail = city.visit(&visit);
    assert!(detail.photos[0].held && detail.seals[0].hash_matches);
    assert!(detail.proof.iter().all(|commit| commit.signature_valid && commit.state == "applied"));
    assert_eq!((detail.readings[0].subject.as_deref(), detail.notes.len()), (Some(NAME), 1));
    let delivered = status(&hub);
    assert_eq!((delivered.packets, delivered.photos, delivered.bytes), (0, 0, 0));
    assert_eq!((delivered.delivered_packets, delivered.delivered_photos), (carried.packets, 1));

    // Only HQ's own word makes it held, and it comes by the hub.
    assert_eq!(state(&phone, &visit), SaveState::OnHub);
    city.try_sync(&phone).unwrap_err();
    assert_eq!(state(&phone, &visit), SaveState::Held);
    let here = phone.sync_status();
    assert_eq!((here.commits_here, here.photos_here, here.state), (0, 0, SaveState::Held));

    // And everything once more changes nothing.
    let before = city.visit(&visit);
    city.sync(&hub);
    city.try_sync(&phone).unwrap_err();
    assert_eq!((city.visit(&visit), status(&hub).packets), (before.clone(), 0));
    phone.signal.set_away(false);
    city.sync(&phone);
    // A thumbnail is all that the phone brings itself.
    assert_eq!((city.visit(&visit).proof, city.visit(&visit).readings), (before.proof, before.readings));
}

#[test]
fn only_the_hub_of_the_code_and_only_phones_of_the_city() {
    let city = City::new();
    let (hub, phone, other) = (city.phone(0), city.phone(1), city.phone(2));
    let code = code(&hub);
    let mut pin = code.pin;
    pin[0] ^= 1;
    assert_eq!(pair(&phone, &Pairing { pin, ..code.clone() }), Err(ErrorCode::HubUnreachable));
    assert_eq!(pair(&phone, &Pairing { secret: [9; 16], ..code.clone() }), Err(ErrorCode::HubCode));
    assert_eq!(phone.engine.relay_pair(RelayPair { text: "x".into() }).unwrap_err().code, ErrorCode::HubCode);
    pair(&phone, &code).unwrap();
    // The answer may have been lost; another phone needs the next code.
    pair(&phone, &code).unwrap();
    assert_eq!(pair(&other, &code), Err(ErrorCode::HubCode));
    pair(&other, &self::code(&hub)).unwrap();
    assert_eq!(status(&hub).phones.len(), 2);

    let elsewhere = City::new();
    let stranger = elsewhere.phone(0);
    let next = self::code(&hub);
    assert_eq!(pair(&stranger, &next), Err(ErrorCode::HubOtherCity));
    let theirs = self::code(&elsewhere.phone(1)).city;
    assert_eq!(pair(&stranger, &Pairing { city: theirs, ..next }), Err(ErrorCode::HubUnknownPhone));
    // A hub that was closed is gone at once.
    hub.engine.hub_stop(Nothing {}).unwrap();
    worked(&phone);
    phone.signal.set_away(true);
    city.try_sync(&phone).unwrap_err();
    assert!(only_here(&phone).2 > 0);
    assert_eq!(phone.engine.relay_status(Nothing {}).unwrap().last_error, Some(ErrorCode::HubUnreachable));
}

#[test]
fn a_full_hub_says_so_and_takes_on_when_it_has_room() {
    let city = City::new();
    let hub = city.phone(0);
    let phone = away(&city, &hub);
    let quota_bytes = Some(8 * 1024);
    hub.engine.hub_start(HubStart { quota_bytes }).unwrap();
    let visit = worked(&phone);
    for name in ["baseline.jpg", "progressive.jpg", "orientation-6.jpg", "picture.png"] {
        take_photo(&phone, &visit, name);
    }
    city.try_sync(&phone).unwrap_err();
    let relay = phone.engine.relay_status(Nothing {}).unwrap();
    assert_eq!(relay.last_error, Some(ErrorCode::HubFull));
    assert!(status(&hub).bytes <= 8 * 1024 && only_here(&phone).1 > 0);
    // HQ takes what is there, and the rest follows. A receipt comes back with the contact after.
    for _ in 0..5 {
        city.sync(&hub);
        city.try_sync(&phone).unwrap_err();
    }
    assert_eq!(phone.sync_status().state, SaveState::Held);
}

#[test]
fn two_hubs_may_carry_the_same_and_a_lost_one_costs_nothing() {
    let city = City::new();
    let (a, b, lost) = (city.phone(0), city.phone(2), city.phone(3));
    let phone = away(&city, &lost);
    let visit = worked(&phone);
    for hub in [&lost, &a, &b] {
        pair(&phone, &code(hub)).unwrap();
        city.try_sync(&phone).unwrap_err();
        assert_eq!(state(&phone, &visit), SaveState::OnHub);
    }
    drop(lost);
    city.sync(&a);
    let first = city.visit(&visit);
    city.sync(&b);
    assert_eq!(city.visit(&visit), first);
    assert_eq!((status(&b).packets, status(&b).photos), (0, 0), "HQ receipted the second, too");
    city.try_sync(&phone).unwrap_err();
    assert_eq!(state(&phone, &visit), SaveState::Held);
}

#[test]
fn the_phone_that_reaches_hq_first_needs_no_hub() {
    let city = City::new();
    let hub = city.phone(0);
    let phone = away(&city, &hub);
    let visit = worked(&phone);
    city.try_sync(&phone).unwrap_err();
    phone.signal.set_away(false);
    city.sync(&phone);
    assert_eq!(state(&phone, &visit), SaveState::Held);
    let first = city.visit(&visit);
    city.sync(&hub);
    assert_eq!((city.visit(&visit).proof, status(&hub).packets), (first.proof, 0));
}

/// A way to a hub in this process that breaks and lies.
#[derive(Default)]
struct Wire {
    hub: Mutex<Option<Engine>>,
    /// Requests until one is cut in the middle of its body.
    cut_in: AtomicUsize,
    /// The hub changes HQ's receipts.
    forges: AtomicBool,
}

struct Way(Arc<Wire>);

impl Hubs for Way {
    fn reach(&self, _: [u8; 32]) -> Arc<dyn Transport> {
        Arc::new(Self(Arc::clone(&self.0)))
    }
}

impl Transport for Way {
    fn send(&self, mut request: Request) -> transport::Answer<'_> {
        let hub = self.0.hub.lock().unwrap().clone().unwrap();
        let left = self.0.cut_in.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left == Ok(1) {
            request.body.truncate(request.body.len() / 2);
            hub.hub_hear(&request, false).unwrap();
            return Box::pin(std::future::ready(Err(Lost::Unreachable)));
        }
        let mut answer = hub.hub_hear(&request, true).unwrap();
        if self.0.forges.load(Ordering::SeqCst)
            && let Ok(mut said) = v1::decode::<HubAnswer>(&answer.body)
        {
            for receipt in &mut said.receipts {
                let mut body: v1::receipt::ReceiptBody = v1::decode(&receipt.body).unwrap();
                body.time_ms += 1;
                receipt.body = v1::encode(&body);
            }
            answer.body = v1::encode(&said);
        }
        Box::pin(std::future::ready(Ok(answer)))
    }
}

fn wired(city: &City, hub: &Phone) -> (Phone, Arc<Wire>) {
    let wire = Arc::new(Wire::default());
    *wire.hub.lock().unwrap() = Some(hub.engine.clone());
    let phone = city.enrolled(Phone::reaching(Arc::new(Way(Arc::clone(&wire)))), 1);
    phone.signal.set_away(true);
    pair(&phone, &hub.engine.hub_open().unwrap()).unwrap();
    (phone, wire)
}

#[test]
fn a_connection_that_breaks_anywhere_loses_nothing() {
    let city = City::new();
    let hub = city.phone(0);
    let (phone, wire) = wired(&city, &hub);
    let visit = worked(&phone);
    for cut_in in 1..12 {
        wire.cut_in.store(cut_in, Ordering::SeqCst);
        city.try_sync(&phone).unwrap_err();
        phone.answer(&visit, ITEM, if cut_in % 2 == 0 { Answer::Yes } else { Answer::No });
    }
    wire.cut_in.store(0, Ordering::SeqCst);
    city.try_sync(&phone).unwrap_err();
    assert_eq!(state(&phone, &visit), SaveState::OnHub);
    city.sync(&hub);
    assert!(city.visit(&visit).photos[0].held);
    city.try_sync(&phone).unwrap_err();
    assert_eq!(state(&phone, &visit), SaveState::Held);
}

#[test]
fn a_hub_cannot_speak_for_hq() {
    let city = City::new();
    let hub = city.phone(0);
    let (phone, wire) = wired(&city, &hub);
    let visit = worked(&phone);
    wire.forges.store(true, Ordering::SeqCst);
    city.try_sync(&phone).unwrap_err();
    city.sync(&hub);
    city.try_sync(&phone).unwrap_err();
    assert_eq!(state(&phone, &visit), SaveState::OnHub, "a changed receipt says nothing");
    wire.forges.store(false, Ordering::SeqCst);
    city.try_sync(&phone).unwrap_err();
    assert_eq!(state(&phone, &visit), SaveState::Held);
}

#[test]
fn a_photo_that_a_restored_hq_lost_is_sent_again_though_its_receipt_came_by_a_hub() {
    let city = City::new();
    let hub = city.phone(0);
    let phone = city.phone(1);
    let visit = phone.begin_visit("网吧").summary.id;
    take_photo(&phone, &visit, "baseline.jpg");
    city.sync(&phone);
    let early = tempfile::tempdir().unwrap();
    city.service.backup(early.path()).unwrap();

    phone.signal.set_away(true);
    pair(&phone, &code(&hub)).unwrap();
    take_photo(&phone, &visit, "gps.jpg");
    city.try_sync(&phone).unwrap_err();
    city.sync(&hub);
    city.try_sync(&phone).unwrap_err();
    assert_eq!(phone.sync_status().state, SaveState::Held);

    let city = city.restored(early.path());
    phone.signal.set_away(false);
    city.sync(&phone);
    let photos = city.visit(&visit).photos;
    assert!(photos.len() == 2 && photos.iter().all(|photo| photo.held));
    assert_eq!(phone.sync_status().state, SaveState::Held);
}

#[test]
fn a_closed_phone_is_no_hub() {
    let city = City::new();
    let hub = city.phone(0);
    code(&hub);
    let id: xuncha_domain::ids::EntityId = city.service.devices().unwrap()[0].id.parse().unwrap();
    let admin = xuncha_server::service::ConsoleUser {
        id: [9; 16],
        name: "hq".into(),
        role: xuncha_server::storage::Role::Admin,
    };
    city.service.close_device(&admin, &id.0).unwrap();
    city.try_sync(&hub).unwrap();
    assert_eq!(status(&hub).text, None, "a code that nobody could read");
    let refused = hub.engine.hub_start(HubStart::default()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::DeviceClosed);
}
