//! What HQ answered, taken into the database in one transaction: receipts, refusals, verdicts, the feed.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use rusqlite::{Connection, Transaction};
use xuncha_domain::ids::{ChainId, CommitHash, CommitRef, EntityId, Scope};
use xuncha_domain::ledger;
use xuncha_domain::log::body::Kind;
use xuncha_domain::log::chain::{Genesis, SuccessorReason};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::packet::{self, Packet};
use xuncha_domain::model::erase::{Order, orders};
use xuncha_domain::model::kind;
use xuncha_domain::protocol::v1::receipt::{Receipt, ReceiptBody};
use xuncha_domain::protocol::v1::refusal;
use xuncha_domain::protocol::v1::sync::{
    Erased, Feed, HeadName, Source, SyncAnswer, SyncRequest, VerdictNotice, roll,
};
use xuncha_domain::time::ClockOffset;

use super::Round;
use super::request::{Going, Planned, Sent, on_branch};
use crate::api::types::{Changes, ErrorCode};
use crate::engine::Engine;
use crate::erase::{self, Telling};
use crate::error::{Error, Result};
use crate::store::log::Touched;
use crate::store::meta::Enrolment;
use crate::store::values::Col;
use crate::store::{base, chains, hubs, log, lost, meta, photos, quarantine, rows, trail};
use crate::write::{self, Pen};

/// Visits named one by one in a change; beyond that a screen refetches all.
const CHANGED_VISITS_MAX: usize = 100;

pub fn apply(
    engine: &Engine,
    enrolment: &Enrolment,
    going: &mut Going,
    planned: &Planned,
    answer: SyncAnswer,
    took_ms: i64,
) -> Result<Round> {
    let receipt = verified(enrolment, &planned.request, &answer)?;
    engine.0.store.write(|transaction| {
        let mut taking = Taking::new(engine, transaction, enrolment);
        let sent = planned.request.device_ms;
        let offset = ClockOffset::measured(sent, sent.saturating_add(took_ms), answer.time_ms);
        meta::set_clock(transaction, offset)?;
        meta::set_last_receipt_ms(transaction, engine.now_ms())?;
        meta::set_hq_ms(transaction, receipt.time_ms)?;
        meta::learn_rescue(transaction, answer.rescue.as_deref())?;
        let restarted = taking.restarts(planned, &answer, going)?;
        let newly = taking.receipts(&receipt)?;
        hubs::asked(transaction, &planned.request.blobs, &receipt.blobs)?;
        let lost_again = taking.lost(planned, &answer, &receipt)?;
        let regained = taking.scopes(planned, &answer, &receipt)?;
        let mut stuck = taking.refusals(planned, &answer)?;
        // Once: what HQ cannot read uncompressed either is not helped by asking again.
        stuck.progress |= stuck.dictionary && !engine.0.progress.uncompressed.swap(true, Ordering::Relaxed);
        taking.keep_signatures(planned, &answer)?;
        for notice in &answer.verdicts {
            taking.verdict(notice)?;
        }
        let mut fed = 0;
        going.far.clear();
        for feed in answer.feeds.iter().filter(|feed| !feed.restart) {
            fed += taking.feed(planned, feed, going)?;
            if feed.end.is_some() && feed.order.is_empty() {
                going.far.push(feed.scope.parse()?);
            }
        }
        for head in &answer.unknown_heads {
            taking.unknown_head(head)?;
        }
        if let Some(erased) = &answer.erased {
            taking.erased(erased)?;
        }
        taking.refresh()?;
        if taking.lost_scope {
            lost::sweep(transaction)?;
        }
        taking.want_left_out()?;
        let mut set_aside = false;
        for hash in &answer.quarantined {
            set_aside |= quarantine::set_received(transaction, hash)?;
        }
        let declined = !planned.request.quarantined.is_empty() && !set_aside;
        engine.0.progress.aside_full.fetch_or(declined, Ordering::Relaxed);
        let moved =
            set_aside || newly > 0 || fed > 0 || lost_again > 0 || restarted || regained || stuck.progress;
        engine.0.progress.moved.fetch_or(moved, Ordering::Relaxed);
        let waits = unreceived(transaction)?;
        let more = moved && (answer.more || planned.more || stuck.progress || set_aside || waits || regained);
        // What HQ lost is offered in the round after the one in which nothing more was to be read.
        let offer = waits && !answer.more && !going.caught_up;
        going.caught_up = !answer.more;
        Ok(Round { more: more || offer, changes: changes(&taking.touched) })
    })
}

