//! What a phone is told: receipts, what came after its cursors, verdicts on its work, heads that it does not know.
//!
//! Everything is read from one state of the database after the request's packets were stored.

use std::collections::HashMap;

use minicbor::bytes::{ByteArray, ByteVec};
use xuncha_domain::ids::{ChainId, CommitHash, Scope};
use xuncha_domain::protocol::v1::receipt::{Held, Receipt, ReceiptBody};
use xuncha_domain::protocol::v1::sync::{
    Backup, Cursor, Erased, ErasedValues, Feed, HeadName, Mark, QUARANTINED_MAX, Run, Source, SyncAnswer,
    SyncRequest, VerdictNotice, scopes_known,
};

use super::receive::Received;
use crate::service::backup::newest as newest_backup;
use crate::service::{Device, Error, Service};
use crate::storage::{ChainRow, CommitRow, CommitState, Read, RowId};

/// Bytes of packets in one answer: seconds on a bad link, after which the phone has something durable and asks on.
const ANSWER_BYTES: usize = 1024 * 1024;
/// Runs of one scope in one answer, and so its packets: enough for packets of a single tap each to fill the answer.
const RUNS_MAX: u32 = 2_000;
/// What a packet or a run costs beside its own bytes: its length, its place, its numbers.
const ENTRY_BYTES: usize = 16;
/// Verdicts named per chain; a phone with more has been writing what it may not for long.
const VERDICTS_MAX: u32 = 100;

/// Erased values named per chain; a supervisor erases one by one, not by thousands.
const ERASED_MAX: u32 = 500;

/// A head that the request declares and HQ holds.
struct Declared {
    index: u32,
    chain: ChainRow,
    row: CommitRow,
}

impl Service {
    pub(super) fn answer(
        &self,
        read: &Read<'_>,
        device: &Device,
        request: &SyncRequest,
        received: &Received,
        now_ms: i64,
    ) -> Result<SyncAnswer, Error> {
        let mut declared = Vec::new();
        let mut held = Vec::new();
        let mut verdicts = Vec::new();
        let mut unknown_heads = Vec::new();
        for (index, head) in (0_u32..).zip(&request.heads) {
            let Some(chain) = read.chain(&ChainId(head.chain))? else { continue };
            let tips = read.tips(chain.id)?;
            let row = read.commit(&CommitHash(head.hash).short())?.filter(|row| row.chain == chain.id);
            unknown_heads.extend(unknown(read, &chain, &tips, row.as_ref(), head.seq)?);
            verdicts.extend(notices(read, &chain)?);
            match row {
                Some(row) => {
                    held.push(receipted(read, &chain, &row)?);
                    declared.push(Declared { index, chain, row });
                }
                // Not here, or not yet: the phone finds among these what it may go on from.
                None => {
                    for tip in &tips {
                        held.push(receipted(read, &chain, tip)?);
                    }
                }
            }
        }
        for head in &received.heads {
            if let Some(row) = read.commit(&head.short())?
                && !held.iter().any(|held| held.hash == head.0)
            {
                held.push(receipted(read, &read.chain_by_row(row.chain)?, &row)?);
            }
        }
        let scopes = if device.closed { Vec::new() } else { self.scopes_of(read, &device.officer)? };
        let (feeds, more) = self.feeds(read, &scopes, request, &declared)?;
        let body = ReceiptBody {
            city: self.city.id.0,
            time_ms: now_ms,
            chains: held,
            blobs: blobs(read, request)?,
            nonce: request.nonce,
        };
        let (photos, photos_restart) = photo_mark(read, request)?;
        let names = scopes_known(scopes.iter().map(Scope::as_str));
        let known = request.scopes_known.is_some_and(|known| *known == names);
        Ok(SyncAnswer {
            time_ms: now_ms,
            receipt: Receipt::sign(&self.key, &body).map_err(|_| Error::Internal("signature"))?,
            refused: received.refused.clone(),
            feeds,
            verdicts,
            unknown_heads,
            scopes: (!known).then(|| scopes.iter().map(ToString::to_string).collect()),
            more,
            retry_after_s: received.retry_after_s,
            rescue: (!request.rescue_known).then(|| self.rescue_recipient()),
            photos,
            photos_restart,
            backup: backup(read, request, &scopes)?,
            erased: erased(read, &scopes, &declared, request)?,
            quarantined: quarantined(read, device, request)?,
        })
    }

