//! What an administrator does at HQ's console, and what must stand there of a visit.

use xuncha_tests::stage::Hq;
use xuncha_tests::webdriver::Page;

use crate::officer::{CODE_TEXT, EXITS, FAULT, NOTE, VENUE};

const USER: &str = "admin";
const PASSWORD: &str = "four unrelated plain words";

/// A browser at HQ with a person before it.
pub struct Desk(pub Page);

impl Desk {
    /// Makes the first administrator through the printed link, then signs out and in again, as on the next day.
    pub fn set_up(hq: &Hq) -> Self {
        let page = Page::desk_browser();
        page.goto(&hq.setup_link());
        page.part("setup-user").fill(USER);
        page.part("setup-password").fill(PASSWORD);
        page.shot("console-0-setup");
        page.part("setup-submit").click();
        page.part("sign-out").click();
        page.part("signin-user").fill(USER);
        page.part("signin-password").fill(PASSWORD);
        page.part("signin-submit").click();
        page.part("sign-out").appears();
        Self(page)
    }

    /// Makes a code for the officer whose entry contains these words, and returns the text of its QR picture.
    pub fn enrolment_text(&self, officer: &str) -> String {
        self.opens("devices");
        self.0.part("enrol-open").click();
        self.0.option(officer).click();
        self.0.part("enrol-create").click();
        self.0.css("[data-testid='enrol-qr'] svg").appears();
        let text = self.0.part("enrol-text").text();
        self.0.shot("console-1-enrol");
        self.0.part("enrol-done").click();
        self.0.part("enrol-qr").disappears();
        text
    }

    /// Everything of the sealed visit, from the list to the last signature.
    pub fn reads_the_visit(&self) {
        self.opens("visits");
        self.0.part("visit-row").are(1);
        self.0.part("visit-row").says(VENUE);
        // The photos may be a moment behind their records.
        self.0.part("visit-row").says("2 / 2");
        self.0.shot("console-2-visits");
        self.0.part("visit-row").click();

        self.0.css("[data-testid='visit-sealed'][data-sealed='true']").appears();
        self.0.part("visit-answer-CMN-R-01").says("符合");
        self.0.part("visit-answer-CMN-R-03").says(CODE_TEXT);
        self.0.part(&format!("visit-answer-{EXITS}")).says("不符合");
        self.0.part("visit-finding").says(FAULT);
        self.0.part("visit-finding").says("待整改");
        self.0.part("visit-note").says(NOTE);
        self.0.part("visit-reading").are(3);
        for words in ["收银员", "36.5", "37.8", "37.6", "异常"] {
            self.0.sees(words);
        }
        self.0.css("[data-testid='visit-photo'][data-held='true']").are(2);
        self.0.css("[data-testid='visit-photo'] img").are(2);
        self.0.part("visit-seal").says("哈希一致");
        self.0.part("visit-seal").says("照片 2 / 2");
        self.0.shot("console-3-visit");
        self.looks_at_a_photo();
        self.reads_the_proof();
    }

    fn looks_at_a_photo(&self) {
        self.0.part("visit-photo").click();
        self.0.css("[data-testid='photo-viewer'] .stage img").appears();
        self.0.part("photo-viewer").says("SHA-256");
        self.0.shot("console-4-photo");
        self.0.css("[data-testid='photo-viewer'] .el-dialog__headerbtn").click();
        self.0.part("photo-viewer").disappears();
    }

    fn reads_the_proof(&self) {
        self.0.part("visit-tab-proof").click();
        self.0.part("proof-commit").appears();
        self.0.sees("签名全部有效");
        self.0.css("[data-testid='proof-commit'][data-state='applied']").appears();
        self.0.css("[data-testid='proof-commit']:not([data-state='applied'])").are(0);
        self.0.css("[data-testid='proof-commit'] .tag.is-bad").are(0);
        self.0.shot("console-5-proof");
    }

    /// The one conflict of the one visit in the inbox is settled by keeping `value`.
    pub fn settles_the_conflict(&self, values: [&str; 2], value: &str) {
        self.opens("conflicts");
        self.0.part("conflict-visit").are(1);
        self.0.part("visit-conflict").are(1);
        for words in values {
            self.0.part("visit-conflict").says(words);
        }
        self.0.shot("console-6-conflicts");
        self.0.css(&format!("[data-testid='conflict-keep'][data-value='{value}']")).click();
        self.0.part("conflicts-none").appears();
        // The way back stays on the page.
        self.0.css("[data-testid='settled-undo'][data-value='no']").appears();
    }

    /// The one pair that HQ found is counted as one visit.
    pub fn joins_the_pair(&self) {
        self.opens("conflicts");
        self.0.css("[data-testid='duplicates-open'] [data-testid='duplicate-pair']").are(1);
        self.0.shot("console-8-duplicates");
        self.0.part("duplicate-join").click();
        self.0.css("[data-testid='duplicates-joined'] [data-testid='duplicate-pair']").are(1);
        self.opens("visits");
        self.0.part("overview-visits").says("1");
    }

    /// The visit of this officer goes back with a remark.
    pub fn returns_a_visit(&self, officer: &str, remark: &str) {
        self.opens("visits");
        self.0.part("visit-row").are(2);
        let row = if self.0.part("visit-row").text().contains(officer) { 0 } else { 1 };
        self.0.part("visit-row").nth(row).click();
        self.0.part("retraction").says("看错了门牌");
        self.0.part("review-remark").fill(remark);
        self.0.part("review-return").click();
        self.0.css("[data-testid='review-state'][data-state='returned']").appears();
        self.0.shot("console-9-returned");
    }

    /// The officer of the n-th phone is moved to the team whose entry contains these words.
    pub fn moves_an_officer(&self, phone: usize, team: &str) {
        self.opens("devices");
        self.0.part("officer-move").nth(phone).click();
        self.0.part("move-from").appears();
        self.0.option(team).click();
        self.0.shot("console-10-move");
        self.0.part("move-confirm").click();
        self.0.part("move-dialog").disappears();
        self.0.part("device-row").nth(phone).says(team);
    }

    pub fn opens(&self, page: &str) {
        self.0.css(&format!("nav a[href='#/{page}']")).click();
    }
}
