//! Documents on site: made offline on one phone, sealed with the visit, the same paper on another phone, known at HQ, and
//! gone everywhere after an order.

use std::fs;

use sha2::{Digest, Sha256};
use xuncha_domain::model::erase::Target;
use xuncha_engine::api::documents::{
    DocumentDraft, DocumentForm, DocumentResult, DocumentSignature, DocumentText, DocumentView, SignatureRole,
};
use xuncha_engine::api::types::{
    Answer, ApiError, ErrorCode, Nothing, SetFinding, SetMember, VisitRef, VisitView,
};
use xuncha_tests::world::{City, Phone, drawn};

use super::erase::{ITEM, hex, supervisor};
use super::{finish, take_photo};

const STATEMENT: &str = "负责人称记录在家中，电话 139-4417-0009";

/// An unsealed visit by two officers with a failed item and a photo.
fn visited(phone: &Phone) -> String {
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::No);
    take_photo(phone, &visit, "gps.jpg");
    let officers = phone.engine.officers(Nothing {}).unwrap();
    let here: Vec<String> = phone.visit(&visit).members.into_iter().map(|member| member.officer.id).collect();
    let other = officers.into_iter().find(|officer| !here.contains(&officer.id)).unwrap();
    let member = SetMember { visit: visit.clone(), officer: other.id, present: true, token: String::new() };
    phone.engine.visit_member(member).unwrap();
    visit
}

fn form(phone: &Phone, visit: &str, code: &str) -> DocumentForm {
    let forms = phone.engine.document_forms(VisitRef { visit: visit.into() }).unwrap();
    forms.into_iter().find(|form| form.code == code).unwrap()
}

fn ink(role: SignatureRole, name: &str) -> DocumentSignature {
    DocumentSignature { role, name: name.into(), strokes: vec![vec![[10, 10], [400, 300], [900, 20]]] }
}

/// The form as the phone fills it, with every gap typed and the party's ink.
fn signed(phone: &Phone, visit: &str, code: &str) -> DocumentDraft {
    let typed = |text: String, key: &str| match key {
        "statement" => STATEMENT.to_owned(),
        _ if text.is_empty() => "经核对无误".to_owned(),
        _ => text,
    };
    let fields = form(phone, visit, code).fields.into_iter();
    DocumentDraft {
        visit: visit.into(),
        code: code.into(),
        fields: fields.map(|f| DocumentText { text: typed(f.text, &f.key), key: f.key }).collect(),
        outcome: Some(DocumentResult::Signed),
        reason: String::new(),
        signatures: vec![ink(SignatureRole::Party, "甲")],
        supersedes: None,
    }
}

fn make(phone: &Phone, draft: DocumentDraft) -> VisitView {
    phone.engine.document_make(draft).unwrap()
}

fn pdf(phone: &Phone, visit: &str, document: &DocumentView) -> Result<Vec<u8>, ApiError> {
    let (name, bytes) = phone.engine.document_pdf(visit, &document.id)?;
    assert_eq!(name, format!("{}.pdf", document.number));
    assert_eq!(hex(&Sha256::digest(&bytes)), document.sha256);
    Ok(bytes)
}

fn files(phone: &Phone) -> usize {
    fs::read_dir(phone.data().join("documents")).unwrap().count()
}

#[test]
fn a_signed_record_seals_the_visit_and_is_the_same_paper_on_every_replica() {
    let city = City::new();
    let (phone, other) = (city.phone(0), city.phone(1));
    let visit = visited(&phone);
    let known = form(&phone, &visit, "D03");
    let text = |key: &str| known.fields.iter().find(|field| field.key == key).unwrap().text.clone();
    assert!(text("party").contains("网吧") && text("officers").lines().count() == 2);
    assert!(text("legal_rep").is_empty(), "only a person knows");
    assert_eq!((known.findings, known.photos), (1, 1));

    let view = make(&phone, signed(&phone, &visit, "D03"));
    assert!(view.summary.sealed && view.after_seal == 0, "the seal covers the paper");
    let made = &view.documents[0];
    assert_eq!((made.code.as_str(), made.outcome), ("D03", DocumentResult::Signed));
    assert!(made.number.starts_with("D03-") && made.here);
    let paper = pdf(&phone, &visit, made).unwrap();

    city.sync(&phone);
    city.sync(&other);
    let theirs = &other.visit(&visit).documents[0];
    assert_eq!(pdf(&other, &visit, theirs).unwrap(), paper);
    assert_eq!((files(&phone), files(&other)), (1, 0), "it is made again from the log");
    let pages = other.engine.document_open(document_ref(&visit, theirs)).unwrap();
    assert!(other.engine.document_page(&pages.name, 0).unwrap().starts_with("<svg"));
    assert!(other.engine.document_page(&pages.name, pages.pages as usize).is_err());
    city.sync(&other);
    assert!(other.engine.document_page(&pages.name, 0).is_ok(), "a sync that erases nothing leaves it there");

    let row = city.visit(&visit).documents.remove(0);
    assert_eq!((row.code.as_str(), row.outcome.as_str()), ("D03", "signed"));
    assert_eq!((row.number, row.sha256), (made.number.clone(), made.sha256.clone()));
    assert!(city.visit(&visit).seals[0].hash_matches);
}

