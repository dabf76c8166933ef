//! What comes out as paper: the same bytes, the text in it, and no paper from what is not whole.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use sha2::{Digest, Sha256};
use xuncha_documents::data::{Data, FieldText, FindingRow, Outcome, PhotoRow, Role, Signature};
use xuncha_documents::{EDITION, Error, Paper, forms};

/// 2020-02-03 09:12 in China.
const MADE_MS: i64 = 1_580_692_320_000;

/// SHA-256 of what [`whole`] gives.
const EDITION_1: [&str; 5] = [
    "D03 05df021d0fe4baf6528f2ae85f5b52f0d1e88191e438553c563337e8bf7dba81",
    "D04 9f788bc8ec7264a1789e267199fa0d382b68ebc9ee3f02daf9753b2a73373f3d",
    "D27 21f036dd6cf4cb47a5726b979a6c04e43f305421f9dbe6c7b16f3b1ffbb36323",
    "D18 c7b7a338ed1fe02e2878b71a7fcb108eecae9ab2b5deeebceefa411bcedc2114",
    "D07 aee3b06855dec369dd0ecba09c5d30672c4d3b3779d5880eb4cdd0693755610d",
];

fn ink() -> Vec<Vec<[u16; 2]>> {
    vec![vec![[100, 100], [300, 220], [520, 90]], vec![[600, 60], [600, 60]]]
}

fn signature(role: Role, name: &str) -> Signature {
    Signature { role, name: name.into(), strokes: ink() }
}

/// A whole document: every field says its own label.
fn whole(code: &str) -> Data {
    let form = forms::by_code(code).unwrap();
    let text = |field: &forms::Field| FieldText {
        key: field.key.into(),
        text: format!("{}：晋阳里网吧\n第 0137 号 37.3℃", field.zh),
    };
    Data {
        edition: EDITION,
        code: code.into(),
        number: format!("{code}-9F3A12BC-0007"),
        made_ms: MADE_MS,
        fields: form.fields.iter().map(text).collect(),
        findings: vec![FindingRow {
            item: "营业大厅是否每日消毒".into(),
            found: "未见消毒记录".into(),
            basis: "传染病防治法 第五十条".into(),
        }],
        photos: vec![PhotoRow {
            of: "营业大厅".into(),
            at: "2020年2月3日09时05分".into(),
            sha256: "ab".repeat(32),
        }],
        outcome: Some(Outcome::Signed),
        reason: String::new(),
        signatures: vec![
            signature(Role::Party, "甲"),
            Signature { strokes: Vec::new(), ..signature(Role::Officer, "乙 14010001") },
        ],
    }
}

/// The text of a PDF, without the spaces and line ends that only setting put there.
fn text_of(pdf: &[u8]) -> String {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    document.extract_text(&pages).unwrap().split_whitespace().collect()
}

fn made(data: &Data) -> Vec<u8> {
    Paper::signed(data).unwrap().pdf().unwrap()
}

#[test]
fn every_document_is_a_pdf_a_with_its_text_and_the_same_bytes_every_time() {
    for form in forms::all() {
        let data = whole(form.code);
        let pdf = made(&data);
        assert_eq!(pdf, made(&Data::from_json(&data.to_json()).unwrap()), "{}", form.code);
        let plain = String::from_utf8_lossy(&pdf);
        assert!(plain.contains("<pdfaid:part>2</pdfaid:part>"), "PDF/A-2");
        assert!(plain.contains("<pdfaid:conformance>A</pdfaid:conformance>"), "level A");
        let text = text_of(&pdf);
        for field in form.fields {
            assert!(text.contains(&format!("{}：晋阳里网吧", field.zh)), "{} in {text}", field.key);
        }
        assert!(text.contains("第0137号37.3℃") && text.contains("临时编号") && text.contains(&data.number));
        assert_eq!(form.findings, text.contains("未见消毒记录"));
        if let Ok(folder) = std::env::var("XUNCHA_SHOTS") {
            std::fs::write(std::path::Path::new(&folder).join(format!("{}.pdf", form.code)), &pdf).unwrap();
        }
    }
}

