//! Everything that a screen may ask of the engine. A call is written once, here; Tauri, the bridge and the tests go
//! through [`dispatch`] or the methods of [`Engine`] that the same table makes.

pub mod about;
mod checklist;
mod diagnostics;
pub mod documents;
mod fetching;
mod finding;
mod history;
mod import;
mod imported;
pub mod inbox;
mod join;
pub mod ledger;
pub mod lock;
pub mod photos;
mod reading;
pub(crate) mod reference;
mod retract;
mod roster;
pub(crate) mod sending;
pub(crate) mod status;
pub mod types;
pub mod venue_map;
mod venue_search;
mod venues;
mod view;
mod visit;
mod written;

use crate::engine::Engine;
use crate::error::Error;
use crate::hub::{self, HubStart, HubStatus, RelayPair, RelayStatus};
use crate::rescue::RescueBundle;
use about::{About, StorageUse};
use diagnostics::Diagnostics;
use documents::{DocumentDraft, DocumentForm, DocumentPages, DocumentRef};
pub use history::{HistoryOf, TemperatureHistory};
pub use import::{ImportCodes, ImportColumns, ImportFile, ImportPreview};
pub use imported::RetractImport;
use inbox::{ChooseValue, ConflictInbox};
pub use join::{Invitation, InviteText, InviteView, JoinVisit};
use ledger::types::{
    AddedRow, FindRows, FindTargets, LedgerCount, LedgerInfo, LedgerPage, LedgerRow, LedgerTargets, NewRow,
    Round, RoundFrom, RowRef, SetRow,
};
use lock::{AppShown, LockAfter, LockStatus, Pin, SetPin};
pub use retract::Retract;
use types::{
    AddReading, ApiError, CategoryRow, ChecklistChange, ChecklistChoice, Connection, CorrectReading,
    DeadlineChoice, DistrictRow, Enroll, ErrorCode, FindVenues, MoveChecklist, NewVenue, NewVisit, Nothing,
    OfficerRow, OpenFinding, OpenFindings, PhotoRef, PhotoSending, QueueRow, RecheckFinding, SetAnswer,
    SetFinding, SetMember, SetNote, SetPhotoPolicy, SetPosition, SetReadingDone, SetReadingStep, SetRest,
    SetVisitField, Status, SyncStatus, Today, VenueFindings, VenueRef, VenueRow, VenueView, VisitRef,
    VisitView,
};
use venue_map::{PlaceCopies, VenueExtent, VenueMarks, VenueSelection, VenuesOnMap, VenuesWithin};

