//! Scopes that begin with a snapshot: what stands for the commits up to its position.
//!
//! The log of such a scope begins after the snapshot. Live values come from it and from the commits after it; a commit
//! before it that is here all the same (own work, or fetched since) is `based` and counts only for things that are
//! whole. Whatever forgets live values can make them again from the file, and a file that does not fit HQ's feed any
//! more is forgotten with everything here: the feed is then read from its beginning.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{ChainId, CommitHash, CommitRef, EntityId, OfficerId, Scope};
use xuncha_domain::log::body::{Entity, Reference};
use xuncha_domain::log::chain::{Genesis, SuccessorReason};
use xuncha_domain::merge::{Field, Live, LiveOps, Stored};
use xuncha_domain::model::{kind, verdict};
use xuncha_domain::protocol::v1::snapshot::{self, ChainState, LiveValue, State};

use super::live;
use super::log::{self, Touched};
use super::meta::Enrolment;
use super::values::Col;
use super::{chains, meta, things};
use crate::api::types::ErrorCode;
use crate::error::{Error, Result};

/// The position of the snapshot with which a scope begins; none when it begins with the feed.
pub fn position(connection: &Connection, scope: &Scope) -> Result<Option<u64>> {
    Ok(connection
        .prepare_cached("SELECT position FROM base WHERE scope = ?1")?
        .query_row([scope.as_str()], |row| row.get(0))
        .optional()?)
}

/// Keeps a snapshot as the beginning of its scope, in place of an older one. The caller counts anew.
pub fn put(
    connection: &Connection,
    enrolment: &Enrolment,
    scope: &Scope,
    position: u64,
    state: &State,
    file: &[u8],
) -> Result<()> {
    forget(connection, scope)?;
    connection.prepare_cached("INSERT INTO base (scope, position, file) VALUES (?1, ?2, ?3)")?.execute((
        scope.as_str(),
        position,
        file,
    ))?;
    for held in &state.held {
        connection
            .prepare_cached("INSERT OR IGNORE INTO base_held (ref, scope) VALUES (?1, ?2)")?
            .execute((Col(CommitHash(**held).short()), scope.as_str()))?;
    }
    let mut ids = Vec::with_capacity(state.chains.len());
    for chain in &state.chains {
        ids.push(put_chain(connection, enrolment, scope, chain)?);
    }
    for op in &state.live {
        let chain = ids.get(op.chain as usize).copied().ok_or_else(dangling)?;
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO base_commit (ref, chain, seq, tips) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((op.commit, Col(chain), op.seq, op.tips.unwrap_or(u64::MAX).cast_signed()))?;
    }
    mark_based(connection, scope, position)?;
    hear_verdicts(connection, state)?;
    want_at_once(connection, state)
}

/// Makes a chain known as far as HQ has it. One of this phone that holds what is not here is never written to again: the
/// folder was copied or restored.
fn put_chain(
    connection: &Connection,
    enrolment: &Enrolment,
    scope: &Scope,
    chain: &ChainState,
) -> Result<ChainId> {
    let genesis = Genesis::verify(&chain.genesis, &enrolment.hq_key, enrolment.city)?;
    let id = genesis.chain();
    if genesis.scope != *scope {
        return Err(Error::Refused(ErrorCode::ServerAnswer, "a chain is not of the scope it is fed in"));
    }
    if chains::get(connection, id)?.is_none() {
        chains::insert(connection, &genesis, false)?;
    }
    for (number, tip) in (0_u32..).zip(&chain.tips) {
        let reference = CommitHash(tip.hash).short();
        connection
            .prepare_cached(
                "INSERT INTO base_tip (chain, number, seq, ref, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((Col(id), number, tip.seq, Col(reference), tip.hash))?;
        let mine = genesis.certificate.device == enrolment.certificate.device;
        if mine && log::hash_of(connection, reference)?.is_none() {
            chains::close(connection, id, SuccessorReason::Forked)?;
        }
    }
    Ok(id)
}

/// The log's own commits of a scope that are counted in the snapshot: read below its position, or on a branch that HQ has.
///
/// # Errors
/// Where a branch goes on at HQ beyond what is here, and it cannot be told whether a commit of it that was never read in the
/// feed lies before the snapshot: the feed will say.
fn mark_based(connection: &Connection, scope: &Scope, position: u64) -> Result<()> {
    connection.execute(
        "UPDATE log SET based = 1
         WHERE chain IN (SELECT id FROM chain WHERE scope = ?1) AND position <= ?2",
        (scope.as_str(), position),
    )?;
    connection.execute(
        "WITH RECURSIVE back (ref, prev) AS (
           SELECT log.ref, log.prev FROM log JOIN base_tip ON base_tip.ref = log.ref
           JOIN chain ON chain.id = log.chain WHERE chain.scope = ?1
           UNION SELECT log.ref, log.prev FROM log JOIN back ON log.hash = back.prev AND log.ref = substr(back.prev, 1, 16))
         UPDATE log SET based = 1 WHERE ref IN (SELECT ref FROM back)",
        [scope.as_str()],
    )?;
    let unsure: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM log JOIN chain ON chain.id = log.chain JOIN base_tip ON base_tip.chain = chain.id
                        WHERE chain.scope = ?1 AND log.based = 0 AND log.position IS NULL AND log.reissued = 0
                          AND base_tip.ref NOT IN (SELECT ref FROM log))",
        [scope.as_str()],
        |row| row.get(0),
    )?;
    if unsure {
        return Err(Error::Refused(
            ErrorCode::ServerAnswer,
            "the snapshot may hold what is not known to be at HQ",
        ));
    }
    connection.execute("UPDATE log SET based = 0 WHERE ref IN (SELECT ref FROM base_held)", [])?;
    Ok(())
}

