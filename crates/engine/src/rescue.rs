//! The rescue bundle: everything that HQ has not acknowledged, in one file that only HQ can open, to be carried there by
//! hand.
//!
//! It needs neither a network nor a running app: [`from_folder`] works on a data folder that is only read, so that a lock
//! screen can offer it, and a new version that cannot open its database. What can be signed goes along as packets; a
//! photo that cannot be read stays behind and is counted, it does not stop the rest.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ts_rs::TS;
use xuncha_domain::bundle::{BundleError, Entry, Kind, List, Start, Writer};
use xuncha_domain::disk;
use xuncha_domain::log::crypto::Signer;
use xuncha_domain::log::packet;

use crate::api::types::{ErrorCode, Nothing};
use crate::engine::{Engine, Options};
use crate::error::{Error, Result};
use crate::seal;
use crate::store::log::branches;
use crate::store::meta::{self, Enrolment};
use crate::store::{chains, log, photos};
use crate::sync::request::signed_packet;
use crate::write::{self, Pen};

/// Folder of the bundles below the data folder.
const FOLDER: &str = "rescue";
const PREFIX: &str = "xuncha-rescue-";
/// What age files are called.
const ENDING: &str = ".age";
/// Commits of one chain: a hundred a day for five years, and still a few hundred MB of memory.
const COMMITS_MAX: usize = 200_000;
/// Photos of one bundle; the rest goes into the next one, after HQ acknowledged these.
const PHOTOS_MAX: usize = 20_000;

/// A bundle as it lies on this phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RescueBundle {
    pub path: String,
    /// Bytes of the file.
    pub size: u64,
    pub packets: u32,
    pub commits: u32,
    pub photos: u32,
    /// Photos whose file is gone or damaged.
    pub photos_missing: u32,
    /// Commits that cannot go along, because the key of their chain is not on this phone.
    pub commits_unsigned: u32,
}

/// Makes a bundle in the data folder, in place of older ones.
pub fn bundle(engine: &Engine, _: Nothing) -> Result<RescueBundle> {
    engine.write(|transaction, pen| write::flush_all(transaction, pen))?;
    let options = &engine.0.options;
    engine.read(|connection| make(connection, options, None, &folder(options)))
}

/// Where a phone keeps its bundle.
pub(crate) fn folder(options: &Options) -> PathBuf {
    options.data.join(FOLDER)
}

/// The bundle in `folder`, with its name: a new one takes the place of older ones.
pub(crate) fn newest(folder: &Path) -> Result<(String, File)> {
    let none = || Error::Refused(ErrorCode::NotFound, "no bundle was made");
    let entries = fs::read_dir(folder).map_err(|_| none())?;
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    let name = names.filter(|name| is_bundle(name)).max().ok_or_else(none)?;
    let file = File::open(folder.join(&name))?;
    Ok((name, file))
}

fn is_bundle(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(ENDING)
}

/// Makes a bundle in `into` from a data folder that no engine has open. The folder is not changed: the open journal
/// becomes commits in a copy of the database. `recipient` is HQ's, if the database does not know it.
pub fn from_folder(options: &Options, recipient: Option<&str>, into: &Path) -> Result<RescueBundle> {
    fs::create_dir_all(into)?;
    let copy = into.join("rescue-copy.db");
    remove(&copy)?;
    let made = from_copy(options, recipient, into, &copy);
    remove(&copy)?;
    made
}

