//! A roster of people, measured again and dealt with, and what everybody else sees of it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use xuncha_domain::time::day_in_china;
use xuncha_engine::api::types::{
    ErrorCode, ReadingView, SetReadingDone, SetReadingStep, VisitRef, VisitView,
};
use xuncha_engine::api::{HistoryOf, ImportCodes, ImportFile, RetractImport, TemperatureHistory};
use xuncha_tests::world::{City, Phone};

use crate::{finish, measure, measure_again};

/// People by their label, with their outcome and the tenths of degrees of their chain.
fn people(view: &VisitView) -> Vec<(String, &str, Vec<i32>)> {
    let people = view.roster.people.iter().map(|person| {
        let chain = person.readings.iter().map(|id| reading(view, id).reading.value.as_ref().unwrap());
        let label = person.subject.clone().unwrap_or_default();
        (label, person.outcome.as_str(), chain.map(|reading| reading.temperature_dc).collect())
    });
    people.collect()
}

fn reading<'v>(view: &'v VisitView, id: &str) -> &'v ReadingView {
    view.readings.iter().find(|reading| reading.id == id).unwrap()
}

fn step(
    phone: &Phone,
    visit: &str,
    of: &ReadingView,
    step: &str,
    done: bool,
) -> Result<VisitView, ErrorCode> {
    let token = of.steps.iter().find(|row| row.step == step).map(|row| row.done.token.clone());
    let set = SetReadingStep {
        visit: visit.into(),
        id: of.id.clone(),
        step: step.into(),
        done,
        token: token.unwrap_or_default(),
    };
    phone.engine.reading_step(set).map_err(|error| error.code)
}

fn labels(phone: &Phone, visit: &str) -> Vec<String> {
    phone.engine.roster_labels(VisitRef { visit: visit.into() }).unwrap()
}

#[test]
fn an_abnormal_person_is_measured_again_and_dealt_with_and_everybody_sees_it() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    measure(&a, &visit, 365, Some("收银1"));
    let view = measure(&a, &visit, 376, Some("网管2"));
    assert_eq!(people(&view)[1], ("网管2".into(), "suspect", vec![376]));
    let first = view.roster.people[1].readings[0].clone();
    let view = measure_again(&a, &visit, 375, Some("网管2"), Some(&first));
    assert_eq!(people(&view)[1], ("网管2".into(), "confirmed", vec![376, 375]));
    let again = view.readings.iter().find(|reading| reading.retest_of.is_some()).unwrap();
    assert_eq!(again.retest_of.as_ref(), Some(&first));
    let crowd = &view.roster.crowd;
    assert_eq!((crowd.measured, crowd.abnormal, crowd.highest_dc), (2, 1, Some(376)));

    step(&a, &visit, reading(&view, &first), "isolated", true).unwrap();
    let view = step(&a, &visit, reading(&view, &first), "reported", true).unwrap();
    assert_eq!(people(&view)[1].1, "referred");
    assert_eq!(step(&a, &visit, reading(&view, &first), "hidden", true).unwrap_err(), ErrorCode::BadRequest);
    let done = SetReadingDone {
        visit: visit.clone(),
        id: first.clone(),
        text: "送发热门诊，已报区疾控。".into(),
        token: String::new(),
    };
    a.engine.reading_done(done).unwrap();
    finish(&a, &visit);
    city.sync(&a);
    city.sync(&b);

    let seen = b.visit(&visit);
    assert_eq!(people(&seen)[1], ("网管2".into(), "referred", vec![376, 375]));
    assert_eq!(reading(&seen, &first).done.value.as_deref(), Some("送发热门诊，已报区疾控。"));
    let by =
        reading(&seen, &first).steps.iter().map(|step| step.officer_name.is_some() && step.at_ms.is_some());
    assert_eq!(by.collect::<Vec<_>>(), [true, true]);
    let hq = city.visit(&visit).readings.into_iter().find(|row| row.id == first).unwrap();
    let value = |row: &Option<xuncha_server::http::types::FieldRow>| row.as_ref()?.live[0].value.clone();
    assert_eq!(value(&hq.isolated).as_deref(), Some("true"));
    assert_eq!(value(&hq.done).as_deref(), Some("送发热门诊，已报区疾控。"));
}

#[test]
fn the_next_visit_knows_the_labels_of_the_last_ones_without_what_was_taken_back() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let first = a.begin_visit("网吧");
    measure(&a, &first.summary.id, 365, Some("收银1"));
    measure(&a, &first.summary.id, 366, None);
    measure(&a, &first.summary.id, 367, Some("网管2"));
    assert!(labels(&a, &first.summary.id).is_empty(), "its own people are in the visit");
    finish(&a, &first.summary.id);
    city.sync(&a);
    city.sync(&b);
    let next = b.begin_visit_to(&first.summary.venue.id).summary.id;
    assert_eq!(labels(&b, &next), ["收银1", "网管2"]);
    measure(&b, &next, 364, Some("保安3"));
    finish(&b, &next);
    let third = b.begin_visit_to(&first.summary.venue.id).summary.id;
    assert_eq!(labels(&b, &third), ["保安3", "收银1", "网管2"], "the newest visit's people come first");
    assert!(labels(&b, &b.begin_visit("KTV").summary.id).is_empty(), "another venue has other people");
}

