//! The journey over the bridge, in a browser of a phone's size.

use xuncha_tests::stage::{Hq, Phone};

use crate::desk::Desk;
use crate::officer::Officer;

#[test]
fn a_visit_recorded_without_hq_survives_a_power_cut_and_reaches_the_console() {
    let mut hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let code = desk.enrolment_text("执法一中队 甲");
    assert!(code.starts_with("xuncha://enroll"), "{code}");
    let phone = Phone::new();
    let shown = phone.in_browser();
    shown.page.part("enrol-code").appears();
    shown.page.shot("0-enrol");
    let officer = Officer(&shown.page);
    officer.enrols(&code, None);
    officer.finds_the_venue();
    shown.page.shot("1-venues");

    hq.crash();
    officer.begins_the_visit();
    officer.records();
    shown.power_cut();

    let shown = phone.in_browser();
    let officer = Officer(&shown.page);
    officer.finds_everything_again();
    officer.seals();
    officer.sees_the_banner("on_phone", "仅在本机");
    shown.page.shot("7-on-this-phone");

    hq.restart();
    officer.sees_the_banner("held", "总部已全部收到");
    shown.page.shot("8-held");
    desk.reads_the_visit();

    desk.opens("devices");
    desk.0.part("device-row").says("执法一中队 甲");
    // What the phone reports comes with its next contact.
    officer.syncs_now();
    shown.page.shot("9-queue");
    desk.0.part("device-row").says("无");
    desk.0.shot("console-6-devices");
}