/// Takes receipts of HQ that a hub handed on. One that is not HQ's says nothing; neither does one that is older than what
/// HQ itself said last, which may have been restored since.
pub fn carried_receipts(engine: &Engine, enrolment: &Enrolment, receipts: &[Receipt]) -> Result<()> {
    let verified = receipts.iter().filter_map(|receipt| {
        let verified = receipt.verify(&enrolment.hq_key, enrolment.city.0);
        verified.inspect_err(|error| tracing::warn!(%error, "a hub hands on what is no receipt of HQ")).ok()
    });
    let verified: Vec<ReceiptBody> = verified.collect();
    let touched = engine.0.store.write(|transaction| {
        let direct_ms = meta::hq_ms(transaction)?.unwrap_or(i64::MIN);
        let mut taking = Taking::new(engine, transaction, enrolment);
        for receipt in verified.iter().filter(|receipt| receipt.time_ms > direct_ms) {
            taking.receipts(receipt)?;
            hubs::told(transaction, &receipt.blobs)?;
        }
        taking.refresh()?;
        Ok(taking.touched)
    })?;
    engine.emit(&changes(&touched));
    Ok(())
}

/// The receipt, if HQ signed it for this request.
pub fn verified(enrolment: &Enrolment, request: &SyncRequest, answer: &SyncAnswer) -> Result<ReceiptBody> {
    let receipt = answer.receipt.verify(&enrolment.hq_key, enrolment.city.0)?;
    // An HQ of before says nothing of it.
    if receipt.nonce.is_some() && receipt.nonce != request.nonce {
        return Err(Error::Refused(ErrorCode::ServerAnswer, "the answer is to another request"));
    }
    Ok(receipt)
}

/// Marks what a receipt names as held by HQ.
pub fn take_receipt(
    engine: &Engine,
    connection: &Transaction<'_>,
    enrolment: &Enrolment,
    receipt: &ReceiptBody,
) -> Result<()> {
    let mut taking = Taking::new(engine, connection, enrolment);
    taking.receipts(receipt)?;
    rows::refresh(connection, &taking.touched)
}

pub(super) struct Taking<'a> {
    pub(super) engine: &'a Engine,
    pub(super) connection: &'a Transaction<'a>,
    pub(super) enrolment: &'a Enrolment,
    /// Commits that this answer receipts.
    fresh: BTreeSet<CommitRef>,
    pub(super) touched: Touched,
    pub(super) recount: bool,
    /// What came from a scope went.
    pub(super) lost_scope: bool,
}

/// What refusals left.
#[derive(Default)]
struct Stuck {
    /// HQ named a commit to go on from: asking again helps.
    progress: bool,
    /// HQ does not know our dictionary.
    dictionary: bool,
}

impl<'a> Taking<'a> {
    pub(super) fn new(engine: &'a Engine, connection: &'a Transaction<'a>, enrolment: &'a Enrolment) -> Self {
        let (fresh, touched) = (BTreeSet::new(), Touched::new());
        Self { engine, connection, enrolment, fresh, touched, recount: false, lost_scope: false }
    }

    /// Marks what a receipt names, and everything before it on its branch. Returns how much is newly held.
    fn receipts(&mut self, receipt: &ReceiptBody) -> Result<usize> {
        let mut newly = 0;
        for held in &receipt.chains {
            let reference = CommitHash(held.hash).short();
            // A receipt that names a commit that is not here says nothing about those that are.
            if log::hash_of(self.connection, reference)? == Some(CommitHash(held.hash)) {
                newly += self.received_up_to(reference)?;
            }
        }
        for blob in &receipt.blobs {
            photos::set_received(self.connection, blob)?;
        }
        Ok(newly + receipt.blobs.len())
    }