const DAY_MS: i64 = 86_400_000;

/// A day of China, so many days before today.
fn day(before: i64) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    day_in_china(i64::try_from(now).unwrap() - before * DAY_MS).to_string()
}

/// Three people over five whole days, the last of them yesterday. `B` always has the same; `C` misses an evening.
fn log() -> String {
    let mut lines = vec!["工号,体温,测量时间".to_owned()];
    for before in (1..=5).rev() {
        for (hour, tenths) in [("08", 0), ("18", 2)] {
            let date = day(before);
            lines.push(format!("A,36.{},{date} {hour}:10", before % 4 + tenths));
            lines.push(format!("B,36.5,{date} {hour}:11"));
            if (before, hour) != (2, "18") {
                lines.push(format!("C,36.{},{date} {hour}:12", (before + 1) % 5 + tenths));
            }
        }
    }
    lines.push(format!("C,38.1,{} 18:40", day(1)));
    lines.push(format!("D,低,{} 18:41", day(1)));
    lines.join("\n")
}

fn file(visit: &str, bytes: &[u8]) -> ImportFile {
    ImportFile {
        visit: visit.into(),
        bytes: BASE64_STANDARD.encode(bytes),
        columns: None,
        codes: ImportCodes::Auto,
        stem: "员工".into(),
        site: "forehead".into(),
    }
}

fn history(phone: &Phone, venue: &str, subject: Option<&str>) -> TemperatureHistory {
    let wanted = HistoryOf { venue: venue.into(), subject: subject.map(str::to_owned) };
    phone.engine.temperature_history(wanted).unwrap()
}

#[test]
fn a_thermometers_file_is_looked_at_imported_once_and_asked_about() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let begun = a.begin_visit("网吧");
    let (visit, venue) = (begun.summary.id, begun.summary.venue.id);
    measure(&a, &visit, 366, Some("A"));
    let file = file(&visit, log().as_bytes());

    let preview = a.engine.readings_preview(file.clone()).unwrap();
    assert_eq!((preview.accepted, preview.people, preview.abnormal), (30, 3, 1));
    assert_eq!((preview.rejected_count, preview.rejected[0].reason.as_str()), (1, "no_temperature"));
    assert!(!preview.coded && preview.rejected[0].line == 32);
    assert!(a.visit(&visit).imports.is_empty(), "nothing was written");

    let view = a.engine.readings_import(file.clone()).unwrap();
    let imports: Vec<_> = view.imports.iter().map(|file| (file.readings, file.abnormal)).collect();
    assert_eq!((imports, view.summary.readings), (vec![(30, 1)], 31));
    let listed: Vec<_> = view.readings.iter().map(|row| (row.imported_ms.is_some(), row.verdict)).collect();
    assert_eq!(listed.len(), 2, "the officer's own, and of the file what is abnormal: {listed:?}");
    assert_eq!(view.roster.crowd.measured, 1, "the file is not of the people who were measured here");
    let again = a.engine.readings_preview(file.clone()).unwrap();
    assert_eq!((again.accepted, again.rejected[0].reason.as_str()), (0, "known"));
    assert_eq!(a.engine.readings_import(file).unwrap_err().code, ErrorCode::ImportNothing);

    finish(&a, &visit);
    city.sync(&a);
    city.sync(&b);
    let seen = history(&b, &venue, None);
    assert_eq!((seen.points.len(), seen.subjects.join("")), (31, "ABC".into()));
    assert_eq!(seen.points.iter().filter(|point| point.imported).count(), 30);
    assert!(seen.points.is_sorted_by_key(|point| point.at_ms));
    let gaps: Vec<_> =
        seen.gaps.iter().map(|gap| (gap.subject.as_str(), gap.day.clone(), gap.slots)).collect();
    assert_eq!(gaps, [("C", day(2), 1)]);
    let runs: Vec<_> =
        seen.runs.iter().map(|run| (run.subject.as_deref(), run.temperature_dc, run.count)).collect();
    assert_eq!(runs, [(Some("B"), 365, 10)]);
    let one = history(&b, &venue, Some("A"));
    assert_eq!((one.points.len(), one.gaps.len(), one.runs.len()), (11, 0, 0));

    let hq = city.visit(&visit).readings;
    assert_eq!(hq.iter().filter(|row| row.imported_ms.is_some()).count(), 30);
}

