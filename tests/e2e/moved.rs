//! A supervisor moves an officer to another team: the officer reads on the phone what is not held there any more.

use xuncha_tests::stage::{Hq, Phone};

use crate::desk::Desk;
use crate::officer::{NOTE, Officer};

#[test]
fn an_officer_who_is_moved_goes_on_with_a_visit_and_reads_that_the_rest_is_not_held_here() {
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

    desk.moves_an_officer(0, "阳曲");
    officer.syncs_now_from_today();
    shown.page.part("card-outside").appears();
    shown.page.shot("moved-1-today");
    shown.page.part("visit-card").click();
    shown.page.part("outside").says("不在本机");
    shown.page.shot("moved-2-visit");
    // Their own work is still theirs.
    assert_eq!(shown.page.part("note-text").value(), NOTE);
}