    fn received_up_to(&mut self, reference: CommitRef) -> Result<usize> {
        let mut at = Some(reference);
        let mut newly = 0;
        // Stops at the first that is known to be held: costs what is new.
        while let Some(reference) = at {
            let changed = self
                .connection
                .prepare_cached("UPDATE log SET received = 1 WHERE ref = ?1 AND received = 0")?
                .execute([Col(reference)])?;
            if changed == 0 {
                break;
            }
            newly += 1;
            self.fresh.insert(reference);
            self.touch(reference)?;
            at = log::prev_of(self.connection, reference)?;
        }
        Ok(newly)
    }

    pub(super) fn touch(&mut self, reference: CommitRef) -> Result<()> {
        self.touched.extend(log::touched_by(self.connection, reference)?);
        Ok(())
    }

    fn refusals(&mut self, planned: &Planned, answer: &SyncAnswer) -> Result<Stuck> {
        let mut stuck = Stuck::default();
        for refused in &answer.refused {
            let index = usize::try_from(refused.packet).unwrap_or(usize::MAX);
            let Some(Sent { chain, .. }) = planned.packets.get(index) else { continue };
            tracing::warn!(%chain, reason = refused.reason, "HQ refused a packet");
            stuck.dictionary |= refused.reason == refusal::packet::COMPRESSION;
            if refused.reason == refusal::packet::PREDECESSOR {
                // Without a name HQ does not even know the chain.
                let common = refused.last_common.map_or(0, |common| common.seq);
                stuck.progress |= self.send_again_after(*chain, common)?;
            }
        }
        Ok(stuck)
    }

    /// HQ lost what it had receipted (it was restored): everything after the last common commit is on this phone again.
    fn send_again_after(&mut self, chain: ChainId, common: u64) -> Result<bool> {
        let changed = self
            .connection
            .prepare_cached("UPDATE log SET received = 0 WHERE chain = ?1 AND seq > ?2 AND received = 1")?
            .execute((Col(chain), common))?;
        Ok(changed > 0)
    }

    fn verdict(&mut self, notice: &VerdictNotice) -> Result<()> {
        self.set_verdict(CommitHash(notice.hash).short(), notice.applied, &notice.reason)
    }

    fn set_verdict(&mut self, reference: CommitRef, applied: bool, reason: &str) -> Result<()> {
        log::keep_verdict(self.connection, reference, applied, reason)?;
        // Counted and held, or here and not counted although applied: the live values must be made again.
        let here = log::hash_of(self.connection, reference)?.is_some();
        if applied && !here && base::held(self.connection, reference)? {
            base::want_commit(self.connection, reference)?;
        }
        let counts = !log::held(self.connection, reference)?;
        self.recount |= here && log::counted(self.connection, &reference)? != counts;
        self.touch(reference)
    }

    /// Somebody else writes to our chain: never write to it again.
    fn unknown_head(&mut self, head: &HeadName) -> Result<()> {
        if log::hash_of(self.connection, CommitHash(head.hash).short())?.is_none() {
            chains::close(self.connection, ChainId(head.chain), SuccessorReason::Forked)?;
        }
        Ok(())
    }

