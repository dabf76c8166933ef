//! Backups are older than later orders. Beside each that this HQ made and still finds lies a small file with all orders;
//! a restore carries out those that are not in the backup, and gives them again, before the new installation gets its
//! name. The erased photos are removed from the backup at once; the database in it keeps the old bytes until the backup
//! itself is discarded, because its manifest vouches for it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xuncha_domain::ids::{EntityId, Entropy, Scope};
use xuncha_domain::model::erase::{self, Order, Target};
use xuncha_domain::model::{field, kind};
use xuncha_domain::time::Clock;

use crate::blobs::Blobs;
use crate::service::backup::BackupError;
use crate::service::{Error, PHOTOS, Service, Settings};
use crate::storage::{Read, Tx};

/// Beside a backup's manifest, and not in it.
const ORDERS: &str = "erase-orders.json";
const BACKUPS_KEY: &str = "backups";
/// Backups that are remembered: years of weekly ones.
const BACKUPS_MAX: usize = 500;
/// Orders that are written beside a backup: all of a city's.
const ORDERS_MAX: u32 = 100_000;

/// An order without its reason: nothing personal.
#[derive(Serialize, Deserialize)]
struct Written {
    id: String,
    scope: String,
    /// Feed position of the order's header.
    position: u64,
    /// Id of the console user.
    by: String,
    targets: Vec<WrittenTarget>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenTarget {
    Field { entity: String, field: String },
    Everything { entity: String },
    Photo { sha256: String },
}

/// Remembers where a backup was written.
pub(in crate::service) fn remember(tx: &Tx<'_>, folder: &Path) -> Result<(), Error> {
    let mut folders = known(tx)?;
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.into());
    folders.retain(|other| *other != folder);
    folders.insert(0, folder);
    folders.truncate(BACKUPS_MAX);
    let json = serde_json::to_vec(&folders).map_err(|_| Error::Internal("paths of backups"))?;
    Ok(tx.set_meta(BACKUPS_KEY, &json)?)
}

fn known(read: &Read<'_>) -> Result<Vec<PathBuf>, Error> {
    let json = read.meta(BACKUPS_KEY)?.unwrap_or_default();
    Ok(serde_json::from_slice(&json).unwrap_or_default())
}

impl Service {
    /// Writes all orders beside every backup that is still where it was made.
    pub(super) fn note_beside_backups(&self) {
        let noted = self.storage.read(|read| Ok::<_, Error>((known(read)?, orders(read)?)));
        let (folders, orders) = match noted {
            Ok((folders, orders)) => (folders, orders),
            Err(error) => return tracing::error!(%error, "orders are not written beside the backups"),
        };
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            if let Err(error) = write_beside(folder, &orders) {
                tracing::error!(%error, folder = %folder.display(), "orders are not written beside a backup");
            }
        }
    }
}

fn orders(read: &Read<'_>) -> Result<Vec<Written>, Error> {
    let mut written = Vec::new();
    for row in read.erase_orders(ORDERS_MAX)? {
        let id = EntityId(row.id);
        let Some(entity) = read.entity(&row.scope, kind::ERASE, &id)? else { continue };
        let fact = read.field(entity, field::FACT)?;
        let value = fact.live.values().find_map(|live| live.value.value());
        let targets = value.map(erase::targets).unwrap_or_default();
        written.push(Written {
            id: id.to_string(),
            scope: row.scope.to_string(),
            position: row.seen_from,
            by: read.commit_by_row(row.commit)?.officer.to_string(),
            targets: targets.into_iter().map(WrittenTarget::from).collect(),
        });
    }
    Ok(written)
}

fn write_beside(folder: &Path, orders: &[Written]) -> Result<(), BackupError> {
    Blobs::write_derived(&folder.join(ORDERS), &serde_json::to_vec_pretty(orders)?)?;
    let photos = Blobs::folder(folder.join(PHOTOS))?;
    for sha256 in orders.iter().flat_map(|order| &order.targets).filter_map(WrittenTarget::photo) {
        photos.remove(&sha256)?;
    }
    Ok(())
}

fn read_beside(backup: &Path) -> Result<Vec<Written>, BackupError> {
    match fs::read(backup.join(ORDERS)) {
        Ok(json) => Ok(serde_json::from_slice(&json)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Photos that orders given after a backup have erased: they may be missing from it.
pub(in crate::service) fn erased_photos(backup: &Path) -> Result<BTreeSet<[u8; 32]>, BackupError> {
    let orders = read_beside(backup)?;
    Ok(orders.iter().flat_map(|order| &order.targets).filter_map(WrittenTarget::photo).collect())
}

/// Carries the orders beside a backup out in the installation that is being made of it.
pub(in crate::service) fn again(
    backup: &Path,
    data: &Path,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<(), BackupError> {
    let orders = read_beside(backup)?;
    if orders.is_empty() {
        return Ok(());
    }
    let settings = Settings { data, public_url: None, city_name: None };
    let failed = |error: Error| BackupError::Orders(error.to_string());
    let service = Service::open(settings, clock, entropy).map_err(failed)?;
    let carried = service.storage.write(|tx| {
        for written in &orders {
            let Some((scope, order)) = written.order() else {
                return Err(Error::Internal("an order beside the backup cannot be read"));
            };
            if tx.is_erase_order(&order.id, &scope)? {
                continue;
            }
            let mut roots = service.carry_out(tx, &scope, &order)?;
            roots.append(&mut service.give_again(tx, &scope, &order)?);
            service.project(tx, &roots)?;
        }
        Ok(())
    });
    carried.map_err(failed)?;
    service.scrub().map_err(failed)
}

impl Written {
    fn order(&self) -> Option<(Scope, Order)> {
        let targets = self.targets.iter().map(WrittenTarget::target).collect::<Option<_>>()?;
        let id = self.id.parse().ok()?;
        let order = Order { id, position: self.position, by: self.by.parse().ok()?, at_ms: 0, targets };
        Some((self.scope.parse().ok()?, order))
    }
}

impl From<Target> for WrittenTarget {
    fn from(target: Target) -> Self {
        match target {
            Target::Field { entity, field } => Self::Field { entity: entity.to_string(), field },
            Target::Everything(entity) => Self::Everything { entity: entity.to_string() },
            Target::Photo(sha256) => Self::Photo { sha256: hex::encode(sha256) },
        }
    }
}

impl WrittenTarget {
    fn target(&self) -> Option<Target> {
        Some(match self {
            Self::Field { entity, field } => {
                Target::Field { entity: entity.parse().ok()?, field: field.clone() }
            }
            Self::Everything { entity } => Target::Everything(entity.parse().ok()?),
            Self::Photo { .. } => Target::Photo(self.photo()?),
        })
    }

    fn photo(&self) -> Option<[u8; 32]> {
        let Self::Photo { sha256 } = self else { return None };
        let mut bytes = [0; 32];
        hex::decode_to_slice(sha256, &mut bytes).ok()?;
        Some(bytes)
    }
}
