//! Names of fields. Field names hold no personal data: they can never be erased.

use crate::ids::OfficerId;

use super::words::Step;

/// The one field of a fact.
pub const FACT: &str = "fact";
/// Why a fact was corrected; on the same entity, set in the same commit as the correction.
pub const REASON: &str = "reason";

/// The reading of the same visit that a reading repeats, by its key: 5 bytes.
pub const RETEST_OF: &str = "retest_of";

/// That a reading came from a file of a thermometer, and when it was measured.
pub const IMPORTED: &str = "imported";

/// Whether a thing was taken back, with the basis of that.
pub const RETRACTED: &str = "retracted";
/// Why; set in the same commit.
pub const RETRACTED_BECAUSE: &str = "retracted_because";

pub const NAME: &str = "name";
pub const CATEGORY: &str = "category";
pub const DISTRICT: &str = "district";
pub const TOWNSHIP: &str = "township";
pub const ADDRESS: &str = "address";
pub const LICENCE_NO: &str = "licence_no";
pub const POSITION: &str = "position";
/// True on a venue that an officer found and no register knew.
pub const FOUND: &str = "found";

pub const CERTIFICATE_NO: &str = "certificate_no";
pub const TEAM: &str = "team";
pub const TIER: &str = "tier";

pub const VENUE: &str = "venue";
pub const VISIT_KIND: &str = "kind";
pub const MODE: &str = "mode";
pub const LEAD: &str = "lead";
/// The checklist version a visit began with: 32 bytes.
pub const CHECKLIST: &str = "checklist";
/// The version that its officers moved it to: 32 bytes. Another field, so that who joins, and repeats what the visit began
/// with, takes no move back.
pub const CHECKLIST_MOVED: &str = "checklist_moved";

pub const STATUS: &str = "status";
pub const DESCRIPTION: &str = "description";
/// The day by which what was ordered is to be done.
pub const DEADLINE: &str = "deadline";
/// Who deals with a finding, as a code of [`crate::checklist::Handling`].
pub const AUTHORITY: &str = "authority";
/// The visit that looked at a finding again: 16 bytes.
pub const RECHECK: &str = "recheck";
pub const TEXT: &str = "text";

/// What a document says, names and ink included.
pub const DATA: &str = "data";

/// What a checklist asks: the bytes that its hash names.
pub const CONTENT: &str = "content";

pub const START: &str = "start";
pub const END: &str = "end";
pub const SEAL: &str = "seal";

const ANSWER: &str = "a/";
const MEMBER: &str = "m/";
const STEP: &str = "d/";

/// The field that answers an item.
pub fn answer(item: &str) -> String {
    format!("{ANSWER}{item}")
}

/// The item that a field answers.
pub fn answered_item(field: &str) -> Option<&str> {
    field.strip_prefix(ANSWER)
}

/// The field that says whether an officer took part.
pub fn member(officer: OfficerId) -> String {
    format!("{MEMBER}{officer}")
}

/// The officer whose part a field tells.
pub fn member_officer(field: &str) -> Option<OfficerId> {
    field.strip_prefix(MEMBER)?.parse().ok()
}

/// The field that says whether something was done about an abnormal reading.
pub fn step(step: Step) -> String {
    format!("{STEP}{}", step.as_str())
}

/// What was done, by its field.
pub fn done_step(field: &str) -> Option<Step> {
    Step::parse(field.strip_prefix(STEP)?)
}
