//! A tap: one field set by a person or a sensor, durable when the transaction returns.

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, Scope};
use xuncha_domain::limits;
use xuncha_domain::log::body::Entity;

use super::{Pen, flush};
use crate::api::types::{ErrorCode, Token};
use crate::error::{Error, Result};
use crate::store::things::{self, Found};
use crate::store::{journal, live, log, rows};
use crate::tree;

/// A boundary between two taps: more than this off the monotonic clock is a clock that jumped. NTP slews stay below.
const CLOCK_JUMP_MS: i64 = 5_000;

/// What a person set.
pub struct Tap {
    pub entity: Entity,
    pub field: String,
    pub value: Value,
    /// Personal: kept beside the log, so that it can be erased.
    pub detached: bool,
    /// What the screen had drawn there; empty when the officer saw no value.
    pub token: Token,
}

/// Writes taps of one scope to the journal.
///
/// A tap replaces exactly what its token names. A tap over an open one collapses with it; a tap that did not see the
/// open one turns the journal into a commit first, so that both stay.
pub fn record(connection: &Connection, pen: &Pen<'_>, scope: &Scope, taps: Vec<Tap>) -> Result<()> {
    if boundary(connection, pen, scope)? {
        flush(connection, pen, scope)?;
    }
    let mut touched = log::Touched::new();
    for tap in taps {
        let root = tap.entity.root();
        touched.insert((root.kind, root.id));
        write(connection, pen, scope, tap)?;
    }
    rows::refresh(connection, &touched)
}

/// Another officer, a reboot or a clock jump ends a commit.
fn boundary(connection: &Connection, pen: &Pen<'_>, scope: &Scope) -> Result<bool> {
    let Some(last) = journal::last(connection, scope)? else { return Ok(false) };
    let wall = pen.clock.now_ms().saturating_sub(last.device_ms);
    let ran = pen.clock.monotonic_ms().saturating_sub(last.monotonic_ms);
    let jumped = wall.saturating_sub(ran).saturating_abs() > CLOCK_JUMP_MS;
    Ok(last.boot != pen.clock.boot_id() || last.officer != pen.enrolment.officer() || jumped)
}

fn write(connection: &Connection, pen: &Pen<'_>, scope: &Scope, tap: Tap) -> Result<()> {
    let bytes = tap.value.encode().len();
    if bytes > limits::DETACHED_BYTES_MAX {
        return Err(Error::Refused(ErrorCode::TextTooLong, "a value is too long"));
    }
    let mut over: Vec<CommitRef> = Vec::new();
    let mut seen_open = None;
    let (drawn, drawn_erased) = tree::read_drawing(&tap.token)?;
    for reference in drawn {
        match journal::journal_id(&reference) {
            None => over.push(reference),
            // A tap that meanwhile became a commit, or one that is still open, or one that was collapsed away.
            Some(id) => match journal::commit_of(connection, id)? {
                Some(commit) => over.push(commit),
                None => seen_open = Some(id),
            },
        }
    }
    for reference in over.iter().filter(|_| !drawn_erased) {
        if live::is_erased(connection, &tap.entity, &tap.field, reference)? {
            // The screen still showed it, and what was typed may hold it.
            return Err(Error::Refused(ErrorCode::Erased, "an order of HQ erased this meanwhile"));
        }
    }
    if let Some(open) = journal::get(connection, tap.entity.id, &tap.field)? {
        if seen_open == Some(open.id) {
            union(&mut over, &open.over);
        } else {
            flush(connection, pen, scope)?;
        }
    }
    let Found { root, .. } = things::keep(connection, scope, &tap.entity)?;
    journal::put(
        connection,
        scope,
        root,
        &journal::JournalRow {
            id: 0,
            entity: tap.entity.id,
            field: tap.field,
            value: tap.value,
            detached: tap.detached,
            over,
            officer: pen.enrolment.officer(),
            device_ms: pen.clock.now_ms(),
            boot: pen.clock.boot_id(),
            monotonic_ms: pen.clock.monotonic_ms(),
        },
    )
}

fn union(over: &mut Vec<CommitRef>, more: &[CommitRef]) {
    over.extend(more.iter().filter(|reference| !over.contains(reference)).copied().collect::<Vec<_>>());
}
