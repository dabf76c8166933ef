//! The staff of a venue on one screen: typed by roles, measured one after the other, one of them again and again.

use xuncha_tests::stage::{Hq, Phone};
use xuncha_tests::webdriver::Page;

use crate::desk::Desk;
use crate::officer::{Officer, VENUE};

const DONE: &str = "已送发热门诊，并报区疾控值班室。";

#[test]
fn a_roster_is_measured_on_one_screen_and_what_was_done_reaches_the_console() {
    let hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let phone = Phone::new();
    let shown = phone.in_browser();
    let (page, officer) = (&shown.page, Officer(&shown.page));
    officer.comes_to_a_visit(&desk);
    page.part("roster-open").click();
    page.part("roster-label").appears();
    page.shot("roster-1-empty");
    for label in ["收银1", "网管2", ""] {
        page.part("roster-label").fill(label);
        page.part("roster-add").click();
    }
    page.part("roster-row").are(3);
    page.part("crowd-waiting").says("未测 3");
    page.part("roster-choose").click();
    types(page, "365");
    has_outcome(page, "收银1", "normal");
    page.part("roster-current").says("网管2");
    types(page, "376");
    page.css("[data-testid='roster-question'][data-verdict='abnormal']").appears();
    page.shot("roster-2-question");
    page.part("roster-retest").click();
    types(page, "375");
    page.part("roster-question").says("37.5");
    has_outcome(page, "网管2", "confirmed");
    page.part("roster-act").click();
    page.part("person").appears();
    page.css("[class*='enter-active']").are(0);
    page.part("person-isolated").click();
    page.css("[data-testid='person-isolated'][aria-pressed='true']").appears();
    page.part("person-reported").click();
    page.css("[data-testid='person-reported'][aria-pressed='true']").appears();
    page.part("person-done").type_text(DONE);
    page.css("label:has([data-testid='person-done']) [data-state='saved']").appears();
    page.part("person-outcome").says("异常已报告");
    page.shot("roster-3-person");
    page.button("关闭").click();
    page.part("person").disappears();
    // The third one waits already, under a code that nobody typed.
    page.part("roster-current").says("员工3");
    types(page, "364");
    has_outcome(page, "员工3", "normal");
    page.part("roster-crowd").click();
    types(page, "366362");
    page.css("[data-testid='crowd'][data-measured='5'][data-abnormal='1']").appears();
    page.shot("roster-4-measured");
    page.sized(360, 640);
    page.shot("roster-5-small");
    page.sized(390, 844);
    page.part("back").click();
    page.css("[data-testid='crowd'][data-measured='5'][data-abnormal='1']").appears();
    page.part("reading-row").are(6);
    officer.seals();
    page.part("back").click();
    page.part("venue-search").appears();

    // The next visit of the venue knows who works there.
    page.part("venue-search").fill(VENUE);
    page.part("venue-row").are(1);
    page.part("venue-row").click();
    page.part("start-same").click();
    page.part("begin-visit").click();
    page.part("roster-open").click();
    page.part("roster-row").are(3);
    page.part("roster-current").says("收银1");
    page.shot("roster-6-remembered");

    page.part("back").click();
    page.part("back").click();
    page.part("venue-search").appears();
    page.part("back").click();
    officer.syncs_now_from_today();
    desk.opens("visits");
    desk.0.part("visit-row").are(2);
    desk.0.part("visit-row").nth(1).click();
    desk.0.part("reading-step").are(2);
    desk.0.part("reading-done").says(DONE);
    desk.0.shot("console-12-roster");
}

fn types(page: &Page, digits: &str) {
    for digit in digits.chars() {
        page.part(&format!("pad-key-{digit}")).click();
    }
}

fn has_outcome(page: &Page, label: &str, outcome: &str) {
    page.css(&format!("[data-testid='roster-row'][data-label='{label}'][data-outcome='{outcome}']"))
        .appears();
}
