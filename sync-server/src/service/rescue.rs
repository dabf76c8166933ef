//! Rescue bundles: the key that they are sealed to, and taking what phones saved that way.
//!
//! The key is an age identity (X25519) in a file of its own, in the form that the `age` tools read, so that a bundle can
//! be opened without this server. What a bundle holds goes the way of a sync: verified, stored, judged, published. A
//! bundle that is damaged halfway leaves what stood before the damage, and may be imported again.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::{BufRead, ErrorKind, Read, Write};
use std::path::Path;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use minicbor::bytes::ByteVec;
use xuncha_domain::bundle::{BundleError, Entry, Kind, MAGIC, Reader, SEALED};
use xuncha_domain::ids::random;
use xuncha_domain::limits::PACKET_BYTES_MAX;
use xuncha_domain::log::crypto::PublicKey;

use super::{Changed, Device, Error, Service};
use crate::blobs::Completed;
use crate::storage::Storage;

/// The file in the data folder.
pub(super) const KEY: &str = "rescue.key";

/// Opens the identity, or makes it at the first start. The database remembers the public half: phones keep the one that
/// they were told first, so another one would open nothing.
pub(super) fn open(path: &Path, storage: &Storage) -> Result<Identity, Error> {
    let known = storage.read(|r| Ok::<_, Error>(r.meta("rescue_recipient")?))?;
    let identity = match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).ok_or(Error::Key("the rescue key is not an age identity".into()))?,
        Err(error) if error.kind() == ErrorKind::NotFound && known.is_none() => {
            let identity = Identity::generate();
            write(path, &identity).map_err(|error| Error::Key(error.to_string()))?;
            identity
        }
        Err(error) => return Err(Error::Key(format!("rescue key: {error}"))),
    };
    let recipient = identity.to_public().to_string();
    match known {
        Some(known) if known != recipient.as_bytes() => {
            Err(Error::Key("the rescue key belongs to another installation".into()))
        }
        Some(_) => Ok(identity),
        None => {
            storage.write(|tx| tx.set_meta("rescue_recipient", recipient.as_bytes()))?;
            Ok(identity)
        }
    }
}

/// The first identity of an age identity file, past its comments.
pub fn parse(text: &str) -> Option<Identity> {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?.parse().ok()
}

/// Writes the identity to a new file that only its owner can read.
pub(super) fn write(path: &Path, identity: &Identity) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{}", identity.to_string().expose_secret())?;
    file.sync_all()
}

/// Why a bundle, or the rest of it, was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RescueError {
    #[error("the seal does not hold")]
    Seal(#[from] age::DecryptError),
    #[error("sealed, and no identity was given")]
    NoIdentity,
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error("entry {0} ({1}): {2}")]
    Entry(usize, &'static str, BundleError),
    #[error("made for another HQ")]
    OtherHq,
    #[error("not the file that was announced")]
    WrongHash,
    #[error(transparent)]
    Service(#[from] Error),
}

/// What an import changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportedBundle {
    pub packets: usize,
    /// Commits that HQ did not have.
    pub commits_new: usize,
    pub photos: usize,
    pub photos_new: usize,
    /// Entries, from 1, that HQ did not take, with the reason that a phone would read.
    pub refused: Vec<(usize, String)>,
}

/// The inside of a bundle, whether it is sealed or not.
pub fn unseal<'a>(
    mut source: impl BufRead + 'a,
    identity: Option<&Identity>,
) -> Result<Box<dyn Read + 'a>, RescueError> {
    if source.fill_buf().map_err(BundleError::from)?.starts_with(&MAGIC) {
        return Ok(Box::new(source));
    }
    let identity = identity.ok_or(RescueError::NoIdentity)?;
    let sealed = age::Decryptor::new_buffered(source)?;
    Ok(Box::new(sealed.decrypt(std::iter::once(identity as &dyn age::Identity))?))
}

impl Service {
    /// Whom phones seal their bundles to.
    pub fn rescue_recipient(&self) -> String {
        self.rescue.to_public().to_string()
    }

