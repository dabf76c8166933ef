//! Scopes that this phone may not read any more: what is left of them here.
//!
//! Everything goes that came from others and that HQ has. What its own officer recorded stays whole: it may be the only
//! copy should HQ be restored from an older backup, a chain with its heads says what is still to be sent, and nobody
//! learns anything by it that they did not write themselves. Others' commits that a restored HQ lost stay until it has
//! them again. So do the erase orders that were read: they name nothing but ids, and act on what comes later.
//!
//! What went is not known to be empty: a visit in which the officer has a part is drawn from their own entries, and
//! [`Frame`] keeps what they need to go on with it.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::ids::{ChainId, CommitRef, EntityId, OfficerId, Scope};
use xuncha_domain::merge::LiveOps;
use xuncha_domain::model::fact::Photo;
use xuncha_domain::model::{field, kind};

use super::log::{self, Touched};
use super::values::Col;
use super::{base, fetched, live, meta, rows, things, trail};
use crate::error::Result;
use crate::tree::Tree;

/// Commits of a scope (1) that go: others' (not of officer 2, not on a chain of ours), and held by HQ.
const GOING: &str = "SELECT log.ref FROM log JOIN chain ON chain.id = log.chain
     WHERE chain.scope = ?1 AND chain.mine = 0 AND log.officer <> ?2 AND log.received = 1";

/// What a visit needs so that its officer can go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub venue: Option<EntityId>,
    /// The hash of its checklist.
    pub checklist: Option<[u8; 32]>,
    pub started_ms: i64,
}

/// Scopes beside `reads` of which something of others is here that must go. None of what waits until a restored HQ has
/// it again.
pub fn to_lose(connection: &Connection, reads: &BTreeSet<Scope>, me: OfficerId) -> Result<Vec<Scope>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT scope FROM chain WHERE mine = 0
         UNION SELECT scope FROM feed WHERE scope NOT IN (SELECT scope FROM lost_scope WHERE lost = 1)",
    )?;
    let known = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut lose = Vec::new();
    for scope in known {
        let scope: Scope = scope?.parse()?;
        if !reads.contains(&scope) && (!is_lost(connection, &scope)? || any_going(connection, &scope, me)?) {
            lose.push(scope);
        }
    }
    Ok(lose)
}

fn any_going(connection: &Connection, scope: &Scope, me: OfficerId) -> Result<bool> {
    let sql = format!("SELECT EXISTS ({GOING})");
    Ok(connection.prepare_cached(&sql)?.query_row((scope.as_str(), Col(me)), |row| row.get(0))?)
}

/// Whether this phone read a scope that it does not read any more.
pub fn is_lost(connection: &Connection, scope: &Scope) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM lost_scope WHERE scope = ?1 AND lost = 1)")?
        .query_row([scope.as_str()], |row| row.get(0))?)
}

/// Takes what came from a scope out of the log and of what follows from it. Open taps of the scope became a commit before.
/// Returns the things whose rows are to be drawn again; the caller counts the log anew, then calls [`sweep`].
pub fn lose(connection: &Connection, scope: &Scope, me: OfficerId) -> Result<Touched> {
    let roots = roots(connection, scope)?;
    for (kind, root) in &roots {
        keep_places(connection, *root)?;
        if *kind == kind::VISIT && has_part(connection, scope, *root, me)? {
            keep_frame(connection, *root)?;
        }
    }
    let named = (scope.as_str(), Col(me));
    connection.prepare_cached(&format!("DELETE FROM verdict WHERE ref IN ({GOING})"))?.execute(named)?;
    connection.prepare_cached(&format!("DELETE FROM log WHERE ref IN ({GOING})"))?.execute(named)?;
    base::forget(connection, scope)?;
    for sql in [
        "DELETE FROM wanted WHERE thing = 1 AND name IN (SELECT id FROM entity WHERE scope = ?1)",
        "DELETE FROM live_set WHERE root IN (SELECT rowid FROM entity WHERE scope = ?1)",
        "DELETE FROM ledger_row WHERE root IN (SELECT rowid FROM entity WHERE scope = ?1)",
        "DELETE FROM finding_row WHERE visit IN (SELECT rowid FROM entity WHERE scope = ?1)",
        "DELETE FROM chain WHERE scope = ?1 AND mine = 0 AND id NOT IN (SELECT chain FROM log)",
        // Those that are left are made known again when the log is counted.
        "DELETE FROM entity WHERE coalesce(root, rowid) IN (SELECT rowid FROM entity WHERE scope = ?1)",
        "INSERT INTO lost_scope (scope, lost) VALUES (?1, 1) ON CONFLICT (scope) DO UPDATE SET lost = 1",
    ] {
        connection.prepare_cached(sql)?.execute([scope.as_str()])?;
    }
    Ok(roots)
}

