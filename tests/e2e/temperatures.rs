//! The staff of a venue on one screen: typed by roles, measured one after the other, one of them again and again.

use serde_json::json;
use xuncha_domain::time::day_in_china;
use xuncha_tests::stage::{Hq, Phone};
use xuncha_tests::webdriver::Page;

use crate::desk::Desk;
use crate::me::fits;
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
    sizes_text(page, "140%");
    fits(page, "roster-5-large");
    sizes_text(page, "");
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

/// The largest step of the text size, without the way to its page.
fn sizes_text(page: &Page, size: &str) {
    page.run("document.documentElement.style.fontSize = arguments[0]", &json!([size]));
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

/// What a thermometer exports in GB18030: a code, a temperature and a time, over four days before today.
fn log() -> Vec<u8> {
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    // 编号,体温,时间
    let mut file = b"\xB1\xE0\xBA\xC5,\xCC\xE5\xCE\xC2,\xCA\xB1\xBC\xE4\r\n".to_vec();
    let mut line = |text: String| file.extend([text.as_bytes(), b"\r\n"].concat());
    for before in (1..=4).rev() {
        let day = day_in_china(now - before * 86_400_000);
        for (hour, tenths) in [(8, 1), (18, 3)] {
            line(format!("A01,36.{},{day} {hour:02}:10", before % 4 + tenths));
            line(format!("A02,36.5,{day} {hour:02}:12"));
            if (before, hour) != (2, 18) {
                line(format!("A03,36.{},{day} {hour:02}:14", (before + 2) % 4 + tenths));
            }
        }
        if before == 1 {
            line(format!("A03,37.9,{day} 18:40"));
            line(format!("A04,LOW,{day} 18:41"));
            line("A05,36.4,18:42".to_owned());
        }
    }
    file
}

#[test]
fn a_thermometers_log_is_previewed_imported_and_its_gaps_and_copies_are_shown() {
    let hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let phone = Phone::new();
    let shown = phone.in_browser();
    let (page, officer) = (&shown.page, Officer(&shown.page));
    officer.comes_to_a_visit(&desk);
    page.part("import-open").click();
    page.css("label:has([data-testid='import-file'])").appears();
    page.shot("import-1-choose");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("thermometer.csv");
    std::fs::write(&file, log()).unwrap();
    page.part("import-file").attach(&file);
    page.css("[data-testid='import-counts'][data-accepted='24'][data-rejected='2']").appears();
    page.part("import-row").are(6);
    page.part("import-more").click();
    page.part("import-row").are(24);
    page.css("[data-testid='import-rejected'][data-reason='no_temperature']").appears();
    page.css("[data-testid='import-rejected'][data-reason='no_time']").appears();
    page.shot("import-2-preview");
    page.run("document.querySelector('[data-testid=import-keep]').scrollIntoView()", &json!([]));
    page.shot("import-3-columns");
    page.sized(360, 640);
    page.shot("import-4-small");
    sizes_text(page, "140%");
    fits(page, "import-4-large");
    sizes_text(page, "");
    page.sized(390, 844);
    page.part("import-take").click();
    page.part("imported").says("24");
    page.part("reading-row").are(1);
    page.part("reading-imported").appears();
    page.run("document.querySelector('#part-readings').scrollIntoView()", &json!([]));
    page.shot("import-5-visit");
    page.part("imported-retract").click();
    page.part("retract-sheet").appears();
    page.css("[class*='enter-active']").are(0);
    page.part("retract-reason").type_text("选错了文件");
    page.part("retract-confirm").click();
    page.part("imported-retracted").says("选错了文件");
    page.part("imported-restore").click();
    page.part("imported-retract").appears();
    page.part("history-open").click();
    page.css("[data-testid='chart'][data-points='24']").appears();
    page.part("history-run").are(1);
    page.part("history-run").says("A02");
    page.part("history-gap").are(1);
    page.part("history-gap").says("A03");
    page.shot("history-1-venue");
    page.part("history-subject").click();
    page.option("A02").click();
    page.css("[data-testid='chart'][data-points='8']").appears();
    page.part("history-gap").are(0);
    page.part("chart-table").click();
    page.shot("history-2-person");
    page.sized(360, 640);
    page.shot("history-3-small");
    sizes_text(page, "140%");
    fits(page, "history-3-large");
    sizes_text(page, "");
    page.sized(390, 844);
    page.part("back").click();
    officer.seals();
    page.part("back").click();
    page.part("venue-search").appears();
    page.part("back").click();
    officer.syncs_now_from_today();
    desk.opens("visits");
    desk.0.part("visit-row").click();
    desk.0.part("reading-imported").are(24);
}
