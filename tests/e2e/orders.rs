//! A fault is ordered to be corrected by a day, another goes to the fire authority, and the next visit looks again.

use xuncha_tests::stage::{Hq, Phone};

use crate::desk::Desk;
use crate::officer::{EXITS, Officer};

const PAPERS: &str = "CMN-R-01";

#[test]
fn an_order_is_due_until_the_next_visit_rechecks_it() {
    let hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let phone = Phone::new();
    let shown = phone.in_browser();
    let (page, officer) = (&shown.page, Officer(&shown.page));
    officer.comes_to_a_visit(&desk);
    page.part(&format!("item-{PAPERS}-no")).click();
    page.part(&format!("finding-{PAPERS}-status-rectifying")).click();
    page.part(&format!("finding-{PAPERS}-deadline-5")).click();
    page.part(&format!("finding-{PAPERS}-deadline")).says("期限");
    page.shot("orders-1-ordered");
    page.part(&format!("item-{EXITS}-no")).click();
    page.part(&format!("finding-{EXITS}-status-transferred")).click();
    page.part(&format!("finding-{EXITS}-transfer-fire")).click();
    page.css(&format!("[data-testid='finding-{EXITS}-transfer-fire'][aria-pressed='true']")).appears();
    page.shot("orders-2-referred");
    officer.seals();

    page.part("back").click();
    page.part("venue-search").appears();
    page.part("back").click();
    page.part("today-orders").says("责令改正待复查 1 项");
    page.shot("orders-3-today");
    page.part("today-orders").click();
    page.part("open-finding").are(2);
    page.shot("orders-4-list");
    page.part("open-finding-venue").click();
    page.part("start-same").appears();
    page.part("open-finding").are(2);
    page.shot("orders-5-start");
    page.part("start-same").click();
    page.part("begin-visit").click();
    page.part(&format!("recheck-{PAPERS}-not_rectified")).click();
    page.css("[data-testid='open-finding'][data-status='not_rectified']").appears();
    page.shot("orders-6-not-rectified");
    // The officer looks again: what was tapped last stands.
    page.part(&format!("recheck-{PAPERS}-rectified")).click();
    page.css("[data-testid='open-finding'][data-status='rectified']").appears();
    page.shot("orders-7-rectified");

    page.part("back").click();
    page.part("open-finding").are(1);
    page.part("back").click();
    page.part("visit-card").are(2);
    page.part("today-orders").disappears();
    officer.syncs_now_from_today();
    desk.opens("visits");
    desk.0.part("visit-row").are(2);
    desk.0.part("visit-row").nth(1).click();
    desk.0.part("finding-authority").says("消防");
    desk.0.part("finding-deadline").appears();
    desk.0.shot("console-11-order");
    desk.0.part("finding-recheck").click();
    desk.0.part("finding-recheck").disappears();
}
