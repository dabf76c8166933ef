//! What becomes of an entry when two officers work on it without a network.
//!
//! How to read a case:
//!
//! - `field` is what they enter: the `ANSWER` to a checklist item, the `STATUS` of a finding, whether somebody was a
//!   `MEMBER` of the outing, a body temperature (`READING`).
//! - `parent` is what both saw on their screens before the network was gone; `""` means that nothing was entered yet.
//! - `a` and `b` are what each then entered on their own phone, one after the other; `""` means nothing.
//! - `expected` is what everybody sees once all phones have synced, in whatever order that happens:
//!   - `"no"` is a plain value;
//!   - `"no / yes"` is a conflict. The first is displayed until a person settles it; none is lost;
//!   - `"no / yes (yours)"` are two values of one officer on two phones: shown to that officer, no conflict for HQ.
//!
//! Below the table stand the cases that need a third step: settling, late arrivals, held work, erased values.
// Helpers of a test target are tests, too: clippy.toml allows this inside `#[test]` only.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::{Checklist, Mode};
use xuncha_domain::ids::{CommitRef, OfficerId};
use xuncha_domain::log::body::Kind;
use xuncha_domain::merge::{Agreement, Field, Live, Stored};
use xuncha_domain::model::fact::Reading;
use xuncha_domain::model::words::{Sequence, Site};
use xuncha_domain::model::{display, field, kind};

#[derive(Clone, Copy)]
enum Entry {
    Answer,
    Status,
    Member,
    Reading,
}
use Entry::{Answer as ANSWER, Member as MEMBER, Reading as READING, Status as STATUS};

struct Case {
    what: &'static str,
    field: Entry,
    parent: &'static str,
    a: &'static [&'static str],
    b: &'static [&'static str],
    expected: &'static str,
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { what: "only one of them answers",
        field: ANSWER, parent: "", a: &["yes"], b: &[], expected: "yes" },
    Case { what: "only one of them changes the answer",
        field: ANSWER, parent: "yes", a: &["no"], b: &[], expected: "no" },
    Case { what: "both answer the same: no conflict",
        field: ANSWER, parent: "", a: &["no"], b: &["no"], expected: "no" },
    Case { what: "they disagree: the graver answer is displayed, both are kept",
        field: ANSWER, parent: "", a: &["yes"], b: &["no"], expected: "no / yes" },
    Case { what: "they disagree on something already answered",
        field: ANSWER, parent: "n/a", a: &["yes"], b: &["no"], expected: "no / yes" },
    Case { what: "not applicable is graver than compliant, and milder than a violation",
        field: ANSWER, parent: "", a: &["n/a"], b: &["yes"], expected: "n/a / yes" },
    Case { what: "changing one's mind leaves only the last word",
        field: ANSWER, parent: "yes", a: &["no", "yes", "n/a"], b: &[], expected: "n/a" },
    Case { what: "changing one's mind back agrees with the other",
        field: ANSWER, parent: "yes", a: &["no", "yes"], b: &["yes"], expected: "yes" },
    Case { what: "changing one's mind does not settle the other's disagreement",
        field: ANSWER, parent: "yes", a: &["n/a", "no"], b: &["yes"], expected: "no / yes" },

    Case { what: "a finding goes on from open while the other leaves it",
        field: STATUS, parent: "open", a: &["rectifying"], b: &[], expected: "rectifying" },
    Case { what: "of two steps on one road the further one stands, without a conflict",
        field: STATUS, parent: "open", a: &["rectifying"], b: &["rectifying", "recheck_due", "rectified"], expected: "rectified" },
    Case { what: "two ends of different roads are a conflict",
        field: STATUS, parent: "recheck_due", a: &["rectified"], b: &["not_rectified", "case_opened"], expected: "case_opened / rectified" },
    Case { what: "one finds it not rectified, the other later rectified: there is a road from the first to the second only",
        field: STATUS, parent: "recheck_due", a: &["rectified"], b: &["not_rectified"], expected: "rectified" },

    Case { what: "taking part is the graver claim",
        field: MEMBER, parent: "", a: &["present"], b: &["absent"], expected: "present / absent" },
    Case { what: "one removes a colleague, the other says nothing",
        field: MEMBER, parent: "present", a: &["absent"], b: &[], expected: "absent" },

    Case { what: "two corrections of one reading: the fever is displayed",
        field: READING, parent: "36.5", a: &["36.6"], b: &["37.3"], expected: "37.3 / 36.6" },
    Case { what: "a fever shows before a value that no body has",
        field: READING, parent: "36.5", a: &["31.0"], b: &["38.0"], expected: "38.0 / 31.0" },
    Case { what: "a value that no body has shows before a normal one",
        field: READING, parent: "", a: &["31.0"], b: &["36.5"], expected: "31.0 / 36.5" },
];

