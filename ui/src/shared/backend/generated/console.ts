// Generated from Rust by `cargo xtask types`. Do not edit.

export type AnswerRow = { item: string, section: string, section_zh: string, section_en: string, zh: string, en: string, severity: string, answer_kind: string, failed: boolean, shown: FieldRow, };
export type ApiProblem = { 
/**
 * The console translates the code.
 */
code: string, message: string, 
/**
 * Finds the details in the server's log.
 */
incident: string | null, };
export type AssignVenues = { campaign: string, 
/**
 * A code of the tasks.
 */
task: string, team: string, 
/**
 * Of the campaign's; none means all of them.
 */
district: string | null, category: string | null, township: string | null, 
/**
 * ISO 8601.
 */
due: string | null, batch: number | null, 
/**
 * Counts and writes nothing.
 */
dry_run: boolean, };
export type Assigned = { added: number, 
/**
 * Tasks of this kind that these venues had already; they stay as they are.
 */
known: number, };
export type CategoryInfo = { code: string, zh: string, en: string, };
export type CellChoice = { code: string, zh: string, en: string, 
/**
 * States that may follow; empty for the end, and for what is no state.
 */
next: Array<string>, };
export type CellInput = boolean | number | string | Array<string>;
export type CellRow = { value: CellInput | null, 
/**
 * An order destroyed the value that would be displayed.
 */
erased: boolean, 
/**
 * Who wrote the displayed value.
 */
by: string, at_ms: number, 
/**
 * What an edit of this drawing replaces.
 */
over: Array<string>, 
/**
 * Empty, or every live value, the displayed one first.
 */
conflict: Array<CellInput>, };
export type ColumnInfo = { name: string, 
/**
 * `text`, `int`, `money` (fen), `temperature` (tenths of a degree), `bool`, `day`, `time`, `choice`, `choices`,
 * `state`, `categories`, `district`, `districts`, `township`, `venue`, `visit`, `team`, `officer`, `officers`, `row`,
 * `photo` or `ink`.
 */
type: string, 
/**
 * The ledger of a `row`.
 */
about: string, private: boolean, required: boolean, 
/**
 * Filled by itself when a state is entered.
 */
stamped: boolean, zh: string, en: string, 
/**
 * Of a choice or a state, in the order of screens.
 */
choices: Array<CellChoice>, };
export type CommitRow = { commit: string, chain: string, seq: number, ops: number, 
/**
 * Values erased by order; the signature holds without them.
 */
erased: number, officer_name: string, device: string, raw_ms: number, corrected_ms: number, uncertainty_ms: number | null, received_ms: number, 
/**
 * The clock of the phone was further from HQ's than an hour when it last met it.
 */
clock_suspect: boolean, 
/**
 * First signed head at or after this commit.
 */
head_seq: number, head_hash: string, signature_valid: boolean, receipt_position: number | null, 
/**
 * applied, held or unjudged; then why.
 */
state: string, reason: string | null, 
/**
 * This chain has two commits with one number somewhere: a cloned or restored phone.
 */
forked: boolean, };
export type ConflictPage = { visits: Array<VisitConflicts>, 
/**
 * How many visits are in conflict, whatever the page.
 */
total: number, 
/**
 * What was settled last, newest first.
 */
settled: Array<SettledConflict>, };
export type ConflictQuery = { 
/**
 * Only visits that started before this; none for the newest page.
 */
before_ms: number | null, };
export type DecideDuplicate = { visits: [string, string], 
/**
 * Count them as one; false keeps or takes them apart.
 */
same: boolean, over: Array<string>, };
export type DeviceRow = { id: string, officer: string, officer_name: string, team_name: string | null, enrolled_ms: number, 
/**
 * The device this one took over from after a restore or a lost key.
 */
replaces: string | null, closed_ms: number | null, last_seen_ms: number | null, app_version: string | null, 
/**
 * What the phone said is still on it when HQ last heard from it; null when it never reported.
 */
visits_here: number | null, photos_here: number | null, oldest_here_ms: number | null, battery_percent: number | null, free_bytes: number | null, clock_ahead_ms: number | null, forked: boolean, 
/**
 * Damaged commits of it that HQ keeps as they are.
 */
quarantined: number, };
export type DistrictInfo = { code: string, zh: string, en: string, };
export type DocumentRow = { id: string, 
/**
 * Of `documents.csv`.
 */
code: string, zh: string, en: string, 
/**
 * Provisional.
 */
number: string, 
/**
 * Of the PDF.
 */
sha256: string, 
/**
 * As printed, by the phone that made it.
 */
made_ms: number, 
/**
 * `signed`, `refused` or `witness`.
 */
outcome: string, 
/**
 * Number of the document that stands in its place.
 */
superseded_by: string | null, 
/**
 * What it says was erased.
 */
erased: boolean, officer_name: string, corrected_ms: number, };
export type DuplicatePage = { 
/**
 * Nobody decided yet.
 */
open: Array<DuplicatePair>, 
/**
 * Counted as one.
 */
joined: Array<DuplicatePair>, 
/**
 * Decided to be two.
 */
apart: Array<DuplicatePair>, };
export type DuplicatePair = { visits: Array<VisitRow>, same_members: boolean, two_phones: boolean, 
/**
 * Handed back with a decision.
 */
over: Array<string>, };
export type EnrolCode = { code: string, 
/**
 * What the QR holds: `xuncha://enroll?...`.
 */
text: string, qr_svg: string, expires_ms: number, };
export type EraseOrderInfo = { id: string, at_ms: number, by_name: string, 
/**
 * Null when it was erased itself.
 */
reason: string | null, targets: Array<EraseTargetInfo>, 
/**
 * Destroyed at HQ so far; late arrivals are added.
 */
values: number, photos: number, 
/**
 * Open phones that read what was erased, and those of them that have carried the order out.
 */
phones: number, phones_done: number, 
/**
 * Some of the others.
 */
waiting: Array<EraseWaiting>, };
export type EraseTarget = { entity: string | null, field: string | null, sha256: string | null, };
export type EraseTargetInfo = { entity: string | null, 
/**
 * officer, visit, finding, reading, note and so on.
 */
kind: string | null, 
/**
 * The visit that it hangs on.
 */
visit: string | null, field: string | null, sha256: string | null, };
export type EraseWaiting = { device: string, officer_name: string, last_seen_ms: number | null, };
export type FieldRow = { entity: string, field: string, conflict: boolean, live: Array<LiveValue>, };
export type FindingRow = { id: string, item: string, item_zh: string, item_en: string, status: FieldRow | null, description: FieldRow | null, 
/**
 * A day, such as `2020-02-04`.
 */
deadline: FieldRow | null, 
/**
 * Whom it is referred to, as a code of `handling`.
 */
authority: FieldRow | null, 
/**
 * The visit that looked at it again.
 */
recheck: FieldRow | null, retraction: RetractionRow | null, };
export type LedgerInfo = { name: string, zh: string, en: string, 
/**
 * Ledgers whose rows it hangs on; empty when it stands by itself.
 */
parents: Array<string>, columns: Array<ColumnInfo>, };
export type LedgerPage = { 
/**
 * At most 50.
 */
rows: Array<LedgerRow>, total: number, };
export type LedgerQuery = { 
/**
 * Only rows of which something still has to come, or only the others.
 */
open: boolean | null, 
/**
 * The code of a state.
 */
status: string | null, venue: string | null, 
/**
 * The row of another ledger that they belong to.
 */
of: string | null, 
/**
 * Part of a text that is not private, or of the venue's name.
 */
text: string | null, skip: number | null, };
export type LedgerRow = { id: string, ledger: string, 
/**
 * By column; those that nobody ever filled are left out.
 */
cells: { [key in string]: CellRow }, 
/**
 * What ids among the cells are called.
 */
names: { [key in string]: string }, 
/**
 * Something still has to come of it.
 */
open: boolean, 
/**
 * Fields that hold different values.
 */
conflicts: number, 
/**
 * What hangs on it; empty in lists.
 */
under: Array<LedgerRow>, };
export type LiveValue = { 
/**
 * Ready to show: `yes`, `no`, `na`, a number, a text. Erased values are null.
 */
value: string | null, erased: boolean, officer: string, officer_name: string, device: string, raw_ms: number, corrected_ms: number, uncertainty_ms: number | null, commit: string, 
/**
 * Where it was written, when known.
 */
place: WrittenAt | null, };
export type MemberRow = { officer: string, name: string, certificate_no: string, present: boolean, conflict: boolean, };
export type MoveOfficer = { 
/**
 * The team that the user had before them; refused as stale when the officer is in another one by now.
 */
from: string | null, to: string, };
export type NewEnrolCode = { officer: string, };
export type NewEraseOrder = { targets: Array<EraseTarget>, 
/**
 * Why; kept with the order, erasable itself.
 */
reason: string, };
export type NewOfficer = { 
/**
 * A role or initials.
 */
name: string, certificate_no: string, team: string | null, };
export type NewRow = { 
/**
 * The row that it hangs on.
 */
under: string | null, cells: { [key in string]: CellInput }, };
export type OfficerInfo = { id: string, name: string, certificate_no: string, team: string | null, team_name: string | null, devices: number, };
export type Overview = { visits: number, visits_today: number, conflicts: number, venues: number, devices: number, devices_silent: number, photos_missing: number, };
export type PhotoRow = { id: string, item: string | null, sha256: string, size: number, width: number, height: number, mime: string, 
/**
 * What the file itself claims; never trusted as time or place.
 */
exif_taken: string | null, exif_orientation: number | null, exif_model: string | null, lat_e7: number | null, lon_e7: number | null, accuracy_m: number | null, 
/**
 * HQ holds the bytes and they have this hash.
 */
held: boolean, 
/**
 * The phone's thumbnail, when HQ holds it: what there is to see until the original is here.
 */
thumb: string | null, retraction: RetractionRow | null, 
/**
 * The bytes were erased by an order; name and hash stay.
 */
erased: boolean, officer_name: string, raw_ms: number, corrected_ms: number, };
export type PresenceRow = { device: string, officer_name: string, start_ms: number | null, end_ms: number | null, lat_e7: number | null, lon_e7: number | null, accuracy_m: number | null, distance_m: number | null, };
export type ReadingRow = { id: string, temperature_dc: number | null, site: string | null, sequence: string | null, indoor: boolean | null, ambient_dc: number | null, subject: string | null, 
/**
 * normal, abnormal or implausible.
 */
verdict: string | null, corrected_because: string | null, 
/**
 * When a thermometer measured it, for what came from its file.
 */
imported_ms: number | null, 
/**
 * What was done about it: a person kept apart, and reported.
 */
isolated: FieldRow | null, reported: FieldRow | null, 
/**
 * The same in words.
 */
done: FieldRow | null, retraction: RetractionRow | null, shown: FieldRow, };
export type Reference = { categories: Array<CategoryInfo>, districts: Array<DistrictInfo>, };
export type ResolveConflict = { entity: string, field: string, 
/**
 * The commit whose value is kept: a live one, or one that was replaced before.
 */
keep: string, 
/**
 * The live ops that the console drew.
 */
over: Array<string>, };
export type RetractionRow = { retracted: boolean, because: string, 
/**
 * Entries that nobody who retracted it had seen.
 */
news: number, 
/**
 * Somebody else says the opposite.
 */
disputed: boolean, by: LiveValue, };
export type ReviewRow = { 
/**
 * approved or returned.
 */
state: string, remark: string, by: LiveValue, 
/**
 * Entries that it had not seen.
 */
after: number, 
/**
 * Handed back with the next review.
 */
over: Array<string>, };
export type ReviewVisit = { 
/**
 * approved or returned.
 */
state: string, 
/**
 * Needed to return a visit.
 */
remark: string, 
/**
 * The commits that the console drew: `basis` of the visit.
 */
basis: Array<string>, 
/**
 * The review that it drew.
 */
over: Array<string>, };
export type SealRow = { commit: string, officer_name: string, corrected_ms: number, 
/**
 * Whether HQ computes the same hash over what the seal covers.
 */
hash_matches: boolean, photos: number, photos_held: number, 
/**
 * Of the photos that are not held: erased by order.
 */
photos_erased: number, after_seal: number, };
export type Session = { user: string, role: string, city: string, city_name: string, };
export type SetCell = { 
/**
 * None empties the cell.
 */
value: CellInput | null, 
/**
 * Commits whose values were drawn.
 */
over: Array<string>, };
export type SetRow = { 
/**
 * Written together or not at all.
 */
cells: { [key in string]: SetCell }, };
export type SetUp = { token: string, user: string, password: string, };
export type SettledConflict = { visit: string, venue_name: string, 
/**
 * The item that it is about, with its words and kind of answer; empty for the visit itself.
 */
item: string, zh: string, en: string, answer_kind: string, 
/**
 * Whose presence it is.
 */
member_name: string | null, 
/**
 * The field as it is now.
 */
now: FieldRow, 
/**
 * The op that settled it.
 */
settled: LiveValue, 
/**
 * The values that it replaced.
 */
was: Array<LiveValue>, };
export type SignIn = { user: string, password: string, };
export type TeamInfo = { id: string, name: string, 
/**
 * bureau, brigade or district.
 */
tier: string, district: string | null, };
export type VenueInfo = { id: string, name: string, category: string, district: string, township: string | null, address: string, licence_no: string | null, };
export type VenueQuery = { 
/**
 * Part of a name, an address or a licence number.
 */
text: string | null, 
/**
 * At most 50.
 */
limit: number | null, };
export type VisitConflicts = { row: VisitRow, attributes: Array<FieldRow>, 
/**
 * The members that `attributes` name.
 */
members: Array<MemberRow>, answers: Array<AnswerRow>, findings: Array<FindingRow>, };
export type VisitDetail = { row: VisitRow, checklist: string | null, 
/**
 * Conflicts on what the visit itself is: its kind, mode, lead level, venue and members (`m/` and the officer).
 */
attribute_conflicts: Array<FieldRow>, 
/**
 * Every field of the visit and of what hangs on it, in screen order.
 */
answers: Array<AnswerRow>, notes: Array<FieldRow>, findings: Array<FindingRow>, readings: Array<ReadingRow>, photos: Array<PhotoRow>, documents: Array<DocumentRow>, members: Array<MemberRow>, presence: Array<PresenceRow>, 
/**
 * Whether the visit as a whole was taken back.
 */
retraction: RetractionRow | null, review: ReviewRow | null, 
/**
 * The commits that hold what is shown, handed back with a review.
 */
basis: Array<string>, seals: Array<SealRow>, proof: Array<CommitRow>, };
export type VisitPage = { rows: Array<VisitRow>, total: number, };
export type VisitQuery = { 
/**
 * Only visits that started before this; none for the newest page.
 */
before_ms: number | null, district: string | null, category: string | null, text: string | null, conflicts_only: boolean | null, 
/**
 * At most 200.
 */
limit: number | null, };
export type VisitRow = { id: string, scope: string, venue: string, venue_name: string, category: string, district: string, kind: string | null, mode: string | null, lead_level: string | null, members: Array<string>, 
/**
 * Corrected by the phone's last known offset to HQ.
 */
started_ms: number, finished_ms: number | null, answered: number, failed: number, readings: number, abnormal: number, photos: number, photos_held: number, conflicts: number, sealed: boolean, after_seal: number, received_ms: number, 
/**
 * Taken back, and nothing speaks against that: it does not count.
 */
retracted: boolean, 
/**
 * approved or returned.
 */
review: string | null, 
/**
 * Entries that the review had not seen.
 */
after_review: number, 
/**
 * How many other visits count as one with this.
 */
joined: number, };
export type WrittenAt = { 
/**
 * At a desk of HQ; then there is no position.
 */
at_hq: boolean, lat_e7: number | null, lon_e7: number | null, accuracy_m: number | null, 
/**
 * From the venue.
 */
distance_m: number | null, };
