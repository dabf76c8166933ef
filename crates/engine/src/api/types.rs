//! What crosses from the engine to a screen and back. These are wire types, not the model: they are converted by hand,
//! and the TypeScript in `ui/src/shared/backend/generated` is generated from them.
//!
//! Times are milliseconds since 1970 in UTC as the device saw them. Ids are lowercase hex. Temperatures are integers in
//! tenths of a degree Celsius.

use super::documents::DocumentView;
use super::imported::ImportView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Names the operations that a screen drew for one field. Every edit hands back the token of the value it was made on,
/// so that an edit never buries what arrived after the drawing. Opaque to the screen.
pub type Token = String;

/// Why a call changed nothing. The screen translates `code`; `message` is for the log and holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ApiError {
    pub code: ErrorCode,
    pub message: String,
    /// With `database_newer`: the app version that can open the database, where it is known. With `document_missing`: the
    /// field; with `document_no_glyph`: the character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub needs: Option<String>,
}

impl ApiError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), needs: None }
    }
}

/// A code exists only if a screen or an officer acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    BadRequest,
    NotEnrolled,
    AlreadyEnrolled,
    /// The PIN is asked for.
    Locked,
    PinWrong,
    /// After too many wrong tries the next one waits.
    PinTooSoon,
    /// Not six to twelve digits, or such as everybody tries first.
    PinUnfit,
    CodeUnknown,
    CodeUsed,
    CodeExpired,
    /// A code of HQ for another officer.
    CodeForeign,
    /// A photo shows no code that could be read.
    CodeUnreadable,
    /// A text is no whole invitation to a visit.
    InviteUnreadable,
    /// An invitation that a newer app made.
    InviteNewer,
    /// An invitation of another city.
    InviteForeign,
    DeviceUnknown,
    DeviceClosed,
    /// The key of a restored phone is gone; the next contact with HQ makes another.
    KeyGone,
    ServerUnreachable,
    ServerAnswer,
    /// Not the code of a hub, or one that was used.
    HubCode,
    HubOtherCity,
    HubUnreachable,
    /// What answered is not a hub of this city.
    HubAnswer,
    /// The hub does not know this phone any more: its code must be scanned again.
    HubUnknownPhone,
    HubFull,
    /// A file that is no sealed rescue file.
    RescueUnreadable,
    NotFound,
    VisitSealed,
    VisitEmpty,
    /// Commits of it are only at HQ.
    VisitPartly,
    /// A row of a ledger lacks a cell without which it is not begun.
    RowIncomplete,
    StaleToken,
    /// An order of HQ destroyed what this was to replace, or the very photo.
    Erased,
    ReadingImplausible,
    /// A file that is no table of a thermometer.
    ImportUnreadable,
    /// More bytes, lines or columns than are imported at once.
    ImportTooLarge,
    /// Nothing of the file is a new reading.
    ImportNothing,
    /// A required field of a document is empty, or nobody signed; `needs` names it.
    DocumentMissing,
    /// The font of documents lacks a character; `needs` has it.
    DocumentNoGlyph,
    /// What is typed is more than one document may hold.
    DocumentTooLong,
    /// What was made again is not what was signed, or this version cannot make it.
    DocumentDiffers,
    TextTooLong,
    PhotoUnreadable,
    PhotoTooLarge,
    PhotoTooManyPixels,
    PhotoHeic,
    DiskFull,
    DatabaseNewer,
    DatabaseCorrupt,
    Internal,
}

/// Law 3: the only things that a screen may say about where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SaveState {
    /// Durable on this phone and nowhere else that we know of.
    OnPhone,
    /// On this phone, and all that HQ lacks of it also on a hub. A hub's word is no receipt.
    OnHub,
    /// Bytes of it are on their way in a running sync.
    Sending,
    /// A receipt of HQ names it, photos included.
    Held,
    /// HQ refused or holds it back, or a photo cannot be sent. The queue says why and what happens next.
    Attention,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Status {
    pub enrolled: bool,
    pub officer: Option<OfficerRow>,
    pub city: Option<String>,
    pub server_url: Option<String>,
    pub app_version: String,
    pub sync: SyncStatus,
    /// Set after a damaged database was replaced, until `recovery_seen`.
    pub recovered: Option<Recovered>,
}

