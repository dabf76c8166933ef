//! Commits as they are, and the live values that follow from them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Row};
use xuncha_domain::ids::{ChainId, CommitHash, CommitRef, DeviceId, EntityId, OfficerId, Scope};
use xuncha_domain::limits;
use xuncha_domain::log::body::{Kind, Op, OpValue, Reference};
use xuncha_domain::log::commit::{Commit, Place, Stamp};
use xuncha_domain::merge::{Field, Live};
use xuncha_domain::model::kind;
use xuncha_domain::time::ClockOffset;

use super::base;
use super::live;
use super::live_set::LiveSet;
use super::lost;
use super::open::damaged;
use super::quarantine;
use super::squeeze::{squeeze, unsqueeze};
use super::things::{self, Found, Number};
use super::values::Col;
use crate::error::Result;

/// Roots that counting commits changed, with their kind.
pub type Touched = BTreeSet<(Kind, EntityId)>;

pub(super) const COLUMNS: &str = "chain, seq, prev, officer, device_ms, offset_ms, error_ms, boot, monotonic_ms, feed_position, \
                       core, detached";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<(Place, Stamp, Vec<u8>, Vec<u8>)> {
    let place = Place {
        chain: row.get::<_, Col<ChainId>>(0)?.0,
        seq: row.get(1)?,
        prev: row.get::<_, Col<CommitHash>>(2)?.0,
    };
    let stamp = Stamp {
        officer: row.get::<_, Col<OfficerId>>(3)?.0,
        device_ms: row.get(4)?,
        clock: match (row.get(5)?, row.get(6)?) {
            (Some(offset_ms), Some(error_ms)) => Some(ClockOffset { offset_ms, error_ms }),
            _ => None,
        },
        boot: row.get(7)?,
        monotonic_ms: row.get(8)?,
        feed_position: row.get(9)?,
    };
    let core = unsqueeze(row.get(10)?, limits::COMMIT_BYTES_MAX).ok_or(rusqlite::Error::InvalidQuery)?;
    Ok((place, stamp, core, row.get(11)?))
}

fn commits(connection: &Connection, tail: &str, params: impl rusqlite::Params) -> Result<Vec<Commit>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS}, hash, ref FROM log {tail}"))?;
    let mut rows = statement.query(params)?;
    let mut commits = Vec::new();
    while let Some(row) = rows.next()? {
        commits.push(quarantine::whole(row).map_err(|_| damaged("a commit is not what its hash says"))?);
    }
    Ok(commits)
}

pub fn get(connection: &Connection, commit: CommitRef) -> Result<Option<Commit>> {
    Ok(commits(connection, "WHERE ref = ?1", [Col(commit)])?.pop())
}

/// Commits of a chain that no receipt names, in order, at most `limit`.
pub fn unreceived(connection: &Connection, chain: ChainId, limit: usize) -> Result<Vec<Commit>> {
    let tail = "WHERE chain = ?1 AND received = 0 AND reissued = 0 ORDER BY seq LIMIT ?2";
    commits(connection, tail, (Col(chain), limit))
}

