//! How many times an officer touches the screen in a routine visit. Prints each tap.

use serde_json::json;
use xuncha_tests::stage::{Hq, Phone};
use xuncha_tests::webdriver::Page;

use crate::desk::Desk;
use crate::officer::Officer;

/// Its checklist has 23 items; one is a code that is typed.
const VENUE: &str = "示例旅游门市部 小店01";
const ITEMS: usize = 22;
const READINGS: [&str; 5] = ["365", "362", "368", "359", "364"];
const TAPS_MAX: usize = 30;

/// A click that a browser makes of a touch on a label counts once.
const COUNT: &str = "window.taps = [];
    document.addEventListener('click', (event) => {
        const hit = event.target.closest('[data-testid], button, a');
        window.taps.push(hit?.dataset.testid ?? hit?.innerText.trim() ?? event.target.tagName);
    }, true)";

#[test]
fn a_routine_visit_takes_at_most_thirty_taps() {
    let hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let phone = Phone::new();
    let shown = phone.in_browser();
    let page = &shown.page;
    Officer(page).enrols(&desk.enrolment_text("执法一中队 甲"), None);
    // The first visit of all chooses what it is; the day's others are begun as it was.
    Officer(page).finds_the_venue();
    Officer(page).begins_the_visit();
    page.part("back").click();
    page.part("back").click();

    page.part("start-visit").appears();
    page.run(COUNT, &json!([]));
    page.part("start-visit").click();
    page.part("venue-search").fill(VENUE);
    page.part("venue-row").are(1);
    page.part("venue-row").click();
    page.part("start-same").appears();
    page.shot("taps-1-as-last-time");
    page.part("start-same").click();
    page.part("begin-visit").click();
    page.part("rest-open").appears();
    answers_what_is_critical(page);
    page.part("rest-open").click();
    page.part("rest").appears();
    page.shot("taps-2-rest");
    page.part("rest-confirm").click();
    page.part("rest").disappears();
    page.css("[data-testid^='item-'][data-answer='yes']").are(ITEMS);
    page.part("photo-input").attach(&xuncha_tests::package().join("fixtures/photos/baseline.jpg"));
    page.part("photo-thumb").are(1);
    page.part("pad-open").click();
    page.part("pad").appears();
    page.css("[class*='enter-active']").are(0);
    for digit in READINGS.iter().flat_map(|reading| reading.chars()) {
        page.part(&format!("pad-key-{digit}")).click();
    }
    page.part("pad-close").click();
    page.part("reading-row").are(READINGS.len());
    page.part("pad").disappears();
    page.part("finish-open").click();
    page.part("finish-confirm").appears();
    page.css("[class*='enter-active']").are(0);
    page.part("finish-confirm").click();
    page.part("sealed-mark").appears();

    let mut taps: Vec<String> = serde_json::from_value(page.run("return window.taps", &json!([]))).unwrap();
    // The test hands over the picture without touching the button that opens the camera.
    taps.push("photo-input".into());
    println!("{} taps: {}", taps.len(), taps.join(", "));
    assert!(taps.len() <= TAPS_MAX, "{} taps: {taps:?}", taps.len());
}

/// Each is looked at by itself.
fn answers_what_is_critical(page: &Page) {
    let critical: Vec<String> = serde_json::from_value(page.run(
        "return [...document.querySelectorAll('article:has(.tag.bad)')].map((item) => item.dataset.testid)",
        &json!([]),
    ))
    .unwrap();
    assert!(!critical.is_empty());
    for item in critical {
        page.part(&format!("{item}-yes")).click();
        page.css(&format!("[data-testid='{item}'][data-answer='yes']")).appears();
    }
}
