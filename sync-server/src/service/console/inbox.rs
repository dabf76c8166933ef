//! Conflicts waiting for a person: per visit what its live values disagree on, and nothing else of it.

use xuncha_domain::merge::Agreement;
use xuncha_domain::model::{field, kind, visit};

use super::desk::Desk;
use super::detail::found;
use crate::http::types::{ConflictPage, SettledConflict, VisitConflicts};
use crate::service::history;
use crate::service::rows::Tree;
use crate::service::{Error, Service};
use crate::storage::{SettledRow, VisitFilter, VisitListed};

/// Visits on one page. Each is read whole, so the page is shorter than that of the list.
const PAGE: u32 = 20;
/// Settled conflicts that can be looked at again.
const SETTLED_MAX: u32 = 20;

impl Service {
    /// Visits in conflict that began before `before_ms`, newest first.
    pub fn conflicts(&self, before_ms: Option<i64>) -> Result<ConflictPage, Error> {
        let filter = VisitFilter { before_ms, conflicts_only: true, ..VisitFilter::default() };
        self.storage.read(|read| {
            let desk = Desk::new(self, read);
            let visits = read.visits(&filter, PAGE)?.into_iter().map(|visit| desk.conflicts(visit));
            let mut settled = Vec::new();
            // What was settled last stands on the first page alone.
            for row in read.settled(if before_ms.is_none() { SETTLED_MAX } else { 0 })? {
                settled.extend(desk.settled(&row)?);
            }
            Ok(ConflictPage {
                visits: visits.collect::<Result<_, Error>>()?,
                total: read.count_visits(&filter)?,
                settled,
            })
        })
    }
}

impl Desk<'_, '_> {
    fn conflicts(&self, visit: VisitListed) -> Result<VisitConflicts, Error> {
        let tree = Tree::read(self.read, visit.entity)?;
        let mut answers = self.answers(&tree)?;
        answers.retain(|answer| answer.shown.conflict);
        let mut members = self.members(tree.root())?;
        members.retain(|member| member.conflict);
        let mut findings = self.findings(&tree)?;
        findings.retain(|finding| {
            let fields = [
                &finding.status,
                &finding.description,
                &finding.deadline,
                &finding.authority,
                &finding.recheck,
            ];
            fields.into_iter().flatten().any(|field| field.conflict)
        });
        let attributes = self.attribute_conflicts(&tree)?;
        Ok(VisitConflicts { row: self.visit_row(visit)?, attributes, members, answers, findings })
    }

    /// None for a field that is in conflict again, and for things of no visit.
    fn settled(&self, row: &SettledRow) -> Result<Option<SettledConflict>, Error> {
        let tree = Tree::read(self.read, row.root)?;
        let visit = tree.root().entity.name;
        let Some(listed) = self.read.visit(&visit.0)? else { return Ok(None) };
        let Some(thing) = tree.all().find(|thing| thing.entity.id == row.entity) else { return Ok(None) };
        let checklist = tree.checklist;
        let Some(shown) = thing.shown(&row.field, checklist) else { return Ok(None) };
        if shown.state != Agreement::Agreed {
            return Ok(None);
        }
        let entity = thing.entity.name;
        let Some((settling, over)) = history::op(self.read, &row.commit, &entity, &row.field)? else {
            return Ok(None);
        };
        let mut was = Vec::new();
        for commit in &over {
            if let Some((live, _)) = history::op(self.read, commit, &entity, &row.field)? {
                was.push(self.live(thing, &row.field, &live)?);
            }
        }
        let asked = match thing.entity.kind {
            kind::FINDING => thing.entity.key.as_ref().and_then(visit::finding_item),
            kind::NOTE => thing.entity.key.as_ref().and_then(|key| visit::note_key(key)?.0),
            _ => field::answered_item(&row.field),
        };
        let (_, item) = found(checklist, asked.unwrap_or_default());
        let answers = field::answered_item(&row.field).is_some();
        Ok(Some(SettledConflict {
            visit: visit.to_string(),
            venue_name: listed.venue_name.unwrap_or_default(),
            item: asked.unwrap_or_default().to_owned(),
            zh: item.map(|item| item.zh.clone()).unwrap_or_default(),
            en: item.map(|item| item.en.clone()).unwrap_or_default(),
            answer_kind: item
                .filter(|_| answers)
                .map(|item| item.answer.code().to_owned())
                .unwrap_or_default(),
            member_name: field::member_officer(&row.field)
                .map(|officer| self.officer_name(&officer))
                .transpose()?,
            now: self.field(thing, &row.field, &shown)?,
            settled: self.live(thing, &row.field, &settling)?,
            was,
        }))
    }
}