macro_rules! calls {
    ($( $(#[$doc:meta])* $name:ident($arguments:ty) -> $result:ty = $function:path; )+) => {
        impl Engine { $(
            $(#[$doc])*
            pub fn $name(&self, arguments: $arguments) -> Result<$result, ApiError> {
                self.admit(stringify!($name))?;
                let mut result = $function(self, arguments.clone());
                // The transaction changed nothing, and what it met was mended.
                if result.as_ref().is_err_and(Error::is_damage) {
                    result = $function(self, arguments);
                }
                result.map_err(|error| {
                    self.0.health.failed(self.now_ms(), stringify!($name), error.code());
                    error.into()
                })
            }
        )+ }

        /// Calls by name, with JSON in and out.
        pub fn dispatch(
            engine: &Engine,
            name: &str,
            arguments: serde_json::Value,
        ) -> Result<serde_json::Value, ApiError> {
            let bad = |error: serde_json::Error| ApiError::new(ErrorCode::BadRequest, error.to_string());
            engine.admit(name)?;
            match name {
                $( stringify!($name) => {
                    let arguments: $arguments = serde_json::from_value(arguments).map_err(bad)?;
                    serde_json::to_value(engine.$name(arguments)?).map_err(bad)
                } )+
                _ => Err(ApiError::new(ErrorCode::NotFound, format!("no call {name}"))),
            }
        }

        /// The names of all calls with the names of what they take and give, for the generated TypeScript.
        pub fn signatures(config: &ts_rs::Config) -> Vec<(&'static str, String, String)> {
            vec![ $( (
                stringify!($name),
                <$arguments as ts_rs::TS>::name(config),
                <$result as ts_rs::TS>::name(config),
            ) ),+ ]
        }

        /// Shows `visitor` every type that crosses to a screen.
        pub fn visit_types(visitor: &mut impl ts_rs::TypeVisitor) {
            $( visitor.visit::<$arguments>(); visitor.visit::<$result>(); )+
            visitor.visit::<ApiError>();
            visitor.visit::<types::AddPhoto>();
            visitor.visit::<types::Changes>();
        }
    };
}

calls! {
    /// Who and where this phone is, and how its sync stands.
    status(Nothing) -> Status = status::status;
    /// Joins HQ with a one-time code. The one call that needs the network.
    enroll(Enroll) -> Status = status::enroll;
    /// What this officer has under way and has finished.
    today(Nothing) -> Today = status::today;
    /// The officer has read what became of a damaged database.
    recovery_seen(Nothing) -> Status = status::recovery_seen;
    /// What this app and its data are: versions, and by what this phone is known at HQ.
    about(Nothing) -> About = about::about;
    /// Bytes on this phone, by what they are for.
    storage_use(Nothing) -> StorageUse = about::storage_use;
    /// Drops other phones' pictures, which HQ holds.
    cache_clear(Nothing) -> StorageUse = about::clear_cache;
    /// What those who mend a phone need to know, without anything that tells of people, venues or work.
    diagnostics(Nothing) -> Diagnostics = diagnostics::diagnostics;
    lock_status(Nothing) -> LockStatus = lock::status;
    /// Sets the PIN of this phone, or another one.
    lock_set(SetPin) -> LockStatus = lock::set;
    lock_remove(Pin) -> LockStatus = lock::remove;
    lock_after(LockAfter) -> LockStatus = lock::set_after;
    lock_now(Nothing) -> LockStatus = lock::now;
    unlock(Pin) -> LockStatus = lock::unlock;
    /// A code of HQ for this phone's officer in place of a forgotten PIN. Needs the network.
    unlock_by_hq(Enroll) -> LockStatus = lock::unlock_by_hq;
    /// The page is what the officer looks at, or no longer.
    app_shown(AppShown) -> LockStatus = lock::shown;
    sync_status(Nothing) -> SyncStatus = status::sync_status;
    /// The officer has read what orders of HQ erased.
    erasure_seen(Nothing) -> SyncStatus = status::erasure_seen;
    /// Wakes the sync worker and returns at once.
    sync_now(Nothing) -> SyncStatus = status::sync_now;
    /// The page came to the foreground or the connection came back: tries again at once.
    network_changed(Connection) -> Nothing = status::network_changed;
    /// Every record and photo that no receipt names, and the last ones that one does.
    sync_queue(Nothing) -> Vec<QueueRow> = status::sync_queue;
    /// Everything that HQ has not acknowledged, in one file for HQ alone.
    rescue_bundle(Nothing) -> RescueBundle = crate::rescue::bundle;
    /// Asks for the thumbnails of a visit that are not here and returns at once.
    photo_thumbs_fetch(VisitRef) -> Nothing = fetching::thumbs;
    /// Asks for a photo that another phone took and returns at once.
    photo_fetch(PhotoRef) -> Nothing = fetching::original;
    /// This device as a hub for other phones.
    hub_status(Nothing) -> HubStatus = hub::hub_status;
    hub_start(HubStart) -> HubStatus = hub::hub_start;
    hub_stop(Nothing) -> HubStatus = hub::hub_stop;
    /// This phone's way through a hub.
    relay_status(Nothing) -> RelayStatus = hub::relay_status;
    /// Joins the hub whose code was scanned. Needs the hub's network.
    relay_pair(RelayPair) -> RelayStatus = hub::relay_pair;
    relay_now(Nothing) -> RelayStatus = hub::relay_now;
    relay_leave(Nothing) -> RelayStatus = hub::relay_leave;
    /// When photos may be sent, and why they wait.
    photo_sending(Nothing) -> PhotoSending = sending::photo_sending;
    photo_policy_set(SetPhotoPolicy) -> PhotoSending = sending::set_policy;
    /// Sends the photos that wait now, whatever the policy.
    photos_send_now(Nothing) -> PhotoSending = sending::send_now;
    categories(Nothing) -> Vec<CategoryRow> = reference::categories;
    districts(Nothing) -> Vec<DistrictRow> = reference::districts;
    officers(Nothing) -> Vec<OfficerRow> = reference::officers;
    /// What a venue can be visited for.
    checklist_choices(VenueRef) -> Vec<ChecklistChoice> = reference::checklist_choices;
    venues_find(FindVenues) -> Vec<VenueRow> = venue_search::find;
    /// The venues of a part of the map, gathered into marks.
    venues_on_map(VenuesOnMap) -> VenueMarks = venue_map::marks;
    /// Where the selected venues are, and how many have no position.
    venues_extent(VenueSelection) -> VenueExtent = venue_map::extent;
    /// The venues of a mark that stands for several at one place.
    venues_within(VenuesWithin) -> Vec<VenueRow> = venue_map::within;
    /// A venue's place as other maps count it, for copying.
    venue_place(VenueRef) -> Option<PlaceCopies> = venue_map::copies;
    venue_get(VenueRef) -> VenueView = venues::get;
    /// A venue found on patrol that no register knows.
    venue_add(NewVenue) -> VenueRow = venues::add;
    visit_start(NewVisit) -> VisitView = visit::start;
    visit_get(VisitRef) -> VisitView = visit::get;
    /// The QR with which a colleague's phone joins the visit, without any network.
    visit_invite(VisitRef) -> Invitation = join::invite;
    /// What a scanned or pasted invitation is about.
    invite_read(InviteText) -> InviteView = join::read;
    /// Becomes a member of the visit that another phone began.
    visit_join(JoinVisit) -> VisitView = join::join;
    visit_set(SetVisitField) -> VisitView = visit::set;
    visit_member(SetMember) -> VisitView = visit::member;
    visit_answer(SetAnswer) -> VisitView = visit::answer;
    /// Answers what is left with yes, but for critical items: those are looked at one by one.
    visit_answer_rest(SetRest) -> VisitView = visit::answer_rest;
    /// What moving the visit to the checklist that new visits use would change.
    visit_checklist_change(VisitRef) -> ChecklistChange = checklist::change;
    /// Moves it.
    visit_checklist_move(MoveChecklist) -> VisitView = checklist::move_to;
    visit_note(SetNote) -> VisitView = visit::note;
    visit_position(SetPosition) -> VisitView = visit::position;
    /// The officer leaves the visit: the journal becomes a commit.
    visit_leave(VisitRef) -> Nothing = visit::leave;
    /// Seals the visit. Afterwards only additions that stand visibly behind the seal.
    visit_finish(VisitRef) -> VisitView = visit::finish;
    /// The documents that can be made of a visit, with what is known already.
    document_forms(VisitRef) -> Vec<DocumentForm> = documents::list;
    /// How a document would look, whole or not.
    document_preview(DocumentDraft) -> DocumentPages = documents::preview;
    /// Makes a document that was signed or refused, and seals the visit with it.
    document_make(DocumentDraft) -> VisitView = documents::make;
    /// A document that was made, here or elsewhere, to look at.
    document_open(DocumentRef) -> DocumentPages = documents::open;
    finding_set(SetFinding) -> VisitView = finding::set;
    /// The deadlines that an order given now may have, in working days.
    finding_deadlines(Nothing) -> Vec<DeadlineChoice> = finding::deadlines;
    /// What a visit found of an earlier finding of the same venue.
    finding_recheck(RecheckFinding) -> VisitView = finding::recheck;
    /// Open findings of a venue.
    findings_of_venue(VenueFindings) -> Vec<OpenFinding> = finding::of_venue;
    /// Open findings of all visits that are here, orders that are overdue first.
    findings_open(Nothing) -> OpenFindings = finding::all;
    reading_add(AddReading) -> VisitView = reading::add;
    reading_correct(CorrectReading) -> VisitView = reading::correct;
    /// Whether a person was kept apart or reported.
    reading_step(SetReadingStep) -> VisitView = reading::step;
    /// What was done about a reading, in words.
    reading_done(SetReadingDone) -> VisitView = reading::done;
    /// The temperatures of a venue or of one of its people over time, with what is missing and what looks copied.
    temperature_history(HistoryOf) -> TemperatureHistory = history::of;
    /// What an import of a thermometer's file would make. Writes nothing.
    readings_preview(ImportFile) -> ImportPreview = import::preview;
    /// Takes what the preview accepted into the visit.
    readings_import(ImportFile) -> VisitView = import::import;
    /// Takes everything back that came from one file, or lets it stand again.
    import_retract(RetractImport) -> VisitView = imported::retract;
    /// Labels of the people who were measured at the venue of a visit before.
    roster_labels(VisitRef) -> Vec<String> = roster::labels;
    /// Takes a visit, a finding, a photo or a reading back, with the reason, or lets it stand again.
    retract(Retract) -> VisitView = retract::retract;
    /// What ledgers there are, with their columns.
    ledgers(Nothing) -> Vec<LedgerInfo> = ledger::ledgers;
    /// Rows of one ledger.
    ledger_rows(FindRows) -> LedgerPage = ledger::find;
    /// A row with what hangs on it.
    ledger_row(RowRef) -> LedgerRow = ledger::get;
    /// How much is open in each ledger.
    ledger_counts(Nothing) -> Vec<LedgerCount> = ledger::targets::counts;
    /// The venues that a notice or a campaign is for, each with how far it is.
    ledger_targets(FindTargets) -> LedgerTargets = ledger::targets::find;
    /// The officer's own open tasks in walking order.
    tasks_round(RoundFrom) -> Round = ledger::round::of_tasks;
    ledger_add(NewRow) -> AddedRow = ledger::add;
    /// Sets cells of one row together. Entering a state fills the times that belong to it.
    ledger_set(SetRow) -> LedgerRow = ledger::set;
    /// Conflicts that wait for a person, and what was settled last.
    conflicts(Nothing) -> ConflictInbox = inbox::list;
    /// Settles a conflict, or undoes a settling by choosing another of its values.
    conflict_choose(ChooseValue) -> ConflictInbox = inbox::choose;
}
