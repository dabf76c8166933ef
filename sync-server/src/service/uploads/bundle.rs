//! Rescue bundles that another phone hands on: an upload whose metadata say so is imported when it is whole.

use std::io::BufReader;

use xuncha_domain::bundle::UPLOAD_KEY;

use super::value;
use crate::blobs::hash;
use crate::service::rescue::RescueError;
use crate::service::{Error, Service};
use crate::storage::{UploadRow, UploadState};

/// Whether an upload brings a rescue bundle.
pub(super) fn is_bundle(metadata: &str) -> bool {
    value(metadata, UPLOAD_KEY).is_some()
}

impl Service {
    /// Imports a whole upload; its part is gone either way. What HQ refuses of it the phone that made it hears itself.
    pub(super) fn received_bundle(&self, upload: &UploadRow) -> Result<u64, Error> {
        match self.import_upload(upload) {
            Ok(()) => {}
            Err(RescueError::Service(error)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "a carried bundle cannot be imported");
                self.storage.write(|tx| tx.set_upload_state(&upload.id, UploadState::Refused))?;
                self.blobs.drop_part(&upload.id)?;
                return Err(Error::HashMismatch);
            }
        }
        self.storage.write(|tx| {
            tx.set_upload_offset(&upload.id, upload.size)?;
            tx.set_upload_state(&upload.id, UploadState::Held)
        })?;
        self.blobs.drop_part(&upload.id)?;
        Ok(upload.size)
    }

    fn import_upload(&self, upload: &UploadRow) -> Result<(), RescueError> {
        let part = || self.blobs.read_part(&upload.id).map_err(Error::from);
        if hash(&mut part()?).map_err(Error::from)? != upload.sha256 {
            return Err(RescueError::WrongHash);
        }
        let imported = self.import_bundle(BufReader::new(part()?))?;
        tracing::info!(?imported, "a carried bundle was imported");
        Ok(())
    }
}
