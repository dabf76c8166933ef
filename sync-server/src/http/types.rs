//! What crosses between HQ and its console under `/api`. TypeScript in `ui/src/shared/backend/generated` and the OpenAPI
//! document are generated from these. Times are milliseconds since 1970 UTC, ids lowercase hex.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ApiProblem {
    /// The console translates the code.
    pub code: String,
    pub message: String,
    /// Finds the details in the server's log.
    pub incident: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct SignIn {
    pub user: String,
    pub password: String,
}

/// The one-time link printed on first start carries `token`.
#[derive(Debug, Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct SetUp {
    pub token: String,
    pub user: String,
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Session {
    pub user: String,
    pub role: String,
    pub city: String,
    pub city_name: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, TS, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct VisitQuery {
    /// Only visits that started before this; none for the newest page.
    pub before_ms: Option<i64>,
    pub district: Option<String>,
    pub category: Option<String>,
    pub text: Option<String>,
    pub conflicts_only: Option<bool>,
    /// At most 200.
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct VisitPage {
    pub rows: Vec<VisitRow>,
    pub total: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct VisitRow {
    pub id: String,
    pub scope: String,
    pub venue: String,
    pub venue_name: String,
    pub category: String,
    pub district: String,
    pub kind: Option<String>,
    pub mode: Option<String>,
    pub lead_level: Option<String>,
    pub members: Vec<String>,
    /// Corrected by the phone's last known offset to HQ.
    pub started_ms: i64,
    pub finished_ms: Option<i64>,
    pub answered: u32,
    pub failed: u32,
    pub readings: u32,
    pub abnormal: u32,
    pub photos: u32,
    pub photos_held: u32,
    pub conflicts: u32,
    pub sealed: bool,
    pub after_seal: u32,
    pub received_ms: i64,
    /// Taken back, and nothing speaks against that: it does not count.
    pub retracted: bool,
    /// approved or returned.
    pub review: Option<String>,
    /// Entries that the review had not seen.
    pub after_review: u32,
    /// How many other visits count as one with this.
    pub joined: u32,
}

/// The last word on whether a thing counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct RetractionRow {
    pub retracted: bool,
    pub because: String,
    /// Entries that nobody who retracted it had seen.
    pub news: u32,
    /// Somebody else says the opposite.
    pub disputed: bool,
    pub by: LiveValue,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct ReviewRow {
    /// approved or returned.
    pub state: String,
    pub remark: String,
    pub by: LiveValue,
    /// Entries that it had not seen.
    pub after: u32,
    /// Handed back with the next review.
    pub over: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct ReviewVisit {
    /// approved or returned.
    pub state: String,
    /// Needed to return a visit.
    pub remark: String,
    /// The commits that the console drew: `basis` of the visit.
    pub basis: Vec<String>,
    /// The review that it drew.
    pub over: Vec<String>,
}

/// Two visits, the earlier first: to one venue at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct DuplicatePair {
    pub visits: Vec<VisitRow>,
    pub same_members: bool,
    pub two_phones: bool,
    /// Handed back with a decision.
    pub over: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct DuplicatePage {
    /// Nobody decided yet.
    pub open: Vec<DuplicatePair>,
    /// Counted as one.
    pub joined: Vec<DuplicatePair>,
    /// Decided to be two.
    pub apart: Vec<DuplicatePair>,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct DecideDuplicate {
    pub visits: [String; 2],
    /// Count them as one; false keeps or takes them apart.
    pub same: bool,
    pub over: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct VisitDetail {
    pub row: VisitRow,
    pub checklist: Option<String>,
    /// Conflicts on what the visit itself is: its kind, mode, lead level, venue and members (`m/` and the officer).
    pub attribute_conflicts: Vec<FieldRow>,
    /// Every field of the visit and of what hangs on it, in screen order.
    pub answers: Vec<AnswerRow>,
    pub notes: Vec<FieldRow>,
    pub findings: Vec<FindingRow>,
    pub readings: Vec<ReadingRow>,
    pub photos: Vec<PhotoRow>,
    pub documents: Vec<DocumentRow>,
    pub members: Vec<MemberRow>,
    pub presence: Vec<PresenceRow>,
    /// Whether the visit as a whole was taken back.
    pub retraction: Option<RetractionRow>,
    pub review: Option<ReviewRow>,
    /// The commits that hold what is shown, handed back with a review.
    pub basis: Vec<String>,
    pub seals: Vec<SealRow>,
    pub proof: Vec<CommitRow>,
}

/// One live operation: a value as one officer recorded it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct LiveValue {
    /// Ready to show: `yes`, `no`, `na`, a number, a text. Erased values are null.
    pub value: Option<String>,
    pub erased: bool,
    pub officer: String,
    pub officer_name: String,
    pub device: String,
    pub raw_ms: i64,
    pub corrected_ms: i64,
    pub uncertainty_ms: Option<i64>,
    pub commit: String,
    /// Where it was written, when known.
    pub place: Option<WrittenAt>,
}

/// The place of the device that wrote a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct WrittenAt {
    /// At a desk of HQ; then there is no position.
    pub at_hq: bool,
    pub lat_e7: Option<i32>,
    pub lon_e7: Option<i32>,
    pub accuracy_m: Option<u32>,
    /// From the venue.
    pub distance_m: Option<u32>,
}

/// A field with its displayed value first; more than one `live` entry with different values is a conflict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct FieldRow {
    pub entity: String,
    pub field: String,
    pub conflict: bool,
    pub live: Vec<LiveValue>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct AnswerRow {
    pub item: String,
    pub section: String,
    pub section_zh: String,
    pub section_en: String,
    pub zh: String,
    pub en: String,
    pub severity: String,
    pub answer_kind: String,
    pub failed: bool,
    pub shown: FieldRow,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct FindingRow {
    pub id: String,
    pub item: String,
    pub item_zh: String,
    pub item_en: String,
    pub status: Option<FieldRow>,
    pub description: Option<FieldRow>,
    /// A day, such as `2020-02-04`.
    pub deadline: Option<FieldRow>,
    /// Whom it is referred to, as a code of `handling`.
    pub authority: Option<FieldRow>,
    /// The visit that looked at it again.
    pub recheck: Option<FieldRow>,
    pub retraction: Option<RetractionRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct ReadingRow {
    pub id: String,
    pub temperature_dc: Option<i64>,
    pub site: Option<String>,
    pub sequence: Option<String>,
    pub indoor: Option<bool>,
    pub ambient_dc: Option<i64>,
    pub subject: Option<String>,
    /// normal, abnormal or implausible.
    pub verdict: Option<String>,
    pub corrected_because: Option<String>,
    /// When a thermometer measured it, for what came from its file.
    pub imported_ms: Option<i64>,
    /// What was done about it: a person kept apart, and reported.
    pub isolated: Option<FieldRow>,
    pub reported: Option<FieldRow>,
    /// The same in words.
    pub done: Option<FieldRow>,
    pub retraction: Option<RetractionRow>,
    pub shown: FieldRow,
}

/// A paper that was made on site; what it says is on the phones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct DocumentRow {
    pub id: String,
    /// Of `documents.csv`.
    pub code: String,
    pub zh: String,
    pub en: String,
    /// Provisional.
    pub number: String,
    /// Of the PDF.
    pub sha256: String,
    /// As printed, by the phone that made it.
    pub made_ms: i64,
    /// `signed`, `refused` or `witness`.
    pub outcome: String,
    /// Number of the document that stands in its place.
    pub superseded_by: Option<String>,
    /// What it says was erased.
    pub erased: bool,
    pub officer_name: String,
    pub corrected_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct PhotoRow {
    pub id: String,
    pub item: Option<String>,
    pub sha256: String,
    pub size: u64,
    pub width: u32,
    pub height: u32,
    pub mime: String,
    /// What the file itself claims; never trusted as time or place.
    pub exif_taken: Option<String>,
    pub exif_orientation: Option<u32>,
    pub exif_model: Option<String>,
    pub lat_e7: Option<i32>,
    pub lon_e7: Option<i32>,
    pub accuracy_m: Option<u32>,
    /// HQ holds the bytes and they have this hash.
    pub held: bool,
    /// The phone's thumbnail, when HQ holds it: what there is to see until the original is here.
    pub thumb: Option<String>,
    pub retraction: Option<RetractionRow>,
    /// The bytes were erased by an order; name and hash stay.
    pub erased: bool,
    pub officer_name: String,
    pub raw_ms: i64,
    pub corrected_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct MemberRow {
    pub officer: String,
    pub name: String,
    pub certificate_no: String,
    pub present: bool,
    pub conflict: bool,
}

/// Start, end and position of a visit as one phone saw them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct PresenceRow {
    pub device: String,
    pub officer_name: String,
    pub start_ms: Option<i64>,
    pub end_ms: Option<i64>,
    pub lat_e7: Option<i32>,
    pub lon_e7: Option<i32>,
    pub accuracy_m: Option<u32>,
    pub distance_m: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct SealRow {
    pub commit: String,
    pub officer_name: String,
    pub corrected_ms: i64,
    /// Whether HQ computes the same hash over what the seal covers.
    pub hash_matches: bool,
    pub photos: u32,
    pub photos_held: u32,
    /// Of the photos that are not held: erased by order.
    pub photos_erased: u32,
    pub after_seal: u32,
}

/// The evidence chain of one commit that touches the visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct CommitRow {
    pub commit: String,
    pub chain: String,
    pub seq: u64,
    pub ops: u32,
    /// Values erased by order; the signature holds without them.
    pub erased: u32,
    pub officer_name: String,
    pub device: String,
    pub raw_ms: i64,
    pub corrected_ms: i64,
    pub uncertainty_ms: Option<i64>,
    pub received_ms: i64,
    /// The clock of the phone was further from HQ's than an hour when it last met it.
    pub clock_suspect: bool,
    /// First signed head at or after this commit.
    pub head_seq: u64,
    pub head_hash: String,
    pub signature_valid: bool,
    pub receipt_position: Option<u64>,
    /// applied, held or unjudged; then why.
    pub state: String,
    pub reason: Option<String>,
    /// This chain has two commits with one number somewhere: a cloned or restored phone.
    pub forked: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, TS, ToSchema, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ConflictQuery {
    /// Only visits that started before this; none for the newest page.
    pub before_ms: Option<i64>,
}

/// Visits in conflict, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct ConflictPage {
    pub visits: Vec<VisitConflicts>,
    /// How many visits are in conflict, whatever the page.
    pub total: u64,
    /// What was settled last, newest first.
    pub settled: Vec<SettledConflict>,
}

/// A conflict that somebody settled. Choosing another of its values undoes it: `resolve` over what is live `now`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct SettledConflict {
    pub visit: String,
    pub venue_name: String,
    /// The item that it is about, with its words and kind of answer; empty for the visit itself.
    pub item: String,
    pub zh: String,
    pub en: String,
    pub answer_kind: String,
    /// Whose presence it is.
    pub member_name: Option<String>,
    /// The field as it is now.
    pub now: FieldRow,
    /// The op that settled it.
    pub settled: LiveValue,
    /// The values that it replaced.
    pub was: Vec<LiveValue>,
}

/// What the live values of one visit disagree on. `row.conflicts` may be more: facts that were corrected twice are settled
/// on the visit's own page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct VisitConflicts {
    pub row: VisitRow,
    pub attributes: Vec<FieldRow>,
    /// The members that `attributes` name.
    pub members: Vec<MemberRow>,
    pub answers: Vec<AnswerRow>,
    pub findings: Vec<FindingRow>,
}

/// Settles a conflict: an op of HQ over every live op named.
#[derive(Debug, Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct ResolveConflict {
    pub entity: String,
    pub field: String,
    /// The commit whose value is kept: a live one, or one that was replaced before.
    pub keep: String,
    /// The live ops that the console drew.
    pub over: Vec<String>,
}

/// Destroys personal values and photos on every replica. There is no way back.
#[derive(Debug, Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct NewEraseOrder {
    pub targets: Vec<EraseTarget>,
    /// Why; kept with the order, erasable itself.
    pub reason: String,
}

/// An entity with a field, an entity with everything that hangs on it, or a photo by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct EraseTarget {
    pub entity: Option<String>,
    pub field: Option<String>,
    pub sha256: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct EraseOrderInfo {
    pub id: String,
    pub at_ms: i64,
    pub by_name: String,
    /// Null when it was erased itself.
    pub reason: Option<String>,
    pub targets: Vec<EraseTargetInfo>,
    /// Destroyed at HQ so far; late arrivals are added.
    pub values: u32,
    pub photos: u32,
    /// Open phones that read what was erased, and those of them that have carried the order out.
    pub phones: u32,
    pub phones_done: u32,
    /// Some of the others.
    pub waiting: Vec<EraseWaiting>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS, ToSchema)]
pub struct EraseTargetInfo {
    pub entity: Option<String>,
    /// officer, visit, finding, reading, note and so on.
    pub kind: Option<String>,
    /// The visit that it hangs on.
    pub visit: Option<String>,
    pub field: Option<String>,
    pub sha256: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct EraseWaiting {
    pub device: String,
    pub officer_name: String,
    pub last_seen_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct DeviceRow {
    pub id: String,
    pub officer: String,
    pub officer_name: String,
    pub team_name: Option<String>,
    pub enrolled_ms: i64,
    /// The device this one took over from after a restore or a lost key.
    pub replaces: Option<String>,
    pub closed_ms: Option<i64>,
    pub last_seen_ms: Option<i64>,
    pub app_version: Option<String>,
    /// What the phone said is still on it when HQ last heard from it; null when it never reported.
    pub visits_here: Option<u32>,
    pub photos_here: Option<u32>,
    pub oldest_here_ms: Option<i64>,
    pub battery_percent: Option<u32>,
    pub free_bytes: Option<u64>,
    pub clock_ahead_ms: Option<i64>,
    pub forked: bool,
    /// Damaged commits of it that HQ keeps as they are.
    pub quarantined: u32,
}

/// What is left of a commit that its phone cannot read any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct QuarantineInfo {
    pub device: String,
    pub chain: String,
    pub seq: u64,
    pub commit: String,
    /// A reason code such as `commit_damaged`.
    pub reason: String,
    /// Bytes.
    pub size: u64,
    pub received_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OfficerInfo {
    pub id: String,
    pub name: String,
    pub certificate_no: String,
    pub team: Option<String>,
    pub team_name: Option<String>,
    pub devices: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TeamInfo {
    pub id: String,
    pub name: String,
    /// bureau, brigade or district.
    pub tier: String,
    pub district: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct NewOfficer {
    /// A role or initials.
    pub name: String,
    pub certificate_no: String,
    pub team: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct MoveOfficer {
    /// The team that the user had before them; refused as stale when the officer is in another one by now.
    pub from: Option<String>,
    pub to: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct NewEnrolCode {
    pub officer: String,
}

/// Shown once: the server keeps only its hash.
#[derive(Debug, Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct EnrolCode {
    pub code: String,
    /// What the QR holds: `xuncha://enroll?...`.
    pub text: String,
    pub qr_svg: String,
    pub expires_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct CategoryInfo {
    pub code: String,
    pub zh: String,
    pub en: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct DistrictInfo {
    pub code: String,
    pub zh: String,
    pub en: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Reference {
    pub categories: Vec<CategoryInfo>,
    pub districts: Vec<DistrictInfo>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Overview {
    pub visits: u64,
    pub visits_today: u64,
    pub conflicts: u64,
    pub venues: u64,
    pub devices: u64,
    pub devices_silent: u64,
    pub photos_missing: u64,
}

/// A ledger as the console builds its tables and forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LedgerInfo {
    pub name: String,
    pub zh: String,
    pub en: String,
    /// Ledgers whose rows it hangs on; empty when it stands by itself.
    pub parents: Vec<String>,
    pub columns: Vec<ColumnInfo>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ColumnInfo {
    pub name: String,
    /// `text`, `int`, `money` (fen), `temperature` (tenths of a degree), `bool`, `day`, `time`, `choice`, `choices`,
    /// `state`, `categories`, `district`, `districts`, `township`, `venue`, `visit`, `team`, `officer`, `officers`, `row`,
    /// `photo` or `ink`.
    #[serde(rename = "type")]
    pub ty: String,
    /// The ledger of a `row`.
    pub about: String,
    pub private: bool,
    pub required: bool,
    /// Filled by itself when a state is entered.
    pub stamped: bool,
    pub zh: String,
    pub en: String,
    /// Of a choice or a state, in the order of screens.
    pub choices: Vec<CellChoice>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct CellChoice {
    pub code: String,
    pub zh: String,
    pub en: String,
    /// States that may follow; empty for the end, and for what is no state.
    pub next: Vec<String>,
}

/// A cell: codes and ids as text, ids and hashes in lowercase hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(untagged)]
pub enum CellInput {
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<String>),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LedgerQuery {
    /// Only rows of which something still has to come, or only the others.
    pub open: Option<bool>,
    /// The code of a state.
    pub status: Option<String>,
    pub venue: Option<String>,
    /// The row of another ledger that they belong to.
    pub of: Option<String>,
    /// Part of a text that is not private, or of the venue's name.
    pub text: Option<String>,
    pub skip: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LedgerPage {
    /// At most 50.
    pub rows: Vec<LedgerRow>,
    pub total: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LedgerRow {
    pub id: String,
    pub ledger: String,
    /// By column; those that nobody ever filled are left out.
    pub cells: std::collections::BTreeMap<String, CellRow>,
    /// What ids among the cells are called.
    pub names: std::collections::BTreeMap<String, String>,
    /// Something still has to come of it.
    pub open: bool,
    /// Fields that hold different values.
    pub conflicts: u32,
    /// What hangs on it; empty in lists.
    #[schema(no_recursion)]
    pub under: Vec<LedgerRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct CellRow {
    pub value: Option<CellInput>,
    /// An order destroyed the value that would be displayed.
    pub erased: bool,
    /// Who wrote the displayed value.
    pub by: String,
    pub at_ms: i64,
    /// What an edit of this drawing replaces.
    pub over: Vec<String>,
    /// Empty, or every live value, the displayed one first.
    pub conflict: Vec<CellInput>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct NewRow {
    /// The row that it hangs on.
    pub under: Option<String>,
    pub cells: std::collections::BTreeMap<String, CellInput>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SetRow {
    /// Written together or not at all.
    pub cells: std::collections::BTreeMap<String, SetCell>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SetCell {
    /// None empties the cell.
    pub value: Option<CellInput>,
    /// Commits whose values were drawn.
    pub over: Vec<String>,
}

/// A venue of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct VenueInfo {
    pub id: String,
    pub name: String,
    pub category: String,
    pub district: String,
    pub township: Option<String>,
    pub address: String,
    pub licence_no: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VenueQuery {
    /// Part of a name, an address or a licence number.
    pub text: Option<String>,
    /// At most 50.
    pub limit: Option<u32>,
}

/// Gives the venues of a campaign to a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AssignVenues {
    pub campaign: String,
    /// A code of the tasks.
    pub task: String,
    pub team: String,
    /// Of the campaign's; none means all of them.
    pub district: Option<String>,
    pub category: Option<String>,
    pub township: Option<String>,
    /// ISO 8601.
    pub due: Option<String>,
    pub batch: Option<u16>,
    /// Counts and writes nothing.
    pub dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Assigned {
    pub added: u32,
    /// Tasks of this kind that these venues had already; they stay as they are.
    pub known: u32,
}
