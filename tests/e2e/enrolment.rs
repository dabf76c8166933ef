//! Codes that HQ does not take.

use xuncha_tests::stage::{Hq, Phone};
use xuncha_tests::webdriver::Page;

use crate::officer::Officer;

#[test]
fn wrong_and_used_codes_say_so_and_change_nothing() {
    let hq = Hq::with_demo_city();
    let used = hq.enroll_code();
    let first = Phone::new();
    let shown = first.in_browser();
    Officer(&shown.page).enrols(&used, Some(&hq.address()));
    shown.page.part("start-visit").appears();

    let second = Phone::new();
    let shown = second.in_browser();
    let officer = Officer(&shown.page);
    officer.enrols("ZZZZ-ZZZZ-ZZZZ", Some(&hq.address()));
    refused(&shown.page, "code_unknown", "总部没有这个登记码");
    officer.enrols(&used, Some(&hq.address()));
    refused(&shown.page, "code_used", "这个登记码已经用过");
    shown.page.shot("0-enrol-used");

    officer.enrols(&hq.enroll_code(), Some(&hq.address()));
    shown.page.part("start-visit").appears();
}

/// The page stays, also when it is read anew: nothing was enrolled.
fn refused(page: &Page, code: &str, words: &str) {
    page.css(&format!("[data-testid='error'][data-code='{code}']")).says(words);
    page.reload();
    page.part("enrol-submit").appears();
    page.part("error").disappears();
}
