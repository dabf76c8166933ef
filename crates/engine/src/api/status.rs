//! Where this phone stands, in the four states of law 3.

use std::sync::atomic::Ordering;

use rusqlite::Connection;
use xuncha_domain::ids::EntityId;
use xuncha_domain::time::{day_in_china, midnight_in_china_ms};

use super::reference::officer;
use super::types;
use super::types::{
    AttentionRow, Enroll, ErasedRow, Nothing, QueueRow, SaveState, Status, SyncStatus, Today, VisitSummary,
};
use super::view::summary;
use crate::engine::Engine;
use crate::error::Result;
use crate::store::values::Col;
use crate::store::{erasures, hubs, meta, photos, rows, things};

/// Visits that a list shows; an officer makes a dozen a day.
const LIST_MAX: u32 = 100;
/// Visits of which the officer is told that something was erased.
const ERASED_MAX: u32 = 50;
/// Lines of the queue.
const QUEUE_MAX: usize = 200;

pub fn status(engine: &Engine, _: Nothing) -> Result<Status> {
    let sync = sync_status(engine, Nothing {})?;
    engine.read(|connection| {
        let enrolment = meta::enrolment(connection)?;
        let officer = match &enrolment {
            Some(enrolment) => Some(officer(connection, enrolment.officer())?),
            None => None,
        };
        Ok(Status {
            enrolled: enrolment.is_some(),
            officer,
            city: enrolment.as_ref().map(|enrolment| enrolment.city_name.clone()),
            server_url: enrolment.map(|enrolment| enrolment.server_url),
            app_version: engine.0.options.app_version.clone(),
            sync,
            recovered: meta::recovered(connection)?,
        })
    })
}

pub fn recovery_seen(engine: &Engine, _: Nothing) -> Result<Status> {
    engine.0.store.write(|transaction| meta::clear_recovered(transaction))?;
    status(engine, Nothing {})
}

pub fn enroll(engine: &Engine, arguments: Enroll) -> Result<Status> {
    // The one call that waits for the network, on a runtime of its own: calls come from plain threads.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(crate::sync::enroll::enroll(
        engine,
        &arguments.text,
        arguments.server_url.as_deref(),
    ))?;
    status(engine, Nothing {})
}

pub fn today(engine: &Engine, _: Nothing) -> Result<Today> {
    let date = day_in_china(engine.now_ms());
    let midnight_ms = midnight_in_china_ms(date);
    engine.read(|connection| {
        let (visits_today, findings_today, _) = rows::totals(connection, midnight_ms)?;
        let list = |sealed| -> Result<Vec<VisitSummary>> {
            let ids = rows::visits(connection, sealed, LIST_MAX)?;
            ids.into_iter().map(|id| summary(engine, connection, id)).collect()
        };
        Ok(Today {
            date: date.to_string(),
            drafts: list(false)?,
            finished: list(true)?,
            visits_today,
            findings_today,
            orders: super::finding::due(engine, connection)?,
        })
    })
}

pub fn sync_now(engine: &Engine, _: Nothing) -> Result<SyncStatus> {
    engine.wake_sync();
    sync_status(engine, Nothing {})
}

pub fn network_changed(engine: &Engine, connection: types::Connection) -> Result<Nothing> {
    engine.look_again(connection.metered);
    Ok(Nothing {})
}