/// What became of a damaged database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Recovered {
    pub at_ms: i64,
    /// Name of the folder, below `damaged` in the app's data, that holds the damaged files.
    pub folder: String,
    /// Commits and open taps that HQ does not have and that were carried over.
    pub commits: u64,
    pub taps: u64,
    /// Photos that are known as before.
    pub photos: u64,
    /// Some of the file could not be read.
    pub incomplete: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SyncStatus {
    /// The state of the whole phone: the worst of its records.
    pub state: SaveState,
    pub running: bool,
    /// Visits, photos and other records that no receipt names yet.
    pub visits_here: u32,
    pub photos_here: u32,
    pub commits_here: u32,
    /// Of these, what exists on this phone only: no receipt names it and no hub carries it.
    pub visits_only_here: u32,
    pub photos_only_here: u32,
    pub commits_only_here: u32,
    pub bytes_sent: u64,
    pub bytes_total: u64,
    pub last_receipt_ms: Option<i64>,
    /// When HQ made its newest backup, by HQ's clock; none when it has none or did not say.
    pub backup_ms: Option<i64>,
    pub last_attempt_ms: Option<i64>,
    /// Why the last attempt did not get through; `server_unreachable` is ordinary life and not an alarm.
    pub last_error: Option<ErrorCode>,
    /// How far this phone's clock is from HQ's, positive when the phone is ahead; unknown before the first contact.
    pub clock_ahead_ms: Option<i64>,
    pub attention: Vec<AttentionRow>,
    pub conflicts: u32,
    /// What orders of HQ erased of this officer's work, until `erasure_seen`.
    pub erased: Vec<ErasedRow>,
}

/// Own entries of one visit that orders of HQ erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ErasedRow {
    pub visit: String,
    /// The venue's name, as far as it is held here.
    pub title: String,
    pub entries: u32,
    pub photos: u32,
    /// How many of them were written while the order was on its way: HQ has never read those.
    pub late: u32,
    pub at_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AttentionRow {
    pub visit: Option<String>,
    pub photo: Option<String>,
    /// A reason code such as `kind_reserved`, `device_closed`, `photo_missing`; the screen translates it.
    pub reason: String,
}

/// When photos may be sent. Records always may: they are small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PhotoPolicy {
    Any,
    /// Only over a connection that is known to cost nothing by the byte.
    Unmetered,
    /// Only when the officer says so.
    Manual,
}

/// What is sent of a photo, and over which networks by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PictureKind {
    /// Some 30 kB: HQ sees the photo before its original is there.
    Thumbnail,
    Original,
}

/// Why photos that HQ lacks are not sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PhotoWait {
    Metered,
    /// This phone does not tell whether its connection is metered.
    MeteringUnknown,
    Manual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PhotoSending {
    pub thumbnails: PhotoPolicy,
    pub originals: PhotoPolicy,
    /// Set while photos wait because of the policy for originals.
    pub waits: Option<PhotoWait>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SetPhotoPolicy {
    pub kind: PictureKind,
    pub policy: PhotoPolicy,
}

/// Null when the platform does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Connection {
    pub metered: Option<bool>,
}

/// One line of the queue that a tap on the sync banner opens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct QueueRow {
    pub visit: Option<String>,
    /// A row of a ledger, and the ledger's name.
    pub row: Option<String>,
    pub ledger: Option<String>,
    pub photo: Option<String>,
    pub title: String,
    pub state: SaveState,
    pub bytes_sent: u64,
    pub bytes_total: u64,
    pub at_ms: i64,
}