/// The author's signature over the head that a commit is, if a packet ended there.
pub fn signature(connection: &Connection, commit: CommitRef) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT signature FROM log WHERE ref = ?1";
    let found = connection.prepare_cached(sql)?.query_row([Col(commit)], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// Keeps the signature with which the commit can be handed on.
pub fn keep_signature(connection: &Connection, commit: CommitRef, signature: &[u8]) -> Result<()> {
    connection
        .prepare_cached("UPDATE log SET signature = ?2 WHERE ref = ?1 AND signature IS NULL")?
        .execute((Col(commit), signature))?;
    Ok(())
}

/// Where in its scope's feed a commit was read.
pub fn set_position(connection: &Connection, commit: CommitRef, position: u64) -> Result<()> {
    connection
        .prepare_cached("UPDATE log SET position = ?2 WHERE ref = ?1")?
        .execute((Col(commit), position))?;
    Ok(())
}

/// What HQ was said to hold of a scope and did not have, or not yet, at a position of its feed: it falls back to "on this
/// phone". Costs as much as the phone holds of the scope.
pub fn lose_after(connection: &Connection, scope: &Scope, position: u64) -> Result<Vec<CommitRef>> {
    let mut statement = connection.prepare_cached(
        "UPDATE log SET received = 0, position = NULL
         WHERE chain IN (SELECT id FROM chain WHERE scope = ?1) AND received = 1 AND coalesce(position > ?2, 1)
         RETURNING ref",
    )?;
    let lost = statement.query_map((scope.as_str(), position), |row| row.get::<_, Col<CommitRef>>(0))?;
    lost.map(|reference| Ok(reference?.0)).collect()
}

/// Runs of commits that follow each other: one, or one per branch of a forked chain.
pub fn branches(commits: Vec<Commit>) -> Vec<Vec<Commit>> {
    let mut by_tip: BTreeMap<CommitHash, Vec<Commit>> = BTreeMap::new();
    for commit in commits {
        let mut run = by_tip.remove(&commit.header.prev).unwrap_or_default();
        let tip = commit.hash;
        run.push(commit);
        by_tip.insert(tip, run);
    }
    by_tip.into_values().collect()
}

/// Commits that touch a root, in the order of their chains.
pub fn touching(connection: &Connection, root: EntityId) -> Result<Vec<Commit>> {
    let Some(found) = things::find(connection, root)? else { return Ok(Vec::new()) };
    let tail = "WHERE ref IN (SELECT ref FROM touch WHERE root = ?1) AND counted = 1 ORDER BY chain, seq";
    commits(connection, tail, [found.number])
}

/// Everything that a device wrote, with the scope of each.
pub fn of_device(connection: &Connection, device: [u8; 16]) -> Result<Vec<(Scope, Commit)>> {
    let tail = "WHERE chain IN (SELECT id FROM chain WHERE device = ?1) ORDER BY chain, seq";
    let mut written = Vec::new();
    for commit in commits(connection, tail, [device.as_slice()])? {
        if let Some(chain) = super::chains::get(connection, commit.header.chain)? {
            written.push((chain.scope, commit));
        }
    }
    Ok(written)
}

pub fn hash_of(connection: &Connection, commit: CommitRef) -> Result<Option<CommitHash>> {
    Ok(connection
        .prepare_cached("SELECT hash FROM log WHERE ref = ?1")?
        .query_row([Col(commit)], |row| row.get::<_, Col<CommitHash>>(0))
        .optional()?
        .map(|hash| hash.0))
}

/// Whether the commit that follows one on its chain is here.
pub fn is_followed(connection: &Connection, commit: &Commit) -> Result<bool> {
    let (chain, next) = (commit.header.chain, commit.header.seq.saturating_add(1));
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM log WHERE chain = ?1 AND seq = ?2 AND prev = ?3)")?
        .query_row((Col(chain), next, Col(commit.hash)), |row| row.get(0))?)
}

/// The commit before one that we hold.
pub fn prev_of(connection: &Connection, commit: CommitRef) -> Result<Option<CommitRef>> {
    Ok(connection
        .prepare_cached("SELECT prev FROM log WHERE ref = ?1")?
        .query_row([Col(commit)], |row| row.get::<_, Col<CommitHash>>(0))
        .optional()?
        .map(|prev| prev.0.short()))
}

/// Chain and number of a commit that we hold, of which a snapshot holds live ops, or that went with its scope.
pub fn place_of(connection: &Connection, commit: CommitRef) -> Result<Option<(ChainId, u64)>> {
    let here = connection
        .prepare_cached("SELECT chain, seq FROM log WHERE ref = ?1")?
        .query_row([Col(commit)], |row| Ok((row.get::<_, Col<ChainId>>(0)?.0, row.get(1)?)))
        .optional()?;
    match here.map_or_else(|| base::place_of(connection, commit), |here| Ok(Some(here)))? {
        Some(place) => Ok(Some(place)),
        None => lost::place_of(connection, commit),
    }
}