fn from_copy(options: &Options, recipient: Option<&str>, into: &Path, copy: &Path) -> Result<RescueBundle> {
    let source =
        Connection::open_with_flags(options.data.join("xuncha.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    source.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    let mut connection = Connection::open(copy)?;
    // Never committed: the copy serves this bundle alone.
    let transaction = connection.transaction()?;
    let enrolment = enrolment(&transaction)?;
    write::flush_all(&transaction, &Pen::of(options, &enrolment, &transaction)?)?;
    make(&transaction, options, recipient, into)
}

fn enrolment(connection: &Connection) -> Result<Enrolment> {
    meta::enrolment(connection)?.ok_or(Error::Refused(ErrorCode::NotEnrolled, "this phone is not enrolled"))
}

fn make(
    connection: &Connection,
    options: &Options,
    recipient: Option<&str>,
    into: &Path,
) -> Result<RescueBundle> {
    let enrolment = enrolment(connection)?;
    let recipient = seal::recipient(connection, recipient)?;
    let signer = options.keys.load()?.filter(|key| key.public_key() == enrolment.certificate.key);
    let mut contents = Contents::default();
    contents.gather_commits(connection, &enrolment, signer.as_deref())?;
    contents.gather_photos(connection, &options.data.join("photos"))?;

    fs::create_dir_all(into)?;
    let now_ms = options.clock.now_ms();
    let device = enrolment.certificate.device;
    let name = format!("{PREFIX}{device}-{now_ms}{ENDING}");
    let (part, path) = (into.join("rescue.part"), into.join(&name));
    contents.write(&enrolment, now_ms, &recipient, &part)?;
    fs::rename(&part, &path)?;
    remove_others(into, &name)?;
    Ok(RescueBundle {
        size: fs::metadata(&path)?.len(),
        path: path.to_string_lossy().into_owned(),
        packets: count(contents.packets.len()),
        commits: count(contents.commits),
        photos: count(contents.photos.len()),
        photos_missing: count(contents.photos_missing),
        commits_unsigned: count(contents.unsigned),
    })
}

/// What goes into a bundle. Packets are small and held; photos are read as they are written.
#[derive(Default)]
struct Contents {
    starts: Vec<Start>,
    packets: Vec<Vec<u8>>,
    photos: Vec<(PathBuf, Entry)>,
    commits: usize,
    unsigned: usize,
    photos_missing: usize,
}

impl Contents {
    fn gather_commits(
        &mut self,
        connection: &Connection,
        enrolment: &Enrolment,
        signer: Option<&dyn Signer>,
    ) -> Result<()> {
        for chain in chains::mine(connection)? {
            let commits = log::unreceived(connection, chain.id, COMMITS_MAX)?;
            let signer = signer.filter(|_| chain.device == enrolment.certificate.device);
            let Some(signer) = signer else {
                self.unsigned += commits.len();
                continue;
            };
            self.commits += commits.len();
            let mut runs = branches(commits);
            // A branch follows the one that it leaves.
            runs.sort_by_key(|run| run.first().map(|first| first.header.seq));
            for run in runs {
                self.starts.extend(run.first().map(|first| Start {
                    genesis: chain.genesis.clone().into(),
                    seq: first.header.seq.saturating_sub(1),
                    hash: first.header.prev.0,
                }));
                let mut rest = run.as_slice();
                while !rest.is_empty() {
                    let (now, later) = rest.split_at(packet::fitting(rest));
                    self.packets.extend(signed_packet(enrolment, signer, &chain, now)?);
                    rest = later;
                }
            }
        }
        Ok(())
    }

    fn gather_photos(&mut self, connection: &Connection, folder: &Path) -> Result<()> {
        for photo in photos::unreceived(connection, PHOTOS_MAX)? {
            let path = folder.join(&photo.file);
            if matches!(File::open(&path).and_then(disk::sha256), Ok((size, sha256)) if size == photo.size && sha256 == photo.sha256)
            {
                self.photos.push((path, Entry { kind: Kind::Photo, size: photo.size, sha256: photo.sha256 }));
            } else {
                self.photos_missing += 1;
            }
        }
        Ok(())
    }

    fn write(
        &self,
        enrolment: &Enrolment,
        made_ms: i64,
        recipient: &age::x25519::Recipient,
        path: &Path,
    ) -> Result<()> {
        let packets = self.packets.iter().map(|bytes| Entry {
            kind: Kind::Packet,
            size: bytes.len() as u64,
            sha256: Sha256::digest(bytes).into(),
        });
        let list = List {
            city: enrolment.city.0,
            hq_key: enrolment.hq_key.to_bytes(),
            device: enrolment.certificate.device.0,
            made_ms,
            starts: self.starts.clone(),
            entries: packets.chain(self.photos.iter().map(|(_, entry)| *entry)).collect(),
        };
        let sealed = seal::sealing(recipient, BufWriter::new(File::create(path)?))?;
        let mut writer = Writer::new(sealed, list).map_err(broken)?;
        for packet in &self.packets {
            writer.entry(packet.as_slice()).map_err(broken)?;
        }
        for (path, _) in &self.photos {
            writer.entry(File::open(path)?).map_err(broken)?;
        }
        let file = writer.finish().map_err(broken)?.finish()?;
        Ok(file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?)
    }
}

fn broken(error: BundleError) -> Error {
    match error {
        BundleError::Io(error) => error.into(),
        error => {
            tracing::error!(%error, "no rescue bundle");
            Error::Refused(ErrorCode::Internal, "the bundle cannot be written")
        }
    }
}

/// Destroys the bundles that lie in a data folder.
pub fn discard(data: &Path) -> Result<()> {
    let folder = data.join(FOLDER);
    if folder.is_dir() { remove_others(&folder, "") } else { Ok(()) }
}

/// Older bundles hold less and take as much room again.
fn remove_others(folder: &Path, name: &str) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let other = entry.file_name().to_string_lossy().into_owned();
        if other != name && is_bundle(&other) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