pub fn sync_status(engine: &Engine, _: Nothing) -> Result<SyncStatus> {
    let progress = &engine.0.progress;
    engine.read(|connection| {
        let (visits_here, photos_here, commits_here) = counts_here(connection, false)?;
        let (visits_only_here, photos_only_here, commits_only_here) = counts_here(connection, true)?;
        let attention = attention(connection)?;
        let running = progress.running.load(Ordering::Acquire);
        let (_, _, conflicts) = rows::totals(connection, i64::MAX)?;
        let last_receipt_ms = meta::last_receipt_ms(connection)?;
        let state = if !attention.is_empty() {
            SaveState::Attention
        } else if visits_here + photos_here + commits_here == 0 && last_receipt_ms.is_some() {
            // Only a receipt makes "held by HQ" true, also of nothing.
            SaveState::Held
        } else if visits_here + photos_here + commits_here > 0
            && visits_only_here + photos_only_here + commits_only_here == 0
        {
            SaveState::OnHub
        } else if running && progress.bytes_total.load(Ordering::Relaxed) > 0 {
            SaveState::Sending
        } else {
            SaveState::OnPhone
        };
        let attempted = progress.last_attempt_ms.load(Ordering::Relaxed);
        Ok(SyncStatus {
            state,
            running,
            visits_here,
            photos_here,
            commits_here,
            visits_only_here,
            photos_only_here,
            commits_only_here,
            bytes_sent: progress.bytes_sent.load(Ordering::Relaxed),
            bytes_total: progress.bytes_total.load(Ordering::Relaxed),
            last_receipt_ms,
            backup_ms: meta::backup(connection)?.map(|backup| backup.made_ms).filter(|made_ms| *made_ms != 0),
            last_attempt_ms: (attempted != 0).then_some(attempted),
            last_error: progress.error(),
            clock_ahead_ms: meta::clock(connection)?.map(|clock| -clock.offset_ms),
            attention,
            conflicts,
            erased: erased(engine, connection)?,
        })
    })
}

/// Visits, photos and commits (the open journal counts as one) that no receipt names; with `only`, of these those that no
/// hub carries.
pub(crate) fn counts_here(connection: &Connection, only: bool) -> Result<(u32, u32, u32)> {
    Ok(connection.query_row(
        "SELECT (SELECT count(*) FROM entity JOIN visit_row USING (id) WHERE entity.rowid IN
                   (SELECT touch.root FROM log JOIN touch ON touch.ref = log.ref WHERE log.received = 0 AND log.reissued = 0
                      AND NOT (?1 AND log.ref IN (SELECT ref FROM hub_commit))
                    UNION SELECT root FROM journal)),
                (SELECT count(*) FROM photo WHERE received = 0
                   AND NOT (?1 AND sha256 IN (SELECT sha256 FROM hub_photo WHERE held = 1))),
                (SELECT count(*) FROM log WHERE received = 0 AND reissued = 0
                   AND NOT (?1 AND ref IN (SELECT ref FROM hub_commit)))
                  + EXISTS (SELECT 1 FROM journal)",
        [only],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?)
}

pub fn erasure_seen(engine: &Engine, _: Nothing) -> Result<SyncStatus> {
    engine.0.store.write(|transaction| erasures::clear_own(transaction))?;
    sync_status(engine, Nothing {})
}

fn erased(engine: &Engine, connection: &Connection) -> Result<Vec<ErasedRow>> {
    let row = |own: erasures::OwnErased| -> Result<ErasedRow> {
        Ok(ErasedRow {
            visit: own.root.to_string(),
            title: summary(engine, connection, own.root)?.venue.name,
            entries: own.entries,
            photos: own.photos,
            late: own.late,
            at_ms: own.at_ms,
        })
    };
    erasures::own(connection, ERASED_MAX)?.into_iter().map(row).collect()
}

/// What HQ holds back of this phone's work, and photos that cannot be sent.
fn attention(connection: &Connection) -> Result<Vec<AttentionRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT (SELECT id FROM entity WHERE entity.root IS NULL
                   AND rowid = (SELECT touch.root FROM touch WHERE touch.ref = verdict.ref LIMIT 1)), NULL, verdict.reason
         FROM verdict JOIN log ON log.ref = verdict.ref JOIN chain ON chain.id = log.chain
         WHERE verdict.applied = 0 AND chain.mine = 1
         UNION ALL
         SELECT root, sha256, problem FROM photo WHERE problem IS NOT NULL
         UNION ALL
         SELECT NULL, NULL, reason FROM quarantine WHERE received = 0 LIMIT 100",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(AttentionRow {
            visit: row.get::<_, Option<Col<EntityId>>>(0)?.map(|id| id.0.to_string()),
            photo: row.get::<_, Option<[u8; 32]>>(1)?.map(hex::encode),
            reason: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The state of one visit: its commits, its open journal and its photos.
