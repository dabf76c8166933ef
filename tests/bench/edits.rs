//! Two phones edit the same visits offline: two officers' phones, or a phone and a copy of it. Nothing may be lost or
//! hidden, and every phone must show the same.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use xuncha_engine::api::types::{Answer, VisitView};
use xuncha_tests::world::copy_folder;

use crate::day::{address, codes, counted};
use crate::phone::{Phone, drawn};
use crate::workload::{self, Edit, Pair, PairInspection};
use crate::{Fleet, hq};

#[derive(Default)]
struct Tally {
    overlap: u32,
    kept: u32,
    disjoint: u32,
    shown: u32,
    hidden: u32,
    lost: u32,
    diverged: u32,
    requests: u64,
}

/// With `copied` the second phone is the first one's folder, key included.
pub(crate) fn run(fleet: &Fleet, copied: bool) -> Result<Value> {
    let mut tally = Tally::default();
    let pairs = workload::pairs(&fleet.workload)?;
    for pair in &pairs {
        play(fleet, pair, copied, &mut tally)?;
    }
    let forks = hq::open(&fleet.hq.data)?.devices()?.iter().filter(|device| device.forked).count();
    Ok(json!({
        "overlap": tally.overlap, "overlap_conflict": tally.kept, "overlap_lost": tally.overlap - tally.kept,
        "disjoint": tally.disjoint, "disjoint_shown": tally.shown, "disjoint_hidden": tally.hidden,
        "disjoint_lost": tally.lost, "diverged": tally.diverged, "posts": tally.requests,
        "forks_expected": if copied { pairs.len() } else { 0 }, "forks_detected": forks,
    }))
}

fn play(fleet: &Fleet, pair: &Pair, copied: bool, tally: &mut Tally) -> Result<()> {
    let folder = |side: &str| fleet.phones.join(format!("{side}-{}", pair.pair));
    let sides = ["a", "b", "s"];
    let codes = codes(fleet, sides.map(|side| hq::pair_officer(pair.pair, side)))?;
    let phone = |side: &str, code: &str| -> Result<Phone> {
        let phone = Phone::open(&folder(side))?;
        phone.enrol(code, &address(fleet))?;
        phone.sync()?;
        Ok(phone)
    };
    let [a_code, b_code, s_code] = codes.as_slice() else { anyhow::bail!("three codes") };
    let mut a = phone("a", a_code)?;
    let nth = pair.pair as usize % hq::PAIRS.len();
    let venue = hq::venue(hq::VENUES + nth, hq::PAIRS.get(nth).context("a district")?).name;
    let mut visits = Vec::new();
    for inspection in &pair.insp {
        let visit = a.inspect(&venue, &inspection.base)?;
        a.leave(&visit)?;
        visits.push(visit);
    }
    a.sync()?;
    let b = if copied {
        let of_a = a.close();
        copy_folder(&of_a, &folder("b"));
        a = Phone::open(&of_a)?;
        Phone::open(&folder("b"))?
    } else {
        phone("b", b_code)?
    };
    b.sync()?;
    for (visit, inspection) in visits.iter().zip(&pair.insp) {
        edit(&a, visit, &inspection.a, |edit| Ok(workload::turned(&base(inspection, edit)?)))?;
        edit(&b, visit, &inspection.b, |edit| written_by_b(inspection, edit))?;
    }
    for phone in [&a, &b, &a] {
        phone.sync()?;
    }
    let s = phone("s", s_code)?;
    for phone in [&a, &b, &s] {
        tally.requests += counted(&phone.traffic).0;
    }
    for (visit, inspection) in visits.iter().zip(&pair.insp) {
        compare(inspection, &[a.view(visit)?, b.view(visit)?, s.view(visit)?], tally)?;
    }
    [a, b, s].map(Phone::close).iter().try_for_each(|folder| forget(folder))
}

fn edit(phone: &Phone, visit: &str, edits: &[Edit], value: impl Fn(&Edit) -> Result<Answer>) -> Result<()> {
    let mut view = phone.view(visit)?;
    for edit in edits {
        phone.set_clock(edit.t);
        view = phone.answer(&view, workload::item(&edit.i), value(edit)?)?;
    }
    phone.leave(visit)
}

fn base(inspection: &PairInspection, edit: &Edit) -> Result<Answer> {
    let line = inspection.base.answers.iter().find(|line| line.i == edit.i);
    Ok(workload::answer(&line.context("edits are of answers")?.v))
}

/// Where both edit, the second confirms what the first turns round.
fn written_by_b(inspection: &PairInspection, edit: &Edit) -> Result<Answer> {
    let before = base(inspection, edit)?;
    Ok(if inspection.overlap.contains(&edit.i) { before } else { workload::turned(&before) })
}

fn compare(inspection: &PairInspection, views: &[VisitView], tally: &mut Tally) -> Result<()> {
    let overlaps = |edit: &&Edit| inspection.overlap.contains(&edit.i);
    let edited = inspection.a.iter().chain(inspection.b.iter().filter(|edit| !overlaps(edit)));
    for edit in edited {
        let (displayed, all) = seen(views.last().context("a third phone")?, &edit.i)?;
        for view in views {
            tally.diverged += u32::from(seen(view, &edit.i)? != (displayed.clone(), all.clone()));
        }
        let turned = workload::turned(&base(inspection, edit)?);
        if overlaps(&edit) {
            let both = all.contains(&turned) && all.contains(&base(inspection, edit)?);
            tally.overlap += 1;
            tally.kept += u32::from(both);
            continue;
        }
        tally.disjoint += 1;
        if displayed == Some(turned.clone()) {
            tally.shown += 1;
        } else if all.contains(&turned) {
            tally.hidden += 1;
        } else {
            tally.lost += 1;
        }
    }
    Ok(())
}

/// What a phone displays of an item, and every value that its call names.
fn seen(view: &VisitView, item: &str) -> Result<(Option<Answer>, Vec<Answer>)> {
    let shown = &drawn(view, workload::item(item))?.answer;
    let conflict = shown.conflict.iter().map(|candidate| candidate.value.clone());
    Ok((shown.value.clone(), shown.value.iter().cloned().chain(conflict).collect()))
}

/// A pair's phones are not needed any more; twenty registers would fill the disk.
fn forget(folder: &Path) -> Result<()> {
    Ok(std::fs::remove_dir_all(folder)?)
}
