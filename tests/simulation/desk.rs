//! What people at HQ decide: which of two values stands, what a supervisor makes of a visit, which visits are one call.

use std::collections::BTreeSet;

use xuncha_domain::ids::EntityId;
use xuncha_server::http::types::{
    DecideDuplicate, FieldRow, LiveValue, ResolveConflict, ReviewVisit, SettledConflict, VisitConflicts,
    VisitDetail,
};
use xuncha_server::service::{ConsoleUser, Service};
use xuncha_server::storage::Role;

use crate::editions;
use crate::fleet::Fleet;
use crate::model::{Author, Visit, may_be_erased};

/// Of nobody in the field.
const NOBODY: usize = usize::MAX;
/// Of a commit's hash, what phones name an op by.
const NAME_DIGITS: usize = 32;

/// What was done, or none when there was nothing to do; what must not happen.
type Done = Result<Option<&'static str>, String>;

fn supervisor() -> ConsoleUser {
    ConsoleUser { id: [9; 16], name: "hq".into(), role: Role::Admin }
}

impl Fleet {
    /// Somebody at HQ does one thing.
    pub fn decide(&mut self) {
        let hq = self.hq.service();
        // Unlike a decision, it leaves what history demands as it is.
        if self.random.chance(25) {
            let done = editions::publish(&hq, &mut self.random);
            return self.done_at_hq(done);
        }
        if !self.staffed {
            return;
        }
        let done = match self.random.below(10) {
            0..4 => self.settle(&hq),
            4..6 => self.undo(&hq),
            6..8 => self.review(&hq),
            _ => self.join_or_part(&hq),
        };
        self.done_at_hq(done);
    }

    fn done_at_hq(&mut self, done: Done) {
        match done {
            Ok(done) => done.into_iter().for_each(|name| *self.operations.entry(name).or_default() += 1),
            Err(wrong) => self.wrong.push(format!("HQ's desk: {wrong}")),
        }
    }

    fn settle(&mut self, hq: &Service) -> Done {
        let page = hq.conflicts(None).map_err(|error| format!("conflicts: {error}"))?;
        let fields: Vec<_> = page.visits.iter().flat_map(in_conflict).collect();
        if fields.is_empty() {
            return Ok(None);
        }
        let (visit, field, row) = self.random.one_of(&fields).clone();
        let keep = self.random.one_of(&row.live).clone();
        self.resolve(hq, &visit, &field, &row, &keep)?;
        Ok(Some("HQ settles a conflict"))
    }

    /// Takes another of the values that a settling replaced.
    fn undo(&mut self, hq: &Service) -> Done {
        let page = hq.conflicts(None).map_err(|error| format!("conflicts: {error}"))?;
        let settled = page.settled.iter().filter_map(|row| Some((row, named(row)?)));
        let lasts = |(row, field): &(&SettledConflict, String)| {
            lasting(field, &row.now.live) && lasting(field, &row.was)
        };
        let settled: Vec<_> = settled.filter(lasts).collect();
        if settled.is_empty() {
            return Ok(None);
        }
        let (row, field) = self.random.one_of(&settled).clone();
        let now = row.now.live.first().and_then(|live| live.value.as_ref());
        let others: Vec<_> = row.was.iter().filter(|was| was.value.as_ref() != now).collect();
        if others.is_empty() {
            return Ok(None);
        }
        let keep = (*self.random.one_of(&others)).clone();
        self.resolve(hq, &row.visit, &field, &row.now, &keep)?;
        Ok(Some("HQ undoes a settling"))
    }

    /// One value stands over those that are drawn.
    fn resolve(
        &mut self,
        hq: &Service,
        visit: &str,
        field: &str,
        row: &FieldRow,
        keep: &LiveValue,
    ) -> Result<(), String> {
        let known = self.model.visits.get(visit).ok_or("a visit that nobody began")?;
        let shown = row.live.iter().map(|live| {
            let value = live.value.as_deref().unwrap_or_default();
            known.meant(field, value, |name| live.commit.starts_with(name))
        });
        let shown = shown.collect::<Option<Vec<_>>>().ok_or(format!("{visit} {field}: a value of nobody"))?;
        let commits = |detail: &VisitDetail| -> BTreeSet<String> {
            detail.proof.iter().map(|row| row.commit.clone()).collect()
        };
        let before = commits(&hq.visit(&parsed(visit)).map_err(|error| format!("{visit}: {error}"))?);
        let wanted = ResolveConflict {
            entity: row.entity.clone(),
            field: row.field.clone(),
            keep: keep.commit.clone(),
            over: row.live.iter().map(|live| live.commit.clone()).collect(),
        };
        let detail =
            hq.resolve(&supervisor(), &wanted).map_err(|error| format!("{visit} {field}: {error}"))?;
        let after = detail.as_ref().map(commits).unwrap_or_default();
        let mut new = after.difference(&before);
        let new =
            new.next().ok_or(format!("{visit} {field}: a settling was acknowledged and is not shown"))?;
        let author = Author { officer: hex(&supervisor().id), phone: NOBODY, read: BTreeSet::new() };
        let value = keep.value.as_deref().unwrap_or_default();
        let name = new.chars().take(NAME_DIGITS).collect();
        self.model.settle(visit, field, author, value, name, shown.into_iter().flatten().collect());
        Ok(())
    }

