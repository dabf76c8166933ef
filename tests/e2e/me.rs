//! The page of the phone's owner: how it looks, and what lies on it.

use serde_json::json;
use xuncha_tests::stage::{Hq, Phone};
use xuncha_tests::webdriver::Page;

use crate::officer::{EXITS, FAULT, Officer};

/// What is cut off at the side: bars, bodies and sheets whose content is wider than they are.
const WIDER: &str =
    "return [...document.querySelectorAll('.page-body, .page-foot, header, .banner, .van-popup')]
    .filter((one) => one.scrollWidth > one.clientWidth + 1)
    .map((one) => `${one.className} ${one.scrollWidth} > ${one.clientWidth}`)";

pub fn fits(page: &Page, step: &str) {
    let wider = page.run(WIDER, &json!([]));
    assert_eq!(wider, json!([]), "{step}");
    page.shot(step);
}

#[test]
fn every_screen_of_a_visit_fits_a_small_phone_with_the_largest_text() {
    let hq = Hq::with_demo_city();
    let phone = Phone::enrolled_at(&hq);
    let shown = phone.in_small_browser();
    let page = &shown.page;
    page.part("me-open").click();
    page.part("text-size-largest").click();
    page.css("[data-testid='text-size-largest'][aria-pressed='true']").appears();
    // It stays chosen.
    page.reload();
    page.css("[data-testid='text-size-largest'][aria-pressed='true']").appears();
    fits(page, "me-1-me");
    page.part("me-storage").click();
    page.part("storage-database").appears();
    fits(page, "me-2-storage");
    page.part("back").click();
    page.part("me-about").click();
    page.part("about-version").appears();
    fits(page, "me-3-about");
    page.part("back").click();
    page.part("back").click();

    let officer = Officer(page);
    officer.finds_the_venue();
    fits(page, "me-large-find");
    page.part("venue-row").click();
    page.part("begin-visit").appears();
    fits(page, "me-large-begin");
    for choice in ["purpose-routine", "kind-inspection", "mode-on_site", "lead-brigade"] {
        page.part(choice).click();
    }
    page.part("begin-visit").click();
    page.part("finish-open").appears();
    page.part(&format!("item-{EXITS}-no")).click();
    let description = format!("finding-{EXITS}-description");
    page.part(&description).type_text(FAULT);
    page.css(&format!("label:has([data-testid='{description}']) [data-state='saved']")).appears();
    fits(page, "me-large-visit");
    page.part("pad-open").click();
    page.part("pad").appears();
    page.css("[class*='enter-active']").are(0);
    fits(page, "me-large-pad");
    page.part("pad-close").click();
    page.part("pad").disappears();
    page.part("finish-open").click();
    page.part("finish-confirm").appears();
    page.css("[class*='enter-active']").are(0);
    fits(page, "me-large-finish");
    page.reload();
    page.part("finish-open").appears();
    page.part("sync-banner").click();
    page.part("rescue-make").appears();
    fits(page, "me-large-queue");
}

#[test]
fn licences_are_found_by_a_word_and_diagnostics_can_be_copied() {
    let hq = Hq::with_demo_city();
    let phone = Phone::enrolled_at(&hq);
    let shown = phone.in_small_browser();
    let page = &shown.page;
    page.part("me-open").click();
    page.part("me-about").click();
    page.part("me-licences").click();
    page.part("licence-row").nth(20).appears();
    fits(page, "me-4-licences");
    page.part("licence-search").fill("noto ofl");
    page.part("licence-row").are(1);
    page.part("licence-count").says("1");
    page.css("[data-testid='licence-row'] button").click();
    page.part("licence-text").says("SIL OPEN FONT LICENSE");
    fits(page, "me-5-licence");
    page.part("back").click();
    page.part("me-diagnostics").click();
    page.part("diagnostics-text").says("visits of this phone: 0");
    page.part("diagnostics-text").says("text normal");
    page.part("diagnostics-copy").click();
    page.part("diagnostics-copied").appears();
    fits(page, "me-6-diagnostics");
}
