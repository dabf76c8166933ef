//! One visit with everything that hangs on it, every live value of it, and its proof.

use xuncha_domain::checklist::{Checklist, ChecklistItem, ChecklistSet, Judgement, judge};
use xuncha_domain::model::fact::{Imported, Photo, Position, Reading};
use xuncha_domain::model::words::Step;
use xuncha_domain::model::{answer, field, kind, visit};
use xuncha_domain::places;
use xuncha_domain::time::ClockOffset;

use super::desk::Desk;
use crate::http::types::{
    AnswerRow, FieldRow, FindingRow, MemberRow, PhotoRow, PresenceRow, ReadingRow, VisitDetail,
};
use crate::service::rows::{Thing, Tree};
use crate::service::{Error, Service};
use crate::storage::VenueRow;

impl Service {
    pub fn visit(&self, id: &[u8; 16]) -> Result<VisitDetail, Error> {
        self.storage.read(|read| {
            let listed = read.visit(id)?.ok_or(Error::NotFound)?;
            let venue = match &listed.venue {
                Some(venue) => read.venue(venue)?,
                None => None,
            };
            let tree = Tree::read(read, listed.entity)?;
            let desk = Desk::new(self, read);
            let evidence = self.evidence(&desk, &tree)?;
            Ok(VisitDetail {
                row: desk.visit_row(listed)?,
                checklist: tree.root().checklist_hash().map(hex::encode),
                attribute_conflicts: desk.attribute_conflicts(&tree)?,
                answers: desk.answers(&tree)?,
                notes: desk.notes(&tree)?,
                findings: desk.findings(&tree)?,
                readings: desk.readings(&tree)?,
                photos: desk.photos(&tree)?,
                documents: desk.documents(&tree)?,
                members: desk.members(tree.root())?,
                presence: desk.presence(&tree, venue.as_ref())?,
                retraction: desk.retraction(&tree, tree.root())?,
                review: desk.review(&tree)?,
                basis: desk.basis(&tree)?,
                seals: evidence.seals,
                proof: evidence.commits,
            })
        })
    }
}

