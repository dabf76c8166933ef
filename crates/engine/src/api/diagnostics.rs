//! What somebody who mends a phone needs to know, without anything that tells of people, venues or work: versions, counts,
//! sizes, times and codes. Every value is a number, a time, a code of this program or a version; nothing that a person wrote
//! and no id is read for it.

use std::fmt::Write as _;

use jiff::Timestamp;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::about::{StorageUse, about, storage_use};
use super::status::{counts_here, sync_status};
use super::types::{Nothing, PictureKind};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::meta;

/// Lines for a person of the trade, in English: they go to whoever maintains the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Diagnostics {
    pub text: String,
}

/// What is counted, and how.
const COUNTS: [(&str, &str); 13] = [
    ("visits", "SELECT count(*) FROM visit_row"),
    ("visits of this phone", "SELECT count(*) FROM visit_row WHERE mine = 1"),
    ("venues", "SELECT count(*) FROM venue_row"),
    ("commits", "SELECT count(*) FROM log"),
    ("commits without receipt", "SELECT count(*) FROM log WHERE received = 0 AND reissued = 0"),
    ("taps in the journal", "SELECT count(*) FROM journal"),
    ("chains", "SELECT count(*) FROM chain"),
    ("own chains", "SELECT count(*) FROM chain WHERE mine = 1"),
    ("values of commits still to fetch", "SELECT count(*) FROM wanted"),
    ("photos", "SELECT count(*) FROM photo"),
    ("photos without receipt", "SELECT count(*) FROM photo WHERE received = 0"),
    ("thumbnails to send", "SELECT count(*) FROM thumb WHERE done = 0"),
    ("damaged commits", "SELECT count(*) FROM quarantine"),
];

/// Why something needs attention, by code.
const REASONS: &str = "SELECT reason, count(*) FROM (
    SELECT verdict.reason FROM verdict JOIN log ON log.ref = verdict.ref JOIN chain ON chain.id = log.chain
      WHERE verdict.applied = 0 AND chain.mine = 1
    UNION ALL SELECT problem FROM photo WHERE problem IS NOT NULL
    UNION ALL SELECT reason FROM quarantine WHERE received = 0)
  GROUP BY reason ORDER BY reason LIMIT 50";
/// Codes of this program are shorter.
const CODE_CHARS_MAX: usize = 40;

pub fn diagnostics(engine: &Engine, _: Nothing) -> Result<Diagnostics> {
    let mut text = String::new();
    // Writing to a string does not fail.
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name}: {value}");
    };
    line("Xuncha diagnostics of", &time(engine.now_ms()));
    whole_phone(engine, &mut line)?;
    engine.read(|connection| counted(connection, &mut line))?;
    sizes(&storage_use(engine, Nothing {})?, &mut line);
    lately(engine, &mut line);
    Ok(Diagnostics { text })
}

type Line<'a> = dyn FnMut(&str, &str) + 'a;

fn whole_phone(engine: &Engine, line: &mut Line<'_>) -> Result<()> {
    let (about, sync) = (about(engine, Nothing {})?, sync_status(engine, Nothing {})?);
    let lock = engine.0.lock.standing(&*engine.0.options.clock);
    line("app", &format!("{}, protocol {}, store {}", about.app_version, about.protocol, about.store));
    line("platform", &format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    line("enrolled", yes(about.device.is_some()));
    line("pin", yes(lock.set));
    line("sync", &format!("{}, running {}", code(&sync.state), yes(sync.running)));
    line("last receipt", &sync.last_receipt_ms.map_or_else(never, time));
    line("last attempt", &sync.last_attempt_ms.map_or_else(never, time));
    line("backup of HQ", &sync.backup_ms.map_or_else(never, time));
    line("clock ahead of HQ", &sync.clock_ahead_ms.map_or_else(never, |ms| format!("{ms} ms")));
    let metered = engine.metered().map_or("unknown", yes);
    let policies = engine.read(|connection| {
        let policy = |kind| meta::photo_policy(connection, kind).map(|policy| code(&policy));
        Ok(format!("{}, thumbnails {}", policy(PictureKind::Original)?, policy(PictureKind::Thumbnail)?))
    })?;
    line("photos go over", &format!("{policies}; metered {metered}"));
    line("conflicts", &sync.conflicts.to_string());
    line("recovered from damage", yes(engine.read(meta::recovered)?.is_some()));
    Ok(())
}

fn counted(connection: &Connection, line: &mut Line<'_>) -> Result<()> {
    for (name, sql) in COUNTS {
        let count: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        line(name, &count.to_string());
    }
    let (visits, photos, commits) = counts_here(connection, true)?;
    line("nowhere but here", &format!("visits {visits}, photos {photos}, commits {commits}"));
    line("scopes", &meta::scopes(connection)?.len().to_string());
    let mut statement = connection.prepare(REASONS)?;
    let reasons = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    for reason in reasons {
        let (reason, count) = reason?;
        line("needs attention", &format!("{} {count}", known(&reason)));
    }
    Ok(())
}

fn sizes(used: &StorageUse, line: &mut Line<'_>) {
    let bytes = [
        ("database", used.database),
        ("photos", used.photos),
        ("photos held by HQ", used.photos_held),
        ("thumbnails", used.thumbnails),
        ("documents", used.documents),
        ("cache", used.cache),
        ("hub", used.hub),
        ("rescue", used.rescue),
        ("damaged", used.damaged),
        ("other", used.other),
    ];
    for (name, bytes) in bytes {
        line(&format!("bytes of {name}"), &bytes.to_string());
    }
    line("bytes free", &used.free.map_or_else(never, |free| free.to_string()));
}

fn lately(engine: &Engine, line: &mut Line<'_>) {
    let lately = engine.0.health.lately();
    for (at_ms, failed) in lately.syncs {
        let outcome = failed.map_or_else(|| "ok".into(), |failed| code(&failed));
        line("sync ended", &format!("{} {outcome}", time(at_ms)));
    }
    for (at_ms, call, failed) in lately.failures {
        line("call failed", &format!("{} {call} {}", time(at_ms), code(&failed)));
    }
}

fn time(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(|_| "beyond all calendars".into(), |at| at.to_string())
}

fn never() -> String {
    "unknown".into()
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// As it travels: `server_unreachable`.
fn code(code: &impl Serialize) -> String {
    serde_json::to_value(code).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}

/// A reason that comes from elsewhere: only what looks like one of our codes is repeated.
fn known(reason: &str) -> &str {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    if reason.len() <= CODE_CHARS_MAX && reason.chars().all(plain) { reason } else { "other" }
}