fn document_ref(visit: &str, document: &DocumentView) -> xuncha_engine::api::documents::DocumentRef {
    xuncha_engine::api::documents::DocumentRef { visit: visit.into(), document: document.id.clone() }
}

#[test]
fn what_is_not_whole_makes_nothing_and_says_what_is_missing() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = visited(&phone);
    let refused = |change: &dyn Fn(&mut DocumentDraft)| {
        let mut draft = signed(&phone, &visit, "D03");
        change(&mut draft);
        let error = phone.engine.document_make(draft).unwrap_err();
        (error.code, error.needs.unwrap_or_default())
    };
    let set = |draft: &mut DocumentDraft, key: &str, text: &str| {
        draft.fields.iter_mut().find(|field| field.key == key).unwrap().text = text.into();
    };
    let missing = |what: &str| (ErrorCode::DocumentMissing, what.to_owned());
    assert_eq!(refused(&|draft| set(draft, "statement", " ")), missing("statement"));
    assert_eq!(refused(&|draft| set(draft, "officers", "只有一人 14010001")), missing("officers"));
    assert_eq!(refused(&|draft| draft.signatures.clear()), missing("signature"));
    assert_eq!(refused(&|draft| draft.outcome = Some(DocumentResult::Refused)), missing("reason"));
    let no_glyph = (ErrorCode::DocumentNoGlyph, "𪚥".to_owned());
    assert_eq!(refused(&|draft| set(draft, "party", "𪚥氏网吧")), no_glyph);
    let long = format!("{}\n第二行", "长".repeat(3_900));
    let everywhere = |draft: &mut DocumentDraft| draft.fields.iter_mut().for_each(|f| f.text = long.clone());
    assert_eq!(refused(&everywhere).0, ErrorCode::DocumentTooLong);
    let view = phone.visit(&visit);
    assert!(!view.summary.sealed && view.documents.is_empty());
    assert_eq!(files(&phone), 0);

    // To look at it needs nothing.
    let mut draft = signed(&phone, &visit, "D03");
    draft.fields.clear();
    draft.outcome = None;
    assert!(phone.engine.document_preview(draft).unwrap().pages > 0);
}

#[test]
fn after_the_seal_a_paper_is_a_visible_supplement_and_may_supersede_another() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = visited(&phone);
    let token = drawn(&phone.visit(&visit), ITEM).finding.as_ref().unwrap().deadline.token.clone();
    let deadline = SetFinding {
        visit: visit.clone(),
        item: ITEM.into(),
        field: "deadline".into(),
        value: "2020-02-04".into(),
        token,
    };
    phone.engine.finding_set(deadline).unwrap();
    let known = form(&phone, &visit, "D04").fields;
    assert!(known.iter().any(|field| field.key == "deadline" && field.text == "2020年2月4日前"));
    finish(&phone, &visit);
    let first = make(&phone, signed(&phone, &visit, "D04"));
    assert!(first.after_seal > 0);
    let mut again = signed(&phone, &visit, "D04");
    again.outcome = Some(DocumentResult::Witness);
    again.reason = "负责人离开现场".into();
    again.signatures = vec![ink(SignatureRole::Witness, "丙")];
    again.supersedes = Some(first.documents[0].id.clone());
    let view = make(&phone, again);
    assert_eq!(view.documents.len(), 2, "both stay");
    assert_eq!(view.documents[0].superseded_by.as_ref(), Some(&view.documents[1].number));
    assert_eq!(view.documents[1].superseded_by, None);
}

#[test]
fn a_lost_file_is_made_again_and_an_order_takes_the_paper_from_every_replica() {
    let city = City::new();
    let (phone, other) = (city.phone(0), city.phone(1));
    let visit = visited(&phone);
    let made = make(&phone, signed(&phone, &visit, "D03")).documents.remove(0);
    city.sync(&phone);
    city.sync(&other);
    let phone = phone.restarted();
    let file = phone.data().join("documents").join(format!("{}.pdf", made.id));
    fs::write(&file, b"damaged").unwrap();
    let paper = pdf(&phone, &visit, &made).unwrap();
    fs::remove_file(&file).unwrap();
    assert_eq!(pdf(&phone, &visit, &made).unwrap(), paper);
    fs::write(&file, &paper).unwrap();

    let target = Target::Field { entity: made.id.parse().unwrap(), field: "data".into() };
    city.service.erase(&supervisor(), &[target], "本人要求").unwrap();
    city.sync(&phone);
    city.sync(&other);
    for phone in [&phone, &other] {
        assert_eq!(pdf(phone, &visit, &made).unwrap_err().code, ErrorCode::Erased);
        let shown = phone.visit(&visit).documents.remove(0);
        assert!(shown.erased && !shown.here);
        assert_eq!((shown.number, shown.sha256), (made.number.clone(), made.sha256.clone()), "it existed");
        assert_eq!(files(phone), 0);
    }
    assert!(city.visit(&visit).documents[0].erased);
    assert!(city.visit(&visit).seals[0].hash_matches);
}
