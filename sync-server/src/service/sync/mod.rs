//! One round trip of a phone: store first, judge second, then publish, and answer with what is new.
//!
//! [`receive`] verifies and stores packets in one transaction; what is stored stays stored whatever follows. [`judge`] and
//! [`publish`] give judged commits their place in the feed: in the same transaction when that succeeds, else, and for what
//! is too much for one, in short transactions of their own that may be repeated.
//! [`rejudge`] looks again at what an older server held. [`answer`] reads: receipts say what the database holds, never what the request hoped for.

mod answer;
mod judge;
mod publish;
mod receive;
mod rejudge;
mod verdicts;

use minicbor::bytes::ByteVec;
use xuncha_domain::limits::PACKETS_PER_SYNC_MAX;
use xuncha_domain::protocol::v1::blobs::LACKING_MAX;
use xuncha_domain::protocol::v1::sync::{Refused, SyncAnswer, SyncRequest, TRAIL_MAX};

use super::{Changed, Device, Error, Service};
use crate::storage::Report;

pub(super) use publish::{Counted, append, count, resolve};

/// Scopes and chains of one phone: a city has ten districts, a phone a chain per scope and their successors.
const NAMES_MAX: usize = 256;

impl Service {
    /// Answers a phone. A repeat stores nothing new and is receipted again.
    pub fn sync(&self, device: &Device, request: &SyncRequest) -> Result<SyncAnswer, Error> {
        let now_ms = self.clock.now_ms();
        if request.packets.len() > PACKETS_PER_SYNC_MAX
            || request.cursors.len() > NAMES_MAX
            || request.heads.len() > NAMES_MAX
            || request.blobs.len() > LACKING_MAX
            || request.trail.len() > TRAIL_MAX
            || request.fed.len() > PACKETS_PER_SYNC_MAX
            || request.app_version.len() > 64
        {
            return Err(Error::TooLarge);
        }
        let report = self.news(device, request, now_ms)?;
        let received = self.take_packets(device, &request.packets, &request.fed, report.as_ref(), now_ms)?;
        // Also what a full disk or another node's end left stored and not judged: no restart may be waited for.
        if received.behind || self.is_behind()? {
            self.publish_all();
        } else if received.stored > 0 {
            self.scrub_if_due();
        }
        self.note_erased(device, request, now_ms)?;
        self.keep_quarantined(device, &request.quarantined, now_ms)?;
        let answer = self.storage.read(|read| self.answer(read, device, request, &received, now_ms))?;
        if received.stored > 0 || report.is_some() {
            self.events.tell(Changed { visits: received.stored > 0, devices: true });
        }
        Ok(answer)
    }

    /// Takes packets of a device that came by another way than a sync. Returns how many commits HQ did not have, and what
    /// it did not take.
    pub(in crate::service) fn take_rescued(
        &self,
        device: &Device,
        packets: &[ByteVec],
    ) -> Result<(usize, Vec<Refused>), Error> {
        let received = self.take_packets(device, packets, &[], None, self.clock.now_ms())?;
        if received.stored > 0 {
            self.publish_all();
            self.events.tell(Changed { visits: true, devices: true });
        }
        match received.retry_after_s {
            Some(wait_s) => Err(Error::OverQuota(wait_s)),
            None => Ok((received.stored, received.refused)),
        }
    }

    /// Whether something is stored and not judged yet; one look into an index that is empty most of the time.
    fn is_behind(&self) -> Result<bool, Error> {
        self.storage.read(|read| Ok(!read.unjudged(1)?.is_empty()))
    }

    /// A phone that has read its feed past an erase order has carried it out: it does so before it asks on.
    fn note_erased(&self, device: &Device, request: &SyncRequest, now_ms: i64) -> Result<(), Error> {
        let passed = self.storage.read(|read| {
            let mut passed = Vec::new();
            for cursor in &request.cursors {
                let orders = read.orders_passed(&cursor.scope, cursor.position, &device.id)?;
                let known = || read.is_run_end_of(&cursor.scope, cursor.position, &cursor.rolling);
                if !orders.is_empty() && known()? {
                    passed.extend(orders.into_iter().map(|order| (order, &cursor.scope)));
                }
            }
            Ok::<_, Error>(passed)
        })?;
        if passed.is_empty() {
            return Ok(());
        }
        self.storage.write(|tx| {
            passed.iter().try_for_each(|(order, scope)| tx.set_erase_done(order, scope, &device.id, now_ms))
        })?;
        self.events.tell(Changed { devices: true, ..Changed::default() });
        Ok(())
    }

    /// What the phone says about itself; none when it said the same within the last minute, which costs no write.
    fn news(&self, device: &Device, request: &SyncRequest, now_ms: i64) -> Result<Option<Report>, Error> {
        let report = Report {
            seen_ms: now_ms,
            app_version: request.app_version.clone(),
            clock_ahead_ms: request.device_ms.saturating_sub(now_ms),
            visits_here: request.here.visits,
            photos_here: request.here.photos,
            oldest_here_ms: request.here.oldest_ms,
            free_bytes: request.here.free_bytes,
            battery_percent: request.here.battery_percent,
        };
        let known = self.storage.read(|read| Ok::<_, Error>(read.report(&device.id)?))?;
        Ok((!known.is_some_and(|known| known.says_the_same(&report))).then_some(report))
    }
}