/// The things that a commit touches.
pub fn touched_by(connection: &Connection, commit: CommitRef) -> Result<Touched> {
    let mut statement = connection.prepare_cached("SELECT root FROM touch WHERE ref = ?1")?;
    let roots = statement.query_map([Col(commit)], |row| row.get::<_, Number>(0))?;
    let mut touched = Touched::new();
    for root in roots {
        let root = things::of(connection, root?)?;
        touched.insert((root.kind, root.id));
    }
    Ok(touched)
}

/// The device whose chain holds a commit.
pub fn device_of(connection: &Connection, commit: CommitRef) -> Result<Option<DeviceId>> {
    let Some((chain, _)) = place_of(connection, commit)? else { return Ok(None) };
    Ok(super::chains::get(connection, chain)?.map(|chain| chain.device))
}

/// What a commit holds in a field, and what that replaces; none when it holds nothing there or is not here.
pub fn op_of(
    connection: &Connection,
    reference: CommitRef,
    entity: EntityId,
    name: &str,
) -> Result<Option<(Live, Vec<CommitRef>)>> {
    let Some(commit) = get(connection, reference)? else { return Ok(None) };
    let Some(op) = commit.ops().iter().find(|op| op.entity.id == entity && op.field == name) else {
        return Ok(None);
    };
    Ok(Some((commit.live_op(op), resolve(connection, &commit, &op.over)?)))
}

/// Whether a receipt names it, or HQ counted it in a snapshot.
pub fn received(connection: &Connection, commit: &CommitRef) -> Result<bool> {
    let here = connection
        .prepare_cached("SELECT received FROM log WHERE ref = ?1")?
        .query_row([Col(*commit)], |row| row.get(0))
        .optional()?;
    here.map_or_else(|| base::place_of(connection, *commit).map(|place| place.is_some()), Ok)
}

/// Whether its values count.
pub fn counted(connection: &Connection, commit: &CommitRef) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT counted FROM log WHERE ref = ?1")?
        .query_row([Col(*commit)], |row| row.get(0))
        .optional()?
        .unwrap_or(false))
}

/// The one commit with a number on a chain; none when there is none, or more than one.
pub fn at(connection: &Connection, chain: ChainId, seq: u64) -> Result<Option<CommitRef>> {
    let mut statement = connection.prepare_cached("SELECT ref FROM log WHERE chain = ?1 AND seq = ?2")?;
    let found: Vec<CommitRef> = statement
        .query_map((Col(chain), seq), |row| Ok(row.get::<_, Col<CommitRef>>(0)?.0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(if let [only] = found.as_slice() { Some(*only) } else { None })
}

/// Whether its values were counted, also when its row is not here any more.
pub fn was_counted(connection: &Connection, commit: CommitRef) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM touch WHERE ref = ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([Col(commit)], |row| row.get(0))?)
}

/// Its values are counted already.
pub fn set_counted(connection: &Connection, commit: CommitRef) -> Result<()> {
    connection.prepare_cached("UPDATE log SET counted = 1 WHERE ref = ?1")?.execute([Col(commit)])?;
    Ok(())
}

/// Whether its ops were issued again on a successor chain.
pub fn reissued(connection: &Connection, commit: &CommitRef) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT reissued FROM log WHERE ref = ?1")?
        .query_row([Col(*commit)], |row| row.get(0))
        .optional()?
        .unwrap_or(false))
}

/// The commit with number `seq` that `from` descends from on its own chain.
pub fn ancestor(connection: &Connection, from: &Commit, seq: u64) -> Result<Option<CommitRef>> {
    let chain = from.header.chain;
    if let Some(only) = at(connection, chain, seq)?
        && !base::has_chain(connection, chain)?
    {
        return Ok(Some(only));
    }
    // Forked there, or not all here: follow its own branch back.
    let mut at = from.header.prev.short();
    let mut prev = connection.prepare_cached("SELECT seq, prev FROM log WHERE ref = ?1")?;
    loop {
        let row = prev
            .query_row([Col(at)], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, Col<CommitHash>>(1)?.0)))
            .optional()?;
        match row {
            Some((found, _)) if found == seq => return Ok(Some(at)),
            Some((found, before)) if found > seq => at = before.short(),
            Some(_) => return Ok(None),
            None => return base::ancestor(connection, chain, at, seq),
        }
    }
}