    /// Takes a page of a scope's feed and returns how many commits it had. A page that does not add up to its cursor
    /// changes nothing.
    fn feed(&mut self, planned: &Planned, feed: &Feed, going: &mut Going) -> Result<usize> {
        let scope: Scope = feed.scope.parse()?;
        let (mut position, mut rolling) = rows::feed(self.connection, &scope)?;
        let asked = planned.request.cursors.iter().find(|cursor| cursor.scope == feed.scope);
        if lost::is_lost(self.connection, &scope)?
            || asked.is_none_or(|asked| (asked.position, asked.rolling) != (position, rolling))
        {
            // This phone stands elsewhere since the answer: the scope is read from its beginning, or not at all.
            return Ok(0);
        }
        let mut packets = Vec::new();
        for (index, bytes) in (0_u32..).zip(&feed.packets) {
            let named = feed.order.iter().filter(|run| run.source == Source::Packet(index));
            let first = named.map(|run| run.from_seq).min().unwrap_or(0);
            match self.packet(&scope, bytes, first)? {
                Some(commits) => packets.push(commits),
                None => {
                    going.stuck = true;
                    return Ok(0);
                }
            }
        }
        let mut count = 0;
        for run in &feed.order {
            for step in 0..u64::from(run.count) {
                let seq = run.from_seq.saturating_add(step);
                let hash = match run.source {
                    Source::Packet(index) => usize::try_from(index)
                        .ok()
                        .and_then(|index| packets.get(index))
                        .and_then(|commits: &Vec<Commit>| {
                            commits.iter().find(|commit| commit.header.seq == seq)
                        })
                        .map(|commit| commit.hash),
                    Source::Declared(index) => {
                        let head =
                            usize::try_from(index).ok().and_then(|index| planned.request.heads.get(index));
                        match head {
                            Some(head) => match on_branch(self.connection, head, seq)? {
                                Some(reference) => log::hash_of(self.connection, reference)?,
                                None => None,
                            },
                            None => None,
                        }
                    }
                };
                let hash =
                    hash.ok_or(Error::Refused(ErrorCode::ServerAnswer, "the feed names what is not there"))?;
                rolling = roll(rolling, &hash);
                position += 1;
                count += 1;
                log::set_position(self.connection, hash.short(), position)?;
            }
        }
        if (position, rolling) != (feed.cursor.position, feed.cursor.rolling) {
            return Err(Error::Refused(ErrorCode::ServerAnswer, "the feed does not add up to its cursor"));
        }
        rows::set_feed(self.connection, &scope, position, rolling)?;
        trail::keep(self.connection, &scope, position, rolling)?;
        Ok(count)
    }

    /// Verifies a packet of somebody's chain, keeps its commits and counts those that no verdict holds. Those before number
    /// `first` were in the feed before this page: what is not here of them is counted in a snapshot. None when what it
    /// follows lies before the snapshot, and was noted as wanted.
    fn packet(&mut self, scope: &Scope, bytes: &[u8], first: u64) -> Result<Option<Vec<Commit>>> {
        let packet = Packet::decode(bytes)?;
        let genesis = self.genesis(scope, &packet)?;
        let prev = match packet.prev {
            None => genesis.hash(),
            Some(prev) => {
                let here = log::hash_of(self.connection, prev)?;
                match here.map_or_else(|| base::tip(self.connection, prev), |hash| Ok(Some(hash)))? {
                    Some(hash) => hash,
                    None if base::has_chain(self.connection, packet.chain)? => {
                        base::want_commit(self.connection, prev)?;
                        return Ok(None);
                    }
                    None => return Err(answered("a packet follows what is not here")),
                }
            }
        };
        let commits = self.linked(&genesis, &packet, prev)?;
        let based = base::position(self.connection, scope)?.is_some();
        for commit in &commits {
            self.take(&genesis, commit, based && commit.header.seq < first)?;
        }
        if let Some(last) = commits.last() {
            log::keep_signature(self.connection, last.hash.short(), &packet.signature)?;
        }
        Ok(Some(commits))
    }

    /// The beginning of a packet's chain in this scope, which is known from now on.
    pub(super) fn genesis(&self, scope: &Scope, packet: &Packet) -> Result<Genesis> {
        let known = chains::get(self.connection, packet.chain)?.map(|chain| chain.genesis);
        let bytes = known.or_else(|| packet.genesis.clone()).unwrap_or_default();
        let genesis = Genesis::verify(&bytes, &self.enrolment.hq_key, self.enrolment.city)?;
        if genesis.chain() != packet.chain || genesis.scope != *scope {
            return Err(answered("a packet is not of the chain it names"));
        }
        if chains::get(self.connection, packet.chain)?.is_none() {
            chains::insert(self.connection, &genesis, false)?;
        }
        Ok(genesis)
    }

    /// The commits of a packet that follows `prev`, when its author signed them.
    pub(super) fn linked(&self, genesis: &Genesis, packet: &Packet, prev: CommitHash) -> Result<Vec<Commit>> {
        let commits = packet::link(packet, packet.unpack()?, prev)?;
        let key = &genesis.certificate.key;
        packet::verify_head(packet, &commits, self.enrolment.city, &genesis.scope, key)?;
        Ok(commits)
    }

