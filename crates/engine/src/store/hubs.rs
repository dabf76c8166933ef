//! Hubs that this phone joined, and what they carry for it.

use minicbor::bytes::ByteArray;
use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::ids::{CommitHash, CommitRef, OfficerId, Scope};
use xuncha_domain::limits::PACKET_COMMITS_MAX;
use xuncha_domain::protocol::v1::hub::HubRun;

use super::values::Col;
use crate::error::Result;

#[derive(Clone)]
pub struct HubRow {
    pub pin: [u8; 32],
    pub urls: Vec<String>,
    pub token: [u8; 32],
    pub officer: OfficerId,
    pub scopes: Vec<Scope>,
    pub joined_ms: i64,
    pub seen_ms: i64,
}

/// A photo on its way to a hub.
#[derive(Debug, Clone)]
pub struct SealedPhoto {
    pub sealed: [u8; 32],
    pub size: u64,
    pub upload_url: Option<String>,
    pub sent: u64,
}

/// The hub that is used now.
pub fn active(connection: &Connection) -> Result<Option<HubRow>> {
    Ok(connection
        .prepare_cached(
            "SELECT pin, urls, token, officer, scopes, joined_ms, seen_ms FROM hub WHERE active = 1
             ORDER BY joined_ms DESC LIMIT 1",
        )?
        .query_row([], |row| {
            let (urls, scopes): (String, String) = (row.get(1)?, row.get(4)?);
            Ok(HubRow {
                pin: row.get(0)?,
                urls: urls.lines().map(str::to_owned).collect(),
                token: row.get(2)?,
                officer: row.get::<_, Col<OfficerId>>(3)?.0,
                scopes: scopes.lines().filter_map(|scope| scope.parse().ok()).collect(),
                joined_ms: row.get(5)?,
                seen_ms: row.get(6)?,
            })
        })
        .optional()?)
}

/// From now on this hub is used, and no other.
pub fn put(connection: &Connection, hub: &HubRow) -> Result<()> {
    leave(connection)?;
    let scopes: Vec<&str> = hub.scopes.iter().map(Scope::as_str).collect();
    connection.execute(
        "INSERT OR REPLACE INTO hub (pin, urls, token, officer, scopes, joined_ms, seen_ms, active)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1)",
        (
            hub.pin,
            hub.urls.join("\n"),
            hub.token,
            Col(hub.officer),
            scopes.join("\n"),
            hub.joined_ms,
            hub.seen_ms,
        ),
    )?;
    Ok(())
}

/// No hub is used any more. What they carry is still on its way.
pub fn leave(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE hub SET active = 0", [])?;
    Ok(())
}

pub fn seen(connection: &Connection, pin: &[u8; 32], scopes: &[String], now_ms: i64) -> Result<()> {
    connection.execute(
        "UPDATE hub SET seen_ms = ?2, scopes = ?3 WHERE pin = ?1",
        (pin, now_ms, scopes.join("\n")),
    )?;
    Ok(())
}

/// Whether this hub said that it carries a commit.
pub fn has_commit(connection: &Connection, pin: &[u8; 32], commit: CommitRef) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM hub_commit WHERE ref = ?1 AND pin = ?2)")?
        .query_row((Col(commit), pin), |row| row.get(0))?)
}

/// Takes what a hub says that it carries of this phone's chains, in place of what it said before: a hub may have lost all.
/// Returns whether anything is there that was not.
pub fn carries(connection: &Connection, pin: &[u8; 32], runs: &[HubRun]) -> Result<bool> {
    let count = |connection: &Connection| -> Result<i64> {
        Ok(connection
            .prepare_cached("SELECT count(*) FROM hub_commit WHERE pin = ?1")?
            .query_row([pin], |row| row.get(0))?)
    };
    let before = count(connection)?;
    connection.prepare_cached("DELETE FROM hub_commit WHERE pin = ?1")?.execute([pin])?;
    for run in runs {
        carry(connection, pin, run)?;
    }
    Ok(count(connection)? > before)
}

/// Notes the commits of a run that no receipt names.
fn carry(connection: &Connection, pin: &[u8; 32], run: &HubRun) -> Result<()> {
    let mut find = connection.prepare_cached(
        "SELECT seq, prev FROM log WHERE ref = ?1 AND chain = ?2 AND received = 0 AND (seq < ?3 OR hash = ?4)",
    )?;
    let mut note =
        connection.prepare_cached("INSERT OR IGNORE INTO hub_commit (ref, pin) VALUES (?1, ?2)")?;
    let mut at = CommitHash(run.hash).short();
    for _ in 0..PACKET_COMMITS_MAX {
        let found = find
            .query_row((Col(at), run.chain, run.seq, run.hash), |row| {
                Ok((row.get::<_, u64>(0)?, row.get::<_, Col<CommitHash>>(1)?.0))
            })
            .optional()?;
        let Some((seq, prev)) = found.filter(|(seq, _)| *seq >= run.from_seq) else { break };
        note.execute((Col(at), pin))?;
        if seq == run.from_seq {
            break;
        }
        at = prev.short();
    }
    Ok(())
}

