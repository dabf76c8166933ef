//! When photos may be sent. Records are never held back.

use std::sync::atomic::Ordering;

use super::types::{Nothing, PhotoPolicy, PhotoSending, PhotoWait, PictureKind, SetPhotoPolicy};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::{meta, photos};

pub fn photo_sending(engine: &Engine, _: Nothing) -> Result<PhotoSending> {
    engine.read(|connection| {
        let originals = meta::photo_policy(connection, PictureKind::Original)?;
        let waiting = !photos::unreceived(connection, 1)?.is_empty();
        Ok(PhotoSending {
            thumbnails: meta::photo_policy(connection, PictureKind::Thumbnail)?,
            originals,
            waits: wait(engine, originals).filter(|_| waiting),
        })
    })
}

pub fn set_policy(engine: &Engine, arguments: SetPhotoPolicy) -> Result<PhotoSending> {
    let SetPhotoPolicy { kind, policy } = arguments;
    engine.0.store.write(|transaction| meta::set_photo_policy(transaction, kind, policy))?;
    engine.wake_sync();
    photo_sending(engine, Nothing {})
}

pub fn send_now(engine: &Engine, _: Nothing) -> Result<PhotoSending> {
    engine.0.photos_now.store(true, Ordering::Relaxed);
    engine.wake_sync();
    photo_sending(engine, Nothing {})
}

/// What keeps pictures under this policy from being sent over the connection as it is; none when they may go.
pub fn wait(engine: &Engine, policy: PhotoPolicy) -> Option<PhotoWait> {
    if engine.0.photos_now.load(Ordering::Relaxed) {
        return None;
    }
    match (policy, engine.metered()) {
        (PhotoPolicy::Any, _) | (PhotoPolicy::Unmetered, Some(false)) => None,
        (PhotoPolicy::Unmetered, Some(true)) => Some(PhotoWait::Metered),
        (PhotoPolicy::Unmetered, None) => Some(PhotoWait::MeteringUnknown),
        (PhotoPolicy::Manual, _) => Some(PhotoWait::Manual),
    }
}