    fn feeds(
        &self,
        read: &Read<'_>,
        scopes: &[Scope],
        request: &SyncRequest,
        declared: &[Declared],
    ) -> Result<(Vec<Feed>, bool), Error> {
        let mut feeds = Vec::new();
        let mut more = false;
        let mut room = ANSWER_BYTES;
        for cursor in &request.cursors {
            let Ok(scope) = cursor.scope.parse() else { continue };
            if !fits(read, &scope, cursor)? {
                feeds.push(restart(read, &scope, &request.trail)?);
                more = true;
            } else if scopes.contains(&scope)
                && let Some((feed, left)) = feed(read, &scope, cursor, request.beyond, declared, &mut room)?
            {
                feeds.push(feed);
                more |= left;
            }
        }
        Ok((feeds, more))
    }
}

/// Whether HQ's feed of the scope once ended where the reader stands. If not, HQ was restored.
fn fits(read: &Read<'_>, scope: &Scope, cursor: &Cursor) -> Result<bool, Error> {
    let beginning = cursor.position == 0 && cursor.rolling == [0; 16];
    Ok(beginning || read.is_run_end(scope, cursor.position, &cursor.rolling)?)
}

/// Where a reader goes on whose cursor does not fit: the last common point that its trail can prove.
fn restart(read: &Read<'_>, scope: &Scope, trail: &[Cursor]) -> Result<Feed, Error> {
    let mut common = Cursor { scope: scope.to_string(), position: 0, rolling: [0; 16] };
    for earlier in trail.iter().filter(|earlier| earlier.scope == scope.as_str()) {
        if earlier.position > common.position && fits(read, scope, earlier)? {
            common = earlier.clone();
        }
    }
    let scope = scope.to_string();
    Ok(Feed { scope, restart: true, packets: Vec::new(), order: Vec::new(), cursor: common, end: None })
}

/// What came after a cursor that fits, as far as there is room, and whether there is more. None when there is nothing new.
///
/// A reader that is farther behind than `beyond` takes a snapshot, and is only told where the feed ends.
///
/// Only bytes bound a page: on a bad link a round trip costs more than many small packets.
fn feed(
    read: &Read<'_>,
    scope: &Scope,
    cursor: &Cursor,
    beyond: Option<u64>,
    declared: &[Declared],
    room: &mut usize,
) -> Result<Option<(Feed, bool)>, Error> {
    let end = read.feed_end(scope)?;
    if cursor.position == end.position {
        return Ok(None);
    }
    let mut at = cursor.clone();
    let mut packets: Vec<ByteVec> = Vec::new();
    let far = beyond.is_some_and(|beyond| end.position.saturating_sub(cursor.position) > beyond);
    let mut places: HashMap<RowId, u32> = HashMap::new();
    let mut order = Vec::new();
    for run in read.runs_after(scope, at.position, if far { 0 } else { RUNS_MAX })? {
        let last = run.from_seq + u64::from(run.count) - 1;
        let known = declared.iter().find(|d| d.chain.id == run.chain && !d.chain.forked && last <= d.row.seq);
        let source = match (known, places.get(&run.packet)) {
            (Some(known), _) => Source::Declared(known.index),
            (None, Some(place)) => Source::Packet(*place),
            (None, None) => {
                let bytes = read.packet(run.packet)?.bytes;
                // The first packet of an answer always fits, so that every answer gets the reader on.
                if bytes.len() > *room && *room < ANSWER_BYTES {
                    break;
                }
                *room = room.saturating_sub(bytes.len() + ENTRY_BYTES);
                let place = u32::try_from(packets.len()).unwrap_or(u32::MAX);
                packets.push(bytes.into());
                places.insert(run.packet, place);
                Source::Packet(place)
            }
        };
        order.push(Run { source, from_seq: run.from_seq, count: run.count });
        at.position = run.position;
        at.rolling = run.rolling;
    }
    let left = at.position < end.position;
    let end = left.then_some(end.position);
    let feed = Feed { scope: scope.to_string(), restart: false, packets, order, cursor: at, end };
    Ok(Some((feed, left)))
}

