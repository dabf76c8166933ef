//! Photos on their way to HQ: the rules behind the tus endpoint.
//!
//! The row's offset counts durable bytes only and is what a phone is told. The last byte triggers the check of the whole
//! against the announced SHA-256; "held" is said after the file, its folder and the row are flushed, in that order.
//!
//! One upload takes bytes from one request at a time; see [`turns`].

mod bundle;
mod checksum;
pub(super) mod sealed;
mod turns;

use xuncha_domain::bundle::FILE_BYTES_MAX;
use xuncha_domain::ids::random;
use xuncha_domain::protocol::v1::blobs::LACKING_MAX;

use super::{Changed, Device, Error, Service, quotas};
use crate::blobs::{self, Completed, PartWriter};
use crate::storage::{UploadRow, UploadState};

pub use checksum::{Checksum, ChecksumAlgorithm};
pub(super) use turns::Turns;
pub use turns::{HeldTurn, Turn};

/// Open uploads of one device; a day's photos. More push out the oldest, which the phone then creates again.
const OPEN_UPLOADS_MAX: u32 = 200;
/// How long an unfinished upload waits for its rest. A phone that was away for longer sends the photo again, which costs
/// one photo's bytes; it is never lost, because it leaves the phone on a receipt only.
const UNFINISHED_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// A request that began in time may end: what expired is swept only after this.
const SWEPT_AFTER_MS: i64 = 24 * 60 * 60 * 1000;
/// Uploads swept by one creation, so that none waits for a long one; every creation adds one at most.
const SWEPT_AT_ONCE: u32 = 50;
/// `Upload-Metadata` is handed back as it came, so it is kept; ours is under 120 bytes.
const METADATA_BYTES_MAX: usize = 1_000;

/// How a URL names an upload: by the id that its creation gave, or by the hash of a blob that HQ holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadRef {
    Upload([u8; 16]),
    Blob([u8; 32]),
}

/// What a phone announces when it creates an upload.
#[derive(Debug)]
pub struct Announced {
    pub sha256: [u8; 32],
    pub size: u64,
    pub metadata: String,
}

/// What came of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// Takes bytes from offset zero.
    Created([u8; 16]),
    /// HQ holds the blob already; nothing to send.
    Held([u8; 32]),
}

/// Where an upload stands.
#[derive(Debug)]
pub struct Upload {
    pub offset: u64,
    pub size: u64,
    pub metadata: String,
    /// When an unfinished upload is given up; none once it is complete.
    pub expires_ms: Option<i64>,
}

/// How a request's bytes ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchEnd {
    /// All of the body arrived.
    Whole,
    /// The connection broke or another request asked for its turn.
    Interrupted,
}

/// Takes the bytes of one request.
pub struct Receiving {
    upload: UploadRow,
    part: PartWriter,
    room: u64,
    checksum: Option<checksum::Running>,
}

