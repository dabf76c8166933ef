//! From the journal to the log.

use rusqlite::Connection;
use xuncha_domain::ids::{CommitRef, EntityId, Scope, random};
use xuncha_domain::limits;
use xuncha_domain::log::body::{Entity, Op, OpValue, Reference};
use xuncha_domain::log::chain::{Continues, Genesis};
use xuncha_domain::log::commit::{Commit, Stamp};
use xuncha_domain::log::detached::Detached;
use xuncha_domain::model::basis::Basis;

use super::Pen;
use crate::error::{Error, Result};
use crate::store::chains::{self, ChainRow};
use crate::store::journal::{self, JournalRow};
use crate::store::{log, renamed, rows, things};

/// Half of what a commit may hold: leaves room for tables and salts, which are not known before it is written.
const VALUES_BYTES_MAX: usize = limits::COMMIT_BYTES_MAX / 2;

/// Makes commits of every open tap.
pub fn flush_all(connection: &Connection, pen: &Pen<'_>) -> Result<()> {
    for scope in journal::scopes(connection)? {
        flush(connection, pen, &scope)?;
    }
    Ok(())
}

/// Makes one commit (more, if they do not fit) of the open taps of a scope.
pub fn flush(connection: &Connection, pen: &Pen<'_>, scope: &Scope) -> Result<()> {
    let rows = journal::of_scope(connection, scope)?;
    let mut rest = rows.as_slice();
    while let Some(last) = rest.first() {
        let (now, later) = rest.split_at(fitting(rest, last));
        write(connection, pen, scope, now)?;
        rest = later;
    }
    Ok(())
}

/// How many taps, from the first, one commit can hold: one officer, one boot, within the limits.
fn fitting(rows: &[JournalRow], first: &JournalRow) -> usize {
    let mut bytes = 0;
    let fits = |row: &&JournalRow| {
        bytes += row.value.encode().len() + row.over.len() * 48 + 96;
        row.officer == first.officer && row.boot == first.boot && bytes < VALUES_BYTES_MAX
    };
    rows.iter().take(limits::COMMIT_OPS_MAX).take_while(fits).count().max(1)
}

fn write(connection: &Connection, pen: &Pen<'_>, scope: &Scope, rows: &[JournalRow]) -> Result<()> {
    let Some(last) = rows.last() else { return Ok(()) };
    let chain = writing_chain(connection, pen, scope)?;
    let mut ops = Vec::with_capacity(rows.len());
    let mut personal = Vec::new();
    for row in rows {
        let value = if row.detached {
            personal.push(row.value.clone());
            OpValue::Detached(personal.len() - 1)
        } else {
            OpValue::Plain(row.value.clone())
        };
        ops.push(Op {
            entity: entity(connection, row.entity)?,
            field: row.field.clone(),
            value,
            before_s: last.device_ms.saturating_sub(row.device_ms) / 1_000,
            over: references(connection, &chain, &row.over)?,
        });
    }
    let stamp = Stamp {
        officer: last.officer,
        device_ms: last.device_ms,
        clock: pen.offset,
        boot: last.boot,
        monotonic_ms: last.monotonic_ms,
        feed_position: rows::feed_position(connection, scope)?,
    };
    let detached = Detached::new(random(pen.entropy), personal);
    let commit = append(connection, &chain, &stamp, &ops, detached)?;
    journal::became(connection, rows, commit)
}

/// Writes a commit to the end of a chain of ours and counts it.
pub(super) fn append(
    connection: &Connection,
    chain: &ChainRow,
    stamp: &Stamp,
    ops: &[Op],
    detached: Detached,
) -> Result<CommitRef> {
    let commit = Commit::write(chains::next_place(connection, chain)?, stamp, ops, detached)?;
    log::insert(connection, &commit, false)?;
    let touched = log::count(connection, &chain.scope, &commit)?;
    rows::refresh(connection, &touched)?;
    Ok(commit.hash.short())
}

/// The chain of ours that takes new commits of a scope; starts one, as a successor where an older one was closed.
pub(super) fn writing_chain(connection: &Connection, pen: &Pen<'_>, scope: &Scope) -> Result<ChainRow> {
    if let Some(chain) = chains::writing(connection, scope)? {
        return Ok(chain);
    }
    let continues = match chains::last_closed(connection, scope)? {
        None => None,
        Some((old, reason)) => {
            let (seq, head) = chains::head(connection, &old)?;
            Some(Continues { chain: old.id, seq, head, reason })
        }
    };
    let genesis =
        Genesis::new(random(pen.entropy), scope.clone(), pen.enrolment.certificate.clone(), continues);
    chains::insert(connection, &genesis, true)?;
    chains::get(connection, genesis.chain())?.ok_or(Error::Sqlite(rusqlite::Error::QueryReturnedNoRows))
}

/// What a commit that is written now says of itself.
pub(super) fn stamp(connection: &Connection, pen: &Pen<'_>, scope: &Scope) -> Result<Stamp> {
    Ok(Stamp {
        officer: pen.enrolment.officer(),
        device_ms: pen.clock.now_ms(),
        clock: pen.offset,
        boot: pen.clock.boot_id(),
        monotonic_ms: pen.clock.monotonic_ms(),
        feed_position: rows::feed_position(connection, scope)?,
    })
}

/// A basis as it is written on a chain.
pub(super) fn named(
    connection: &Connection,
    chain: &ChainRow,
    commits: impl IntoIterator<Item = CommitRef>,
) -> Result<Vec<Basis>> {
    let mut named = Vec::new();
    for commit in commits {
        let commit = renamed::newest(connection, commit)?;
        named.push(match log::place_of(connection, commit)? {
            Some((of, seq)) if of == chain.id => Basis::Own(seq),
            _ => Basis::Other(commit),
        });
    }
    named.sort_unstable();
    Ok(named)
}

/// References as they travel: own ancestors by number alone.
pub(super) fn references(
    connection: &Connection,
    chain: &ChainRow,
    refs: &[CommitRef],
) -> Result<Vec<Reference>> {
    let mut references = Vec::with_capacity(refs.len());
    for reference in refs {
        let reference = renamed::newest(connection, *reference)?;
        // A token names only what was drawn, and what was drawn is in the log, maybe written again.
        if let Some((of, seq)) = log::place_of(connection, reference)? {
            references.push(if of == chain.id {
                Reference::Own { seq }
            } else {
                Reference::Other { chain: of, seq, commit: reference }
            });
        }
    }
    Ok(references)
}

/// An entity with its origin, as it was recorded.
pub fn entity(connection: &Connection, id: EntityId) -> Result<Entity> {
    let found = things::find(connection, id)?;
    let found = found.ok_or(Error::Sqlite(rusqlite::Error::QueryReturnedNoRows))?;
    things::of(connection, found.number)
}