    /// The packet in what a hub carried sealed, or a packet as it is. What cannot be opened stays as it is: no packet.
    pub(super) fn unsealed<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        // No packet begins so.
        if !bytes.starts_with(SEALED) {
            return Cow::Borrowed(bytes);
        }
        let mut packet = Vec::new();
        let opened = unseal(bytes, Some(&self.rescue)).ok().and_then(|inside| {
            // One byte more than a packet may have is too many for whoever reads it.
            inside.take(PACKET_BYTES_MAX as u64 + 1).read_to_end(&mut packet).ok()
        });
        if opened.is_some() { Cow::Owned(packet) } else { Cow::Borrowed(bytes) }
    }

    /// Takes a bundle. The same one again changes nothing.
    pub fn import_bundle(&self, source: impl BufRead) -> Result<ImportedBundle, RescueError> {
        let mut reader = Reader::new(unseal(source, Some(&self.rescue))?)?;
        let list = reader.list();
        let hq = PublicKey::from_bytes(PublicKey::ALGORITHM as u8, &list.hq_key).ok();
        if list.city != self.city.id.0 || hq != Some(self.public_key()) {
            return Err(RescueError::OtherHq);
        }
        let device = self.device_by_id(&list.device)?;
        let mut imported = ImportedBundle::default();
        loop {
            let at = reader.at();
            let Some(entry) = reader.peek()? else { return Ok(imported) };
            let broken = |error| RescueError::Entry(at, entry.kind.name(), error);
            match entry.kind {
                Kind::Packet => {
                    let mut bytes = Vec::new();
                    reader.copy(&mut bytes).map_err(broken)?;
                    let (new, refused) = self.take_rescued(&device, &[ByteVec::from(bytes)])?;
                    imported.packets += 1;
                    imported.commits_new += new;
                    imported.refused.extend(refused.into_iter().map(|refused| (at, refused.reason)));
                }
                Kind::Photo => {
                    imported.photos += 1;
                    imported.photos_new +=
                        usize::from(self.take_photo(&device, &entry, &mut reader, broken)?);
                }
            }
        }
    }

    fn device_by_id(&self, id: &[u8; 16]) -> Result<Device, Error> {
        let row = self.storage.read(|r| Ok::<_, Error>(r.device(id)?))?.ok_or(Error::DeviceUnknown)?;
        Ok(Device { id: row.id, officer: row.officer, closed: row.closed_ms.is_some() })
    }

    /// Keeps a photo that HQ lacks. Returns whether it did.
    fn take_photo(
        &self,
        device: &Device,
        entry: &Entry,
        reader: &mut Reader<impl Read>,
        broken: impl Fn(BundleError) -> RescueError,
    ) -> Result<bool, RescueError> {
        let unwanted = |r: &crate::storage::Read<'_>| {
            Ok::<_, Error>(r.blob_size(&entry.sha256)?.is_some() || r.photo_erased(&entry.sha256)?)
        };
        if self.storage.read(unwanted)? {
            reader.copy(std::io::sink()).map_err(broken)?;
            return Ok(false);
        }
        let upload = random(&*self.entropy);
        let mut part = self.blobs.write_part(&upload, 0).map_err(Error::from)?;
        if let Err(error) = reader.copy(&mut part) {
            drop(part);
            self.blobs.drop_part(&upload).map_err(Error::from)?;
            return Err(broken(error));
        }
        part.finish().map_err(Error::from)?;
        if self.blobs.complete(&upload, &entry.sha256).map_err(Error::from)? == Completed::WrongHash {
            return Err(Error::HashMismatch.into());
        }
        self.storage
            .write(|tx| tx.insert_blob(&entry.sha256, entry.size, &device.id, self.clock.now_ms()))
            .map_err(Error::from)?;
        self.events.tell(Changed { visits: true, ..Changed::default() });
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_is_kept_private_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::open(&dir.path().join("hq.sqlite")).unwrap();
        let path = dir.path().join("rescue.key");
        let recipient = open(&path, &storage).unwrap().to_public().to_string();
        assert_eq!(open(&path, &storage).unwrap().to_public().to_string(), recipient);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(open(&path, &storage), Err(Error::Key(_))));
        std::fs::write(&path, "# another\n").unwrap();
        assert!(matches!(open(&path, &storage), Err(Error::Key(_))));
        std::fs::write(&path, Identity::generate().to_string().expose_secret()).unwrap();
        assert!(matches!(open(&path, &storage), Err(Error::Key(_))));
    }
}