/// What an op replaces, as references that the merge uses. Names of commits that we never held stay names.
pub fn resolve(connection: &Connection, commit: &Commit, over: &[Reference]) -> Result<Vec<CommitRef>> {
    let mut refs = Vec::with_capacity(over.len());
    for reference in over {
        match reference {
            Reference::Other { commit, .. } => refs.push(*commit),
            Reference::Own { seq } => refs.extend(ancestor(connection, commit, *seq)?),
        }
    }
    Ok(refs)
}

/// Keeps a commit; false when it is here already.
pub fn insert(connection: &Connection, commit: &Commit, received: bool) -> Result<bool> {
    let header = &commit.header;
    if hash_of(connection, commit.hash.short())?.is_some() {
        connection
            .prepare_cached("UPDATE log SET received = max(received, ?2) WHERE ref = ?1")?
            .execute((Col(commit.hash.short()), received))?;
        return Ok(false);
    }
    connection
        .prepare_cached(
            "INSERT INTO log (ref, hash, chain, seq, prev, officer, device_ms, offset_ms, error_ms, boot,
                              monotonic_ms, feed_position, core, detached, counted, received)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, ?15)",
        )?
        .execute(rusqlite::params![
            Col(commit.hash.short()),
            Col(commit.hash),
            Col(header.chain),
            header.seq,
            Col(header.prev),
            Col(header.officer),
            header.device_ms,
            header.clock.map(|c| c.offset_ms),
            header.clock.map(|c| c.error_ms),
            header.boot,
            header.monotonic_ms,
            header.feed_position,
            squeeze(commit.core.clone()),
            commit.detached.to_bytes(),
            received,
        ])?;
    Ok(true)
}

/// The live ops of a root while a commit is counted.
struct Counting {
    root: Number,
    set: LiveSet,
    /// The log may lack commits that were counted in the thing's snapshot.
    beyond: bool,
}

/// Counts a commit that is kept and not counted yet: its values become live, what they replace stops being so. What a
/// snapshot stands for is in its values already.
pub fn count(connection: &Connection, scope: &Scope, commit: &Commit) -> Result<Touched> {
    let own = commit.hash.short();
    let awaiting = awaiting(connection, own)?;
    let based = base::is_based(connection, own)?;
    let mut touched = Touched::new();
    let mut numbers: BTreeMap<EntityId, Number> = BTreeMap::new();
    let mut sets: BTreeMap<EntityId, Counting> = BTreeMap::new();
    for op in commit.ops() {
        let entity = match numbers.get(&op.entity.id) {
            Some(number) => *number,
            None => things::keep(connection, scope, &op.entity)?.number,
        };
        numbers.insert(op.entity.id, entity);
        let root = op.entity.root();
        if touched.insert((root.kind, root.id)) {
            let (number, set) = live::read(connection, root.id)?;
            connection
                .prepare_cached("INSERT OR IGNORE INTO touch (root, ref) VALUES (?1, ?2)")?
                .execute((number, Col(own)))?;
            if !based || base::is_whole(connection, root.id)? {
                let beyond = base::may_lack(connection, root.id)?;
                sets.insert(root.id, Counting { root: number, set, beyond });
            }
        }
        let Some(Counting { set, beyond, .. }) = sets.get_mut(&root.id) else { continue };
        let mut field =
            Field { live: set.field(entity, &op.field).cloned().unwrap_or_default(), ..Field::default() };
        if !awaiting.is_empty() && awaiting.contains(&(op.entity.id, op.field.clone())) {
            field.dead.insert(own);
        }
        count_op(connection, commit, op, &mut field, *beyond)?;
        set.put(entity, &op.field, field.live);
    }
    for Counting { root, set, .. } in sets.values() {
        live::write(connection, *root, set)?;
    }
    connection.prepare_cached("UPDATE log SET counted = 1 WHERE ref = ?1")?.execute([Col(own)])?;
    // Whatever waited for this commit, also in a field that it does not hold, waits no more.
    connection.prepare_cached("DELETE FROM dead WHERE ref = ?1")?.execute([Col(own)])?;
    Ok(touched)
}

