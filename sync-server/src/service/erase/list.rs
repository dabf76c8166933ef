//! Orders as the console lists them: what was named, what is gone, and which phones have carried them out.

use std::collections::BTreeMap;

use xuncha_domain::ids::{EntityId, Scope};
use xuncha_domain::model::erase::{self, Target};
use xuncha_domain::model::{field, kind};

use crate::http::types::{EraseOrderInfo, EraseTargetInfo, EraseWaiting};
use crate::service::{Error, Service};
use crate::storage::{DeviceRecord, EraseOrderRow, Read};

/// Orders that the console shows, newest first.
const ORDERS_MAX: u32 = 200;
/// Phones named one by one that have not carried an order out.
const WAITING_MAX: usize = 20;

impl Service {
    pub fn erase_orders(&self) -> Result<Vec<EraseOrderInfo>, Error> {
        self.storage.read(|read| {
            let mut readers = Vec::new();
            for device in read.devices()?.into_iter().filter(|device| device.closed_ms.is_none()) {
                let scopes = self.scopes_of(read, &device.officer)?;
                readers.push((device, scopes));
            }
            let mut by_order: BTreeMap<[u8; 16], Vec<EraseOrderRow>> = BTreeMap::new();
            for row in read.erase_orders(ORDERS_MAX)? {
                by_order.entry(row.id).or_default().push(row);
            }
            let mut orders = Vec::new();
            for rows in by_order.into_values() {
                orders.extend(self.order(read, &rows, &readers)?);
            }
            orders.sort_by_key(|order| std::cmp::Reverse((order.at_ms, order.id.clone())));
            Ok(orders)
        })
    }

    /// One order, whatever scopes it concerns.
    fn order(
        &self,
        read: &Read<'_>,
        rows: &[EraseOrderRow],
        readers: &[(DeviceRecord, Vec<Scope>)],
    ) -> Result<Option<EraseOrderInfo>, Error> {
        let Some(first) = rows.first() else { return Ok(None) };
        let commit = read.commit_by_row(first.commit)?;
        let (values, photos) = read.count_destroyed(&first.id)?;
        let reason = match read.entity(&first.scope, kind::ERASE, &EntityId(first.id))? {
            Some(entity) => read.field(entity, field::REASON)?,
            None => Default::default(),
        };
        let mut info = EraseOrderInfo {
            id: EntityId(first.id).to_string(),
            at_ms: commit.device_ms,
            by_name: self.person(read, &commit.officer.0)?,
            reason: reason.live.values().find_map(|live| live.value.value()?.as_text().map(str::to_owned)),
            targets: Vec::new(),
            values,
            photos,
            phones: 0,
            phones_done: 0,
            waiting: Vec::new(),
        };
        let mut done = Vec::new();
        for row in rows {
            info.targets.extend(targets(read, row)?);
            done.push((&row.scope, read.erase_done(&row.id, &row.scope)?));
        }
        for (device, scopes) in readers {
            let mut concerned = done.iter().filter(|(scope, _)| scopes.contains(scope)).peekable();
            if concerned.peek().is_none() {
                continue;
            }
            info.phones += 1;
            if concerned.all(|(_, devices)| devices.contains(&device.id)) {
                info.phones_done += 1;
            } else if info.waiting.len() < WAITING_MAX {
                info.waiting.push(EraseWaiting {
                    device: hex::encode(device.id),
                    officer_name: self.person(read, &device.officer)?,
                    last_seen_ms: read.report(&device.id)?.map(|report| report.seen_ms),
                });
            }
        }
        Ok(Some(info))
    }

    fn person(&self, read: &Read<'_>, id: &[u8; 16]) -> Result<String, Error> {
        Ok(read.person_name(id)?.unwrap_or_else(|| self.city.name.clone()))
    }
}

fn targets(read: &Read<'_>, row: &EraseOrderRow) -> Result<Vec<EraseTargetInfo>, Error> {
    let Some(entity) = read.entity(&row.scope, kind::ERASE, &EntityId(row.id))? else {
        return Ok(Vec::new());
    };
    let fact = read.field(entity, field::FACT)?;
    let targets =
        fact.live.values().find_map(|live| live.value.value()).map(erase::targets).unwrap_or_default();
    let mut infos = Vec::new();
    for target in &targets {
        // A thumbnail goes with its photo.
        let named = match target {
            Target::Photo(sha256) => !read.scopes_of_photo(sha256)?.is_empty(),
            _ => true,
        };
        if named {
            infos.push(shown(read, target)?);
        }
    }
    Ok(infos)
}

fn shown(read: &Read<'_>, target: &Target) -> Result<EraseTargetInfo, Error> {
    let (entity, field, sha256) = match target {
        Target::Field { entity, field } => (Some(entity), Some(field.clone()), None),
        Target::Everything(entity) => (Some(entity), None, None),
        Target::Photo(sha256) => (None, None, Some(hex::encode(sha256))),
    };
    let mut info = EraseTargetInfo { field, sha256, ..EraseTargetInfo::default() };
    if let Some(entity) = entity {
        info.entity = Some(entity.to_string());
        if let Some(row) = read.entity_by_name(entity)? {
            info.kind = kind::name(row.kind).map(str::to_owned);
            let root = read.entity_by_row(row.root.unwrap_or(row.id))?;
            info.visit = (root.kind == kind::VISIT).then(|| root.name.to_string());
        }
    }
    Ok(info)
}