/// A photo that was sealed for this hub, or is there already.
pub fn photo(connection: &Connection, pin: &[u8; 32], sha256: &[u8; 32]) -> Result<Option<SealedPhoto>> {
    Ok(connection
        .prepare_cached(
            "SELECT sealed, size, upload_url, sent FROM hub_photo WHERE sha256 = ?1 AND pin = ?2",
        )?
        .query_row((sha256, pin), |row| {
            Ok(SealedPhoto {
                sealed: row.get(0)?,
                size: row.get(1)?,
                upload_url: row.get(2)?,
                sent: row.get(3)?,
            })
        })
        .optional()?)
}

pub fn put_photo(
    connection: &Connection,
    pin: &[u8; 32],
    sha256: &[u8; 32],
    photo: &SealedPhoto,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO hub_photo (sha256, pin, sealed, size, upload_url, sent) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((sha256, pin, photo.sealed, photo.size, &photo.upload_url, photo.sent))?;
    Ok(())
}

/// Whether the hub says that it has the whole photo.
pub fn set_photo_held(connection: &Connection, pin: &[u8; 32], sha256: &[u8; 32], held: bool) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO hub_photo (sha256, pin, sealed, size, held) VALUES (?1, ?2, zeroblob(32), 0, ?3)
             ON CONFLICT (sha256, pin) DO UPDATE SET held = excluded.held",
        )?
        .execute((sha256, pin, held))?;
    Ok(())
}

pub fn set_upload(
    connection: &Connection,
    pin: &[u8; 32],
    sha256: &[u8; 32],
    url: Option<&str>,
    sent: u64,
) -> Result<()> {
    connection
        .prepare_cached("UPDATE hub_photo SET upload_url = ?3, sent = ?4 WHERE sha256 = ?1 AND pin = ?2")?
        .execute((sha256, pin, url, sent))?;
    Ok(())
}

/// Commits and photos that HQ has not and some hub carries.
pub fn carried(connection: &Connection) -> Result<(u32, u32)> {
    Ok(connection.query_row(
        "SELECT (SELECT count(*) FROM log WHERE received = 0 AND reissued = 0
                   AND ref IN (SELECT ref FROM hub_commit)),
                (SELECT count(*) FROM photo WHERE received = 0
                   AND sha256 IN (SELECT sha256 FROM hub_photo WHERE held = 1))",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// Commits that this hub does not take, because it does not have their scope, and no other carries.
pub fn not_taken(connection: &Connection, hub: &HubRow) -> Result<u32> {
    let mut statement = connection.prepare_cached(
        "SELECT chain.scope, count(*) FROM log JOIN chain ON chain.id = log.chain
         WHERE log.received = 0 AND log.reissued = 0 AND log.ref NOT IN (SELECT ref FROM hub_commit)
         GROUP BY chain.scope",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?)))?;
    let mut count = 0;
    for row in rows {
        let (scope, commits) = row?;
        if !hub.scopes.iter().any(|taken| taken.as_str() == scope) {
            count += commits;
        }
    }
    Ok(count)
}

/// Whether some hub has the whole photo.
pub fn carries_photo(connection: &Connection, sha256: &[u8; 32]) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM hub_photo WHERE sha256 = ?1 AND held = 1)")?
        .query_row([sha256], |row| row.get(0))?)
}

/// Whether some hub carries the commit.
pub fn carries_commit(connection: &Connection, commit: CommitRef) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM hub_commit WHERE ref = ?1)")?
        .query_row([Col(commit)], |row| row.get(0))?)
}

/// A receipt that a hub handed on names these photos.
pub fn told(connection: &Connection, photos: &[ByteArray<32>]) -> Result<()> {
    let mut note = connection.prepare_cached(
        "INSERT OR IGNORE INTO hub_told (sha256) SELECT sha256 FROM photo WHERE sha256 = ?1",
    )?;
    for photo in photos {
        note.execute([**photo])?;
    }
    Ok(())
}

/// Photos to ask HQ itself for.
pub fn to_ask(connection: &Connection, limit: usize) -> Result<Vec<ByteArray<32>>> {
    let mut statement = connection.prepare_cached("SELECT sha256 FROM hub_told LIMIT ?1")?;
    let rows = statement.query_map([limit], |row| Ok(ByteArray::from(row.get::<_, [u8; 32]>(0)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// HQ itself was asked for these photos and has those: what it lacks it has lost since, and it is sent again.
pub fn asked(connection: &Connection, asked: &[ByteArray<32>], has: &[ByteArray<32>]) -> Result<()> {
    let mut settle = connection.prepare_cached("DELETE FROM hub_told WHERE sha256 = ?1")?;
    let mut lost = connection.prepare_cached("UPDATE photo SET received = 0, sent = 0 WHERE sha256 = ?1")?;
    for photo in asked {
        if settle.execute([**photo])? == 1 && !has.contains(photo) {
            lost.execute([**photo])?;
        }
    }
    Ok(())
}
