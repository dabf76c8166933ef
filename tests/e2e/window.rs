//! The journey in the app's own window.

use xuncha_tests::stage::{Hq, Phone};

use crate::desk::Desk;
use crate::officer::Officer;

#[test]
fn the_app_is_killed_in_mid_visit_and_everything_reaches_the_console() {
    let mut hq = Hq::with_demo_city();
    let phone = Phone::new();
    let window = phone.in_window();
    let officer = Officer(&window);
    officer.enrols(&hq.enroll_code(), Some(&hq.address()));
    officer.finds_the_venue();

    hq.crash();
    officer.begins_the_visit();
    officer.records();
    window.kill();

    let window = phone.in_window();
    let officer = Officer(&window);
    officer.finds_everything_again();
    officer.seals();
    officer.sees_the_banner("on_phone", "仅在本机");

    hq.restart();
    officer.sees_the_banner("held", "总部已全部收到");
    Desk::set_up(&hq).reads_the_visit();
}
