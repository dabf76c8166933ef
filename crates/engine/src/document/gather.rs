//! What the visit already says, for the fields of a form.

use xuncha_documents::data::{FindingRow, PhotoRow};
use xuncha_documents::forms::{Field, Form, Source};
use xuncha_domain::reference;
use xuncha_domain::time::CHINA;

use crate::api::types::{FindingView, ItemView, OfficerRow, PhotoView, VisitKind, VisitView};

/// A text for every field of a form: what the visit says, standing words, or nothing.
pub fn filled(form: &Form, view: &VisitView, me: &OfficerRow, now_ms: i64) -> Vec<(&'static Field, String)> {
    let text = |field: &Field| match field.source {
        Source::Visit => of_visit(field.key, view, me, now_ms),
        Source::Standing(words) => words.to_owned(),
        Source::Typed => String::new(),
    };
    form.fields.iter().map(|field| (field, text(field))).collect()
}

fn of_visit(key: &str, view: &VisitView, me: &OfficerRow, now_ms: i64) -> String {
    let venue = &view.summary.venue;
    match key {
        "party" => venue.name.clone(),
        "licence" => venue.licence_no.clone().unwrap_or_default(),
        "place" => place(view),
        "time" => {
            let end = view.summary.finished_ms.unwrap_or(now_ms);
            match view.summary.started_ms {
                start if start > 0 => format!("{} 至 {}", minute(start), minute(end)),
                _ => String::new(),
            }
        }
        "time_place" => format!("{}，{}", minute(now_ms), place(view)),
        "matter" => matter(view).to_owned(),
        "officers" => officers(view),
        "recorder" => me.name.clone(),
        "scene" => scene(view),
        "facts" => numbered(findings(view).map(|(item, finding)| found(item, finding))),
        "provisions" => provisions(view),
        "deadline" => deadline(view),
        "documents" => {
            let names = view.documents.iter().filter(|made| made.superseded_by.is_none());
            names.map(|made| format!("《{}》 {}", made.zh, made.number)).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// The tables of a paper: what was found, and the photos with their hashes.
pub fn rows(view: &VisitView) -> (Vec<FindingRow>, Vec<PhotoRow>) {
    let findings = findings(view)
        .map(|(item, finding)| FindingRow {
            item: item.zh.clone(),
            found: found(item, finding),
            basis: bases(item).join("\n"),
        })
        .collect();
    let items = view.sections.iter().flat_map(|section| &section.items);
    let of_items = items.flat_map(|item| item.photos.iter().map(|photo| (item.zh.as_str(), photo)));
    let whole = view.photos.iter().map(|photo| ("现场", photo));
    let stands = |(_, photo): &(&str, &PhotoView)| !photo.standing.retracted && !photo.erased;
    let photos = whole
        .chain(of_items)
        .filter(stands)
        .map(|(of, photo)| PhotoRow {
            of: of.to_owned(),
            at: minute(photo.at_ms),
            sha256: photo.sha256.clone(),
        })
        .collect();
    (findings, photos)
}

/// What failed and was not taken back.
fn findings(view: &VisitView) -> impl Iterator<Item = (&ItemView, &FindingView)> {
    let items = view.sections.iter().flat_map(|section| &section.items);
    items
        .filter(|item| item.failed)
        .filter_map(|item| Some((item, item.finding.as_ref()?)))
        .filter(|(_, finding)| !finding.standing.retracted)
}

/// In the officer's words, or that the item is not met.
fn found(item: &ItemView, finding: &FindingView) -> String {
    let described = finding.description.value.as_deref().filter(|text| !text.is_empty());
    described.map_or_else(|| format!("不符合：{}", item.zh), str::to_owned)
}

fn bases(item: &ItemView) -> Vec<String> {
    let named = item.basis.iter().map(|basis| match &basis.article {
        Some(article) => format!("《{}》第{article}条", basis.zh),
        None => format!("《{}》", basis.zh),
    });
    named.collect()
}

fn provisions(view: &VisitView) -> String {
    let mut all: Vec<String> = Vec::new();
    for basis in findings(view).flat_map(|(item, _)| bases(item)) {
        if !all.contains(&basis) {
            all.push(basis);
        }
    }
    all.join("\n")
}

/// The day by which all is to be corrected, or one a finding, numbered as the facts are.
fn deadline(view: &VisitView) -> String {
    let days: Vec<Option<String>> =
        findings(view).map(|(_, finding)| finding.deadline.value.as_deref().and_then(day)).collect();
    let mut named = days.iter().flatten();
    match named.next() {
        Some(first) if days.iter().flatten().all(|day| day == first) => format!("{first}前"),
        Some(_) => {
            let lines = days.iter().enumerate();
            let lines = lines.filter_map(|(i, day)| Some(format!("{}. {}前", i + 1, day.as_ref()?)));
            lines.collect::<Vec<_>>().join("\n")
        }
        None => String::new(),
    }
}

/// `2020-02-04` as it is written on paper.
fn day(text: &str) -> Option<String> {
    let day: jiff::civil::Date = text.parse().ok()?;
    Some(format!("{}年{}月{}日", day.year(), day.month(), day.day()))
}

fn numbered(lines: impl Iterator<Item = String>) -> String {
    lines.enumerate().map(|(i, line)| format!("{}. {line}", i + 1)).collect::<Vec<_>>().join("\n")
}

fn scene(view: &VisitView) -> String {
    let summary = &view.summary;
    let failed = findings(view).count();
    let found = if failed == 0 {
        "未发现不符合项。"
    } else {
        "不符合的内容见“发现的问题”。"
    };
    format!("按检查表检查{}项，其中不符合{failed}项。{found}", summary.answered)
}

fn officers(view: &VisitView) -> String {
    let present = view.members.iter().filter(|member| member.present.value == Some(true));
    let certified = present.filter(|member| !member.officer.certificate_no.is_empty());
    let line = |officer: &OfficerRow| format!("{} 执法证号 {}", officer.name, officer.certificate_no);
    certified.map(|member| line(&member.officer)).collect::<Vec<_>>().join("\n")
}

fn place(view: &VisitView) -> String {
    let venue = &view.summary.venue;
    let district =
        reference::district(&venue.district).map(|district| district.zh.as_str()).unwrap_or_default();
    if venue.address.starts_with(district) {
        venue.address.clone()
    } else {
        format!("{district}{}", venue.address)
    }
}

fn matter(view: &VisitView) -> &'static str {
    match view.kind.value {
        Some(VisitKind::Survey) => "场所摸排",
        Some(VisitKind::Patrol) => "日常巡查",
        Some(VisitKind::Recheck) => "整改复查",
        Some(VisitKind::ClosureCheck) => "暂停营业检查",
        Some(VisitKind::Inspection) | None => "行政检查",
    }
}

/// To the minute, in China's time; empty for a time that no calendar has.
fn minute(ms: i64) -> String {
    let Ok(at) = jiff::Timestamp::from_millisecond(ms) else { return String::new() };
    let at = CHINA.to_datetime(at);
    format!("{}年{}月{}日{:02}时{:02}分", at.year(), at.month(), at.day(), at.hour(), at.minute())
}
