//! Photos on their way to HQ: thumbnails first, records never behind, thin and broken links, many phones at once.

use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use xuncha_engine::api::types::{
    AddPhoto, Answer, Nothing, PhotoPolicy, PictureKind, SaveState, SetNote, SetPhotoPolicy, VisitRef,
};
use xuncha_engine::transport::{Answer as Answered, Http, Lost, Request, Transport};
use xuncha_tests::random::Random;
use xuncha_tests::world::{City, Phone};

use super::take_photo;

const ITEM: &str = "CMN-R-01";

fn set(phone: &Phone, kind: PictureKind, policy: PhotoPolicy) {
    phone.engine.photo_policy_set(SetPhotoPolicy { kind, policy }).unwrap();
}

pub fn take_random_photo(phone: &Phone, visit: &str, random: &mut Random, bytes: usize) {
    let meta = AddPhoto { visit: visit.into(), item: None, position: None };
    phone.engine.add_photo(&meta, &mut Cursor::new(random.photo(bytes))).unwrap();
}

fn behind(city: &City, network: Arc<dyn Transport>) -> Phone {
    let phone = Phone::over(tempfile::tempdir().unwrap(), network);
    phone.enrol(city, &city.code(0)).unwrap();
    city.sync(&phone);
    phone
}

#[test]
fn a_thumbnail_is_at_hq_before_its_original_and_says_nothing_about_it() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    set(&phone, PictureKind::Original, PhotoPolicy::Manual);
    take_photo(&phone, &visit, "orientation-6.jpg");
    city.sync(&phone);
    let photo = city.visit(&visit).photos.remove(0);
    assert!(!photo.held);
    let row = city.visit(&visit).row;
    assert_eq!((row.photos, row.photos_held), (1, 0));
    let thumb = hex(photo.thumb.as_deref().unwrap());
    let bytes = std::fs::read(city.service.blob_file(&thumb).unwrap()).unwrap();
    assert_eq!(<[u8; 32]>::from(Sha256::digest(&bytes)), thumb);
    let status = phone.sync_status();
    assert_eq!((status.state, status.photos_here), (SaveState::OnPhone, 1), "only its receipt makes it held");

    // And it may be held back by itself.
    set(&phone, PictureKind::Thumbnail, PhotoPolicy::Manual);
    take_photo(&phone, &visit, "picture.png");
    city.sync(&phone);
    assert_eq!(city.visit(&visit).photos.iter().filter(|photo| photo.thumb.is_none()).count(), 1);
    phone.engine.photos_send_now(Nothing {}).unwrap();
    city.sync(&phone);
    assert!(city.visit(&visit).photos.iter().all(|photo| photo.held && photo.thumb.is_some()));
    assert_eq!(phone.sync_status().state, SaveState::Held);
}

/// Notes down what is asked of HQ, and does something when the first original comes by.
struct Watched {
    http: Http,
    /// SHA-256 of originals, as metadata has it.
    originals: Mutex<Vec<String>>,
    heard: Mutex<Vec<String>>,
    at_first_original: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Transport for Watched {
    fn send(&self, request: Request) -> Answered<'_> {
        let path = request.url.split('/').skip(3).collect::<Vec<_>>().join("/");
        let creation = request.method == "POST" && path == "v1/blobs";
        let metadata = request.headers.iter().find(|(name, _)| *name == "upload-metadata");
        let originals = self.originals.lock().unwrap();
        let original = metadata.is_some_and(|(_, text)| originals.iter().any(|name| text.ends_with(name)));
        drop(originals);
        let what = match path.as_str() {
            "v1/sync" if request.body.len() > 700 => "records",
            "v1/sync" => "question",
            "v1/blobs/lacking" => "lacking",
            _ if creation && original => "original",
            _ if creation => "thumbnail",
            _ => "piece",
        };
        self.heard.lock().unwrap().push(what.into());
        if what == "original"
            && let Some(act) = self.at_first_original.lock().unwrap().take()
        {
            act();
        }
        self.http.send(request)
    }
}

#[test]
fn records_go_first_then_all_thumbnails_and_news_never_waits_behind_photos() {
    let city = City::new();
    let network = Arc::new(Watched {
        http: Http::default(),
        originals: Mutex::default(),
        heard: Mutex::default(),
        at_first_original: Mutex::default(),
    });
    let phone = behind(&city, network.clone());
    let visit = phone.begin_visit("网吧").summary.id;
    for name in ["baseline.jpg", "picture.png", "orientation-6.jpg"] {
        take_photo(&phone, &visit, name);
    }
    let photos = phone.visit(&visit).photos;
    *network.originals.lock().unwrap() = photos.iter().map(|photo| STANDARD.encode(&photo.sha256)).collect();
    // While the first original is under way, the officer notes something and leaves another visit.
    let later = phone.begin_visit("影城").summary.id;
    let engine = phone.engine.clone();
    *network.at_first_original.lock().unwrap() = Some(Box::new({
        let later = later.clone();
        move || {
            let visit = VisitRef { visit: later.clone() };
            let token = engine.visit_get(visit.clone()).unwrap().note_token;
            let text = "a note that makes the request a long one ".repeat(20);
            engine.visit_note(SetNote { visit: later, item: None, text, token }).unwrap();
            engine.visit_leave(visit).unwrap();
        }
    }));
    network.heard.lock().unwrap().clear();
    city.sync(&phone);
    let heard = network.heard.lock().unwrap().clone();
    let order: Vec<&str> = heard.iter().map(String::as_str).filter(|what| *what != "question").collect();
    let thumbnails = ["thumbnail"; 3];
    assert_eq!((&order[..2], &order[2..5]), (&["records", "lacking"][..], &thumbnails[..]), "{heard:?}");
    assert_eq!(order[5..], ["original", "records", "original", "original"], "{heard:?}");
    assert_eq!(heard.last().map(String::as_str), Some("question"), "the last receipt is fetched: {heard:?}");
    assert_eq!(city.visit(&later).notes.len(), 1);
    assert_eq!(phone.sync_status().state, SaveState::Held);
}

