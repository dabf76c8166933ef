//! Where this phone stood in each feed before: near the end closely, further back ever sparser, so that a restored HQ
//! finds a common point that is not much older than its backup.

use rusqlite::Connection;
use xuncha_domain::ids::Scope;
use xuncha_domain::protocol::v1::sync::Cursor;

use crate::error::Result;

/// Points of one scope's trail: two for each doubling of the distance, which is beyond any feed.
const POINTS_MAX: u32 = 128;

/// Keeps a cursor, and drops of the older ones what the trail has enough of.
pub fn keep(connection: &Connection, scope: &Scope, position: u64, rolling: [u8; 16]) -> Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO trail (scope, position, rolling) VALUES (?1, ?2, ?3)")?
        .execute((scope.as_str(), position, rolling))?;
    let positions: Vec<u64> = of(connection, scope)?.iter().map(|cursor| cursor.position).collect();
    for gone in superfluous(&positions) {
        connection
            .prepare_cached("DELETE FROM trail WHERE scope = ?1 AND position = ?2")?
            .execute((scope.as_str(), gone))?;
    }
    Ok(())
}

/// Earlier cursors of a scope, newest first.
pub fn of(connection: &Connection, scope: &Scope) -> Result<Vec<Cursor>> {
    let mut statement = connection.prepare_cached(
        "SELECT position, rolling FROM trail WHERE scope = ?1 ORDER BY position DESC LIMIT ?2",
    )?;
    let cursor = |row: &rusqlite::Row<'_>| {
        Ok(Cursor { scope: scope.to_string(), position: row.get(0)?, rolling: row.get(1)? })
    };
    Ok(statement.query_map((scope.as_str(), POINTS_MAX), cursor)?.collect::<rusqlite::Result<_>>()?)
}

/// Forgets what lies after a position: it was never reached in the history that HQ has now.
pub fn cut(connection: &Connection, scope: &Scope, position: u64) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM trail WHERE scope = ?1 AND position > ?2")?
        .execute((scope.as_str(), position))?;
    Ok(())
}

/// Of positions, highest first: those between the first and the last of each doubling of the distance to the end.
fn superfluous(positions: &[u64]) -> Vec<u64> {
    let end = positions.first().copied().unwrap_or(0);
    let doubling = |position: &u64| (end.saturating_sub(*position) + 1).ilog2();
    let alike = positions.chunk_by(|a, b| doubling(a) == doubling(b));
    alike.flat_map(|group| group.get(1..group.len() - 1).unwrap_or_default()).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_is_short_and_has_a_point_close_before_every_backup() {
        let mut trail: Vec<u64> = Vec::new();
        let mut end = 0;
        for step in [1, 7, 2, 90, 1, 1, 30].into_iter().cycle().take(20_000) {
            end += step;
            trail.insert(0, end);
            let gone = superfluous(&trail);
            trail.retain(|position| !gone.contains(position));
        }
        assert!(trail.len() < 64, "{}", trail.len());
        for lost in [1, 100, 5_000, end / 2] {
            let common = trail.iter().find(|position| **position <= end - lost).unwrap();
            assert!(end - common <= 4 * lost + 200, "{lost} lost, {} fetched again", end - common);
        }
    }
}