#[test]
fn names_of_a_file_become_numbers_and_what_is_no_table_is_refused() {
    let city = City::new();
    let a = city.phone(0);
    let visit = a.begin_visit("网吧").summary.id;
    let names = format!("姓名,体温,时间\n甲某,36.5,{0} 08:10\n乙某,36.6,{0} 08:11\n", day(1));
    let preview = a.engine.readings_preview(file(&visit, names.as_bytes())).unwrap();
    assert!(preview.coded);
    let labels: Vec<_> = preview.rows.iter().filter_map(|row| row.subject.as_deref()).collect();
    assert_eq!(labels, ["员工1", "员工2"]);
    let kept = ImportFile { codes: ImportCodes::Keep, ..file(&visit, names.as_bytes()) };
    assert_eq!(a.engine.readings_preview(kept).unwrap().rows[0].subject.as_deref(), Some("甲某"));
    a.engine.readings_import(file(&visit, names.as_bytes())).unwrap();
    let kept = ImportFile { codes: ImportCodes::Keep, ..file(&visit, names.as_bytes()) };
    let again = a.engine.readings_preview(kept).unwrap();
    assert_eq!((again.accepted, again.rejected_count), (0, 2), "its lines are there, however they are read");

    let refused = |bytes: &[u8]| a.engine.readings_preview(file(&visit, bytes)).unwrap_err().code;
    assert_eq!(refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), ErrorCode::ImportUnreadable);
    assert_eq!(refused(&vec![b'1'; 200_000]), ErrorCode::ImportTooLarge);
    let wrong = ImportFile { bytes: "?".into(), ..file(&visit, b"") };
    assert_eq!(a.engine.readings_preview(wrong).unwrap_err().code, ErrorCode::BadRequest);
    let columns = Some(xuncha_engine::api::ImportColumns {
        subject: Some(900),
        temperature: Some(1),
        date: Some(7),
        time: None,
    });
    let misread = ImportFile { columns, ..file(&visit, names.as_bytes()) };
    let misread = a.engine.readings_preview(misread).unwrap();
    assert_eq!((misread.accepted, misread.rejected[0].reason.as_str()), (0, "no_time"));
}

#[test]
fn the_largest_file_is_a_few_commits() {
    let city = City::new();
    let a = city.phone(0);
    let visit = a.begin_visit("网吧").summary.id;
    city.sync(&a);
    let lines: Vec<String> = (0..500)
        .map(|n| {
            format!("保安岗{:02},36.{},{} {:02}:{:02}", n % 40, n % 8, day(1 + n / 40), 8 + n % 12, n % 60)
        })
        .collect();
    let view = a.engine.readings_import(file(&visit, lines.join("\n").as_bytes())).unwrap();
    assert_eq!(view.imports[0].readings, 500);
    let commits = a.sync_status().commits_here;
    assert!(commits <= 4, "{commits}");
    city.sync(&a);
    assert_eq!(city.visit(&visit).readings.len(), 500);
}

fn retract_import(phone: &Phone, view: &VisitView, retracted: bool, reason: &str) -> VisitView {
    let import = &view.imports[0];
    let wanted = RetractImport {
        visit: view.summary.id.clone(),
        file: import.file.clone(),
        retracted,
        reason: reason.into(),
        basis: import.standing.basis.clone(),
        token: import.standing.token.clone(),
        reason_token: import.standing.reason_token.clone(),
    };
    phone.engine.import_retract(wanted).unwrap()
}

#[test]
fn the_wrong_file_is_taken_back_as_a_whole_and_stands_again() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let begun = a.begin_visit("网吧");
    let (visit, venue) = (begun.summary.id, begun.summary.venue.id);
    measure(&a, &visit, 366, Some("A"));
    let view = a.engine.readings_import(file(&visit, log().as_bytes())).unwrap();
    let gone = retract_import(&a, &view, true, "选错了文件");
    let standing = &gone.imports[0].standing;
    assert!(standing.retracted);
    assert_eq!((standing.because.as_deref(), gone.summary.readings), (Some("选错了文件"), 1));
    city.sync(&a);
    city.sync(&b);
    assert_eq!(b.visit(&visit).summary.readings, 1);
    assert_eq!(history(&b, &venue, None).points.len(), 1);
    let conflicts = b.engine.conflicts(xuncha_engine::api::types::Nothing {}).unwrap();
    assert!(conflicts.open.is_empty() && conflicts.retracted.is_empty());

    let back = retract_import(&b, &b.visit(&visit), false, "");
    assert!(!back.imports[0].standing.retracted);
    assert_eq!(back.summary.readings, 31);
    city.sync(&b);
    city.sync(&a);
    assert_eq!(a.visit(&visit).summary.readings, 31);
    let again = retract_import(&a, &a.visit(&visit), true, "确是错的");
    assert_eq!(again.summary.readings, 1);
}