impl Desk<'_, '_> {
    /// In the order of the checklist, then what it does not know.
    pub(super) fn answers(&self, tree: &Tree) -> Result<Vec<AnswerRow>, Error> {
        let checklist = tree.checklist;
        let order = |item: &str| {
            checklist.and_then(|c| c.items().position(|known| known.id == item)).unwrap_or(usize::MAX)
        };
        let mut rows = Vec::new();
        for name in tree.root().fields.keys() {
            let Some(item) = field::answered_item(name) else { continue };
            let Some(row) = self.answer(tree.root(), name, item, checklist)? else { continue };
            rows.push((order(item), row));
        }
        rows.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.item.cmp(&y.item)));
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    fn answer(
        &self,
        thing: &Thing,
        name: &str,
        id: &str,
        checklist: Option<&'static Checklist>,
    ) -> Result<Option<AnswerRow>, Error> {
        let Some(shown) = thing.shown(name, checklist) else { return Ok(None) };
        let (set, item) = found(checklist, id);
        let given = shown.live.first().and_then(|live| answer::from_value(live.value.value()?));
        let failed =
            item.zip(given).is_some_and(|(item, given)| judge(item, &given) == Judgement::NonCompliant);
        Ok(Some(AnswerRow {
            item: id.to_owned(),
            section: set.map(|set| set.id.clone()).unwrap_or_default(),
            section_zh: set.map(|set| set.title_zh.clone()).unwrap_or_default(),
            section_en: set.map(|set| set.title_en.clone()).unwrap_or_default(),
            zh: item.map(|item| item.zh.clone()).unwrap_or_default(),
            en: item.map(|item| item.en.clone()).unwrap_or_default(),
            severity: item.map(|item| item.severity.code()).unwrap_or_default().to_owned(),
            answer_kind: item.map(|item| item.answer.code()).unwrap_or_default().to_owned(),
            failed,
            shown: self.field(thing, name, &shown)?,
        }))
    }

    pub(super) fn attribute_conflicts(&self, tree: &Tree) -> Result<Vec<FieldRow>, Error> {
        let shown_elsewhere = |name: &str| {
            field::answered_item(name).is_some()
                || name == field::RETRACTED
                || name == field::RETRACTED_BECAUSE
        };
        let names = tree.root().fields.keys().filter(|name| !shown_elsewhere(name));
        let rows: Vec<FieldRow> = names
            .filter_map(|name| self.field_of(tree.root(), name).transpose())
            .collect::<Result<_, _>>()?;
        Ok(rows.into_iter().filter(|row| row.conflict).collect())
    }

    fn notes(&self, tree: &Tree) -> Result<Vec<FieldRow>, Error> {
        let notes = tree.of(kind::NOTE).filter_map(|thing| self.field_of(thing, field::TEXT).transpose());
        notes.collect()
    }

    /// A field that no checklist judges.
    pub(super) fn field_of(&self, thing: &Thing, name: &str) -> Result<Option<FieldRow>, Error> {
        thing.shown(name, None).map(|shown| self.field(thing, name, &shown)).transpose()
    }

    pub(super) fn findings(&self, tree: &Tree) -> Result<Vec<FindingRow>, Error> {
        let checklist = tree.checklist;
        tree.of(kind::FINDING)
            .map(|thing| {
                let id = thing.entity.key.as_ref().and_then(visit::finding_item).unwrap_or_default();
                let (_, item) = found(checklist, id);
                Ok(FindingRow {
                    id: thing.entity.name.to_string(),
                    item: id.to_owned(),
                    item_zh: item.map(|item| item.zh.clone()).unwrap_or_default(),
                    item_en: item.map(|item| item.en.clone()).unwrap_or_default(),
                    status: self.field_of(thing, field::STATUS)?,
                    description: self.field_of(thing, field::DESCRIPTION)?,
                    deadline: self.field_of(thing, field::DEADLINE)?,
                    authority: self.field_of(thing, field::AUTHORITY)?,
                    recheck: self.field_of(thing, field::RECHECK)?,
                    retraction: self.retraction(tree, thing)?,
                })
            })
            .collect()
    }

    fn readings(&self, tree: &Tree) -> Result<Vec<ReadingRow>, Error> {
        let mut rows = Vec::new();
        for thing in tree.of(kind::READING) {
            let Some(shown) = self.field_of(thing, field::FACT)? else { continue };
            let reading = thing.value(field::FACT).and_then(Reading::from_value);
            rows.push(ReadingRow {
                id: thing.entity.name.to_string(),
                temperature_dc: reading.as_ref().map(|r| r.temperature_dc.into()),
                site: reading.as_ref().map(|r| r.site.as_str().to_owned()),
                sequence: reading.as_ref().map(|r| r.sequence.as_str().to_owned()),
                indoor: reading.as_ref().map(|r| r.indoor),
                ambient_dc: reading.as_ref().and_then(|r| r.ambient_dc).map(i64::from),
                verdict: reading.as_ref().and_then(Reading::verdict).map(|v| v.code().to_owned()),
                subject: reading.and_then(|r| r.subject),
                corrected_because: thing.text(field::REASON).map(str::to_owned),
                imported_ms: thing
                    .value(field::IMPORTED)
                    .and_then(Imported::from_value)
                    .map(|from| from.at_ms),
                isolated: self.field_of(thing, &field::step(Step::Isolated))?,
                reported: self.field_of(thing, &field::step(Step::Reported))?,
                done: self.field_of(thing, field::TEXT)?,
                retraction: self.retraction(tree, thing)?,
                shown,
            });
        }
        rows.sort_by_key(|row| row.shown.live.first().map(|live| live.corrected_ms));
        Ok(rows)
    }

    fn photos(&self, tree: &Tree) -> Result<Vec<PhotoRow>, Error> {
        let mut rows = Vec::new();
        for thing in tree.of(kind::PHOTO) {
            let Some(shown) = self.field_of(thing, field::FACT)? else { continue };
            let Some(photo) = thing.value(field::FACT).and_then(Photo::from_value) else { continue };
            let Some(live) = shown.live.first() else { continue };
            let thumb = match photo.thumb {
                Some(thumb) if self.read.blob_size(&thumb)?.is_some() => Some(hex::encode(thumb)),
                _ => None,
            };
            rows.push(PhotoRow {
                id: thing.entity.name.to_string(),
                item: thing.entity.key.as_ref().and_then(visit::photo_item).map(str::to_owned),
                sha256: hex::encode(photo.sha256),
                size: photo.size,
                width: photo.width,
                height: photo.height,
                mime: photo.mime,
                exif_taken: photo.exif.taken,
                exif_orientation: photo.exif.orientation.map(u32::from),
                exif_model: photo.exif.model,
                lat_e7: photo.position.map(|p| p.lat_e7),
                lon_e7: photo.position.map(|p| p.lon_e7),
                accuracy_m: photo.position.map(|p| p.accuracy_m),
                held: self.read.blob_size(&photo.sha256)?.is_some(),
                thumb,
                retraction: self.retraction(tree, thing)?,
                erased: self.read.photo_erased(&photo.sha256)?,
                officer_name: live.officer_name.clone(),
                raw_ms: live.raw_ms,
                corrected_ms: live.corrected_ms,
            });
        }
        rows.sort_by_key(|row| row.corrected_ms);
        Ok(rows)
    }

    pub(super) fn members(&self, thing: &Thing) -> Result<Vec<MemberRow>, Error> {
        let mut rows = Vec::new();
        for name in thing.fields.keys() {
            let Some(officer) = field::member_officer(name) else { continue };
            let Some(shown) = self.field_of(thing, name)? else { continue };
            let row = self.read.officer(&officer.0)?;
            rows.push(MemberRow {
                officer: officer.to_string(),
                name: self.officer_name(&officer)?,
                certificate_no: row.map(|row| row.certificate_no).unwrap_or_default(),
                present: thing.value(name).and_then(|value| value.as_bool()) == Some(true),
                conflict: shown.conflict,
            });
        }
        Ok(rows)
    }

    fn presence(&self, tree: &Tree, venue: Option<&VenueRow>) -> Result<Vec<PresenceRow>, Error> {
        let mut rows = Vec::new();
        for thing in tree.of(kind::PRESENCE) {
            let Some(device) = thing.entity.key.as_ref().and_then(visit::presence_device) else { continue };
            let officer = self.read.device(&device.0)?.map(|device| device.officer);
            let position = thing.value(field::POSITION).and_then(Position::from_value);
            rows.push(PresenceRow {
                device: device.to_string(),
                officer_name: officer.map(|officer| self.name(&officer)).transpose()?.unwrap_or_default(),
                start_ms: self.time(thing, field::START)?,
                end_ms: self.time(thing, field::END)?,
                lat_e7: position.map(|p| p.lat_e7),
                lon_e7: position.map(|p| p.lon_e7),
                accuracy_m: position.map(|p| p.accuracy_m),
                distance_m: position.zip(venue).and_then(|(position, venue)| distance_m(position, venue)),
            });
        }
        Ok(rows)
    }

    /// A time fact put right by the phone's last known offset.
    fn time(&self, thing: &Thing, name: &str) -> Result<Option<i64>, Error> {
        let Some(shown) = thing.shown(name, None) else { return Ok(None) };
        let Some(live) = shown.live.first() else { return Ok(None) };
        let Some(device_ms) = live.value.value().and_then(|value| value.as_int()) else { return Ok(None) };
        Ok(Some(ClockOffset::correct(self.commit(&live.commit)?.clock, device_ms)))
    }
}

pub(super) fn found(
    checklist: Option<&'static Checklist>,
    id: &str,
) -> (Option<&'static ChecklistSet>, Option<&'static ChecklistItem>) {
    let items =
        checklist.into_iter().flat_map(|c| &c.sets).flat_map(|set| set.items.iter().map(|item| (*set, item)));
    items
        .into_iter()
        .find(|(_, item)| item.id == id)
        .map_or((None, None), |(set, item)| (Some(set), Some(item)))
}

pub(super) fn distance_m(position: Position, venue: &VenueRow) -> Option<u32> {
    let there = places::Position { lat_e7: venue.lat_e7?, lon_e7: venue.lon_e7? };
    let here = places::Position { lat_e7: position.lat_e7, lon_e7: position.lon_e7 };
    // No two places on Earth are further apart than a u32 of metres; the cast saturates.
    Some(here.distance_m(there).round() as u32)
}