fn receipted(read: &Read<'_>, chain: &ChainRow, row: &CommitRow) -> Result<Held, Error> {
    let judged = read.first_unjudged(chain.id)?.map_or(row.seq, |first| (first - 1).min(row.seq));
    Ok(Held { chain: chain.name.0, seq: row.seq, hash: row.hash.0, judged_seq: judged })
}

/// Ends of branches that the declared head does not have behind it: somebody else writes to this chain.
///
/// A head that HQ does not hold says nothing about a single branch below it: those commits are on their way.
fn unknown(
    read: &Read<'_>,
    chain: &ChainRow,
    tips: &[CommitRow],
    declared: Option<&CommitRow>,
    declared_seq: u64,
) -> Result<Vec<HeadName>, Error> {
    let mut unknown = Vec::new();
    for tip in tips {
        let known = match declared {
            Some(declared) => read.ancestor(declared, tip.seq)? == Some(tip.hash),
            None => !chain.forked && tip.seq < declared_seq,
        };
        if !known {
            unknown.push(HeadName { chain: chain.name.0, seq: tip.seq, hash: tip.hash.0 });
        }
    }
    Ok(unknown)
}

fn notices(read: &Read<'_>, chain: &ChainRow) -> Result<Vec<VerdictNotice>, Error> {
    let rows = read.with_verdict(chain.id, VERDICTS_MAX)?;
    let notice = |row: CommitRow| VerdictNotice {
        hash: row.hash.0,
        applied: row.state == CommitState::Applied,
        reason: row.reason.unwrap_or_default(),
    };
    Ok(rows.into_iter().map(notice).collect())
}

/// What orders that the phone does not read destroyed of its chains, and of the photos that it asked about; none for
/// nothing. Chains of scopes that it reads need no word: there the feed brings the orders themselves.
fn erased(
    read: &Read<'_>,
    scopes: &[Scope],
    declared: &[Declared],
    request: &SyncRequest,
) -> Result<Option<Erased>, Error> {
    let mut erased = Erased::default();
    for declared in declared.iter().filter(|declared| !scopes.contains(&declared.chain.scope)) {
        for (hash, place) in read.erased_of_chain(declared.chain.id, ERASED_MAX)? {
            match erased.values.last_mut() {
                Some(last) if last.hash == hash => last.places.push(place),
                _ => erased.values.push(ErasedValues { hash, places: vec![place] }),
            }
        }
    }
    for blob in &request.blobs {
        if read.photo_erased(blob)? {
            erased.photos.push(*blob);
        }
    }
    Ok((erased != Erased::default()).then_some(erased))
}

/// Which of the photos asked about HQ holds.
fn blobs(read: &Read<'_>, request: &SyncRequest) -> Result<Vec<ByteArray<32>>, Error> {
    let mut held = Vec::new();
    for blob in &request.blobs {
        if read.blob_size(blob)?.is_some() {
            held.push(*blob);
        }
    }
    Ok(held)
}

/// Where the list of held photos stands, if the phone has to know, and whether the phone's mark is of another history.
fn photo_mark(read: &Read<'_>, request: &SyncRequest) -> Result<(Option<Mark>, bool), Error> {
    let lost = match &request.photos {
        Some(mark) => !read.was_photo_mark(mark)?,
        None => false,
    };
    let mark = if lost || !request.blobs.is_empty() { Some(read.photo_mark()?) } else { None };
    Ok((mark, lost))
}

/// What the newest backup covers of what the phone reads, when the phone knows of another one.
fn backup(read: &Read<'_>, request: &SyncRequest, scopes: &[Scope]) -> Result<Option<Backup>, Error> {
    let mut newest = newest_backup(read)?;
    if newest.made_ms == request.backup_ms.unwrap_or(0) {
        return Ok(None);
    }
    newest.scopes.retain(|covered| scopes.iter().any(|scope| scope.as_str() == covered.scope));
    Ok(Some(newest))
}

/// Which of the damaged commits that the request brings HQ keeps.
fn quarantined(read: &Read<'_>, device: &Device, request: &SyncRequest) -> Result<Vec<ByteArray<32>>, Error> {
    let mut kept = Vec::new();
    for one in request.quarantined.iter().take(QUARANTINED_MAX) {
        if read.is_quarantined(&device.id, &one.hash)? {
            kept.push(one.hash.into());
        }
    }
    Ok(kept)
}
