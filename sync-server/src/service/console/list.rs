//! The list of visits.

use super::desk::Desk;
use crate::http::types::{VisitPage, VisitQuery, VisitRow};
use crate::service::{Error, Service};
use crate::storage::{VisitFilter, VisitListed};

const PAGE_MAX: u32 = 200;
const PAGE: u32 = 50;
/// A search word.
const TEXT_BYTES_MAX: usize = 200;

impl Service {
    pub fn visits(&self, query: VisitQuery) -> Result<VisitPage, Error> {
        let text = query.text.map(|text| xuncha_domain::text::clean(&text)).filter(|text| !text.is_empty());
        if text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
            return Err(Error::BadRequest("text"));
        }
        let filter = VisitFilter {
            before_ms: query.before_ms,
            district: query.district,
            category: query.category,
            text,
            conflicts_only: query.conflicts_only.unwrap_or(false),
        };
        let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
        self.storage.read(|read| {
            let desk = Desk::new(self, read);
            let rows = read.visits(&filter, limit)?.into_iter().map(|row| desk.visit_row(row));
            Ok(VisitPage { rows: rows.collect::<Result<_, Error>>()?, total: read.count_visits(&filter)? })
        })
    }
}

impl Desk<'_, '_> {
    pub(super) fn visit_row(&self, row: VisitListed) -> Result<VisitRow, Error> {
        let members = self.read.visit_members(row.entity)?;
        Ok(VisitRow {
            id: hex::encode(row.id),
            scope: row.scope,
            venue: row.venue.map(hex::encode).unwrap_or_default(),
            venue_name: row.venue_name.unwrap_or_default(),
            category: row.category.unwrap_or_default(),
            district: row.district.unwrap_or_default(),
            kind: row.kind,
            mode: row.mode,
            lead_level: row.lead,
            members: members.iter().map(|officer| self.name(officer)).collect::<Result<_, _>>()?,
            started_ms: row.started_ms,
            finished_ms: row.finished_ms,
            answered: row.answered,
            failed: row.failed,
            readings: row.readings,
            abnormal: row.abnormal,
            photos: row.photos,
            photos_held: row.photos_held,
            conflicts: row.conflicts,
            sealed: row.sealed,
            after_seal: row.after_seal,
            received_ms: row.received_ms,
            retracted: row.retracted,
            review: row.review,
            after_review: row.after_review,
            joined: self.read.joined_with(&row.id)?,
        })
    }
}