/// The fields in which counted ops replace a commit that is not: those of its ops are dead on arrival.
fn awaiting(connection: &Connection, commit: CommitRef) -> Result<BTreeSet<(EntityId, String)>> {
    let mut statement = connection.prepare_cached("SELECT entity, field FROM dead WHERE ref = ?1")?;
    let rows =
        statement.query_map([Col(commit)], |row| Ok((row.get::<_, Col<EntityId>>(0)?.0, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// `beyond`: the log may lack commits that were counted in the thing's snapshot.
fn count_op(
    connection: &Connection,
    commit: &Commit,
    op: &Op,
    field: &mut Field,
    beyond: bool,
) -> Result<()> {
    let over = resolve(connection, commit, &op.over)?;
    let mut known = BTreeSet::new();
    for reference in &over {
        if counted(connection, reference)? || (beyond && base::place_of(connection, *reference)?.is_some()) {
            known.insert(*reference);
        }
    }
    for reference in op.over.iter().filter(|_| beyond) {
        if let Reference::Other { commit, .. } = reference
            && base::includes(connection, reference)?
        {
            known.insert(*commit);
        }
    }
    field.count(commit.live_op(op), &over, |reference| known.contains(reference));
    super::settled::note(connection, commit, op, &over)?;
    for awaited in &field.dead {
        await_commit(connection, *awaited, op.entity.id, &op.field)?;
    }
    Ok(())
}

/// Keeps the name of an op that was replaced before it arrived.
fn await_commit(connection: &Connection, commit: CommitRef, entity: EntityId, field: &str) -> Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO dead (ref, entity, field) VALUES (?1, ?2, ?3)")?
        .execute((Col(commit), Col(entity), field))?;
    Ok(())
}

/// Commits whose values do not count here because of a verdict. Work of this phone that HQ holds back only because it
/// closed the phone goes on counting on it: the officer must be able to go on with a visit (law 5).
const HELD: &str = "SELECT verdict.ref FROM verdict LEFT JOIN log ON log.ref = verdict.ref
     LEFT JOIN chain ON chain.id = log.chain
     WHERE verdict.applied = 0 AND NOT (verdict.reason = 'device_closed' AND coalesce(chain.mine, 0))";

/// Whether a verdict keeps a commit from counting here.
pub fn held(connection: &Connection, commit: CommitRef) -> Result<bool> {
    let sql = format!("SELECT EXISTS ({HELD} AND verdict.ref = ?1)");
    Ok(connection.prepare_cached(&sql)?.query_row([Col(commit)], |row| row.get(0))?)
}

/// Forgets every live value and counts the whole log again, over the snapshots with which scopes begin: after a verdict or
/// a reissue took something out of it.
/// Rare, and the one place whose cost is all of history.
pub fn recount(connection: &Connection) -> Result<Touched> {
    connection.execute_batch(
        "DELETE FROM live_set; DELETE FROM dead; DELETE FROM touch; DELETE FROM settled; DELETE FROM same_as; DELETE FROM joined;
         UPDATE log SET counted = 0;",
    )?;
    let refs: Vec<CommitRef> = connection
        .prepare(&format!(
            "SELECT ref FROM log WHERE reissued = 0 AND ref NOT IN ({HELD}) ORDER BY chain, seq"
        ))?
        .query_map([], |row| Ok(row.get::<_, Col<CommitRef>>(0)?.0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut touched = base::put_live(connection)?;
    for reference in refs {
        if let Some(commit) = get(connection, reference)?
            && let Some(chain) = super::chains::get(connection, commit.header.chain)?
        {
            touched.extend(count(connection, &chain.scope, &commit)?);
        }
    }
    Ok(touched)
}

/// Counts a thing again from the log alone: every commit that touches it is here now.
pub fn recount_thing(connection: &Connection, root: EntityId) -> Result<()> {
    let mut fields: BTreeMap<(EntityId, String), Field> = BTreeMap::new();
    let mut done = BTreeSet::new();
    for commit in touching(connection, root)? {
        for op in commit.ops().iter().filter(|op| op.entity.root().id == root) {
            let over = resolve(connection, &commit, &op.over)?;
            let field = fields.entry((op.entity.id, op.field.clone())).or_default();
            field.count(commit.live_op(op), &over, |reference| done.contains(reference));
        }
        done.insert(commit.hash.short());
    }
    if let Some(found) = things::find(connection, root)? {
        let mut forget = connection.prepare_cached("DELETE FROM dead WHERE entity = ?1")?;
        for thing in things::under(connection, found.number)?.values() {
            forget.execute([Col(thing.id)])?;
        }
    }
    for field in fields.values_mut() {
        let awaited: Vec<CommitRef> = field.dead.iter().copied().collect();
        for commit in awaited {
            if counted(connection, &commit)? {
                field.settle(&commit);
            }
        }
    }
    put_fields(connection, root, fields)
}

/// Makes these the live ops of a thing, and what its fields wait for.
pub fn put_fields(
    connection: &Connection,
    root: EntityId,
    fields: BTreeMap<(EntityId, String), Field>,
) -> Result<()> {
    let mut set = LiveSet::default();
    for ((entity, name), field) in fields {
        let found = things::find(connection, entity)?;
        let Found { number, .. } = found.ok_or_else(|| damaged("live ops of an unknown thing"))?;
        for awaited in &field.dead {
            await_commit(connection, *awaited, entity, &name)?;
        }
        set.put(number, &name, field.live);
    }
    let (root, _) = live::read(connection, root)?;
    live::write(connection, root, &set)
}

/// Keeps what HQ made of a commit. What was applied once is never held again.
pub fn keep_verdict(connection: &Connection, commit: CommitRef, applied: bool, reason: &str) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO verdict (ref, applied, reason) VALUES (?1, ?2, ?3)
             ON CONFLICT (ref) DO UPDATE SET applied = max(applied, excluded.applied)",
        )?
        .execute((Col(commit), applied, reason))?;
    Ok(())
}

/// Forgets verdicts on commits of a scope that no commit here holds: what HQ said before it was restored. True when there
/// were some.
pub fn forget_verdicts(connection: &Connection, scope: &Scope) -> Result<bool> {
    let forgotten = connection.execute(
        "DELETE FROM verdict WHERE ref NOT IN (SELECT id FROM entity WHERE rowid IN (SELECT root FROM touch))
           AND ref NOT IN (SELECT log.ref FROM log JOIN chain ON chain.id = log.chain WHERE chain.scope <> ?1)
           AND ref NOT IN (SELECT ref FROM base_held WHERE scope <> ?1)",
        [scope.as_str()],
    )?;
    Ok(forgotten > 0)
}

/// Verdicts of HQ that a commit carries: what they are about, whether it is applied after all, and why it was held.
pub fn verdicts(commit: &Commit) -> Vec<(CommitRef, bool, xuncha_domain::model::words::HeldReason)> {
    commit
        .ops()
        .iter()
        .filter(|op| op.entity.kind == kind::VERDICT)
        .filter_map(|op| match &op.value {
            OpValue::Plain(value) => xuncha_domain::model::verdict::from_value(value)
                .map(|(applied, reason)| (CommitRef(op.entity.id.0), applied, reason)),
            OpValue::Detached(_) => None,
        })
        .collect()
}