/// `text` is what the QR holds (`xuncha://enroll?...`), or the code as typed, then `server_url` is needed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Enroll {
    pub text: String,
    pub server_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OfficerRow {
    pub id: String,
    /// A role or initials; certificate numbers identify officers in documents.
    pub name: String,
    pub certificate_no: String,
    pub team: Option<String>,
    pub team_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Today {
    pub date: String,
    pub drafts: Vec<VisitSummary>,
    pub finished: Vec<VisitSummary>,
    pub visits_today: u32,
    pub findings_today: u32,
    pub orders: DueOrders,
}

/// Orders to correct that stand with a deadline, the one that is longest over first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DueOrders {
    /// At most 1,000 are counted.
    pub orders: u32,
    /// Of these, those whose deadline is over.
    pub overdue: u32,
    pub first: Vec<OpenFinding>,
}

/// A finding of which something still has to come, or that was looked at again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OpenFinding {
    /// The visit that opened it, and when that began.
    pub visit: String,
    pub started_ms: i64,
    pub venue: String,
    pub venue_name: String,
    pub item: String,
    pub zh: String,
    pub en: String,
    /// critical, major or minor.
    pub severity: String,
    pub finding: FindingView,
    /// Whether a recheck leads on from where it is.
    pub can_recheck: bool,
    /// The visit asked for looked at it again.
    pub here: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OpenFindings {
    /// Orders with a deadline first, by that; then the others, newest first.
    pub rows: Vec<OpenFinding>,
    /// There are others beyond these.
    pub more: bool,
}

/// A deadline that an order may be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeadlineChoice {
    pub workdays: u16,
    /// Such as `2020-02-04`.
    pub date: String,
    /// False when holidays of that year are not known yet: only weekends were left out.
    pub sure: bool,
}

/// With `visit`, its own findings are left out, and those that it looked at again are added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VenueFindings {
    pub venue: String,
    pub visit: Option<String>,
}

/// What `visit` found of the finding of an item that the visit `of` to the same venue opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RecheckFinding {
    pub visit: String,
    pub of: String,
    pub item: String,
    /// `rectified` or `not_rectified`.
    pub outcome: String,
    /// Of the status as it was drawn, and of the recheck.
    pub token: Token,
    pub recheck_token: Token,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VisitSummary {
    pub id: String,
    pub venue: VenueRow,
    pub started_ms: i64,
    pub finished_ms: Option<i64>,
    pub sealed: bool,
    pub answered: u32,
    pub items: u32,
    pub findings: u32,
    pub photos: u32,
    pub readings: u32,
    pub conflicts: u32,
    /// Taken back, and nothing speaks against that: it does not count.
    pub retracted: bool,
    pub review: Option<ReviewState>,
    /// How many other visits HQ counts as one with this.
    pub joined: u32,
    /// This phone does not read its district: what others recorded of it is not held here.
    pub outside: bool,
    pub state: SaveState,
}

/// What a supervisor at HQ made of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    Approved,
    Returned,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReviewView {
    pub state: ReviewState,
    pub remark: Option<String>,
    pub by: String,
    pub at_ms: i64,
    /// Entries that the supervisor had not seen.
    pub after: u32,
}

/// Whether a thing counts, with what a retraction of it hands back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Standing {
    pub basis: Token,
    pub token: Token,
    pub reason_token: Token,
    pub retracted: bool,
    pub because: Option<String>,
    /// Entries that nobody who retracted it had seen: it needs another look.
    pub news: u32,
    /// Somebody else says the opposite.
    pub disputed: bool,
    /// Whose word it is, when there is one.
    pub by: Option<Candidate<bool>>,
}

