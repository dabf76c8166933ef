// Generated from Rust by `cargo xtask types`. Do not edit.

export type About = { app_version: string, 
/**
 * Version of the sync protocol.
 */
protocol: number, 
/**
 * Version of the database's shape.
 */
store: number, 
/**
 * The beginning of this phone's id; none before it is enrolled.
 */
device: string | null, };
export type AddPhoto = { visit: string, 
/**
 * The item it belongs to; none for the visit as a whole.
 */
item: string | null, position: Position | null, };
export type AddReading = { visit: string, reading: ReadingInput, 
/**
 * The reading of this visit that it repeats.
 */
retest_of: string | null, };
export type AddedRow = { row: LedgerRow, added: boolean, };
export type Answer = { "kind": "yes" } | { "kind": "no" } | { "kind": "na" } | { "kind": "number", "value": number } | { "kind": "percent", "value": number } | { "kind": "temperature", "value": number } | { "kind": "text", "value": string } | { "kind": "choice", "value": string };
export type AnswerKind = "yes_no" | "yes_no_na" | "number" | "percent" | "temperature" | "text" | "choice";
export type ApiError = { code: ErrorCode, message: string, 
/**
 * With `database_newer`: the app version that can open the database, where it is known. With `document_missing`: the
 * field; with `document_no_glyph`: the character.
 */
needs?: string, };
export type AppShown = { visible: boolean, };
export type AttentionRow = { visit: string | null, photo: string | null, 
/**
 * A reason code such as `kind_reserved`, `device_closed`, `photo_missing`; the screen translates it.
 */
reason: string, };
export type BasisRow = { zh: string, en: string, article: string | null, 
/**
 * text_confirmed, summary_only, bulletin or unconfirmed.
 */
verification: string, };
export type Candidate<T> = { value: T, 
/**
 * Names the op, so that a person can choose it.
 */
op: string, officer: string, officer_name: string, at_ms: number, mine: boolean, 
/**
 * Where it was written, when known.
 */
place: WrittenAt | null, };
export type CategoryRow = { code: string, zh: string, en: string, };
export type CellChoice = { code: string, zh: string, en: string, 
/**
 * States that may follow; empty for the end, and for what is no state.
 */
next: Array<string>, };
export type CellValue = boolean | number | string | Array<string>;
export type ChangedItem = { before: ItemText, after: ItemText, };
export type Changes = { venues: boolean, officers: boolean, sync: boolean, 
/**
 * Ids of the visits touched, at most 100; `visits_all` when there were more.
 */
visits: Array<string>, visits_all: boolean, 
/**
 * Rows of ledgers.
 */
ledgers: boolean, };
export type ChecklistChange = { token: string, 
/**
 * Names the version.
 */
to: string, 
/**
 * Items that are asked as before.
 */
same: number, changed: Array<ChangedItem>, added: Array<ItemText>, 
/**
 * Asked until now; their answers stay in the record and are not judged any more.
 */
gone: Array<ItemText>, };
export type ChecklistChoice = { 
/**
 * routine, closure, reopening or epidemic.
 */
purpose: string, zh: string, en: string, items: number, };
export type ChecklistState = "current" | "superseded" | "missing";
export type ChoiceRow = { code: string, zh: string, en: string, };
export type ChooseValue = { entity: string, field: string, op: string, token: string, };
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
export type ConflictAbout = { part: ConflictPart, item: ConflictItem | null, 
/**
 * Whose presence or note it is.
 */
officer_name: string | null, };
export type ConflictInbox = { 
/**
 * Different values by different officers.
 */
open: Array<ConflictRow>, 
/**
 * Different values by this or another officer on two devices: theirs to settle.
 */
yours: Array<ConflictRow>, 
/**
 * Retracted things of which somebody recorded more, or which somebody else lets stand.
 */
retracted: Array<RetractedRow>, 
/**
 * Newest first.
 */
settled: Array<SettledRow>, 
/**
 * There are visits beyond those on the page.
 */
more: boolean, };
export type ConflictItem = { id: string, zh: string, en: string, unit: string | null, choices: Array<ChoiceRow>, };
export type ConflictPart = "answer" | "kind" | "mode" | "lead_level" | "member" | "finding_status" | "finding_description" | "finding_deadline" | "finding_authority" | "finding_recheck" | "note" | "reading" | "reading_reason" | "reading_step" | "reading_done" | "visit" | "finding" | "photo" | "other";
export type ConflictRow = { visit: string, venue_name: string, entity: string, field: string, about: ConflictAbout, token: string, 
/**
 * The displayed one first.
 */
values: Array<Candidate<FieldValue>>, };
export type Connection = { metered: boolean | null, };
export type CorrectReading = { visit: string, id: string, reading: ReadingInput, reason: string, token: string, reason_token: string, };
export type CrowdView = { 
/**
 * People with a plausible reading.
 */
measured: number, abnormal: number, 
/**
 * Abnormal at first, normal when measured again.
 */
retest_normal: number, 
/**
 * People who must be measured again: no body has what was measured.
 */
implausible: number, highest_dc: number | null, };
export type DeadlineChoice = { workdays: number, 
/**
 * Such as `2020-02-04`.
 */
date: string, 
/**
 * False when holidays of that year are not known yet: only weekends were left out.
 */
sure: boolean, };
export type Diagnostics = { text: string, };
export type DistrictRow = { code: string, zh: string, en: string, townships: Array<TownshipRow>, };
export type DocumentDraft = { visit: string, code: string, fields: Array<DocumentText>, outcome: DocumentResult | null, 
/**
 * Why the party did not sign.
 */
reason: string, signatures: Array<DocumentSignature>, 
/**
 * The document in whose place this one stands.
 */
supersedes: string | null, };
export type DocumentField = { key: string, zh: string, en: string, required: boolean, long: boolean, 
/**
 * Lines that a required text needs: two officers are two.
 */
lines: number, text: string, };
export type DocumentForm = { code: string, zh: string, en: string, 
/**
 * How the party is called where it signs.
 */
party_zh: string, fields: Array<DocumentField>, 
/**
 * Rows that the visit gives.
 */
findings: number, photos: number, };
export type DocumentPages = { name: string, pages: number, };
export type DocumentRef = { visit: string, document: string, };
export type DocumentResult = "signed" | "refused" | "witness";
export type DocumentSignature = { role: SignatureRole, name: string, strokes: Array<Array<[number, number]>>, };
export type DocumentText = { key: string, text: string, };
export type DocumentView = { id: string, 
/**
 * `D03` and the like.
 */
code: string, zh: string, en: string, 
/**
 * Provisional, until HQ assigns the final one.
 */
number: string, 
/**
 * Of the PDF.
 */
sha256: string, made_ms: number, outcome: DocumentResult, officer_name: string, 
/**
 * It can be looked at here: what it says has arrived and was not erased.
 */
here: boolean, erased: boolean, 
/**
 * Number of the document that stands in its place.
 */
superseded_by: string | null, };
export type DueOrders = { 
/**
 * At most 1,000 are counted.
 */
orders: number, 
/**
 * Of these, those whose deadline is over.
 */
overdue: number, first: Array<OpenFinding>, };
export type Enroll = { text: string, server_url: string | null, };
export type ErasedRow = { visit: string, 
/**
 * The venue's name, as far as it is held here.
 */
title: string, entries: number, photos: number, 
/**
 * How many of them were written while the order was on its way: HQ has never read those.
 */
late: number, at_ms: number, };
export type ErrorCode = "bad_request" | "not_enrolled" | "already_enrolled" | "locked" | "pin_wrong" | "pin_too_soon" | "pin_unfit" | "code_unknown" | "code_used" | "code_expired" | "code_foreign" | "code_unreadable" | "invite_unreadable" | "invite_newer" | "invite_foreign" | "device_unknown" | "device_closed" | "key_gone" | "server_unreachable" | "server_answer" | "hub_code" | "hub_other_city" | "hub_unreachable" | "hub_answer" | "hub_unknown_phone" | "hub_full" | "rescue_unreadable" | "not_found" | "visit_sealed" | "visit_empty" | "visit_partly" | "row_incomplete" | "stale_token" | "erased" | "reading_implausible" | "import_unreadable" | "import_too_large" | "import_nothing" | "document_missing" | "document_no_glyph" | "document_too_long" | "document_differs" | "text_too_long" | "photo_unreadable" | "photo_too_large" | "photo_too_many_pixels" | "photo_heic" | "disk_full" | "database_newer" | "database_corrupt" | "internal";
export type FetchState = "fetching" | "not_at_hq" | "failed";
export type FieldValue = { "kind": "answer", "value": Answer } | { "kind": "word", "value": string } | { "kind": "present", "value": boolean } | { "kind": "text", "value": string } | { "kind": "reading", "value": ReadingInput } | { "kind": "visit", "value": VisitMention } | { "kind": "erased" } | { "kind": "unknown" };
export type FindRows = { ledger: string, 
/**
 * Only rows of which something still has to come, or only the others.
 */
open: boolean | null, 
/**
 * Only rows that name this officer, or no officer and this officer's team.
 */
mine: boolean, venue: string | null, 
/**
 * The row of another ledger that they belong to.
 */
of: string | null, skip: number, };
export type FindTargets = { row: string, district: string | null, 
/**
 * Only those where nobody did anything yet.
 */
rest: boolean, skip: number, };
export type FindVenues = { text: string, category: string | null, district: string | null, near: Position | null, 
/**
 * At most 100.
 */
limit: number | null, };
export type FindingView = { id: string, 
/**
 * A state of the machine `finding`; `rectified` and `not_rectified` are set at the recheck.
 */
status: Shown<string>, description: Shown<string>, 
/**
 * A day, such as `2020-02-04`.
 */
deadline: Shown<string>, 
/**
 * An order stands and its deadline is over.
 */
overdue: boolean, 
/**
 * Whom it is referred to, as a code of `handling`.
 */
authority: Shown<string>, 
/**
 * The visit that looked at it again.
 */
recheck: Shown<VisitMention>, standing: Standing, };
export type HistoryGap = { subject: string, 
/**
 * The first of them: a day such as `2020-02-04`, and `morning` or `evening`.
 */
day: string, slot: string, slots: number, };
export type HistoryOf = { venue: string, 
/**
 * A role or a code; none for everybody.
 */
subject: string | null, };
export type HistoryPoint = { at_ms: number, 
/**
 * `morning` or `evening`, in China.
 */
slot: string, subject: string | null, temperature_dc: number, verdict: ReadingVerdict, 
/**
 * From a file of a thermometer, and not measured by an officer.
 */
imported: boolean, visit: string, };
export type HistoryRun = { 
/**
 * Of one person over time; none for different people one after the other.
 */
subject: string | null, temperature_dc: number, count: number, from_ms: number, to_ms: number, };
export type HubPhone = { device: string, officer: string, joined_ms: number, seen_ms: number, };
export type HubStart = { 
/**
 * Bytes that others may leave here; as before when none is given.
 */
quota_bytes: number | null, };
export type HubStatus = { running: boolean, 
/**
 * The code that another phone scans, as text and as a picture; while it runs. Each phone needs a fresh one.
 */
text: string | null, qr_svg: string | null, phones: Array<HubPhone>, 
/**
 * What waits for HQ.
 */
packets: number, photos: number, bytes: number, quota_bytes: number, 
/**
 * What HQ has receipted.
 */
delivered_packets: number, delivered_photos: number, 
/**
 * Rescue files of other phones: that wait, that HQ imported, and that it did not take.
 */
bundles: number, delivered_bundles: number, refused_bundles: number, };
export type ImportCodes = "auto" | "replace" | "keep";
export type ImportColumns = { subject: number | null, temperature: number | null, 
/**
 * The moment, or the day when there is a column for the time of day.
 */
date: number | null, time: number | null, };
export type ImportFile = { visit: string, 
/**
 * Base64 of at most 128 KiB.
 */
bytes: string, 
/**
 * None: as the headings and the contents say.
 */
columns: ImportColumns | null, 
/**
 * Whether each different label is replaced by a number, so that names get no further than the file.
 */
codes: ImportCodes, 
/**
 * The word before such a number, such as "员工".
 */
stem: string, 
/**
 * forehead, wrist, ear or axilla.
 */
site: string, };
export type ImportHeading = { heading: string | null, example: string, };
export type ImportPreview = { encoding: string, 
/**
 * Of each column: its heading, and the first value below it.
 */
headings: Array<ImportHeading>, columns: ImportColumns, 
/**
 * Labels are replaced by codes.
 */
coded: boolean, 
/**
 * The first of what will be imported.
 */
rows: Array<ImportRow>, accepted: number, people: number, abnormal: number, from_ms: number | null, to_ms: number | null, 
/**
 * The first of what will not.
 */
rejected: Array<ImportRejected>, rejected_count: number, };
export type ImportRejected = { line: number, 
/**
 * no_temperature, out_of_range, no_time, time_ahead, time_old, label_too_long, repeated or known.
 */
reason: string, text: string, };
export type ImportRow = { line: number, subject: string | null, temperature_dc: number, at_ms: number, verdict: ReadingVerdict, };
export type ImportView = { 
/**
 * Names the file: the first bytes of its SHA-256.
 */
file: string, readings: number, abnormal: number, 
/**
 * Of all of them together: retracted when each of them is.
 */
standing: Standing, };
export type Invitation = { 
/**
 * What the QR holds; can also be sent or pasted.
 */
text: string, qr_svg: string, };
export type InviteText = { text: string, };
export type InviteView = { visit: string, 
/**
 * None when this phone has never heard of the venue; it comes with the next sync.
 */
venue: VenueRow | null, 
/**
 * By the clock of the first phone.
 */
started_ms: number, 
/**
 * The officer is in this visit already.
 */
joined: boolean, };
export type ItemText = { id: string, zh: string, en: string, 
/**
 * There is an answer to it, of the kind that it asks for.
 */
answered: boolean, };
export type ItemView = { id: string, zh: string, en: string, 
/**
 * critical, major or minor.
 */
severity: string, group: string, answer_kind: AnswerKind, choices: Array<ChoiceRow>, unit: string | null, basis: Array<BasisRow>, evidence: Array<string>, handling: string, answer: Shown<Answer>, 
/**
 * Whether the displayed answer is a failure by the visit's own checklist version.
 */
failed: boolean, notes: Array<NoteView>, note_token: string, finding: FindingView | null, photos: Array<PhotoView>, };
export type JoinVisit = { text: string, position: Position | null, };
export type LeadLevel = "bureau" | "brigade" | "district";
export type LedgerCount = { ledger: string, open: number, 
/**
 * Of these, those whose time is over.
 */
overdue: number, 
/**
 * Those that name this officer, or no officer and this officer's team.
 */
mine: number, mine_overdue: number, };
export type LedgerInfo = { name: string, zh: string, en: string, 
/**
 * Only HQ writes it.
 */
hq_only: boolean, 
/**
 * Ledgers whose rows it hangs on; empty when it stands by itself.
 */
parents: Array<string>, columns: Array<ColumnInfo>, };
export type LedgerPage = { 
/**
 * Of open rows those due first, of all others the newest first; at most 50.
 */
rows: Array<LedgerRow>, more: boolean, };
export type LedgerRow = { id: string, ledger: string, 
/**
 * By column; those that nobody ever filled are there with an empty value and their token.
 */
cells: { [key in string]: Shown<CellValue> }, 
/**
 * What ids among the cells are called: venues, officers, teams, rows of other ledgers. What is not held here has none.
 */
names: { [key in string]: string }, 
/**
 * Something still has to come of it.
 */
open: boolean, 
/**
 * Of the row with all that hangs on it.
 */
state: SaveState, 
/**
 * Fields that hold different values.
 */
conflicts: number, 
/**
 * What hangs on it, in the order in which this phone first saw it. Empty in lists.
 */
under: Array<LedgerRow>, };
export type LedgerTarget = { venue: VenueRow, row: LedgerRow | null, };
export type LedgerTargets = { 
/**
 * In which ledger is written how far a venue is: `delivery` or `closure`.
 */
ledger: string, 
/**
 * Venues that it is for, as far as the register is here.
 */
total: number, 
/**
 * Of these, those that have a row.
 */
begun: number, 
/**
 * By district, street and name; at most 50.
 */
rows: Array<LedgerTarget>, more: boolean, };
export type LockAfter = { minutes: number, };
export type LockStatus = { 
/**
 * A PIN is set.
 */
set: boolean, locked: boolean, 
/**
 * Minutes in the background after which the PIN is asked for.
 */
after_min: number, 
/**
 * What may be chosen for it.
 */
after_choices: Array<number>, 
/**
 * Milliseconds until the next try is taken, after too many wrong ones.
 */
wait_ms: number, };
export type MapBounds = { south_e7: number, west_e7: number, north_e7: number, east_e7: number, };
export type MarkedVenue = { id: string, name: string, };
export type MemberView = { officer: OfficerRow, present: Shown<boolean>, };
export type MoveChecklist = { visit: string, 
/**
 * Of the change that was shown.
 */
token: string, to: string, };
export type NewRow = { ledger: string, 
/**
 * The row that it hangs on.
 */
under: string | null, cells: { [key in string]: CellValue }, };
export type NewVenue = { name: string, category: string, district: string, township: string | null, address: string, licence_no: string | null, position: Position | null, };
export type NewVisit = { venue: string, kind: VisitKind, mode: VisitMode, lead_level: LeadLevel, 
/**
 * Which checklist sets of the venue's category: routine, closure, reopening or epidemic.
 */
purpose: string, position: Position | null, };
export type NoteView = { officer: string, officer_name: string, mine: boolean, text: Shown<string>, at_ms: number, };
export type Nothing = Record<symbol, never>;
export type OfficerRow = { id: string, 
/**
 * A role or initials; certificate numbers identify officers in documents.
 */
name: string, certificate_no: string, team: string | null, team_name: string | null, };
export type OpenFinding = { 
/**
 * The visit that opened it, and when that began.
 */
visit: string, started_ms: number, venue: string, venue_name: string, item: string, zh: string, en: string, 
/**
 * critical, major or minor.
 */
severity: string, finding: FindingView, 
/**
 * Whether a recheck leads on from where it is.
 */
can_recheck: boolean, 
/**
 * The visit asked for looked at it again.
 */
here: boolean, };
export type OpenFindings = { 
/**
 * Orders with a deadline first, by that; then the others, newest first.
 */
rows: Array<OpenFinding>, 
/**
 * There are others beyond these.
 */
more: boolean, };
export type PersonView = { 
/**
 * A role or a code.
 */
subject: string | null, 
/**
 * Ids of the readings, oldest first.
 */
readings: Array<string>, 
/**
 * A state of the machine `temperature_outcome`.
 */
outcome: string, 
/**
 * Something must still be done: measured again, or dealt with.
 */
open: boolean, };
export type PhotoPolicy = "any" | "unmetered" | "manual";
export type PhotoRef = { visit: string, sha256: string, };
export type PhotoSending = { thumbnails: PhotoPolicy, originals: PhotoPolicy, 
/**
 * Set while photos wait because of the policy for originals.
 */
waits: PhotoWait | null, };
export type PhotoView = { id: string, sha256: string, size: number, width: number, height: number, officer_name: string, at_ms: number, 
/**
 * Whether the original is on this phone.
 */
here: boolean, 
/**
 * An order of HQ destroyed the picture; its name and hash stay.
 */
erased: boolean, 
/**
 * Whether there is something small to show of it.
 */
thumb_here: boolean, 
/**
 * Of a photo of another phone: what is being done about its original, or why it was not had.
 */
fetch: FetchState | null, 
/**
 * Of the original that is here on its way from HQ.
 */
fetched_bytes: number, 
/**
 * Of a photo that this phone took; others' photos are not this phone's to vouch for.
 */
state: SaveState | null, standing: Standing, };
export type PhotoWait = "metered" | "metering_unknown" | "manual";
export type PictureKind = "thumbnail" | "original";
export type Pin = { pin: string, };
export type PlaceCopies = { wgs84: string, 
/**
 * AMap, Tencent.
 */
gcj02: string, 
/**
 * Baidu.
 */
bd09: string, };
export type Position = { lat_e7: number, lon_e7: number, accuracy_m: number, };
export type QueueRow = { visit: string | null, 
/**
 * A row of a ledger, and the ledger's name.
 */
row: string | null, ledger: string | null, photo: string | null, title: string, state: SaveState, bytes_sent: number, bytes_total: number, at_ms: number, };
export type ReadingInput = { 
/**
 * Tenths of a degree Celsius.
 */
temperature_dc: number, 
/**
 * forehead, wrist, ear, axilla or air.
 */
site: string, indoor: boolean, ambient_dc: number | null, 
/**
 * first, second or confirm.
 */
sequence: string, 
/**
 * Whose it is, such as "收银员" or "保安2"; empty when unnamed.
 */
subject: string | null, };
export type ReadingStep = { 
/**
 * `isolated` or `reported`.
 */
step: string, done: Shown<boolean>, 
/**
 * Who said so last, and when.
 */
officer_name: string | null, at_ms: number | null, };
export type ReadingVerdict = "normal" | "abnormal" | "implausible";
export type ReadingView = { id: string, reading: Shown<ReadingInput>, 
/**
 * None when the reading was erased by order.
 */
verdict: ReadingVerdict | null, officer_name: string, at_ms: number, corrected_because: string | null, 
/**
 * Handed back with a correction, as the token of the reading is.
 */
reason_token: string, 
/**
 * The reading that it repeats.
 */
retest_of: string | null, 
/**
 * When a thermometer measured it, for what came from its file.
 */
imported_ms: number | null, steps: Array<ReadingStep>, 
/**
 * What was done about it, in words.
 */
done: Shown<string>, standing: Standing, };
export type RecheckFinding = { visit: string, of: string, item: string, 
/**
 * `rectified` or `not_rectified`.
 */
outcome: string, 
/**
 * Of the status as it was drawn, and of the recheck.
 */
token: string, recheck_token: string, };
export type Recovered = { at_ms: number, 
/**
 * Name of the folder, below `damaged` in the app's data, that holds the damaged files.
 */
folder: string, 
/**
 * Commits and open taps that HQ does not have and that were carried over.
 */
commits: number, taps: number, 
/**
 * Photos that are known as before.
 */
photos: number, 
/**
 * Some of the file could not be read.
 */
incomplete: boolean, };
export type RelayPair = { text: string, };
export type RelayStatus = { 
/**
 * The officer whose device is the hub; none when this phone has none.
 */
officer: string | null, seen_ms: number | null, last_error: ErrorCode | null, 
/**
 * Records and photos that HQ has not and a hub carries.
 */
commits_on_hub: number, photos_on_hub: number, 
/**
 * Records of areas that the hub does not take.
 */
commits_not_taken: number, };
export type RescueBundle = { path: string, 
/**
 * Bytes of the file.
 */
size: number, packets: number, commits: number, photos: number, 
/**
 * Photos whose file is gone or damaged.
 */
photos_missing: number, 
/**
 * Commits that cannot go along, because the key of their chain is not on this phone.
 */
commits_unsigned: number, };
export type RestItem = { item: string, token: string, };
export type Retract = { visit: string, entity: string, retracted: boolean, 
/**
 * Needed to retract.
 */
reason: string, basis: string, token: string, reason_token: string, };
export type RetractImport = { visit: string, file: string, retracted: boolean, 
/**
 * Needed to retract; at most 200 characters.
 */
reason: string, basis: string, token: string, reason_token: string, };
export type RetractedRow = { visit: string, venue_name: string, entity: string, about: ConflictAbout, standing: Standing, };
export type ReviewState = "approved" | "returned";
export type ReviewView = { state: ReviewState, remark: string | null, by: string, at_ms: number, 
/**
 * Entries that the supervisor had not seen.
 */
after: number, };
export type RosterView = { 
/**
 * In the order in which they were first measured.
 */
people: Array<PersonView>, crowd: CrowdView, };
export type Round = { 
/**
 * At most 200; those whose venue has no position come last.
 */
stops: Array<RoundStop>, length_m: number, };
export type RoundFrom = { 
/**
 * Where the officer is, when known.
 */
near: Position | null, };
export type RoundStop = { row: LedgerRow, 
/**
 * From the stop before it.
 */
leg_m: number | null, };
export type RowRef = { row: string, };
export type SaveState = "on_phone" | "on_hub" | "sending" | "held" | "attention";
export type SectionView = { 
/**
 * The checklist set, such as `ICF-R`.
 */
id: string, zh: string, en: string, items: Array<ItemView>, };
export type SetAnswer = { visit: string, item: string, answer: Answer, token: string, };
export type SetCell = { 
/**
 * None empties the cell.
 */
value: CellValue | null, 
/**
 * What the screen had drawn.
 */
token: string, };
export type SetFinding = { visit: string, item: string, field: string, value: string, token: string, };
export type SetMember = { visit: string, officer: string, present: boolean, token: string, };
export type SetNote = { visit: string, 
/**
 * The item it belongs to; none for the visit's general note.
 */
item: string | null, text: string, token: string, };
export type SetPhotoPolicy = { kind: PictureKind, policy: PhotoPolicy, };
export type SetPin = { 
/**
 * Six to twelve digits.
 */
pin: string, 
/**
 * The PIN that it replaces.
 */
current: string | null, };
export type SetPosition = { visit: string, position: Position, };
export type SetReadingDone = { visit: string, id: string, text: string, token: string, };
export type SetReadingStep = { visit: string, id: string, 
/**
 * `isolated` or `reported`.
 */
step: string, done: boolean, token: string, };
export type SetRest = { visit: string, items: Array<RestItem>, };
export type SetRow = { 
/**
 * Itself a row, or what hangs on one.
 */
row: string, 
/**
 * Written together or not at all.
 */
cells: { [key in string]: SetCell }, };
export type SetVisitField = { visit: string, field: string, value: string, token: string, };
export type SettledRow = { 
/**
 * With the values that were replaced.
 */
row: ConflictRow, settled: Candidate<FieldValue>, 
/**
 * Another value than that of the settling op stands now: it was undone or edited.
 */
changed: Candidate<FieldValue> | null, };
export type Shown<T> = { value: T | null, 
/**
 * An order of HQ destroyed the value that would be displayed.
 */
erased: boolean, token: string, conflict: Array<Candidate<T>>, };
export type SignatureRole = "party" | "witness" | "officer";
export type Standing = { basis: string, token: string, reason_token: string, retracted: boolean, because: string | null, 
/**
 * Entries that nobody who retracted it had seen: it needs another look.
 */
news: number, 
/**
 * Somebody else says the opposite.
 */
disputed: boolean, 
/**
 * Whose word it is, when there is one.
 */
by: Candidate<boolean> | null, };
export type Status = { enrolled: boolean, officer: OfficerRow | null, city: string | null, server_url: string | null, app_version: string, sync: SyncStatus, 
/**
 * Set after a damaged database was replaced, until `recovery_seen`.
 */
recovered: Recovered | null, };
export type StorageUse = { 
/**
 * Records: the database with its write-ahead log.
 */
database: number, 
/**
 * Originals of this phone's own photos.
 */
photos: number, 
/**
 * Of these, what receipts name. They stay here all the same: an HQ that is restored from a backup asks for them again.
 */
photos_held: number, thumbnails: number, documents: number, 
/**
 * Pictures of other phones. HQ holds them all: the one thing that may be dropped at any time.
 */
cache: number, 
/**
 * What this phone carries for others as a hub, and what it sealed for hubs.
 */
hub: number, 
/**
 * The rescue file that was made last.
 */
rescue: number, 
/**
 * Damaged databases that were moved aside.
 */
damaged: number, other: number, 
/**
 * What may still be written; none where the platform does not tell.
 */
free: number | null, };
export type SyncStatus = { 
/**
 * The state of the whole phone: the worst of its records.
 */
state: SaveState, running: boolean, 
/**
 * Visits, photos and other records that no receipt names yet.
 */
visits_here: number, photos_here: number, commits_here: number, 
/**
 * Of these, what exists on this phone only: no receipt names it and no hub carries it.
 */
visits_only_here: number, photos_only_here: number, commits_only_here: number, bytes_sent: number, bytes_total: number, last_receipt_ms: number | null, 
/**
 * When HQ made its newest backup, by HQ's clock; none when it has none or did not say.
 */
backup_ms: number | null, last_attempt_ms: number | null, 
/**
 * Why the last attempt did not get through; `server_unreachable` is ordinary life and not an alarm.
 */
last_error: ErrorCode | null, 
/**
 * How far this phone's clock is from HQ's, positive when the phone is ahead; unknown before the first contact.
 */
clock_ahead_ms: number | null, attention: Array<AttentionRow>, conflicts: number, 
/**
 * What orders of HQ erased of this officer's work, until `erasure_seen`.
 */
erased: Array<ErasedRow>, };
export type TemperatureHistory = { venue_name: string, 
/**
 * Everybody who can be chosen.
 */
subjects: Array<string>, 
/**
 * Oldest first.
 */
points: Array<HistoryPoint>, 
/**
 * Of what was imported: only that is kept twice a day.
 */
gaps: Array<HistoryGap>, runs: Array<HistoryRun>, 
/**
 * From this on a reading is abnormal, in tenths of a degree.
 */
abnormal_at_dc: number, 
/**
 * There are older readings.
 */
more: boolean, };
export type Today = { date: string, drafts: Array<VisitSummary>, finished: Array<VisitSummary>, visits_today: number, findings_today: number, orders: DueOrders, };
export type TownshipRow = { code: string, zh: string, };
export type VenueExtent = { 
/**
 * Around most of them: a wrong position far away is left out. `None` when none has a position.
 */
bounds: MapBounds | null, 
/**
 * Venues without a position, which only the list shows.
 */
unplaced: number, };
export type VenueFindings = { venue: string, visit: string | null, };
export type VenueMark = { lat_e7: number, lon_e7: number, count: number, 
/**
 * Around all venues that the mark stands for.
 */
bounds: MapBounds, 
/**
 * Of a mark that is one venue.
 */
venue: MarkedVenue | null, };
export type VenueMarks = { marks: Array<VenueMark>, 
/**
 * More venues in view answer the text than were counted.
 */
more: boolean, };
export type VenueRef = { venue: string, };
export type VenueRow = { id: string, name: string, category: string, district: string, township: string | null, address: string, licence_no: string | null, 
/**
 * Metres from the position asked for; a hint, never a lock.
 */
distance_m: number | null, found_on_patrol: boolean, state: SaveState, };
export type VenueSelection = { text: string, category: string | null, district: string | null, };
export type VenueView = { venue: VenueRow, position: Position | null, previous: Array<VisitSummary>, };
export type VenuesOnMap = { selection: VenueSelection, bounds: MapBounds, 
/**
 * As MapLibre counts: the world is 512 pixels wide at 0.
 */
zoom: number, };
export type VenuesWithin = { selection: VenueSelection, bounds: MapBounds, 
/**
 * Adds the distances.
 */
near: Position | null, };
export type VisitKind = "inspection" | "survey" | "patrol" | "recheck" | "closure_check";
export type VisitMention = { visit: string, 
/**
 * None for a visit that is not held here.
 */
started_ms: number | null, };
export type VisitMode = "on_site" | "phone" | "online";
export type VisitRef = { visit: string, };
export type VisitSummary = { id: string, venue: VenueRow, started_ms: number, finished_ms: number | null, sealed: boolean, answered: number, items: number, findings: number, photos: number, readings: number, conflicts: number, 
/**
 * Taken back, and nothing speaks against that: it does not count.
 */
retracted: boolean, review: ReviewState | null, 
/**
 * How many other visits HQ counts as one with this.
 */
joined: number, 
/**
 * This phone does not read its district: what others recorded of it is not held here.
 */
outside: boolean, state: SaveState, };
export type VisitView = { summary: VisitSummary, kind: Shown<VisitKind>, mode: Shown<VisitMode>, lead_level: Shown<LeadLevel>, members: Array<MemberView>, checklist: ChecklistState, sections: Array<SectionView>, notes: Array<NoteView>, 
/**
 * Edits the officer's own general note.
 */
note_token: string, 
/**
 * Oldest first; of what was imported, only what is not normal.
 */
readings: Array<ReadingView>, 
/**
 * Readings from files of a thermometer, by file.
 */
imports: Array<ImportView>, roster: RosterView, photos: Array<PhotoView>, 
/**
 * Papers that were made on site.
 */
documents: Array<DocumentView>, position: Position | null, 
/**
 * Metres between the visit's position and the venue's; a warning, never a lock.
 */
distance_m: number | null, 
/**
 * Entries that arrived after the seal and are not covered by it.
 */
after_seal: number, standing: Standing, review: ReviewView | null, 
/**
 * Texts and older entries of it are at HQ, and are fetched with the next sync.
 */
partly: boolean, };
export type WrittenAt = { 
/**
 * At a desk of HQ; then there is no position.
 */
at_hq: boolean, position: Position | null, 
/**
 * From the venue, in metres.
 */
distance_m: number | null, };

