//! A paper on site: filled on the phone, looked at, signed with a finger; it seals the visit, and says what was found.

use serde_json::json;
use xuncha_tests::stage::{Hq, Phone};
use xuncha_tests::webdriver::Page;

use crate::desk::Desk;
use crate::officer::{FAULT, Officer, VENUE};

/// What only a person knows, by field.
const TYPED: [(&str, &str); 4] = [
    ("legal_rep", "负责人 甲"),
    ("site_person", "店长 乙 139-0000-0000"),
    ("avoidance", "不申请回避"),
    ("statement", "后门钥匙由店长保管，当晚即打开。"),
];
const INK: [(i32, i32); 5] = [(-120, -20), (-60, 30), (0, -30), (60, 25), (120, -10)];

#[test]
fn a_record_is_made_previewed_and_signed_on_the_phone_and_seals_the_visit() {
    let hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let phone = Phone::new();
    let shown = phone.in_browser();
    let (page, officer) = (&shown.page, Officer(&shown.page));
    officer.comes_to_a_visit(&desk);
    officer.records();
    page.part("document-form-D03").click();
    page.part("document-gaps").appears();
    page.shot("documents-1-gaps");
    for (field, words) in TYPED {
        page.part(&format!("gap-{field}")).appears();
        page.part(&format!("field-{field}")).fill(words);
    }
    fills_the_licence(page);
    page.part("document-gaps").disappears();
    page.part("document-preview").click();
    page.part("paper-page").appears();
    page.run("document.querySelector('[data-testid=paper-page]').scrollIntoView()", &json!([]));
    page.shot("documents-2-preview");

    page.part("outcome-refused").click();
    page.part("refuse-reason").fill("不在场");
    page.part("outcome-signed").click();
    page.part("name-party").fill("店长 乙");
    page.part("ink-party").draw(&INK);
    page.css("[data-testid='ink-party'][data-strokes='1']").appears();
    page.part("ink-party-clear").click();
    page.css("[data-testid='ink-party'][data-strokes='0']").appears();
    page.part("ink-party").draw(&INK);
    page.part("ink-officer-0").draw(&INK);
    page.css("[data-testid='ink-officer-0'][data-strokes='1']").appears();
    page.shot("documents-3-signed");
    page.part("document-make").click();

    page.part("sealed-mark").appears();
    page.part("document-made").says("当事人已签");
    page.run("document.querySelector('[data-testid=documents]').scrollIntoView()", &json!([]));
    page.shot("documents-4-made");
    let text = text_of(&saved(page));
    for words in [VENUE, FAULT, "后门钥匙由店长保管", "第1页共", "临时编号"] {
        let squeezed: String = words.split_whitespace().collect();
        assert!(text.contains(&squeezed), "{words} in {text}");
    }
    page.part("document-look").click();
    page.part("paper-page").appears();
    page.shot("documents-5-looked-at");
}

/// The demo's venues have a licence number or not; the paper needs one.
fn fills_the_licence(page: &Page) {
    if page.part("field-licence").value().is_empty() {
        page.part("field-licence").fill("140105000001");
    }
}

/// The bytes behind the link that the page clicks to save a document.
fn saved(page: &Page) -> Vec<u8> {
    let catch = "HTMLAnchorElement.prototype.click = function () { window.savedFrom = this.href }";
    page.run(catch, &json!([]));
    page.part("document-save").click();
    let url = xuncha_tests::processes::eventually("the page saves the document", || {
        page.run("return window.savedFrom ?? null", &json!([])).as_str().map(str::to_owned)
    });
    ureq::get(&url).call().unwrap().body_mut().read_to_vec().unwrap()
}

/// The text of a PDF without what only setting put there.
fn text_of(pdf: &[u8]) -> String {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    document.extract_text(&pages).unwrap().split_whitespace().collect()
}
