//! Photos that other phones took: asked for here, fetched by a worker, never waited for.

use xuncha_domain::ids::EntityId;
use xuncha_domain::model::fact::Photo;
use xuncha_domain::model::{field, kind};
use xuncha_domain::protocol::v1::blobs::{BLOB_BYTES_MAX, THUMB_BYTES_MAX};

use super::types::{FetchState, Nothing, PhotoRef, VisitRef};
use super::view::no_visit;
use crate::engine::Engine;
use crate::error::Result;
use crate::store::fetched::{self, Name};
use crate::store::{erasures, photos};
use crate::sync::fetch::Want;
use crate::tree::Tree;

pub fn thumbs(engine: &Engine, arguments: VisitRef) -> Result<Nothing> {
    let visit: EntityId = arguments.visit.parse()?;
    for photo in elsewhere(engine, visit)? {
        let name = Name { photo: photo.sha256, thumb: true };
        let Some(sha256) = photo.thumb else { continue };
        let original = Name { thumb: false, ..name };
        let seen = engine.read(|connection| {
            let whole = |name| fetched::get(connection, name).map(|row| row.is_some_and(|row| row.whole));
            Ok(whole(name)? || whole(original)?)
        })?;
        if !seen && engine.0.wanted.state_of(name) != Some(FetchState::Fetching) {
            engine.0.wanted.add(Want { name, sha256, bytes_max: THUMB_BYTES_MAX, visit });
        }
    }
    Ok(Nothing {})
}

pub fn original(engine: &Engine, arguments: PhotoRef) -> Result<Nothing> {
    let visit: EntityId = arguments.visit.parse()?;
    let asked =
        elsewhere(engine, visit)?.into_iter().find(|photo| hex::encode(photo.sha256) == arguments.sha256);
    if let Some(photo) = asked {
        let name = Name { photo: photo.sha256, thumb: false };
        let bytes_max = photo.size.min(BLOB_BYTES_MAX);
        engine.0.wanted.add(Want { name, sha256: photo.sha256, bytes_max, visit });
        engine.wrote(&arguments.visit);
    }
    Ok(Nothing {})
}

/// The photos of a visit whose originals this phone did not take, and that no order erased.
fn elsewhere(engine: &Engine, visit: EntityId) -> Result<Vec<Photo>> {
    engine.read(|connection| {
        let tree = Tree::read(connection, visit)?.ok_or_else(no_visit)?;
        let facts =
            tree.of_kind(kind::PHOTO).filter_map(|node| Photo::from_value(tree.value(node.id, field::FACT)?));
        let mut elsewhere = Vec::new();
        for photo in facts {
            let mine = photos::get(connection, &photo.sha256)?.is_some();
            if !mine && !erasures::photo_erased(connection, &photo.sha256)? {
                elsewhere.push(photo);
            }
        }
        Ok(elsewhere)
    })
}
