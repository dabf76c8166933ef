//! Photos whose rows were lost: the files are there under their hashes, and the log says to which visit they belong.

use std::path::Path;

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::fact::Photo;
use xuncha_domain::model::{field, kind};

use crate::error::Result;
use crate::photo::{Format, path_of};
use crate::store::values::Col;
use crate::store::{erasures, photos};

/// Makes the missing rows again and returns how many photos of this phone are known now.
pub fn find(folder: &Path, connection: &Connection) -> Result<u64> {
    for (root, photo, at_ms) in facts(connection)? {
        let Some(format) = Format::ALL.into_iter().find(|format| format.mime() == photo.mime) else {
            continue;
        };
        let path = path_of(folder, &photo.sha256, format);
        let file = path.strip_prefix(folder).unwrap_or(&path);
        if path.is_file() && !erasures::photo_erased(connection, &photo.sha256)? {
            photos::insert(connection, root, &photo.sha256, &file.to_string_lossy(), photo.size, at_ms)?;
        }
    }
    Ok(connection.query_row("SELECT count(*) FROM photo", [], |row| row.get(0))?)
}

/// Photo facts in the log and in the journal, with the visit and the time of each.
fn facts(connection: &Connection) -> Result<Vec<(EntityId, Photo, i64)>> {
    let mut statement = connection.prepare(
        "SELECT entity.root, live.value, live.corrected_ms FROM live JOIN entity ON entity.id = live.entity
         WHERE entity.kind = ?1 AND live.field = ?2 AND live.value IS NOT NULL
         UNION ALL
         SELECT entity.root, journal.value, journal.device_ms FROM journal JOIN entity ON entity.id = journal.entity
         WHERE entity.kind = ?1 AND journal.field = ?2",
    )?;
    let rows = statement.query_map((kind::PHOTO, field::FACT), |row| {
        Ok((row.get::<_, Col<EntityId>>(0)?.0, row.get::<_, Col<Value>>(1)?.0, row.get(2)?))
    })?;
    let mut facts = Vec::new();
    for row in rows {
        let (root, value, at_ms) = row?;
        facts.extend(Photo::from_value(&value).map(|photo| (root, photo, at_ms)));
    }
    Ok(facts)
}
