//! After an order was carried out: the bytes of photos, and what the database file still holds in free pages.

use crate::service::uploads::sealed;
use crate::service::{Error, Service};

impl Service {
    /// Removes files, rewrites the database and notes the orders beside backups when one was carried out since the last
    /// time. What cannot be done now is done with the next sync, or at the next start.
    pub(in crate::service) fn scrub_if_due(&self) {
        match self.storage.read(|read| Ok::<_, Error>(read.scrub_due()?)) {
            Ok(true) => self.note_beside_backups(),
            Ok(false) => return,
            Err(error) => return tracing::error!(%error, "erased bytes wait to be overwritten"),
        }
        if let Err(error) = self.scrub() {
            tracing::error!(%error, "erased bytes wait to be overwritten");
        }
    }

    pub(super) fn scrub(&self) -> Result<(), Error> {
        let photos = self.storage.read(|read| {
            let mut photos = Vec::new();
            for sha256 in read.erased_photos()? {
                let uploads = read.uploads_of_photo(&sha256)?;
                photos.push((sha256, uploads));
            }
            Ok::<_, Error>(photos)
        })?;
        for (sha256, uploads) in photos {
            self.blobs.remove(&sha256)?;
            for upload in uploads {
                self.blobs.drop_part(&upload)?;
                self.blobs.drop_part(&sealed::opened_part(&upload))?;
            }
        }
        Ok(self.storage.scrub()?)
    }
}