    fn take(&mut self, genesis: &Genesis, commit: &Commit, based: bool) -> Result<()> {
        let commit = &*erase::arriving(self.connection, &genesis.scope, commit)?;
        let reference = commit.hash.short();
        // Whatever the feed brings, HQ holds.
        if log::hash_of(self.connection, reference)?.is_some() {
            return self.received_up_to(reference).map(drop);
        }
        log::insert(self.connection, commit, true)?;
        // Own work stayed when its scope was lost, and named what comes back only now by its number.
        self.recount |= log::is_followed(self.connection, commit)?;
        if based && !base::held(self.connection, reference)? {
            base::set_based(self.connection, reference)?;
        }
        self.count(genesis, commit)?;
        // A commit of our own chain that we never wrote: the folder was copied or restored.
        if genesis.certificate.device == self.enrolment.certificate.device {
            chains::close(self.connection, commit.header.chain, SuccessorReason::Forked)?;
        }
        Ok(())
    }

    /// Draws again what was touched.
    pub(super) fn refresh(&mut self) -> Result<()> {
        if self.recount {
            self.touched.extend(log::recount(self.connection)?);
        }
        rows::refresh(self.connection, &self.touched)
    }

    /// Hears the verdicts of a commit that is new here, and counts it unless one holds it.
    pub(super) fn count(&mut self, genesis: &Genesis, commit: &Commit) -> Result<()> {
        let reference = commit.hash.short();
        let from_hq = genesis.certificate.device.0 == self.enrolment.city.0;
        if from_hq {
            for (about, applied, reason) in log::verdicts(commit) {
                self.set_verdict(about, applied, reason.as_str())?;
            }
            for order in orders(commit) {
                self.obey(&genesis.scope, &order)?;
            }
        }
        if !log::held(self.connection, reference)? {
            self.touched.extend(log::count(self.connection, &genesis.scope, commit)?);
        }
        Ok(())
    }
}

impl Taking<'_> {
    fn telling(&self) -> Telling<'_> {
        Telling { now_ms: self.engine.now_ms(), fresh: &self.fresh }
    }

    /// Open taps become a commit before the order acts: their author had not seen it.
    fn obey(&mut self, scope: &Scope, order: &Order) -> Result<()> {
        let pen = Pen::of(&self.engine.0.options, self.enrolment, self.connection)?;
        write::flush(self.connection, &pen, scope)?;
        let touched = erase::take(self.connection, scope, order, &self.telling())?;
        self.touched.extend(touched);
        Ok(())
    }

    /// What orders of scopes that this phone does not read destroyed of its own.
    fn erased(&mut self, erased: &Erased) -> Result<()> {
        for values in &erased.values {
            let name = CommitHash(values.hash).short();
            let touched = erase::told(self.connection, name, &values.places, &self.telling())?;
            self.touched.extend(touched);
        }
        for photo in &erased.photos {
            let touched = erase::take_photo(self.connection, photo, &self.telling())?;
            self.touched.extend(touched);
        }
        Ok(())
    }
}

fn answered(what: &'static str) -> Error {
    Error::Refused(ErrorCode::ServerAnswer, what)
}

fn unreceived(connection: &Connection) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM log WHERE received = 0 AND reissued = 0)";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

pub(super) fn changes(touched: &Touched) -> Changes {
    let of = |wanted: Kind| touched.iter().any(|(kind, _)| *kind == wanted);
    let visits: BTreeSet<EntityId> =
        touched.iter().filter(|(kind, _)| *kind == kind::VISIT).map(|(_, id)| *id).collect();
    Changes {
        venues: of(kind::VENUE),
        officers: of(kind::OFFICER) || of(kind::TEAM),
        sync: true,
        // A pair that HQ joined names visits that were not touched themselves.
        visits_all: visits.len() > CHANGED_VISITS_MAX || of(kind::SAME_AS),
        visits: visits.into_iter().take(CHANGED_VISITS_MAX).map(|id| id.to_string()).collect(),
        ledgers: touched.iter().any(|(kind, _)| ledger::of_kind(*kind).is_some()),
    }
}
