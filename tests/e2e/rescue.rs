//! A colleague brings another phone's rescue file to HQ.

use std::fs;

use xuncha_tests::processes::eventually;
use xuncha_tests::stage::{Hq, Phone};

use crate::officer::Officer;

#[test]
fn a_rescue_file_reaches_hq_by_a_colleagues_phone() {
    let mut hq = Hq::with_demo_city();
    let (author, carrier) = (Phone::enrolled_at(&hq), Phone::enrolled_at(&hq));
    let (author_screen, carrier_screen) = (author.in_browser(), carrier.in_browser());
    let officer = Officer(&author_screen.page);
    officer.finds_the_venue();
    hq.crash();
    officer.begins_the_visit();
    author_screen.page.part("sync-banner").click();
    author_screen.page.part("rescue-make").click();
    author_screen.page.part("rescue-made").appears();
    let made =
        eventually("the file is made", || fs::read_dir(author.data().join("rescue")).ok()?.next()?.ok());
    author_screen.page.shot("rescue-1-made");

    let page = &carrier_screen.page;
    page.part("sync-banner").click();
    page.part("rescue-carry").attach(&made.path());
    page.part("rescue-carried").says("1");
    let into_view = "document.querySelector('[data-testid=rescue-carried]').scrollIntoView()";
    page.run(into_view, &serde_json::json!([]));
    page.shot("rescue-2-carried");
    page.part("rescue-carry").attach(&author.data().join("device.key"));
    page.css("[data-testid='error'][data-code='rescue_unreadable']").appears();
    hq.restart();
    page.part("rescue-delivered").says("1");
    page.shot("rescue-3-delivered");
}
