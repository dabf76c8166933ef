//! Bits that flip where they lie: SQLite does not notice, only hashes do.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;
use xuncha_tests::random::Random;

/// What a commit's hash covers, and what it is found by.
const COLUMNS: [&str; 9] =
    ["core", "core", "detached", "device_ms", "prev", "officer", "monotonic_ms", "hash", "ref"];

/// Flips one bit of a commit of the phone's own that no receipt names. False when there is none.
pub fn flip(database: &Path, random: &mut Random) -> bool {
    let database = Connection::open(database).expect("a database");
    database.pragma_update(None, "foreign_keys", false).expect("a setting");
    let column = *random.one_of(&COLUMNS);
    let sql = format!(
        "SELECT ref, {column} FROM log WHERE received = 0 AND reissued = 0
         AND chain IN (SELECT id FROM chain WHERE mine = 1) ORDER BY ref"
    );
    let mut statement = database.prepare(&sql).expect("a log");
    let rows = statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?))).expect("rows");
    let rows: Vec<(Vec<u8>, Value)> = rows.collect::<Result<_, _>>().expect("rows");
    if rows.is_empty() {
        return false;
    }
    let (name, value) = random.one_of(&rows);
    let flipped = match value.clone() {
        Value::Blob(mut bytes) => {
            let at = usize::try_from(random.below(bytes.len() as u64)).unwrap_or_default();
            bytes[at] ^= 1 << random.below(8);
            Value::Blob(bytes)
        }
        Value::Integer(number) => Value::Integer(number ^ (1 << random.below(50))),
        other => other,
    };
    let sql = format!("UPDATE log SET {column} = ?1 WHERE ref = ?2");
    database.execute(&sql, (flipped, name)).expect("the bit flips") == 1
}