    fn review(&mut self, hq: &Service) -> Done {
        let Some((id, detail)) = self.any_visit(hq) else { return Ok(None) };
        let state = *self.random.one_of(&["approved", "returned"]);
        let wanted = ReviewVisit {
            state: state.into(),
            remark: "补照片".into(),
            basis: detail.basis.clone(),
            over: detail.review.map(|review| review.over).unwrap_or_default(),
        };
        let done =
            hq.review(&supervisor(), &parsed(&id), &wanted).map_err(|error| format!("{id}: {error}"))?;
        if (done.row.review.as_deref(), done.row.after_review) != (Some(state), 0) {
            return Err(format!("{id}: was reviewed with all that is there, and says {:?}", done.row));
        }
        self.model.visits.entry(id).or_default().review = Some(state);
        Ok(Some("HQ reviews a visit"))
    }

    /// Two visits are one call, or are not after all.
    fn join_or_part(&mut self, hq: &Service) -> Done {
        let (Some((a, _)), Some((b, _))) = (self.any_visit(hq), self.any_visit(hq)) else { return Ok(None) };
        if a == b {
            return Ok(None);
        }
        let (a, b) = (a.clone().min(b.clone()), a.max(b));
        let page = hq.duplicates().map_err(|error| format!("pairs: {error}"))?;
        let pairs = page.joined.iter().chain(&page.apart);
        let mut of_these = pairs.filter(|pair| pair.visits.iter().all(|row| [&a, &b].contains(&&row.id)));
        let over = of_these.next().map(|pair| pair.over.clone()).unwrap_or_default();
        let same = self.random.chance(70);
        let wanted = DecideDuplicate { visits: [a.clone(), b.clone()], same, over };
        hq.decide_duplicate(&supervisor(), &wanted).map_err(|error| format!("{a} and {b}: {error}"))?;
        self.model.pairs.insert((a, b), same);
        Ok(Some(if same { "HQ joins two visits" } else { "HQ parts two visits" }))
    }

    fn any_visit(&mut self, hq: &Service) -> Option<(String, VisitDetail)> {
        let ids: Vec<&String> = self.model.visits.keys().collect();
        if ids.is_empty() {
            return None;
        }
        let id = (*self.random.one_of(&ids)).clone();
        let detail = hq.visit(&parsed(&id)).ok()?;
        Some((id, detail))
    }
}

/// The fields of a visit that HQ shows as conflicts, with their names in the model.
fn in_conflict(visit: &VisitConflicts) -> Vec<(String, String, FieldRow)> {
    let mut rows: Vec<(String, &FieldRow)> = Vec::new();
    rows.extend(visit.attributes.iter().filter(|row| row.field == "mode").map(|row| ("mode".into(), row)));
    rows.extend(visit.answers.iter().map(|row| (format!("answer {}", row.item), &row.shown)));
    for finding in &visit.findings {
        rows.extend(finding.description.iter().map(|row| (format!("finding {}", finding.item), row)));
        rows.extend(finding.status.iter().map(|row| (format!("status {}", finding.item), row)));
    }
    let conflicts = rows.into_iter().filter(|(field, row)| row.conflict && lasting(field, &row.live));
    conflicts.map(|(field, row)| (visit.row.id.clone(), field, row.clone())).collect()
}

/// Whether no erase order may name these: HQ's own word is as personal as what it chose, and the model keeps no account of
/// which orders HQ knew of.
fn lasting(field: &str, live: &[LiveValue]) -> bool {
    live.iter().all(|live| live.value.as_ref().is_some_and(|value| !may_be_erased(field, value)))
}

/// The name that a settled field has in the model.
fn named(row: &SettledConflict) -> Option<String> {
    Some(match row.now.field.as_str() {
        "mode" => "mode".into(),
        "description" => format!("finding {}", row.item),
        "status" => format!("status {}", row.item),
        _ if !row.answer_kind.is_empty() => format!("answer {}", row.item),
        _ => return None,
    })
}

fn parsed(id: &str) -> [u8; 16] {
    id.parse::<EntityId>().expect("an id").0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Visit {
    /// The edits that a drawn value stands for: HQ chooses among values that are there, so that more than one may have
    /// it, and the name of the op tells.
    pub fn meant(&self, field: &str, value: &str, is: impl Fn(&str) -> bool) -> Option<Vec<usize>> {
        let edits = self.fields.get(field).map(Vec::as_slice).unwrap_or_default();
        let of_value: Vec<usize> = (0..edits.len()).filter(|index| edits[*index].value == value).collect();
        let by_name = |index: &usize| edits[*index].name.as_deref().is_some_and(&is);
        let named: Vec<usize> = of_value.iter().copied().filter(by_name).collect();
        if !named.is_empty() {
            return Some(named);
        }
        of_value.into_iter().find(|index| edits[*index].name.is_none()).map(|index| vec![index])
    }
}