/// WGS-84, in units of 1e-7 degree as the log stores them; never GCJ-02 or BD-09.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Position {
    pub lat_e7: i32,
    pub lon_e7: i32,
    pub accuracy_m: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VenueRow {
    pub id: String,
    pub name: String,
    pub category: String,
    pub district: String,
    pub township: Option<String>,
    pub address: String,
    pub licence_no: Option<String>,
    /// Metres from the position asked for; a hint, never a lock.
    pub distance_m: Option<u32>,
    pub found_on_patrol: bool,
    pub state: SaveState,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VenueView {
    pub venue: VenueRow,
    pub position: Option<Position>,
    pub previous: Vec<VisitSummary>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct FindVenues {
    pub text: String,
    pub category: Option<String>,
    pub district: Option<String>,
    pub near: Option<Position>,
    /// At most 100.
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct NewVenue {
    pub name: String,
    pub category: String,
    pub district: String,
    pub township: Option<String>,
    pub address: String,
    pub licence_no: Option<String>,
    pub position: Option<Position>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CategoryRow {
    pub code: String,
    pub zh: String,
    pub en: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DistrictRow {
    pub code: String,
    pub zh: String,
    pub en: String,
    pub townships: Vec<TownshipRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TownshipRow {
    pub code: String,
    pub zh: String,
}

/// What a venue can be visited with: the checklist sets of its category, by mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChecklistChoice {
    /// routine, closure, reopening or epidemic.
    pub purpose: String,
    pub zh: String,
    pub en: String,
    pub items: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct NewVisit {
    pub venue: String,
    pub kind: VisitKind,
    pub mode: VisitMode,
    pub lead_level: LeadLevel,
    /// Which checklist sets of the venue's category: routine, closure, reopening or epidemic.
    pub purpose: String,
    pub position: Option<Position>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VisitKind {
    Inspection,
    Survey,
    Patrol,
    Recheck,
    ClosureCheck,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VisitMode {
    OnSite,
    Phone,
    Online,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LeadLevel {
    Bureau,
    Brigade,
    District,
}

/// A value with the token of its drawing. `conflict` is empty or holds every live value, the displayed one first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Shown<T> {
    pub value: Option<T>,
    /// An order of HQ destroyed the value that would be displayed.
    pub erased: bool,
    pub token: Token,
    pub conflict: Vec<Candidate<T>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Candidate<T> {
    pub value: T,
    /// Names the op, so that a person can choose it.
    pub op: String,
    pub officer: String,
    pub officer_name: String,
    pub at_ms: i64,
    pub mine: bool,
    /// Where it was written, when known.
    pub place: Option<WrittenAt>,
}

/// The place of the device that wrote a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WrittenAt {
    /// At a desk of HQ; then there is no position.
    pub at_hq: bool,
    pub position: Option<Position>,
    /// From the venue, in metres.
    pub distance_m: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VisitView {
    pub summary: VisitSummary,
    pub kind: Shown<VisitKind>,
    pub mode: Shown<VisitMode>,
    pub lead_level: Shown<LeadLevel>,
    pub members: Vec<MemberView>,
    pub checklist: ChecklistState,
    pub sections: Vec<SectionView>,
    pub notes: Vec<NoteView>,
    /// Edits the officer's own general note.
    pub note_token: Token,
    /// Oldest first; of what was imported, only what is not normal.
    pub readings: Vec<ReadingView>,
    /// Readings from files of a thermometer, by file.
    pub imports: Vec<ImportView>,
    pub roster: RosterView,
    pub photos: Vec<PhotoView>,
    /// Papers that were made on site.
    pub documents: Vec<DocumentView>,
    pub position: Option<Position>,
    /// Metres between the visit's position and the venue's; a warning, never a lock.
    pub distance_m: Option<u32>,
    /// Entries that arrived after the seal and are not covered by it.
    pub after_seal: u32,
    pub standing: Standing,
    pub review: Option<ReviewView>,
    /// Texts and older entries of it are at HQ, and are fetched with the next sync.
    pub partly: bool,
}

/// The checklist version of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChecklistState {
    /// What a new visit would ask, or nobody can move the visit any more.
    Current,
    /// New visits use another version by now.
    Superseded,
    /// HQ published it, and it is not here yet: nothing can be answered until then.
    Missing,
}

/// What moving a visit to the version that new visits use changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChecklistChange {
    pub token: Token,
    /// Names the version.
    pub to: String,
    /// Items that are asked as before.
    pub same: u32,
    pub changed: Vec<ChangedItem>,
    pub added: Vec<ItemText>,
    /// Asked until now; their answers stay in the record and are not judged any more.
    pub gone: Vec<ItemText>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ItemText {
    pub id: String,
    pub zh: String,
    pub en: String,
    /// There is an answer to it, of the kind that it asks for.
    pub answered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChangedItem {
    pub before: ItemText,
    pub after: ItemText,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MoveChecklist {
    pub visit: String,
    /// Of the change that was shown.
    pub token: Token,
    pub to: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MemberView {
    pub officer: OfficerRow,
    pub present: Shown<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SectionView {
    /// The checklist set, such as `ICF-R`.
    pub id: String,
    pub zh: String,
    pub en: String,
    pub items: Vec<ItemView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ItemView {
    pub id: String,
    pub zh: String,
    pub en: String,
    /// critical, major or minor.
    pub severity: String,
    pub group: String,
    pub answer_kind: AnswerKind,
    pub choices: Vec<ChoiceRow>,
    pub unit: Option<String>,
    pub basis: Vec<BasisRow>,
    pub evidence: Vec<String>,
    pub handling: String,
    pub answer: Shown<Answer>,
    /// Whether the displayed answer is a failure by the visit's own checklist version.
    pub failed: bool,
    pub notes: Vec<NoteView>,
    pub note_token: Token,
    pub finding: Option<FindingView>,
    pub photos: Vec<PhotoView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChoiceRow {
    pub code: String,
    pub zh: String,
    pub en: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BasisRow {
    pub zh: String,
    pub en: String,
    pub article: Option<String>,
    /// text_confirmed, summary_only, bulletin or unconfirmed.
    pub verification: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    YesNo,
    YesNoNa,
    Number,
    Percent,
    Temperature,
    Text,
    Choice,
}

/// Yes always means compliant. Numbers are integers: the format has no floats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Answer {
    Yes,
    No,
    Na,
    Number(#[ts(type = "number")] i64),
    Percent(#[ts(type = "number")] i64),
    Temperature(#[ts(type = "number")] i64),
    Text(String),
    Choice(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct NoteView {
    pub officer: String,
    pub officer_name: String,
    pub mine: bool,
    pub text: Shown<String>,
    pub at_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FindingView {
    pub id: String,
    /// A state of the machine `finding`; `rectified` and `not_rectified` are set at the recheck.
    pub status: Shown<String>,
    pub description: Shown<String>,
    /// A day, such as `2020-02-04`.
    pub deadline: Shown<String>,
    /// An order stands and its deadline is over.
    pub overdue: bool,
    /// Whom it is referred to, as a code of `handling`.
    pub authority: Shown<String>,
    /// The visit that looked at it again.
    pub recheck: Shown<VisitMention>,
    pub standing: Standing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VisitMention {
    pub visit: String,
    /// None for a visit that is not held here.
    pub started_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReadingView {
    pub id: String,
    pub reading: Shown<ReadingInput>,
    /// None when the reading was erased by order.
    pub verdict: Option<ReadingVerdict>,
    pub officer_name: String,
    pub at_ms: i64,
    pub corrected_because: Option<String>,
    /// Handed back with a correction, as the token of the reading is.
    pub reason_token: Token,
    /// The reading that it repeats.
    pub retest_of: Option<String>,
    /// When a thermometer measured it, for what came from its file.
    pub imported_ms: Option<i64>,
    pub steps: Vec<ReadingStep>,
    /// What was done about it, in words.
    pub done: Shown<String>,
    pub standing: Standing,
}

/// Something that is done about an abnormal reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReadingStep {
    /// `isolated` or `reported`.
    pub step: String,
    pub done: Shown<bool>,
    /// Who said so last, and when.
    pub officer_name: Option<String>,
    pub at_ms: Option<i64>,
}

/// The people who were measured in a visit. What was taken back is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RosterView {
    /// In the order in which they were first measured.
    pub people: Vec<PersonView>,
    pub crowd: CrowdView,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PersonView {
    /// A role or a code.
    pub subject: Option<String>,
    /// Ids of the readings, oldest first.
    pub readings: Vec<String>,
    /// A state of the machine `temperature_outcome`.
    pub outcome: String,
    /// Something must still be done: measured again, or dealt with.
    pub open: bool,
}

/// A crowd is counted, never named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CrowdView {
    /// People with a plausible reading.
    pub measured: u32,
    pub abnormal: u32,
    /// Abnormal at first, normal when measured again.
    pub retest_normal: u32,
    /// People who must be measured again: no body has what was measured.
    pub implausible: u32,
    pub highest_dc: Option<i32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ReadingVerdict {
    Normal,
    Abnormal,
    Implausible,
}

/// One temperature. A person's label is personal data and is kept detached from the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReadingInput {
    /// Tenths of a degree Celsius.
    pub temperature_dc: i32,
    /// forehead, wrist, ear, axilla or air.
    pub site: String,
    pub indoor: bool,
    pub ambient_dc: Option<i32>,
    /// first, second or confirm.
    pub sequence: String,
    /// Whose it is, such as "收银员" or "保安2"; empty when unnamed.
    pub subject: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PhotoView {
    pub id: String,
    pub sha256: String,
    pub size: u64,
    pub width: u32,
    pub height: u32,
    pub officer_name: String,
    pub at_ms: i64,
    /// Whether the original is on this phone.
    pub here: bool,
    /// An order of HQ destroyed the picture; its name and hash stay.
    pub erased: bool,
    /// Whether there is something small to show of it.
    pub thumb_here: bool,
    /// Of a photo of another phone: what is being done about its original, or why it was not had.
    pub fetch: Option<FetchState>,
    /// Of the original that is here on its way from HQ.
    pub fetched_bytes: u64,
    /// Of a photo that this phone took; others' photos are not this phone's to vouch for.
    pub state: Option<SaveState>,
    pub standing: Standing,
}

/// How it stands with a picture that is fetched from HQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FetchState {
    /// Under way, or waiting for the network.
    Fetching,
    /// The phone that took it has not sent it yet.
    NotAtHq,
    Failed,
}

/// A photo of a visit, by the SHA-256 of its original.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PhotoRef {
    pub visit: String,
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VisitRef {
    pub visit: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VenueRef {
    pub venue: String,
}

/// `field` is `kind`, `mode` or `lead_level`; `value` one of that enum's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetVisitField {
    pub visit: String,
    pub field: String,
    pub value: String,
    pub token: Token,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetMember {
    pub visit: String,
    pub officer: String,
    pub present: bool,
    pub token: Token,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetAnswer {
    pub visit: String,
    pub item: String,
    pub answer: Answer,
    pub token: Token,
}

/// Items that are answered with yes at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetRest {
    pub visit: String,
    pub items: Vec<RestItem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RestItem {
    pub item: String,
    pub token: Token,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetNote {
    pub visit: String,
    /// The item it belongs to; none for the visit's general note.
    pub item: Option<String>,
    pub text: String,
    pub token: Token,
}

/// `field` is `status`, `description`, `deadline` or `authority`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetFinding {
    pub visit: String,
    pub item: String,
    pub field: String,
    pub value: String,
    pub token: Token,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AddReading {
    pub visit: String,
    pub reading: ReadingInput,
    /// The reading of this visit that it repeats.
    pub retest_of: Option<String>,
}

/// Whether a step was done about a reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetReadingStep {
    pub visit: String,
    pub id: String,
    /// `isolated` or `reported`.
    pub step: String,
    pub done: bool,
    pub token: Token,
}

/// What was done about a reading, in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetReadingDone {
    pub visit: String,
    pub id: String,
    pub text: String,
    pub token: Token,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CorrectReading {
    pub visit: String,
    pub id: String,
    pub reading: ReadingInput,
    pub reason: String,
    pub token: Token,
    pub reason_token: Token,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetPosition {
    pub visit: String,
    pub position: Position,
}

/// Travels beside the raw bytes of a photo: as JSON in the query of the bridge, in a header of the Tauri call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AddPhoto {
    pub visit: String,
    /// The item it belongs to; none for the visit as a whole.
    pub item: Option<String>,
    pub position: Option<Position>,
}

/// Which kinds of thing a write or a sync touched; screens refetch by it and nothing polls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Changes {
    pub venues: bool,
    pub officers: bool,
    pub sync: bool,
    /// Ids of the visits touched, at most 100; `visits_all` when there were more.
    pub visits: Vec<String>,
    pub visits_all: bool,
    /// Rows of ledgers.
    pub ledgers: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Nothing {}