const A: OfficerId = OfficerId([0xa; 16]);
const B: OfficerId = OfficerId([0xb; 16]);

/// An op on its way: who says what, and what they saw.
#[derive(Clone)]
struct Said {
    op: Live,
    over: Vec<CommitRef>,
}

/// `minute` names the commit, too: nobody writes two in one minute here.
fn says(entry: Entry, officer: OfficerId, minute: u8, value: &str, over: &[u8]) -> Said {
    let op = Live {
        commit: CommitRef([minute; 16]),
        value: Stored::Plain(entry.value(value)),
        officer,
        corrected_ms: i64::from(minute) * 60_000,
    };
    Said { op, over: over.iter().map(|minute| CommitRef([*minute; 16])).collect() }
}

/// What one officer says in a row: each word replaces the one before, the first the parent.
fn in_a_row(entry: Entry, officer: OfficerId, from: u8, parent: Option<u8>, words: &[&str]) -> Vec<Said> {
    let mut seen = parent;
    let say = |(minute, word): (u8, &&str)| {
        let said = says(entry, officer, minute, word, seen.as_slice());
        seen = Some(minute);
        said
    };
    (from..).zip(words).map(say).collect()
}

fn arrived(said: &[Said]) -> Field {
    let mut field = Field::default();
    let mut counted: Vec<CommitRef> = Vec::new();
    for Said { op, over } in said {
        field.count(op.clone(), over, |commit| counted.contains(commit));
        counted.push(op.commit);
    }
    field
}

/// Every order in which up to five things can arrive.
fn orders(said: &[Said]) -> Vec<Vec<Said>> {
    if said.len() < 2 {
        return vec![said.to_vec()];
    }
    let mut all = Vec::new();
    for first in 0..said.len() {
        let mut rest = said.to_vec();
        let first = rest.remove(first);
        all.extend(orders(&rest).into_iter().map(|rest| [vec![first.clone()], rest].concat()));
    }
    all
}

impl Entry {
    fn kind_and_name(self) -> (Kind, String) {
        match self {
            // May be answered with yes, no and not applicable.
            Self::Answer => (kind::VISIT, field::answer("ENT-E-03")),
            Self::Status => (kind::FINDING, field::STATUS.into()),
            Self::Member => (kind::VISIT, field::member(A)),
            Self::Reading => (kind::READING, field::FACT.into()),
        }
    }

    fn value(self, word: &str) -> Value {
        match (self, word) {
            (Self::Answer, "yes") | (Self::Member, "present") => Value::Bool(true),
            (Self::Answer, "no") | (Self::Member, "absent") => Value::Bool(false),
            (Self::Answer, "n/a") => Value::Null,
            (Self::Status, word) => Value::text(word),
            (Self::Reading, degrees) => Reading {
                temperature_dc: degrees.replace('.', "").parse().unwrap(),
                site: Site::Forehead,
                sequence: Sequence::First,
                indoor: true,
                ambient_dc: None,
                subject: None,
            }
            .to_value(),
            (_, word) => panic!("no such word here: {word}"),
        }
    }

    fn word(self, value: Option<&Value>) -> String {
        match (self, value) {
            (_, None) => "erased".into(),
            (Self::Answer, Some(Value::Bool(true))) => "yes".into(),
            (Self::Answer, Some(Value::Bool(false))) => "no".into(),
            (Self::Answer, Some(_)) => "n/a".into(),
            (Self::Member, Some(value)) => {
                if value.as_bool() == Some(true) { "present" } else { "absent" }.into()
            }
            (Self::Status, Some(value)) => value.as_text().unwrap().into(),
            (Self::Reading, Some(value)) => {
                let dc = Reading::from_value(value).unwrap().temperature_dc;
                format!("{}.{}", dc / 10, dc % 10)
            }
        }
    }

    /// What a reader sees, in the words of the table.
    fn seen(self, field: &Field) -> String {
        let (kind, name) = self.kind_and_name();
        let checklist = Checklist::for_venue("ENT_SONG", Mode::Reopening);
        let Some(shown) = display::display(kind, &name, checklist, field) else { return String::new() };
        let words: Vec<String> = shown.live.iter().map(|op| self.word(op.value.value())).collect();
        match shown.state {
            Agreement::Agreed => words[0].clone(),
            Agreement::TwoOfYours => format!("{} (yours)", words.join(" / ")),
            Agreement::Conflict => words.join(" / "),
        }
    }
}

