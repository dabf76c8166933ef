//! A supervisor gives an erase order; the officer who wrote what is gone reads so on the phone.

use xuncha_tests::stage::{Hq, Phone};

use crate::desk::Desk;
use crate::officer::{NOTE, Officer, VENUE};

#[test]
fn a_supervisor_erases_a_note_in_two_steps_and_its_author_is_told() {
    let hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let phone = Phone::new();
    let shown = phone.in_browser();
    let officer = Officer(&shown.page);
    officer.enrols(&desk.enrolment_text("执法一中队 甲"), None);
    shown.page.part("start-visit").appears();
    officer.finds_the_venue();
    officer.begins_the_visit();
    officer.records();
    shown.page.part("back").click();
    shown.page.part("back").click();
    officer.syncs_now_from_today();

    desk.opens("visits");
    desk.0.part("visit-row").click();
    desk.0.part("visit-note").says(NOTE);
    desk.0.css("[data-testid='visit-note'] [data-testid='erase-open']").click();
    desk.0.part("erase-reason").fill("本人要求更正");
    desk.0.shot("erase-1-why");
    desk.0.part("erase-next").click();
    desk.0.css("[data-testid='erase-confirm'][disabled]").are(1);
    desk.0.part("erase-understood").click();
    desk.0.shot("erase-2-sure");
    desk.0.part("erase-confirm").click();
    desk.0.part("visit-note").says("按令删除");
    desk.0.shot("erase-3-visit");

    officer.syncs_now_from_today();
    shown.page.part("erased-notice").says(VENUE);
    shown.page.part("erased-notice").says("文字 1 项");
    shown.page.shot("erase-4-told");
    shown.page.part("erased-seen").click();
    shown.page.part("erased-notice").disappears();
    shown.page.part("visit-card").click();
    shown.page.part("erased").says("按令删除");
    // So that the picture shows it.
    shown.page.part("note-text").click();
    shown.page.shot("erase-5-phone");
    assert_eq!(shown.page.part("note-text").value(), "");
    shown.page.part("back").click();

    officer.syncs_now_from_today();
    desk.opens("erase-orders");
    desk.0.part("erase-order").are(1);
    desk.0.part("erase-order").says("备注");
    desk.0.part("erase-order").says("1 / 1 已执行");
    desk.0.shot("erase-6-orders");
}