/// Signed papers are made again from their data, and their hash is in the log: what a released edition makes never changes.
/// Another page, label, font or typesetter is another edition beside this one.
#[test]
fn an_edition_makes_the_same_bytes_for_ever() {
    let made: Vec<String> = forms::all()
        .iter()
        .map(|form| format!("{} {}", form.code, hex::encode(Sha256::digest(made(&whole(form.code))))))
        .collect();
    assert_eq!(made, EDITION_1);
}

#[test]
fn a_long_statement_breaks_pages_which_are_numbered() {
    let mut data = whole("D03");
    let long = "当事人称，营业大厅每日消毒两次，记录保存在前台。\n".repeat(120);
    data.fields.iter_mut().find(|field| field.key == "statement").unwrap().text = long;
    let paper = Paper::signed(&data).unwrap();
    let pages = paper.pages();
    assert!(pages > 3, "{pages}");
    let text = text_of(&paper.pdf().unwrap());
    for page in 1..=pages {
        assert!(text.contains(&format!("第{page}页共{pages}页")), "{page}");
    }
    assert!(paper.svg(pages - 1).unwrap().starts_with("<svg"));
    assert_eq!(paper.svg(pages), None);
}

#[test]
fn a_character_that_no_font_has_is_named_with_its_place() {
    let mut data = whole("D03");
    data.fields.iter_mut().find(|field| field.key == "party").unwrap().text = "𪚥氏书店".into();
    let refused = Paper::draft(&data).err();
    assert_eq!(refused, Some(Error::NoGlyph { character: '𪚥', place: "party".into() }));
    // Rare and legal in names.
    data.fields.iter_mut().find(|field| field.key == "party").unwrap().text = "镕䶮𬭎氏书店".into();
    assert!(text_of(&made(&data)).contains("镕䶮𬭎氏书店"));
}

#[test]
fn what_is_not_whole_can_be_looked_at_and_not_signed() {
    let refused = |change: &dyn Fn(&mut Data)| {
        let mut data = whole("D04");
        change(&mut data);
        assert!(Paper::draft(&data).is_ok());
        Paper::signed(&data).err()
    };
    let empty = |data: &mut Data| data.fields.retain(|field| field.key != "demand");
    assert_eq!(refused(&empty), Some(Error::Missing("demand")));
    assert_eq!(refused(&|data| data.outcome = None), Some(Error::Missing("outcome")));
    assert_eq!(refused(&|data| data.signatures.clear()), Some(Error::Missing("signature")));
    assert_eq!(refused(&|data| data.outcome = Some(Outcome::Refused)), Some(Error::Missing("reason")));
    let absent = |data: &mut Data| {
        data.outcome = Some(Outcome::Witness);
        data.reason = "负责人不在场".into();
    };
    assert_eq!(refused(&absent), Some(Error::Missing("witness")));
}

#[test]
fn a_refusal_and_a_witness_stand_on_the_paper() {
    let mut data = whole("D04");
    data.outcome = Some(Outcome::Witness);
    data.reason = "负责人离开现场".into();
    data.signatures = vec![signature(Role::Witness, "丙")];
    let text = text_of(&made(&data));
    assert!(text.contains("由见证人见证。理由：负责人离开现场") && text.contains("见证人：丙"), "{text}");
}

#[test]
fn data_is_never_code() {
    let mut data = whole("D03");
    let code = "#panic(1) *粗* `x` $ \\ [ ] #read(\"data.json\")";
    data.fields.iter_mut().find(|field| field.key == "statement").unwrap().text = code.into();
    let squeezed: String = code.split_whitespace().collect();
    assert!(text_of(&made(&data)).contains(&squeezed));
}

#[test]
fn what_is_too_much_or_unknown_is_refused() {
    let mut data = whole("D03");
    data.edition = 99;
    assert_eq!(Paper::draft(&data).err(), Some(Error::NoSuchEdition(99)));
    data = whole("D03");
    data.code = "D99".into();
    assert_eq!(Paper::draft(&data).err(), Some(Error::NoSuchForm("D99".into())));
    data = whole("D03");
    data.reason = "长".repeat(30_000);
    assert_eq!(Paper::draft(&data).err(), Some(Error::TooLong));
    for strokes in [vec![vec![[1_001, 0]]], vec![vec![[1, 1]; 601]], vec![vec![]]] {
        data = whole("D03");
        data.signatures[0].strokes = strokes;
        assert_eq!(Paper::draft(&data).err(), Some(Error::BadSignature));
    }
}