/// HQ's verdicts up to the snapshot: commits of the log that were held may have been applied since.
fn hear_verdicts(connection: &Connection, state: &State) -> Result<()> {
    for op in &state.live {
        let Some(thing) = state.things.get(op.thing as usize).filter(|thing| thing.kind == kind::VERDICT)
        else {
            continue;
        };
        let LiveValue::Plain(bytes) = &op.value else { continue };
        if let Some((applied, reason)) = verdict::from_value(&Value::decode(bytes)?) {
            log::keep_verdict(connection, CommitRef(thing.id), applied, reason.as_str())?;
        }
    }
    Ok(())
}

/// The verdicts of the snapshots that are left, after those of a feed were forgotten: no commit of the log holds them.
pub fn hear_again(connection: &Connection, enrolment: &Enrolment) -> Result<()> {
    each(connection, enrolment, |_, state| hear_verdicts(connection, state))
}

/// What the snapshots say that lie here.
fn each(
    connection: &Connection,
    enrolment: &Enrolment,
    mut of: impl FnMut(&Scope, &State) -> Result<()>,
) -> Result<()> {
    let mut statement = connection.prepare("SELECT scope, file FROM base")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let scope: Scope = row.get::<_, String>(0)?.parse()?;
        let file: Vec<u8> = row.get(1)?;
        let (_, state) = snapshot::read(&file, &enrolment.hq_key, enrolment.city.0, scope.as_str())
            .map_err(|_| super::open::damaged("a snapshot"))?;
        of(&scope, &state)?;
    }
    Ok(())
}

/// What is fetched at once: erase orders, which act on whatever else is here, and the names of people, teams and venues,
/// which are on every screen.
fn want_at_once(connection: &Connection, state: &State) -> Result<()> {
    for op in &state.live {
        let Some(thing) = state.things.get(op.thing as usize) else { continue };
        let named = [kind::OFFICER, kind::TEAM, kind::VENUE].contains(&thing.kind)
            || xuncha_domain::ledger::of_kind(thing.kind).is_some();
        if thing.kind == kind::ERASE || (named && matches!(op.value, LiveValue::Elsewhere(_))) {
            want_thing(connection, EntityId(thing.id))?;
        }
    }
    Ok(())
}

/// Lets a scope begin with its feed again. The caller counts anew and sets the cursor.
pub fn forget(connection: &Connection, scope: &Scope) -> Result<()> {
    for sql in [
        "UPDATE log SET based = 0 WHERE chain IN (SELECT id FROM chain WHERE scope = ?1)",
        "DELETE FROM base_tip WHERE chain IN (SELECT id FROM chain WHERE scope = ?1)",
        "DELETE FROM base_commit WHERE chain IN (SELECT id FROM chain WHERE scope = ?1)",
        "DELETE FROM base_held WHERE scope = ?1",
        "DELETE FROM base_whole WHERE scope = ?1",
        "DELETE FROM base WHERE scope = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([scope.as_str()])?;
    }
    Ok(())
}

/// Writes the live values of every snapshot that stands for commits, but those of whole things, into empty tables.
pub fn put_live(connection: &Connection) -> Result<Touched> {
    let mut touched = Touched::new();
    let Some(enrolment) = meta::enrolment(connection)? else { return Ok(touched) };
    each(connection, &enrolment, |scope, state| put_live_of(connection, scope, state, &mut touched))?;
    Ok(touched)
}