pub(super) fn visit_state(engine: &Engine, connection: &Connection, root: EntityId) -> Result<SaveState> {
    let (held_back, here, only_here): (bool, bool, bool) = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM touch JOIN verdict ON verdict.ref = touch.ref
                            WHERE touch.root = ?2 AND verdict.applied = 0)
                    OR EXISTS (SELECT 1 FROM photo WHERE root = ?1 AND problem IS NOT NULL),
                    EXISTS (SELECT 1 FROM touch JOIN log ON log.ref = touch.ref
                            WHERE touch.root = ?2 AND log.received = 0 AND log.reissued = 0)
                    OR EXISTS (SELECT 1 FROM journal WHERE root = ?2)
                    OR EXISTS (SELECT 1 FROM photo WHERE root = ?1 AND received = 0),
                    EXISTS (SELECT 1 FROM touch JOIN log ON log.ref = touch.ref
                            WHERE touch.root = ?2 AND log.received = 0 AND log.reissued = 0
                              AND log.ref NOT IN (SELECT ref FROM hub_commit))
                    OR EXISTS (SELECT 1 FROM journal WHERE root = ?2)
                    OR EXISTS (SELECT 1 FROM photo WHERE root = ?1 AND received = 0
                               AND sha256 NOT IN (SELECT sha256 FROM hub_photo WHERE held = 1))",
        )?
        .query_row((Col(root), things::root(connection, root)?), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    Ok(state(engine, held_back, here, only_here))
}

/// `here`: not all of it is at HQ; `only_here`: some of it is nowhere else.
pub(super) fn state(engine: &Engine, attention: bool, here: bool, only_here: bool) -> SaveState {
    let progress = &engine.0.progress;
    let sending =
        progress.running.load(Ordering::Acquire) && progress.bytes_total.load(Ordering::Relaxed) > 0;
    match (attention, here) {
        (true, _) => SaveState::Attention,
        (false, false) => SaveState::Held,
        (false, true) if !only_here => SaveState::OnHub,
        (false, true) if sending => SaveState::Sending,
        (false, true) => SaveState::OnPhone,
    }
}

pub fn sync_queue(engine: &Engine, _: Nothing) -> Result<Vec<QueueRow>> {
    engine.read(|connection| {
        let mut queue = Vec::new();
        for sealed in [false, true] {
            for id in rows::visits(connection, sealed, LIST_MAX)? {
                let visit = summary(engine, connection, id)?;
                queue.push(QueueRow {
                    visit: Some(visit.id),
                    row: None,
                    ledger: None,
                    photo: None,
                    title: visit.venue.name,
                    state: visit.state,
                    bytes_sent: 0,
                    bytes_total: 0,
                    at_ms: visit.started_ms,
                });
            }
        }
        for id in crate::store::ledger::unreceived(connection, LIST_MAX)? {
            let (ledger, title, at_ms) = super::ledger::called(connection, id)?;
            queue.push(QueueRow {
                visit: None,
                row: Some(id.to_string()),
                ledger: Some(ledger.into()),
                photo: None,
                title,
                state: visit_state(engine, connection, id)?,
                bytes_sent: 0,
                bytes_total: 0,
                at_ms,
            });
        }
        for photo in photos::unreceived(connection, QUEUE_MAX)? {
            let visit = summary(engine, connection, photo.root)?;
            queue.push(QueueRow {
                visit: Some(visit.id),
                row: None,
                ledger: None,
                photo: Some(hex::encode(photo.sha256)),
                title: visit.venue.name,
                state: state(
                    engine,
                    photo.problem.is_some(),
                    true,
                    !hubs::carries_photo(connection, &photo.sha256)?,
                ),
                bytes_sent: photo.sent,
                bytes_total: photo.size,
                at_ms: photo.taken_ms,
            });
        }
        // What is still here first, newest first within that.
        queue.sort_by_key(|row| (row.state == SaveState::Held, std::cmp::Reverse(row.at_ms)));
        queue.truncate(QUEUE_MAX);
        Ok(queue)
    })
}
