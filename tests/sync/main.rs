//! Journeys of real engines against a real server: what happens to people's work when phones were offline, were copied,
//! restored or killed, and what bad input does (nothing).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

mod acts;
mod bad_input;
mod checklists;
mod closed;
mod copied;
mod damaged_commit;
mod diagnostics;
mod dictionary;
mod documents;
mod duplicates;
mod erase;
mod erased_elsewhere;
mod fetched;
mod findings;
mod hub;
mod inbox;
mod join;
mod joint;
mod ledgers;
mod lock;
mod map;
mod photos;
mod rescue;
mod restored;
mod saved;
mod scopes;
mod snapshot;
mod temperatures;
mod venues;
mod worker;

use std::fs::File;
use std::path::PathBuf;

use xuncha_engine::api::types::{AddPhoto, AddReading, ReadingInput, VisitRef, VisitView};
use xuncha_tests::world::Phone;

fn photo_file(name: &str) -> PathBuf {
    xuncha_tests::package().join("fixtures/photos").join(name)
}

fn take_photo(phone: &Phone, visit: &str, name: &str) -> VisitView {
    let meta = AddPhoto { visit: visit.into(), item: None, position: None };
    phone.engine.add_photo(&meta, &mut File::open(photo_file(name)).unwrap()).unwrap()
}

fn measure(phone: &Phone, visit: &str, temperature_dc: i32, subject: Option<&str>) -> VisitView {
    measure_again(phone, visit, temperature_dc, subject, None)
}

fn measure_again(
    phone: &Phone,
    visit: &str,
    temperature_dc: i32,
    subject: Option<&str>,
    retest_of: Option<&str>,
) -> VisitView {
    let reading = ReadingInput {
        temperature_dc,
        site: "forehead".into(),
        indoor: true,
        ambient_dc: None,
        sequence: if retest_of.is_some() { "second" } else { "first" }.into(),
        subject: subject.map(str::to_owned),
    };
    let retest_of = retest_of.map(str::to_owned);
    phone.engine.reading_add(AddReading { visit: visit.into(), reading, retest_of }).unwrap()
}

fn finish(phone: &Phone, visit: &str) -> VisitView {
    phone.engine.visit_finish(VisitRef { visit: visit.into() }).unwrap()
}
