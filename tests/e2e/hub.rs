//! A phone without a network gives its work to the phone beside it, on both screens.

use xuncha_tests::stage::{Hq, Phone};

use crate::officer::Officer;

#[test]
fn a_visit_goes_to_the_phone_beside_and_with_it_to_hq() {
    let mut hq = Hq::with_demo_city();
    let (hub, phone) = (Phone::enrolled_at(&hq), Phone::enrolled_at(&hq));
    let (hub, phone) = (hub.in_browser(), phone.in_browser());
    let officer = Officer(&phone.page);
    officer.finds_the_venue();
    hq.crash();
    officer.begins_the_visit();
    officer.sees_the_banner("on_phone", "仅在本机");

    hub.page.part("sync-banner").click();
    hub.page.part("hub-open").click();
    hub.page.part("hub-start").click();
    hub.page.part("hub-qr").appears();
    hub.page.shot("hub-1-code");
    hub.page.css("details summary").click();
    hub.page.part("hub-text").says("xuncha://hub?v=1");
    let text = hub.page.part("hub-text").text();

    phone.page.part("sync-banner").click();
    phone.page.css("[data-testid='only-here']:not([data-n='0'])").appears();
    phone.page.part("relay-open").click();
    phone.page.part("relay-text").fill("xuncha://hub?v=2");
    phone.page.part("relay-pair").click();
    phone.page.css("[data-testid='error'][data-code='hub_code']").appears();
    phone.page.shot("hub-2-relay");
    phone.page.part("relay-text").fill(&text);
    phone.page.part("relay-pair").click();
    phone.page.part("relay-hub").appears();
    officer.sees_the_banner("on_hub", "在中继机上");
    phone.page.css("[data-testid='only-here'][data-n='0']").appears();
    phone.page.shot("hub-3-on-hub");
    hub.page.part("hub-phone").are(1);
    hub.page.css("[data-testid='hub-waiting']:not([data-n='0'])").appears();
    hub.page.shot("hub-4-carried");

    hq.restart();
    hub.page.css("[data-testid='hub-waiting'][data-n='0']").appears();
    hub.page.css("[data-testid='hub-delivered']:not([data-n='0'])").appears();
    officer.sees_the_banner("held", "总部已全部收到");
    hub.page.part("hub-stop").click();
    hub.page.part("hub-start").appears();
}
