//! Photos in and out. The bytes are safe under their hash before a row or an op mentions them.

use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};
use xuncha_domain::ids::{EntityId, random};
use xuncha_domain::model::fact::{ExifClaims, Photo};
use xuncha_domain::model::{field, visit as entities};
use xuncha_domain::protocol::v1::blobs::THUMB_BYTES_MAX;

use super::types::{AddPhoto, ErrorCode, VisitView};
use super::venues::position_value;
use super::visit::{bad, done, open, scope_of, tap};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::photo;
use crate::store::fetched::Name;
use crate::store::thumbs::{self, ThumbRow};
use crate::store::{erasures, meta, photos};
use crate::sync::fetch;
use crate::write;

/// Longer side of a thumbnail: three across a wide phone at triple density.
const THUMB_SIDE: u32 = 480;

pub fn add(engine: &Engine, asked: &AddPhoto, bytes: &mut dyn Read) -> Result<VisitView> {
    let id: EntityId = asked.visit.parse()?;
    let position = asked.position.map(position_value).transpose()?;
    // Asked before the bytes are read, so that a sealed visit costs nothing.
    engine.write(|connection, pen| {
        let draft = open(connection, pen, id)?;
        let known =
            |item: &String| draft.tree.checklist.is_some_and(|checklist| checklist.item(item).is_some());
        if asked.item.as_ref().is_some_and(|item| !known(item)) {
            return Err(bad("the visit's checklist has no such item"));
        }
        Ok(())
    })?;
    let temporary = hex::encode(random::<12>(&*engine.0.options.entropy));
    let captured = photo::capture(&*engine.0.options.disk, &engine.0.photos, &temporary, bytes)?;
    let exif = photo::read_exif(&captured.path);
    let thumb = thumbnail(engine, &captured.path, exif.orientation);
    let fact = Photo {
        sha256: captured.sha256,
        size: captured.bytes,
        width: captured.picture.width,
        height: captured.picture.height,
        mime: captured.picture.format.mime().into(),
        exif: ExifClaims {
            orientation: Some(exif.orientation.to_exif()),
            taken: exif.taken,
            model: exif.model,
        },
        position: position.as_ref().and_then(xuncha_domain::model::fact::Position::from_value),
        thumb: thumb.as_ref().map(|thumb| thumb.sha256),
    };
    let file = engine.photo_name(&captured.path);
    let erased = engine.write(|connection, pen| {
        let draft = open(connection, pen, id)?;
        if erasures::photo_erased(connection, &fact.sha256)? {
            // Its files go with what else was erased.
            erasures::erase_photo(connection, &fact.sha256, pen.clock.now_ms())?;
            meta::set_scrub_due(connection)?;
            return Ok(true);
        }
        let now_ms = pen.clock.now_ms();
        photos::insert(connection, id, &fact.sha256, &file, fact.size, now_ms)?;
        if let Some(thumb) = &thumb {
            thumbs::insert(connection, &fact.sha256, thumb, now_ms)?;
        }
        let entity = entities::photo(&draft.root, &fact.sha256, asked.item.as_deref());
        if draft.tree.live(entity.id, field::FACT).is_some() {
            // The same picture for the same item again.
            return Ok(false);
        }
        write::record(
            connection,
            pen,
            &scope_of(connection, id)?,
            vec![tap(&entity, field::FACT, fact.to_value())],
        )?;
        Ok(false)
    })?;
    if erased {
        engine.scrub();
        return Err(Error::Refused(ErrorCode::Erased, "an order of HQ erased this very picture"));
    }
    engine.wake_sync();
    done(engine, id)
}

pub fn get(engine: &Engine, sha256: &str, thumb: bool) -> Result<(String, Vec<u8>)> {
    let not_here = || Error::Refused(ErrorCode::NotFound, "this photo is not on this phone");
    let mut hash = [0; 32];
    hex::decode_to_slice(sha256, &mut hash).map_err(|_| not_here())?;
    let path = match engine.read(|connection| photos::get(connection, &hash))? {
        Some(row) => engine.0.photos.join(&row.file),
        None => {
            if thumb && let Some(path) = fetch::open(engine, Name { photo: hash, thumb })? {
                return Ok(("image/jpeg".into(), std::fs::read(path)?));
            }
            fetch::open(engine, Name { photo: hash, thumb: false })?.ok_or_else(not_here)?
        }
    };
    if !thumb {
        let format = photo::inspect(&path)?.format;
        return Ok((format.mime().into(), std::fs::read(&path)?));
    }
    let cached = path.with_extension("thumb");
    if let Ok(bytes) = std::fs::read(&cached) {
        return Ok(("image/jpeg".into(), bytes));
    }
    let bytes = photo::thumbnail(&path, photo::read_exif(&path).orientation, THUMB_SIDE)?;
    keep_thumbnail(&cached, &bytes);
    // An order may have come while it was drawn.
    if engine.read(|connection| erasures::photo_erased(connection, &hash))? {
        std::fs::remove_file(&cached)?;
        return Err(not_here());
    }
    Ok(("image/jpeg".into(), bytes))
}

/// The thumbnail that HQ gets before the original. A photo that cannot be drawn is evidence all the same, and goes without.
fn thumbnail(engine: &Engine, original: &Path, orientation: photo::Orientation) -> Option<ThumbRow> {
    let bytes = photo::thumbnail(original, orientation, THUMB_SIDE).ok()?;
    let path = original.with_extension("thumb");
    let size = bytes.len() as u64;
    let kept = size <= THUMB_BYTES_MAX && keep_thumbnail(&path, &bytes);
    kept.then(|| ThumbRow { sha256: Sha256::digest(&bytes).into(), file: engine.photo_name(&path), size })
}

/// A thumbnail can be made again at any time: failing to keep it is no failure.
fn keep_thumbnail(path: &Path, bytes: &[u8]) -> bool {
    let temporary = path.with_extension("thumb-new");
    let kept = std::fs::write(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
    kept.inspect_err(|error| tracing::debug!(%error, "a thumbnail was not kept")).is_ok()
}
