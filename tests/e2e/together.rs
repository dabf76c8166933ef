//! Two officers at one venue: the second joins by the text of the first one's QR, they disagree, and it is settled and
//! undone on the phone.

use xuncha_tests::stage::{BrowserPhone, Hq, Phone};

use crate::desk::Desk;
use crate::officer::Officer;

const ITEM: &str = "CMN-R-05";

#[test]
fn a_second_officer_joins_offline_and_a_conflict_is_settled_and_undone_on_the_phone() {
    let mut hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let enrolled = |officer: &str| -> (Phone, BrowserPhone) {
        let phone = Phone::new();
        let shown = phone.in_browser();
        Officer(&shown.page).enrols(&desk.enrolment_text(officer), None);
        shown.page.part("start-visit").appears();
        (phone, shown)
    };
    let (_first, a) = enrolled("执法一中队 甲");
    let (_second, b) = enrolled("执法一中队 乙");
    // Both have the register before the network goes.
    Officer(&b.page).finds_the_venue();
    b.page.part("back").click();
    Officer(&a.page).finds_the_venue();

    // From here on neither phone has a network.
    hq.crash();
    Officer(&a.page).begins_the_visit();
    a.page.part("invite-open").click();
    a.page.part("invite-qr").appears();
    a.page.shot("together-1-invite");
    let text = a.page.part("invite-text").value();
    a.page.part("invite-close").click();
    a.page.part("invite").disappears();
    b.page.part("join-visit").click();
    b.page.part("join-text").fill(&text);
    b.page.part("join-read").click();
    b.page.part("join-invite").says("示例网吧");
    b.page.shot("together-2-join");
    b.page.part("join-confirm").click();
    for (phone, answer) in [(&a, "yes"), (&b, "no")] {
        phone.page.part(&format!("item-{ITEM}-{answer}")).click();
        phone.page.css(&format!("[data-testid='item-{ITEM}'][data-answer='{answer}']")).appears();
    }
    // The first came over the list of venues.
    a.page.part("back").click();
    a.page.part("venue-search").appears();
    for phone in [&a, &b] {
        phone.page.part("back").click();
        phone.page.part("visit-card").appears();
    }

    hq.restart();
    for phone in [&a, &b] {
        Officer(&phone.page).syncs_now_from_today();
    }
    // HQ tells the first phone by itself.
    a.page.part("today-conflicts").click();
    a.page.part("conflict-row").are(1);
    a.page.part("conflict-value").are(2);
    a.page.shot("together-3-conflict");
    a.page.css("[data-testid='conflict-value'][data-kind='yes']").click();
    a.page.part("conflicts-none").appears();
    a.page.part("settled-by").says("本人");
    a.page.part("settled-undo").click();
    a.page.shot("together-4-settled");
    a.page.css("[data-testid='conflict-value'][data-kind='no']").click();
    a.page.part("settled-changed").says("否");
    a.page.shot("together-5-undone");
    desk.opens("conflicts");
    desk.0.part("settled-conflict").says("不符合");
    desk.0.part("settled-changed").appears();
    desk.0.shot("console-7-settled");
}
