//! What an officer does on the phone's screen, and what the officer must find there.

use std::path::PathBuf;

use serde_json::json;
use xuncha_tests::processes::eventually;
use xuncha_tests::webdriver::Page;

use crate::desk::Desk;

/// One venue of the synthetic city.
pub const VENUE: &str = "示例网吧 小店01";
/// Asked at every routine check: papers on the wall, credit code, exits.
const PAPERS: &str = "CMN-R-01";
const CREDIT_CODE: &str = "CMN-R-03";
pub const EXITS: &str = "CMN-R-05";

/// Nobody's, with a right check character.
pub const CODE_TEXT: &str = "91140105MA00000071";
pub const FAULT: &str = "后门上锁，钥匙不在现场。";
pub const NOTE: &str = "前台说晚上八点交班。";
/// Tenths of a degree, as the officer typed them, and what they mean.
const READINGS: [(&str, &str); 3] = [("365", "normal"), ("378", "abnormal"), ("376", "abnormal")];

/// An officer looking at the phone.
pub struct Officer<'p>(pub &'p Page);

impl Officer<'_> {
    pub fn enrols(&self, code: &str, server: Option<&str>) {
        self.0.part("enrol-code").fill(code);
        if let Some(server) = server {
            self.0.part("enrol-server").fill(server);
        }
        self.0.part("enrol-submit").click();
    }

    /// With a code of the console, up to the open visit.
    pub fn comes_to_a_visit(&self, desk: &Desk) {
        self.enrols(&desk.enrolment_text("执法一中队 甲"), None);
        self.finds_the_venue();
        self.begins_the_visit();
    }

    /// Leaves the phone on the page where the venue was found: from then on it needs nobody.
    pub fn finds_the_venue(&self) {
        self.0.part("start-visit").click();
        self.0.part("venue-search").fill(VENUE);
        self.0.part("venue-row").are(1);
        self.0.part("venue-row").says(VENUE);
    }

    pub fn begins_the_visit(&self) {
        self.0.part("venue-row").click();
        for choice in ["purpose-routine", "kind-inspection", "mode-on_site", "lead-brigade"] {
            self.0.part(choice).click();
        }
        self.0.shot("2-begin");
        self.0.part("begin-visit").click();
        self.0.part("finish-open").appears();
    }

    /// Records one of everything. Each step ends when the screen calls it recorded.
    pub fn records(&self) {
        self.0.css("[data-testid^='member-'][aria-pressed='false']").click();
        self.0.css("[data-testid^='member-'][aria-pressed='true']").nth(1).appears();
        self.0.part(&format!("item-{PAPERS}-yes")).click();
        self.answered(PAPERS, "yes");
        self.types(&format!("item-{CREDIT_CODE}-input"), CODE_TEXT);
        self.0.part(&format!("item-{EXITS}-no")).click();
        self.answered(EXITS, "no");
        self.types(&format!("finding-{EXITS}-description"), FAULT);
        self.0.part(&format!("finding-{EXITS}-status-open")).click();
        self.0.css(&format!("[data-testid='finding-{EXITS}-status-open'][aria-pressed='true']")).are(1);
        self.photographs(&format!("photo-input-{EXITS}"), "orientation-6.jpg", 1);
        self.0.shot("3-finding");
        self.photographs("photo-input", "progressive.jpg", 2);
        self.measures();
        self.types("note-text", NOTE);
    }

    /// Two people; the second one twice, as the screen asks.
    fn measures(&self) {
        self.0.part("pad-open").click();
        self.0.part("pad").appears();
        self.stands_still();
        for (count, (digits, verdict)) in (1..).zip(READINGS) {
            if count < 3 {
                self.0.part("pad-subject").fill(["收银员", "网管"][count - 1]);
            } else {
                self.0.part("pad-again").click();
            }
            for digit in digits.chars() {
                self.0.part(&format!("pad-key-{digit}")).click();
            }
            self.0.part("pad-save").click();
            self.0.part("reading-row").are(count);
            self.0.css(&format!("[data-testid='pad-verdict'][data-verdict='{verdict}']")).appears();
        }
        self.0.shot("4-pad");
        self.0.part("pad-close").click();
        self.0.part("pad").disappears();
    }

    /// A sheet that still slides in lets a click land on the key below the one that was meant.
    pub fn stands_still(&self) {
        self.0.css("[class*='enter-active']").are(0);
    }

    fn photographs(&self, input: &str, file: &str, photos: usize) {
        self.0.part(input).attach(&photo(file));
        self.0.part("photo-thumb").are(photos);
    }

    fn types(&self, field: &str, words: &str) {
        self.0.part(field).type_text(words);
        self.0.css(&format!("label:has([data-testid='{field}']) [data-state='saved']")).appears();
    }

    fn answered(&self, item: &str, answer: &str) {
        self.0.css(&format!("[data-testid='item-{item}'][data-answer='{answer}']")).appears();
    }

    /// Opens the unfinished visit again and finds all of it.
    pub fn finds_everything_again(&self) {
        self.0.part("visit-card").says(VENUE);
        self.0.shot("5-after-the-kill");
        self.0.part("visit-card").click();
        self.0.css("[data-testid^='member-'][aria-pressed='true']").are(2);
        self.answered(PAPERS, "yes");
        self.answered(CREDIT_CODE, "text");
        self.answered(EXITS, "no");
        self.holds(&format!("item-{CREDIT_CODE}-input"), CODE_TEXT);
        self.holds(&format!("finding-{EXITS}-description"), FAULT);
        self.holds("note-text", NOTE);
        self.0.part("reading-row").are(READINGS.len());
        for (digits, verdict) in READINGS {
            let row = format!("[data-testid='reading-row'][data-dc='{digits}'][data-verdict='{verdict}']");
            self.0.css(&row).appears();
        }
        self.0.part("photo-thumb").are(2);
        // Both pictures are wider than high, one of them only after its EXIF orientation was followed.
        (0..2).for_each(|photo| self.sees_a_wide_thumbnail(photo));
    }

    fn holds(&self, field: &str, words: &str) {
        assert_eq!(self.0.part(field).value(), words, "{field}");
    }

    fn sees_a_wide_thumbnail(&self, photo: usize) {
        let script = "const image = document.querySelectorAll('[data-testid=photo-thumb] img')[arguments[0]];
            image?.scrollIntoView();
            return image ? [image.naturalWidth, image.naturalHeight] : [0, 0]";
        eventually(&format!("thumbnail {photo} is drawn upright"), || {
            let size = self.0.run(script, &json!([photo]));
            (size[0].as_u64() > size[1].as_u64()).then_some(())
        });
    }

    pub fn seals(&self) {
        self.0.part("finish-open").click();
        self.0.part("finish").appears();
        self.stands_still();
        self.0.shot("6-finish");
        self.0.part("finish-confirm").click();
        self.0.part("sealed-mark").appears();
    }

    /// Asks for a sync by hand, on the page behind the banner.
    pub fn syncs_now(&self) {
        self.0.part("sync-banner").click();
        self.0.css("[data-testid='queue-row'][data-state='held']").appears();
        self.0.part("sync-now").click();
    }

    /// Asks for a sync from the first page and waits until HQ has everything.
    pub fn syncs_now_from_today(&self) {
        self.0.part("sync-banner").click();
        self.0.part("sync-now").click();
        self.0.css("[data-testid='queue-row'][data-state='held']").appears();
        self.0.part("back").click();
    }

    /// Waits until the banner is in this state; nobody touches the phone meanwhile.
    pub fn sees_the_banner(&self, state: &str, words: &str) {
        self.0.css(&format!("[data-testid='sync-banner'][data-state='{state}']")).appears();
        self.0.part("sync-banner").says(words);
    }
}

fn photo(file: &str) -> PathBuf {
    xuncha_tests::package().join("fixtures/photos").join(file)
}
