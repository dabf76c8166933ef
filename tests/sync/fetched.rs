//! Photos that another phone took, when somebody opens them.

use std::sync::{Arc, Mutex};

use xuncha_engine::api::types::{
    FetchState, PhotoPolicy, PhotoRef, PhotoView, PictureKind, SetPhotoPolicy, VisitRef,
};
use xuncha_engine::transport::{Answer, Http, Lost, Request, Transport};
use xuncha_tests::random::Random;
use xuncha_tests::world::{City, Phone};

use super::take_photo;

/// A visit with a photo of the first phone, opened on the second, which is behind `network`.
fn joint(
    city: &City,
    network: Arc<dyn Transport>,
    take: impl FnOnce(&Phone, &str),
) -> (Phone, Phone, String) {
    let taker = city.phone(0);
    let visit = taker.begin_visit("网吧").summary.id;
    take(&taker, &visit);
    city.sync(&taker);
    let reader = Phone::over(tempfile::tempdir().unwrap(), network);
    reader.enrol(city, &city.code(1)).unwrap();
    city.sync(&reader);
    (taker, reader, visit)
}

fn photo(phone: &Phone, visit: &str) -> PhotoView {
    phone.visit(visit).photos.remove(0)
}

fn ask_for(phone: &Phone, visit: &str) -> String {
    let sha256 = photo(phone, visit).sha256;
    phone.engine.photo_fetch(PhotoRef { visit: visit.into(), sha256: sha256.clone() }).unwrap();
    sha256
}

#[test]
fn a_photo_of_another_phone_shows_its_thumbnail_and_its_original_on_a_tap() {
    let city = City::new();
    let (taker, reader, visit) =
        joint(&city, Arc::new(Http::default()), |taker, visit| drop(take_photo(taker, visit, "gps.jpg")));
    let before = photo(&reader, &visit);
    assert_eq!(
        (before.here, before.thumb_here, before.state),
        (false, false, None),
        "nothing is claimed of it"
    );
    assert!(reader.engine.photo(&before.sha256, true).is_err());

    reader.engine.photo_thumbs_fetch(VisitRef { visit: visit.clone() }).unwrap();
    city.try_fetch(&reader).unwrap();
    let seen = photo(&reader, &visit);
    assert_eq!((seen.here, seen.thumb_here), (false, true));
    let mine = taker.engine.photo(&seen.sha256, true).unwrap();
    assert_eq!(reader.engine.photo(&seen.sha256, true).unwrap(), mine);

    let sha256 = ask_for(&reader, &visit);
    assert_eq!(photo(&reader, &visit).fetch, Some(FetchState::Fetching));
    city.try_fetch(&reader).unwrap();
    let reader = reader.restarted();
    assert!(photo(&reader, &visit).here);
    assert_eq!(reader.engine.photo(&sha256, false).unwrap(), taker.engine.photo(&sha256, false).unwrap());
}

#[test]
fn an_original_that_hq_lacks_is_named_as_such_and_fetched_when_it_came() {
    let city = City::new();
    let (taker, reader, visit) = joint(&city, Arc::new(Http::default()), |taker, visit| {
        let set = SetPhotoPolicy { kind: PictureKind::Original, policy: PhotoPolicy::Manual };
        taker.engine.photo_policy_set(set).unwrap();
        take_photo(taker, visit, "baseline.jpg");
    });
    ask_for(&reader, &visit);
    city.try_fetch(&reader).unwrap();
    assert_eq!(photo(&reader, &visit).fetch, Some(FetchState::NotAtHq));
    taker.engine.photos_send_now(xuncha_engine::api::types::Nothing {}).unwrap();
    city.sync(&taker);
    ask_for(&reader, &visit);
    city.try_fetch(&reader).unwrap();
    assert!(photo(&reader, &visit).here);
}

/// Breaks each second download, and changes a byte when it is told to.
#[derive(Default)]
struct Faulty {
    http: Http,
    asked: Mutex<Vec<String>>,
    forge: Mutex<bool>,
}

impl Transport for Faulty {
    fn send(&self, request: Request) -> Answer<'_> {
        let range = request.headers.iter().find(|(name, _)| *name == "range").map(|(_, range)| range.clone());
        Box::pin(async move {
            let Some(range) = range else { return self.http.send(request).await };
            let breaks = {
                let mut asked = self.asked.lock().unwrap();
                asked.push(range);
                asked.len().is_multiple_of(2)
            };
            if breaks {
                return Err(Lost::Unreachable);
            }
            let mut answer = self.http.send(request).await?;
            if *self.forge.lock().unwrap() {
                answer.body[0] ^= 1;
            }
            Ok(answer)
        })
    }
}

#[test]
fn a_broken_download_goes_on_at_the_byte_and_forged_bytes_are_never_shown() {
    let city = City::new();
    let network = Arc::new(Faulty::default());
    let mut random = Random::seeded(7);
    let (taker, reader, visit) = joint(&city, network.clone(), |taker, visit| {
        super::photos::take_random_photo(taker, visit, &mut random, 400_000);
    });
    let sha256 = ask_for(&reader, &visit);
    while city.try_fetch(&reader).is_err() {}
    let asked = std::mem::take(&mut *network.asked.lock().unwrap());
    let starts: Vec<u64> = asked
        .iter()
        .map(|range| range["bytes=".len()..].split('-').next().unwrap().parse().unwrap())
        .collect();
    assert!(
        starts.len() > 4 && starts.is_sorted(),
        "nothing is fetched twice but the broken piece: {starts:?}"
    );
    assert_eq!(reader.engine.photo(&sha256, false).unwrap(), taker.engine.photo(&sha256, false).unwrap());

    *network.forge.lock().unwrap() = true;
    reader.engine.photo_thumbs_fetch(VisitRef { visit: visit.clone() }).unwrap();
    take_photo(&taker, &visit, "picture.png");
    city.sync(&taker);
    city.sync(&reader);
    let new = reader.visit(&visit).photos.into_iter().find(|photo| !photo.here).unwrap();
    reader.engine.photo_fetch(PhotoRef { visit: visit.clone(), sha256: new.sha256.clone() }).unwrap();
    while city.try_fetch(&reader).is_err() {}
    let after = reader.visit(&visit).photos.into_iter().find(|photo| !photo.here).unwrap();
    assert_eq!((after.sha256.clone(), after.fetch), (new.sha256, Some(FetchState::Failed)));
    assert!(reader.engine.photo(&after.sha256, false).is_err());
}