#[test]
fn the_cases_of_the_table() {
    for case in CASES {
        let mut said = Vec::new();
        let parent = (!case.parent.is_empty()).then_some(1);
        if parent.is_some() {
            said.push(says(case.field, A, 1, case.parent, &[]));
        }
        said.extend(in_a_row(case.field, A, 10, parent, case.a));
        said.extend(in_a_row(case.field, B, 20, parent, case.b));
        for order in orders(&said) {
            assert_eq!(case.field.seen(&arrived(&order)), case.expected, "{}", case.what);
        }
    }
}

#[test]
fn a_conflict_ends_when_somebody_who_saw_both_decides() {
    let said = [
        says(ANSWER, A, 10, "yes", &[]),
        says(ANSWER, B, 20, "no", &[]),
        says(ANSWER, A, 30, "yes", &[10, 20]),
    ];
    assert!(orders(&said).iter().all(|order| ANSWER.seen(&arrived(order)) == "yes"));
}

#[test]
fn two_who_decide_differently_at_the_same_time_leave_their_two_decisions() {
    let said = [
        says(ANSWER, A, 10, "yes", &[]),
        says(ANSWER, B, 20, "no", &[]),
        says(ANSWER, A, 30, "n/a", &[10, 20]),
        says(ANSWER, B, 31, "yes", &[10, 20]),
    ];
    assert!(orders(&said).iter().all(|order| ANSWER.seen(&arrived(order)) == "n/a / yes"));
}

#[test]
fn an_answer_that_came_in_after_the_screen_was_drawn_is_not_buried() {
    let mut field = arrived(&[says(ANSWER, A, 10, "yes", &[])]);
    let drawn = field.token();
    let late = says(ANSWER, B, 20, "no", &[]);
    field.count(late.op, &late.over, |_| false);
    let edit = says(ANSWER, A, 30, "n/a", &[]);
    field.count(edit.op, &drawn, |_| true);
    assert_eq!(ANSWER.seen(&field), "no / n/a");
}

#[test]
fn a_step_on_a_finding_also_replaces_what_was_absorbed_unseen() {
    let said = [
        says(STATUS, A, 1, "open", &[]),
        says(STATUS, A, 10, "transferred", &[1]),
        says(STATUS, B, 20, "transfer_closed", &[1]),
    ];
    let mut field = arrived(&said);
    assert_eq!(STATUS.seen(&field), "transfer_closed");
    let drawn = field.token();
    let back = says(STATUS, B, 30, "open", &[]);
    field.count(back.op, &drawn, |_| true);
    assert_eq!(STATUS.seen(&field), "open", "the older step must not come back");
}

#[test]
fn one_officer_with_two_phones_settles_it_alone() {
    let said = [says(ANSWER, A, 10, "yes", &[]), says(ANSWER, A, 20, "no", &[])];
    assert!(orders(&said).iter().all(|order| ANSWER.seen(&arrived(order)) == "no / yes (yours)"));
}

#[test]
fn held_work_neither_shows_nor_replaces_until_it_is_applied() {
    let kept = says(ANSWER, B, 1, "yes", &[]);
    let held = says(ANSWER, B, 20, "no", &[1]);
    let over_held = says(ANSWER, A, 30, "n/a", &[20]);
    assert_eq!(ANSWER.seen(&arrived(std::slice::from_ref(&kept))), "yes");
    let mut field = arrived(&[kept, over_held]);
    assert_eq!(
        ANSWER.seen(&field),
        "n/a / yes",
        "what replaced the held answer counts, the held one does not"
    );
    field.count(held.op, &held.over, |_| true);
    assert_eq!(ANSWER.seen(&field), "n/a", "applied after all: both replacements hold");
    assert!(field.dead.is_empty());
}

#[test]
fn an_erased_value_stays_a_party_to_the_conflict() {
    let stored = |value| Stored::Detached { hash: [1; 32], value };
    let mut said = [says(ANSWER, A, 10, "yes", &[]), says(ANSWER, B, 20, "no", &[])];
    said[0].op.value = stored(Some(Value::Bool(true)));
    assert_eq!(ANSWER.seen(&arrived(&said)), "no / yes");
    said[0].op.value = stored(None);
    assert_eq!(ANSWER.seen(&arrived(&said)), "no / erased");
}