export type Calls = {
  status: { args: Nothing, result: Status },
  enroll: { args: Enroll, result: Status },
  today: { args: Nothing, result: Today },
  recovery_seen: { args: Nothing, result: Status },
  about: { args: Nothing, result: About },
  storage_use: { args: Nothing, result: StorageUse },
  cache_clear: { args: Nothing, result: StorageUse },
  diagnostics: { args: Nothing, result: Diagnostics },
  lock_status: { args: Nothing, result: LockStatus },
  lock_set: { args: SetPin, result: LockStatus },
  lock_remove: { args: Pin, result: LockStatus },
  lock_after: { args: LockAfter, result: LockStatus },
  lock_now: { args: Nothing, result: LockStatus },
  unlock: { args: Pin, result: LockStatus },
  unlock_by_hq: { args: Enroll, result: LockStatus },
  app_shown: { args: AppShown, result: LockStatus },
  sync_status: { args: Nothing, result: SyncStatus },
  erasure_seen: { args: Nothing, result: SyncStatus },
  sync_now: { args: Nothing, result: SyncStatus },
  network_changed: { args: Connection, result: Nothing },
  sync_queue: { args: Nothing, result: Array<QueueRow> },
  rescue_bundle: { args: Nothing, result: RescueBundle },
  photo_thumbs_fetch: { args: VisitRef, result: Nothing },
  photo_fetch: { args: PhotoRef, result: Nothing },
  hub_status: { args: Nothing, result: HubStatus },
  hub_start: { args: HubStart, result: HubStatus },
  hub_stop: { args: Nothing, result: HubStatus },
  relay_status: { args: Nothing, result: RelayStatus },
  relay_pair: { args: RelayPair, result: RelayStatus },
  relay_now: { args: Nothing, result: RelayStatus },
  relay_leave: { args: Nothing, result: RelayStatus },
  photo_sending: { args: Nothing, result: PhotoSending },
  photo_policy_set: { args: SetPhotoPolicy, result: PhotoSending },
  photos_send_now: { args: Nothing, result: PhotoSending },
  categories: { args: Nothing, result: Array<CategoryRow> },
  districts: { args: Nothing, result: Array<DistrictRow> },
  officers: { args: Nothing, result: Array<OfficerRow> },
  checklist_choices: { args: VenueRef, result: Array<ChecklistChoice> },
  venues_find: { args: FindVenues, result: Array<VenueRow> },
  venues_on_map: { args: VenuesOnMap, result: VenueMarks },
  venues_extent: { args: VenueSelection, result: VenueExtent },
  venues_within: { args: VenuesWithin, result: Array<VenueRow> },
  venue_place: { args: VenueRef, result: PlaceCopies | null },
  venue_get: { args: VenueRef, result: VenueView },
  venue_add: { args: NewVenue, result: VenueRow },
  visit_start: { args: NewVisit, result: VisitView },
  visit_get: { args: VisitRef, result: VisitView },
  visit_invite: { args: VisitRef, result: Invitation },
  invite_read: { args: InviteText, result: InviteView },
  visit_join: { args: JoinVisit, result: VisitView },
  visit_set: { args: SetVisitField, result: VisitView },
  visit_member: { args: SetMember, result: VisitView },
  visit_answer: { args: SetAnswer, result: VisitView },
  visit_answer_rest: { args: SetRest, result: VisitView },
  visit_checklist_change: { args: VisitRef, result: ChecklistChange },
  visit_checklist_move: { args: MoveChecklist, result: VisitView },
  visit_note: { args: SetNote, result: VisitView },
  visit_position: { args: SetPosition, result: VisitView },
  visit_leave: { args: VisitRef, result: Nothing },
  visit_finish: { args: VisitRef, result: VisitView },
  document_forms: { args: VisitRef, result: Array<DocumentForm> },
  document_preview: { args: DocumentDraft, result: DocumentPages },
  document_make: { args: DocumentDraft, result: VisitView },
  document_open: { args: DocumentRef, result: DocumentPages },
  finding_set: { args: SetFinding, result: VisitView },
  finding_deadlines: { args: Nothing, result: Array<DeadlineChoice> },
  finding_recheck: { args: RecheckFinding, result: VisitView },
  findings_of_venue: { args: VenueFindings, result: Array<OpenFinding> },
  findings_open: { args: Nothing, result: OpenFindings },
  reading_add: { args: AddReading, result: VisitView },
  reading_correct: { args: CorrectReading, result: VisitView },
  reading_step: { args: SetReadingStep, result: VisitView },
  reading_done: { args: SetReadingDone, result: VisitView },
  temperature_history: { args: HistoryOf, result: TemperatureHistory },
  readings_preview: { args: ImportFile, result: ImportPreview },
  readings_import: { args: ImportFile, result: VisitView },
  import_retract: { args: RetractImport, result: VisitView },
  roster_labels: { args: VisitRef, result: Array<string> },
  retract: { args: Retract, result: VisitView },
  ledgers: { args: Nothing, result: Array<LedgerInfo> },
  ledger_rows: { args: FindRows, result: LedgerPage },
  ledger_row: { args: RowRef, result: LedgerRow },
  ledger_counts: { args: Nothing, result: Array<LedgerCount> },
  ledger_targets: { args: FindTargets, result: LedgerTargets },
  tasks_round: { args: RoundFrom, result: Round },
  ledger_add: { args: NewRow, result: AddedRow },
  ledger_set: { args: SetRow, result: LedgerRow },
  conflicts: { args: Nothing, result: ConflictInbox },
  conflict_choose: { args: ChooseValue, result: ConflictInbox },
};
