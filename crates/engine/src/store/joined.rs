//! Visits that HQ joined to one.

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::same_as::SameAs;

use super::values::Col;
use crate::error::Result;

/// Visits of one group that are looked at; no call was recorded more often.
const GROUP_MAX: u32 = 1_000;

/// Takes what HQ decided of a pair, and groups what it touches anew. Costs what the two groups hold.
pub fn set(connection: &Connection, pair: &SameAs) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO same_as (lower, higher, same) VALUES (?1, ?2, ?3)
             ON CONFLICT (lower, higher) DO UPDATE SET same = excluded.same",
        )?
        .execute((Col(pair.lower), Col(pair.higher), pair.same))?;
    for visit in [pair.lower, pair.higher] {
        let group = group(connection, visit)?;
        let first = group.iter().min().copied().unwrap_or(visit);
        for member in &group {
            connection.prepare_cached("DELETE FROM joined WHERE visit = ?1")?.execute([Col(*member)])?;
            if group.len() > 1 {
                connection
                    .prepare_cached("INSERT INTO joined (visit, first) VALUES (?1, ?2)")?
                    .execute((Col(*member), Col(first)))?;
            }
        }
    }
    Ok(())
}

/// A visit and all that are joined with it, over any number of pairs.
fn group(connection: &Connection, visit: EntityId) -> Result<Vec<EntityId>> {
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE found (visit) AS (
           VALUES (?1)
           UNION SELECT higher FROM same_as JOIN found ON lower = found.visit WHERE same = 1
           UNION SELECT lower FROM same_as JOIN found ON higher = found.visit WHERE same = 1
           LIMIT ?2)
         SELECT visit FROM found",
    )?;
    let rows = statement.query_map((Col(visit), GROUP_MAX), |row| Ok(row.get::<_, Col<EntityId>>(0)?.0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many other visits count as one with this.
pub fn others(connection: &Connection, visit: EntityId) -> Result<u32> {
    let sql = "SELECT (SELECT count(*) FROM joined WHERE first = own.first) - 1 FROM joined own WHERE own.visit = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([Col(visit)], |row| row.get(0)).optional()?.unwrap_or(0))
}