impl Service {
    /// Which of these blobs HQ lacks, in the order asked. It lacks nothing that an order has erased.
    pub fn lacking(&self, hashes: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, Error> {
        if hashes.len() > LACKING_MAX {
            return Err(Error::BadRequest("more than 1000 hashes"));
        }
        self.storage.read(|r| {
            let mut lacking = Vec::new();
            for hash in hashes {
                if r.blob_size(hash)?.is_none() && !r.photo_erased(hash)? {
                    lacking.push(*hash);
                }
            }
            Ok(lacking)
        })
    }

    pub fn create_upload(&self, device: &Device, announced: Announced) -> Result<Creation, Error> {
        let bytes_max = if bundle::is_bundle(&announced.metadata) {
            FILE_BYTES_MAX
        } else {
            sealed::bytes_max(&announced.metadata)
        };
        if announced.size > bytes_max {
            return Err(Error::TooLarge);
        }
        if announced.size == 0 || announced.metadata.len() > METADATA_BYTES_MAX {
            return Err(Error::BadRequest("upload length or metadata"));
        }
        let now_ms = self.clock.now_ms();
        let id = random(&*self.entropy);
        let upload = UploadRow {
            id,
            device: device.id,
            sha256: announced.sha256,
            size: announced.size,
            offset: 0,
            state: UploadState::Open,
            metadata: announced.metadata,
            created_ms: now_ms,
        };
        let photo = sealed::photo_in(&upload.metadata).unwrap_or(upload.sha256);
        let (creation, dropped) = self.storage.write(|tx| {
            if tx.blob_size(&upload.sha256)?.is_some() {
                return Ok::<_, Error>((Creation::Held(upload.sha256), Vec::new()));
            }
            if tx.photo_erased(&photo)? {
                return Err(Error::Gone);
            }
            let brought = tx.uploads_announced(&device.id, quotas::since_ms(now_ms))?;
            let room = quotas::uploads(device, brought, now_ms);
            if upload.size > room.bytes {
                return Err(Error::OverQuota(room.retry_after_s));
            }
            tx.insert_upload(&upload)?;
            let mut given_up = tx.uploads_beyond(&device.id, OPEN_UPLOADS_MAX)?;
            given_up.extend(tx.uploads_before(now_ms - UNFINISHED_MS - SWEPT_AFTER_MS, SWEPT_AT_ONCE)?);
            for old in &given_up {
                tx.set_upload_state(old, UploadState::Dropped)?;
            }
            Ok((Creation::Created(id), given_up))
        })?;
        for old in dropped {
            self.blobs.drop_part(&old)?;
        }
        Ok(creation)
    }

    /// Where an upload stands. Uploads of other devices do not exist for this one.
    pub fn upload(&self, device: &Device, at: UploadRef) -> Result<Upload, Error> {
        match at {
            UploadRef::Blob(sha256) => {
                let size =
                    self.storage.read(|r| Ok::<_, Error>(r.blob_size(&sha256)?))?.ok_or(Error::NotFound)?;
                Ok(Upload { offset: size, size, metadata: String::new(), expires_ms: None })
            }
            UploadRef::Upload(id) => {
                let row = self.own_upload(device, &id)?;
                let expires_ms = (row.state == UploadState::Open).then(|| expires_ms(&row));
                Ok(Upload { offset: row.offset, size: row.size, metadata: row.metadata, expires_ms })
            }
        }
    }

    /// Gives an upload up; take its turn first. A blob that came of it stays: HQ has said that it holds it.
    pub fn terminate_upload(&self, device: &Device, at: UploadRef) -> Result<(), Error> {
        let UploadRef::Upload(id) = at else { return Err(Error::Forbidden) };
        self.own_upload(device, &id)?;
        self.storage.write(|tx| tx.set_upload_state(&id, UploadState::Dropped))?;
        Ok(self.blobs.drop_part(&id)?)
    }

    /// The turn of a request at this upload; take it before [`Service::receive`].
    pub fn upload_turn(&self, id: &[u8; 16]) -> Turn {
        self.turns.join(id)
    }

    /// Begins to take bytes at `offset`. `length` is how many the request says it brings.
    pub fn receive(
        &self,
        device: &Device,
        id: &[u8; 16],
        offset: u64,
        length: Option<u64>,
        checksum: Option<Checksum>,
    ) -> Result<Receiving, Error> {
        let upload = self.own_upload(device, id)?;
        if offset != upload.offset {
            return Err(Error::OffsetConflict(upload.offset));
        }
        let room = upload.size - upload.offset;
        // Complete already: its part has become a blob, and nothing can follow its last byte.
        if upload.state == UploadState::Held || length.is_some_and(|length| length > room) {
            return Err(Error::TooLarge);
        }
        let part = match self.blobs.write_part(id, offset) {
            Err(blobs::Error::PartMissing) => {
                self.storage.write(|tx| tx.set_upload_state(id, UploadState::Dropped))?;
                return Err(Error::Gone);
            }
            part => part?,
        };
        Ok(Receiving { upload, part, room, checksum: checksum.map(Checksum::start) })
    }

    /// Makes what arrived durable and, when it is all there, checks and keeps it. Returns the new offset.
    ///
    /// Bytes under a checksum count as a whole or not at all; others count as far as they came.
    pub fn received(&self, receiving: Receiving, end: PatchEnd) -> Result<u64, Error> {
        let Receiving { upload, part, checksum, .. } = receiving;
        let offset = match (checksum, end) {
            (None, _) => part.finish()?,
            (Some(_), PatchEnd::Interrupted) => return Ok(part.undo()?),
            (Some(running), PatchEnd::Whole) => {
                if !running.matches() {
                    part.undo()?;
                    return Err(Error::ChecksumMismatch);
                }
                part.finish()?
            }
        };
        if offset < upload.size {
            self.storage.write(|tx| tx.set_upload_offset(&upload.id, offset))?;
            return Ok(offset);
        }
        if bundle::is_bundle(&upload.metadata) {
            return self.received_bundle(&upload);
        }
        let photo = sealed::photo_in(&upload.metadata);
        let sha256 = photo.unwrap_or(upload.sha256);
        let (completed, size) = match photo {
            Some(photo) => self.keep_sealed(&upload, &photo)?,
            None => (self.blobs.complete(&upload.id, &sha256)?, upload.size),
        };
        match completed {
            Completed::WrongHash => {
                self.storage.write(|tx| tx.set_upload_state(&upload.id, UploadState::Refused))?;
                Err(Error::HashMismatch)
            }
            Completed::Held => {
                let held = self.storage.write(|tx| {
                    // Erased while its last bytes came.
                    if tx.photo_erased(&sha256)? {
                        return Ok::<_, Error>(false);
                    }
                    tx.insert_blob(&sha256, size, &upload.device, self.clock.now_ms())?;
                    tx.set_upload_offset(&upload.id, offset)?;
                    tx.set_upload_state(&upload.id, UploadState::Held)?;
                    Ok(true)
                })?;
                if !held {
                    self.blobs.remove(&sha256)?;
                    return Err(Error::Gone);
                }
                self.events.tell(Changed { visits: true, ..Changed::default() });
                Ok(offset)
            }
        }
    }

    fn own_upload(&self, device: &Device, id: &[u8; 16]) -> Result<UploadRow, Error> {
        let row = self.storage.read(|r| Ok::<_, Error>(r.upload(id)?))?;
        let row = row.filter(|row| row.device == device.id).ok_or(Error::NotFound)?;
        match row.state {
            UploadState::Open if expires_ms(&row) <= self.clock.now_ms() => Err(Error::Gone),
            UploadState::Open | UploadState::Held => Ok(row),
            UploadState::Refused | UploadState::Dropped => Err(Error::Gone),
        }
    }
}

/// The value of a key in `Upload-Metadata`, as it stands: base64, or nothing.
fn value<'m>(metadata: &'m str, key: &str) -> Option<&'m str> {
    let mut pairs = metadata.split(',').map(|pair| pair.trim().split_once(' ').unwrap_or((pair.trim(), "")));
    pairs.find(|(known, _)| *known == key).map(|(_, value)| value.trim())
}

fn expires_ms(upload: &UploadRow) -> i64 {
    upload.created_ms.saturating_add(UNFINISHED_MS)
}

impl Receiving {
    /// Blocks on the file; fails when more comes than the upload has room for.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.room = self.room.checked_sub(bytes.len() as u64).ok_or(Error::TooLarge)?;
        if let Some(running) = &mut self.checksum {
            running.update(bytes);
        }
        Ok(self.part.write(bytes)?)
    }
}
