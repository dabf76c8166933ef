//! The PIN: set, asked for, forgotten.

use xuncha_tests::stage::{Hq, Phone};
use xuncha_tests::webdriver::Page;

use crate::me::fits;

const PIN: &str = "407193";
const WRONG: &str = "220815";

fn enters(page: &Page, pin: &str) {
    for digit in pin.chars() {
        page.part(&format!("pad-key-{digit}")).click();
    }
    page.part("unlock").click();
}

fn sets(page: &Page, pin: &str) {
    page.part("lock-new").fill(pin);
    page.part("lock-repeat").fill(pin);
    page.part("lock-set").click();
}

#[test]
fn a_phone_is_locked_unlocked_and_opened_by_hq_when_its_pin_is_forgotten() {
    let hq = Hq::with_demo_city();
    let phone = Phone::enrolled_at(&hq);
    let shown = phone.in_small_browser();
    let page = &shown.page;
    page.part("me-open").click();
    page.part("me-lock").click();
    sets(page, "123456");
    page.css("[data-testid='error'][data-code='pin_unfit']").appears();
    fits(page, "lock-1-unfit");
    sets(page, PIN);
    page.part("lock-done").appears();
    fits(page, "lock-2-set");
    page.part("lock-after-15").click();
    page.css("[data-testid='lock-after-15'][aria-pressed='true']").appears();
    page.part("lock-now").click();
    page.part("lock-screen").appears();
    page.part("lock-set").disappears();
    page.part("sync-banner").disappears();
    fits(page, "lock-3-locked");
    enters(page, WRONG);
    page.css("[data-testid='error'][data-code='pin_wrong']").appears();
    fits(page, "lock-4-wrong");
    enters(page, PIN);
    page.part("lock-screen").disappears();
    // Where it was left.
    page.part("lock-set").appears();

    shown.power_cut();
    let shown = phone.in_small_browser();
    let page = &shown.page;
    page.part("lock-screen").appears();
    page.part("start-visit").disappears();
    page.part("lock-help").click();
    page.part("rescue-make").click();
    page.part("rescue-made").appears();
    fits(page, "lock-5-help");
    page.part("lock-help").click();
    for _ in 0..5 {
        enters(page, WRONG);
        page.part("lock-entered").says("–");
    }
    // It counts down from the first moment on.
    page.part("lock-wait").appears();
    fits(page, "lock-6-wait");
    page.part("lock-help").click();
    page.part("lock-code").fill(&hq.enroll_code());
    page.part("lock-by-hq").click();
    page.part("start-visit").appears();
    page.part("lock-screen").disappears();
    page.part("me-open").click();
    page.part("me-lock").click();
    page.part("lock-new").appears();
    page.part("lock-now").disappears();
}