/// A link of so many bytes per second, on which nothing is seen of a body until it is answered: what the phone gives up
/// on arrives in part, as a cut body does. No time passes.
struct Thin {
    http: Http,
    bytes_per_s: u64,
    /// What a connection carries before it breaks.
    breaks_after: usize,
    lost: AtomicUsize,
}

impl Thin {
    fn new(bytes_per_s: u64, breaks_after: usize) -> Arc<Self> {
        Arc::new(Self { http: Http::default(), bytes_per_s, breaks_after, lost: AtomicUsize::new(0) })
    }
}

impl Transport for Thin {
    fn send(&self, mut request: Request) -> Answered<'_> {
        Box::pin(async move {
            let in_time = request.patience.as_millis() as u64 * self.bytes_per_s / 1_000;
            let carried = usize::try_from(in_time).unwrap().min(self.breaks_after);
            if request.body.len() <= carried {
                return self.http.send(request).await;
            }
            self.lost.fetch_add(1, Ordering::Relaxed);
            if request.method == "PATCH" {
                request.body.truncate(carried);
                request.patience = Duration::from_secs(20);
                self.http.send(request).await?;
            }
            Err(Lost::Unreachable)
        })
    }
}

#[test]
fn a_link_of_thirty_kilobits_delivers_a_long_push_and_a_photo() {
    let city = City::new();
    let network = Thin::new(30_000 / 8, usize::MAX);
    let phone = behind(&city, network.clone());
    let mut random = Random::seeded(2);
    let visit = phone.begin_visit("网吧").summary.id;
    for _ in 0..20 {
        leave_a_visit_with_a_long_note(&phone, &mut random);
    }
    take_random_photo(&phone, &visit, &mut random, 300_000);
    city.sync(&phone);
    assert_eq!(phone.sync_status().state, SaveState::Held);
    assert!(city.visit(&visit).photos[0].held);
    assert!(network.lost.load(Ordering::Relaxed) > 0, "a piece was too large at first");
}

#[test]
fn a_link_that_breaks_after_a_few_kilobytes_delivers_a_long_push_in_short_ones() {
    let city = City::new();
    let network = Thin::new(1_000_000, 40_000);
    let phone = behind(&city, network.clone());
    let mut random = Random::seeded(3);
    for _ in 0..16 {
        leave_a_visit_with_a_long_note(&phone, &mut random);
    }
    let attempts = (1..=20).find(|_| city.try_sync(&phone).is_ok());
    assert!(attempts.is_some(), "still here: {:?}", phone.sync_status());
    assert_eq!(phone.sync_status().state, SaveState::Held);
    assert!(network.lost.load(Ordering::Relaxed) > 0);
}

/// Some 8 kB on the wire.
fn leave_a_visit_with_a_long_note(phone: &Phone, random: &mut Random) {
    let view = phone.begin_visit("网吧");
    let noise = (0..4_000).map(|_| u32::try_from(0x4e00 + random.below(20_000)).unwrap());
    let text = noise.filter_map(char::from_u32).collect();
    let note = SetNote { visit: view.summary.id.clone(), item: None, text, token: view.note_token };
    phone.engine.visit_note(note).unwrap();
    phone.engine.visit_leave(VisitRef { visit: view.summary.id }).unwrap();
}

#[test]
fn phones_send_at_the_same_time_and_each_gets_its_own_receipts() {
    let city = City::new();
    let phones: Vec<Phone> = (0..4).map(|officer| city.phone(officer)).collect();
    let visits = std::thread::scope(|scope| {
        let working: Vec<_> = phones
            .iter()
            .enumerate()
            .map(|(number, phone)| {
                let city = &city;
                scope.spawn(move || {
                    let mut random = Random::seeded(number as u64);
                    let visit = phone.begin_visit("网吧").summary.id;
                    phone.answer(&visit, ITEM, Answer::Yes);
                    for _ in 0..4 {
                        take_random_photo(phone, &visit, &mut random, 200_000);
                    }
                    city.sync(phone);
                    visit
                })
            })
            .collect();
        working.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    for (phone, visit) in phones.iter().zip(visits) {
        assert_eq!(phone.sync_status().state, SaveState::Held);
        let detail = city.visit(&visit);
        assert_eq!((detail.row.photos, detail.row.photos_held), (4, 4));
        assert!(detail.photos.iter().all(|photo| photo.thumb.is_some()));
    }
}

fn hex(text: &str) -> [u8; 32] {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..32).map(|n| byte(2 * n)).collect::<Vec<_>>().try_into().unwrap()
}
