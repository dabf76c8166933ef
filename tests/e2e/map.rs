//! The officer looks at the map instead of the list: the same venues, without asking anybody on the network.

use serde_json::{Value, json};
use xuncha_tests::processes::eventually;
use xuncha_tests::stage::{Hq, Phone};
use xuncha_tests::webdriver::Page;

use crate::me::fits;
use crate::officer::{Officer, VENUE};

/// Venues that the marks on the screen stand for.
const SHOWN: &str = "return [...document.querySelectorAll('[data-testid=map] .mark')]
    .reduce((sum, mark) => sum + Number(mark.dataset.count), 0)";
/// What the page asked anybody but its own bridge for.
const ELSEWHERE: &str = "return performance.getEntriesByType('resource').map((entry) => entry.name)
    .filter((name) => !name.startsWith(location.origin) && !name.startsWith('data:') && !name.startsWith('blob:'))";
/// Marks of which a finger would hit less than a whole touch, or which another covers.
const TOO_NEAR: &str = "const boxes = [...document.querySelectorAll('[data-testid=map] .mark')].map((mark) => mark.getBoundingClientRect());
    return boxes.filter((box, at) => box.width < 48 || box.height < 48 || boxes.some((other, index) => index !== at
        && Math.hypot(box.x - other.x, box.y - other.y) < 46)).length";
const NO_WEBGL: &str = "HTMLCanvasElement.prototype.getContext = () => null";

fn number(page: &Page, script: &str) -> u64 {
    page.run(script, &json!([])).as_u64().unwrap()
}

#[test]
fn the_map_shows_the_venues_of_the_list_and_myself_without_asking_anybody() {
    let hq = Hq::with_demo_city();
    let phone = Phone::enrolled_at(&hq);
    let shown = phone.in_browser();
    let page = &shown.page;
    Officer(page).finds_the_venue();
    page.part("look").click();
    page.part("map-venue").appears();
    // In the name of every venue of the city.
    page.part("venue-search").fill("示例");
    page.part("map-cluster").appears();
    // The whole register is in the first view, but for what the extent leaves out at its edges.
    let all = eventually("most of the city is drawn", || {
        let shown = number(page, SHOWN);
        (shown > 400).then_some(shown)
    });
    assert_eq!(number(page, TOO_NEAR), 0);
    page.shot("map-1-city");

    // A mark that stands for several comes nearer.
    page.css("[data-testid='map-cluster']").click();
    eventually("fewer venues are in view", || (number(page, SHOWN) < all).then_some(()));
    page.shot("map-2-nearer");

    // What is searched for is found wherever it is, and opens as it does in the list.
    page.part("venue-search").fill(VENUE);
    page.css("[data-testid='map'] .mark").are(1);
    page.part("map-venue").says(VENUE);
    page.part("map-venue").click();
    page.part("map-chosen").appears();
    page.part("venue-row").are(1);
    page.part("venue-row").says(VENUE);
    page.shot("map-3-venue");
    page.part("place-open").click();
    page.part("place-gcj02").says("GCJ-02");
    page.css("[class*='enter-active']").are(0);
    page.shot("map-4-copy");
    page.css(".van-overlay").click();
    page.part("place-gcj02").disappears();

    page.stand_at(37.87, 112.55, 12.0);
    page.part("map-chosen-close").click();
    page.part("map-locate").click();
    page.part("map-me").appears();
    page.shot("map-5-me");

    // Back at the list, the search is what it was, and its venue leads to a visit.
    page.part("look").click();
    page.part("venue-row").are(1);
    assert_eq!(page.part("venue-search").value(), VENUE);
    assert_eq!(page.run(ELSEWHERE, &json!([])), Value::Array(Vec::new()));

    page.run(NO_WEBGL, &json!([]));
    page.part("look").click();
    page.part("map-none").says("WebGL");
    page.shot("map-6-no-webgl");
    page.part("look").click();
    page.part("venue-row").click();
    page.part("begin-visit").appears();
}

#[test]
fn the_map_fits_a_small_phone_with_the_largest_text() {
    let hq = Hq::with_demo_city();
    let phone = Phone::enrolled_at(&hq);
    let shown = phone.in_small_browser();
    let page = &shown.page;
    page.part("me-open").click();
    page.part("text-size-largest").click();
    page.css("[data-testid='text-size-largest'][aria-pressed='true']").appears();
    page.part("back").click();
    Officer(page).finds_the_venue();
    page.part("look").click();
    page.part("map-venue").appears();
    fits(page, "map-large-1");
    page.part("map-venue").click();
    page.part("map-chosen").appears();
    fits(page, "map-large-2-venue");
}
