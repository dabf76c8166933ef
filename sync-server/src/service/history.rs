//! Ops that are not live any more, read from the packets that hold them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::OpValue;
use xuncha_domain::merge::{Live, Stored};

use super::sync::{Unpacked, resolve};
use super::{Error, Service};
use crate::storage::{Read, RowId};

/// Looks back into the log; a packet is unpacked once.
pub(super) struct History<'r, 'c> {
    service: &'r Service,
    read: &'r Read<'c>,
    packets: RefCell<HashMap<RowId, Unpacked>>,
}

impl<'r, 'c> History<'r, 'c> {
    pub(super) fn new(service: &'r Service, read: &'r Read<'c>) -> Self {
        Self { service, read, packets: RefCell::default() }
    }

    /// What a commit holds in a field, and what that replaces; none when HQ has no such op.
    pub(super) fn op(
        &self,
        commit: &CommitRef,
        entity: &EntityId,
        name: &str,
    ) -> Result<Option<(Live, Vec<CommitRef>)>, Error> {
        let Some(row) = self.read.commit(commit)? else { return Ok(None) };
        let mut packets = self.packets.borrow_mut();
        let packet = match packets.entry(row.packet) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(self.service.unpack(self.read, row.packet)?),
        };
        let Some(whole) = packet.get(commit) else { return Ok(None) };
        let Some(op) = whole.ops().iter().find(|op| op.entity.id == *entity && op.field == name) else {
            return Ok(None);
        };
        let value = match &op.value {
            OpValue::Plain(value) => Stored::Plain(value.clone()),
            OpValue::Detached(index) => Stored::Detached {
                hash: *whole
                    .detached
                    .hashes()
                    .get(*index)
                    .ok_or(Error::Internal("a detached value is missing"))?,
                value: whole.detached.value(*index).cloned(),
            },
        };
        let corrected_ms = whole.op_corrected_ms(op);
        let live = Live { commit: *commit, value, officer: row.officer, corrected_ms };
        Ok(Some((live, resolve(self.read, &row, &op.over)?)))
    }
}