fn put_live_of(connection: &Connection, scope: &Scope, state: &State, touched: &mut Touched) -> Result<()> {
    let mut entities: Vec<Entity> = Vec::with_capacity(state.things.len());
    for thing in &state.things {
        let entity = match &thing.under {
            None => Entity::new(thing.kind, EntityId(thing.id)),
            Some(under) => {
                let parent = entities.get(under.parent as usize).ok_or_else(dangling)?;
                Entity::keyed(thing.kind, parent, Value::decode(&under.key)?)
            }
        };
        things::keep(connection, scope, &entity)?;
        touched.insert((entity.root().kind, entity.root().id));
        entities.push(entity);
    }
    let mut roots: BTreeMap<EntityId, BTreeMap<(EntityId, String), Field>> = BTreeMap::new();
    let mut of = |thing: u32, name: &str, put: &dyn Fn(&mut Field)| {
        let entity: &Entity = entities.get(thing as usize).ok_or_else(dangling)?;
        let fields = roots.entry(entity.root().id).or_default();
        put(fields.entry((entity.id, name.to_owned())).or_default());
        Ok::<_, Error>(())
    };
    for op in &state.live {
        let value = match &op.value {
            LiveValue::Plain(bytes) => Stored::Plain(Value::decode(bytes)?),
            LiveValue::Elsewhere(hash) | LiveValue::Erased(hash) => {
                Stored::Detached { hash: *hash, value: None }
            }
        };
        let commit = CommitRef(op.commit);
        let live = Live { commit, value, officer: OfficerId(op.officer), corrected_ms: op.corrected_ms };
        of(op.thing, &op.field, &|field| field.live.insert(live.clone()))?;
    }
    for op in &state.dead {
        of(op.thing, &op.field, &|field| {
            field.dead.insert(CommitRef(op.commit));
        })?;
    }
    for (root, fields) in roots {
        if !is_whole(connection, root)? {
            log::put_fields(connection, root, fields)?;
        }
    }
    Ok(())
}

/// The whole hash of a branch's end, for the packet that follows it.
pub fn tip(connection: &Connection, commit: CommitRef) -> Result<Option<CommitHash>> {
    Ok(connection
        .prepare_cached("SELECT hash FROM base_tip WHERE ref = ?1")?
        .query_row([Col(commit)], |row| row.get::<_, Col<CommitHash>>(0))
        .optional()?
        .map(|hash| hash.0))
}

/// Whether a snapshot knows a chain.
pub fn has_chain(connection: &Connection, chain: ChainId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM base_tip WHERE chain = ?1)")?
        .query_row([Col(chain)], |row| row.get(0))?)
}

/// Chain and number of a commit with live ops in a snapshot.
pub fn place_of(connection: &Connection, commit: CommitRef) -> Result<Option<(ChainId, u64)>> {
    Ok(connection
        .prepare_cached("SELECT chain, seq FROM base_commit WHERE ref = ?1")?
        .query_row([Col(commit)], |row| Ok((row.get::<_, Col<ChainId>>(0)?.0, row.get(1)?)))
        .optional()?)
}

/// The commit with this number on the branch behind `from`, where that is before the snapshot. None when every op of that
/// commit was replaced before, and it is not here.
///
/// A chain that was not forked then has one commit of each number. Of a forked one `from` is a branch's end, or has live
/// ops, since HQ brings such a chain as a whole.
pub fn ancestor(
    connection: &Connection,
    chain: ChainId,
    from: CommitRef,
    seq: u64,
) -> Result<Option<CommitRef>> {
    let tips: u64 = connection
        .prepare_cached("SELECT count(*) FROM base_tip WHERE chain = ?1")?
        .query_row([Col(chain)], |row| row.get(0))?;
    let sql = if tips == 1 {
        "SELECT ref FROM base_commit WHERE chain = ?1 AND seq = ?2
         UNION SELECT ref FROM log WHERE chain = ?1 AND seq = ?2 AND ?3 IS NOT NULL
           AND (based = 1 OR ref IN (SELECT ref FROM base_held))"
    } else {
        "SELECT back.ref FROM base_commit back,
           (SELECT 1 << number AS tips FROM base_tip WHERE ref = ?3
            UNION ALL SELECT tips FROM base_commit WHERE ref = ?3) here
         WHERE back.chain = ?1 AND back.seq = ?2 AND back.tips & here.tips <> 0 LIMIT 1"
    };
    Ok(connection
        .prepare_cached(sql)?
        .query_row((Col(chain), seq, Col(from)), |row| row.get::<_, Col<CommitRef>>(0))
        .optional()?
        .map(|found| found.0))
}

