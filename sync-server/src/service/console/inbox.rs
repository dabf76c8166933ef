//! Conflicts waiting for a person: per visit what its live values disagree on, and nothing else of it.

use super::desk::Desk;
use crate::http::types::{ConflictPage, VisitConflicts};
use crate::service::rows::Tree;
use crate::service::{Error, Service};
use crate::storage::{VisitFilter, VisitListed};

/// Visits on one page. Each is read whole, so the page is shorter than that of the list.
const PAGE: u32 = 20;

impl Service {
    /// Visits in conflict that began before `before_ms`, newest first.
    pub fn conflicts(&self, before_ms: Option<i64>) -> Result<ConflictPage, Error> {
        let filter = VisitFilter { before_ms, conflicts_only: true, ..VisitFilter::default() };
        self.storage.read(|read| {
            let desk = Desk::new(self, read);
            let visits = read.visits(&filter, PAGE)?.into_iter().map(|visit| desk.conflicts(visit));
            Ok(ConflictPage {
                visits: visits.collect::<Result<_, Error>>()?,
                total: read.count_visits(&filter)?,
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
            [&finding.status, &finding.description].into_iter().flatten().any(|field| field.conflict)
        });
        let attributes = self.attribute_conflicts(&tree)?;
        Ok(VisitConflicts { row: self.visit_row(visit)?, attributes, members, answers, findings })
    }
}
