//! Photos whose rows were lost: the files are there under their hashes, and the log says to which visit they belong.

use std::path::Path;

use rusqlite::Connection;
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::fact::Photo;
use xuncha_domain::model::{field, kind};

use crate::error::Result;
use crate::photo::{Format, path_of};
use crate::store::values::Col;
use crate::store::{erasures, photos};
use crate::tree::Tree;

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
        "SELECT id FROM entity WHERE root IS NULL AND rowid IN (SELECT root FROM entity WHERE kind = ?1)",
    )?;
    let roots = statement.query_map([kind::PHOTO], |row| Ok(row.get::<_, Col<EntityId>>(0)?.0))?;
    let mut facts = Vec::new();
    for root in roots {
        let root = root?;
        let Some(tree) = Tree::read(connection, root)? else { continue };
        for node in tree.of_kind(kind::PHOTO) {
            let live = tree.all_live().filter(|(entity, name, _)| *entity == node.id && *name == field::FACT);
            facts.extend(live.filter_map(|(_, _, live)| {
                Some((root, Photo::from_value(live.value.value()?)?, live.corrected_ms))
            }));
        }
    }
    Ok(facts)
}