/// Whether what a reference names was counted in a snapshot: what it held is live there, or was replaced.
///
/// On a chain that was forked before, one that was replaced cannot be told from one that never arrived: it is then kept
/// among the dead, which costs its name.
pub fn includes(connection: &Connection, reference: &Reference) -> Result<bool> {
    let Reference::Other { chain, seq, commit } = reference else { return Ok(false) };
    Ok(connection
        .prepare_cached(
            "SELECT ?1 NOT IN (SELECT ref FROM base_held)
               AND (EXISTS (SELECT 1 FROM base_commit WHERE ref = ?1)
                 OR (SELECT count(*) = 1 AND max(seq) >= ?3 FROM base_tip WHERE chain = ?2))",
        )?
        .query_row((Col(*commit), Col(*chain), seq), |row| row.get(0))?)
}

/// Whether HQ held a commit back when the snapshot was made.
pub fn held(connection: &Connection, commit: CommitRef) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM base_held WHERE ref = ?1)")?
        .query_row([Col(commit)], |row| row.get(0))?)
}

/// Notes that a commit of the log is counted in the snapshot of its scope.
pub fn set_based(connection: &Connection, commit: CommitRef) -> Result<()> {
    connection.prepare_cached("UPDATE log SET based = 1 WHERE ref = ?1")?.execute([Col(commit)])?;
    Ok(())
}

/// Whether a commit of the log is counted in the snapshot of its scope.
pub fn is_based(connection: &Connection, commit: CommitRef) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM log JOIN chain ON chain.id = log.chain JOIN base ON base.scope = chain.scope
                            WHERE log.ref = ?1 AND log.based = 1)",
        )?
        .query_row([Col(commit)], |row| row.get(0))?)
}

pub fn is_whole(connection: &Connection, root: EntityId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM base_whole WHERE root = ?1)")?
        .query_row([Col(root)], |row| row.get(0))?)
}

pub fn set_whole(connection: &Connection, root: EntityId, scope: &Scope) -> Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO base_whole (root, scope) VALUES (?1, ?2)")?
        .execute((Col(root), scope.as_str()))?;
    Ok(())
}

/// Whether the log may lack commits that touch a thing.
pub fn may_lack(connection: &Connection, root: EntityId) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM entity JOIN base USING (scope)
                            WHERE entity.id = ?1 AND ?1 NOT IN (SELECT root FROM base_whole))",
        )?
        .query_row([Col(root)], |row| row.get(0))?)
}

/// Whether something of a thing is live that no commit of the log holds.
pub fn stands_for(connection: &Connection, root: EntityId) -> Result<bool> {
    if !may_lack(connection, root)? {
        return Ok(false);
    }
    for (_, fields) in live::read(connection, root)?.1.into_entities() {
        for commit in fields.values().flat_map(LiveOps::keys) {
            if place_of(connection, *commit)?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Fetches every commit of a thing with the next sync.
pub fn want_thing(connection: &Connection, root: EntityId) -> Result<bool> {
    want(connection, root.0, true)
}

/// Fetches a commit with the next sync.
pub fn want_commit(connection: &Connection, commit: CommitRef) -> Result<bool> {
    want(connection, commit.0, false)
}

/// True when it was not wanted yet.
fn want(connection: &Connection, name: [u8; 16], thing: bool) -> Result<bool> {
    let sql = "INSERT OR IGNORE INTO wanted (name, thing) VALUES (?1, ?2)";
    Ok(connection.prepare_cached(sql)?.execute((name, thing))? > 0)
}

/// Names that are wanted, those of commits first.
pub fn wanted(connection: &Connection, limit: usize) -> Result<Vec<([u8; 16], bool)>> {
    let mut statement =
        connection.prepare_cached("SELECT name, thing FROM wanted ORDER BY thing, name LIMIT ?1")?;
    let rows = statement.query_map([limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub fn unwant(connection: &Connection, name: [u8; 16]) -> Result<()> {
    connection.prepare_cached("DELETE FROM wanted WHERE name = ?1")?.execute([name])?;
    Ok(())
}

fn dangling() -> Error {
    Error::Refused(ErrorCode::ServerAnswer, "a snapshot names what is not in it")
}