fn roots(connection: &Connection, scope: &Scope) -> Result<Touched> {
    let mut statement = connection.prepare_cached("SELECT kind, id FROM entity WHERE scope = ?1")?;
    let rows =
        statement.query_map([scope.as_str()], |row| Ok((row.get(0)?, row.get::<_, Col<EntityId>>(1)?.0)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn keep_places(connection: &Connection, root: EntityId) -> Result<()> {
    for (_, fields) in live::read(connection, root)?.1.into_entities() {
        for commit in fields.values().flat_map(LiveOps::keys) {
            if let Some((chain, seq)) = log::place_of(connection, *commit)? {
                connection
                    .prepare_cached("INSERT OR IGNORE INTO place (ref, chain, seq) VALUES (?1, ?2, ?3)")?
                    .execute((Col(*commit), Col(chain), seq))?;
            }
        }
    }
    Ok(())
}

/// Chain and number of a commit that went.
pub fn place_of(connection: &Connection, commit: CommitRef) -> Result<Option<(ChainId, u64)>> {
    Ok(connection
        .prepare_cached("SELECT chain, seq FROM place WHERE ref = ?1")?
        .query_row([Col(commit)], |row| Ok((row.get::<_, Col<ChainId>>(0)?.0, row.get(1)?)))
        .optional()?)
}

/// Whether something of a visit stays.
fn has_part(connection: &Connection, scope: &Scope, root: EntityId, me: OfficerId) -> Result<bool> {
    let Some(root) = things::root(connection, root)? else { return Ok(false) };
    let sql = format!("SELECT EXISTS (SELECT 1 FROM touch WHERE root = ?3 AND ref NOT IN ({GOING}))");
    Ok(connection.prepare_cached(&sql)?.query_row((scope.as_str(), Col(me), root), |row| row.get(0))?)
}

fn keep_frame(connection: &Connection, root: EntityId) -> Result<()> {
    let Some(tree) = Tree::read(connection, root)? else { return Ok(()) };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO visit_frame (root, venue, checklist, started_ms) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((Col(root), tree.venue().map(Col), tree.checklist_hash(), tree.started_ms()))?;
    Ok(())
}

/// What is kept of a visit of a lost scope beside its officer's entries.
pub fn frame(connection: &Connection, root: EntityId) -> Result<Option<Frame>> {
    Ok(connection
        .prepare_cached("SELECT venue, checklist, started_ms FROM visit_frame WHERE root = ?1")?
        .query_row([Col(root)], |row| {
            Ok(Frame {
                venue: row.get::<_, Option<Col<EntityId>>>(0)?.map(|venue| venue.0),
                checklist: row.get(1)?,
                started_ms: row.get(2)?,
            })
        })
        .optional()?)
}

/// After the log was counted anew: forgets pictures of others that no visit here names any more, and notes that their files
/// and other copies are to be destroyed.
pub fn sweep(connection: &Connection) -> Result<()> {
    let mut named = BTreeSet::new();
    let mut roots = connection.prepare(
        "SELECT entity.id FROM live_set JOIN entity ON entity.rowid = live_set.root WHERE kind = ?1",
    )?;
    let roots = roots.query_map([kind::VISIT], |row| Ok(row.get::<_, Col<EntityId>>(0)?.0))?;
    for root in roots.collect::<rusqlite::Result<Vec<_>>>()? {
        let (_, set) = live::read(connection, root)?;
        for live in set.into_entities().filter_map(|(_, mut fields)| fields.remove(field::FACT)) {
            let photos = live.values().filter_map(|live| Photo::from_value(live.value.value()?));
            named.extend(photos.map(|photo| photo.sha256));
        }
    }
    for photo in fetched::photos(connection)?.iter().filter(|photo| !named.contains(*photo)) {
        fetched::remove_photo(connection, photo)?;
    }
    for sql in [
        "DELETE FROM place WHERE ref IN (SELECT ref FROM log)",
        "DELETE FROM visit_frame WHERE root NOT IN (SELECT id FROM entity)",
    ] {
        connection.execute(sql, [])?;
    }
    meta::set_sweep_due(connection)?;
    meta::set_scrub_due(connection)
}

/// The scope is read again, from its beginning. False when it was not lost.
pub fn regain(connection: &Connection, scope: &Scope) -> Result<bool> {
    if !is_lost(connection, scope)? {
        return Ok(false);
    }
    let read_to = rows::feed_position(connection, scope)?;
    connection
        .prepare_cached("UPDATE lost_scope SET lost = 0, read_to = ?2 WHERE scope = ?1")?
        .execute((scope.as_str(), read_to))?;
    trail::cut(connection, scope, 0)?;
    rows::set_feed(connection, scope, 0, [0; 16])?;
    Ok(true)
}

/// How far its officer had read a scope that is being read again: they had seen every order up to there.
pub fn read_to(connection: &Connection, scope: &Scope) -> Result<u64> {
    Ok(connection
        .prepare_cached("SELECT read_to FROM lost_scope WHERE scope = ?1")?
        .query_row([scope.as_str()], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

/// HQ was restored, and has only this much in common with what was read.
pub fn cut_read_to(connection: &Connection, scope: &Scope, position: u64) -> Result<()> {
    connection
        .prepare_cached("UPDATE lost_scope SET read_to = min(read_to, ?2) WHERE scope = ?1")?
        .execute((scope.as_str(), position))?;
    Ok(())
}

/// Whether what others recorded in a thing cannot be here, since this phone does not read its scope. A closed phone reads
/// nothing, and keeps what it had.
pub fn not_read(connection: &Connection, root: EntityId) -> Result<bool> {
    let Some(scope) = things::scope_of(connection, root)? else { return Ok(false) };
    let reads = meta::scopes(connection)?;
    Ok(!reads.is_empty() && !reads.contains(&scope))
}
