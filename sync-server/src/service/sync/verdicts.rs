//! What HQ judges, and what it said before: an HQ that was restored from a backup gets its older verdicts back, before or
//! after the commits that they are about. Phones believe them, so that HQ has to agree, or to say that it does not.

use xuncha_domain::ids::{CommitHash, CommitRef};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::model::words::HeldReason;
use xuncha_domain::model::{field, kind, verdict};

use super::publish::{Counted, count};
use crate::service::author::{Draft, references};
use crate::service::{Error, Service};
use crate::storage::{ChainRow, CommitRow, CommitState, Tx};

/// What becomes of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Applied,
    /// An older verdict holds it on phones: they must be told.
    AppliedAfterAll(HeldReason),
    Held {
        reason: HeldReason,
        /// A verdict says so already.
        said: bool,
    },
}

impl From<Option<HeldReason>> for Judgement {
    fn from(reason: Option<HeldReason>) -> Self {
        reason.map_or(Self::Applied, |reason| Self::Held { reason, said: false })
    }
}

impl Service {
    /// The judgement in the light of what HQ said before it was restored.
    pub(super) fn as_said(
        &self,
        tx: &Tx<'_>,
        chain: &ChainRow,
        row: &CommitRow,
        reason: Option<HeldReason>,
    ) -> Result<Judgement, Error> {
        let closed = || Ok::<_, Error>(tx.device(&chain.device.0)?.is_some_and(|d| d.closed_ms.is_some()));
        Ok(match (reason, said(tx, chain, &row.hash)?) {
            (reason, None) => reason.into(),
            // Held, then applied, never back.
            (_, Some((true, reason))) => Judgement::AppliedAfterAll(reason),
            (Some(reason), Some((false, _))) => Judgement::Held { reason, said: true },
            // When it arrived is forgotten; that it was too late is not.
            (None, Some((false, reason))) if reason == HeldReason::DeviceClosed && closed()? => {
                Judgement::Held { reason, said: true }
            }
            (None, Some((false, reason))) => Judgement::AppliedAfterAll(reason),
        })
    }

    /// Brings commits that were judged without their older verdict to agree with it.
    pub(super) fn settle_verdicts(
        &self,
        tx: &Tx<'_>,
        chain: &ChainRow,
        commit: &Commit,
        counted: &mut Counted,
    ) -> Result<(), Error> {
        if chain.device.0 != self.city.id.0 {
            return Ok(());
        }
        for op in commit.ops().iter().filter(|op| op.entity.kind == kind::VERDICT) {
            let Some(row) = tx.commit(&CommitRef(op.entity.id.0))? else { continue };
            let Some((applied, reason)) = said(tx, chain, &row.hash)? else { continue };
            let Some(position) = row.position else { continue };
            match (row.state, applied) {
                (CommitState::Applied, false) => {
                    let about = tx.chain_by_row(row.chain)?;
                    counted.append(&mut self.say_applied(tx, &about, &row.hash, reason)?);
                    tx.set_judged(row.id, CommitState::Applied, Some(reason.as_str()), position)?;
                }
                (CommitState::Held, true) => {
                    let about = tx.chain_by_row(row.chain)?;
                    let held = tx.whole(row.id)?;
                    tx.set_judged(row.id, CommitState::Applied, row.reason.as_deref(), position)?;
                    counted.append(&mut count(tx, &about, &row, &held)?);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The verdict of HQ over the one that held the commit, so that every phone counts it, too.
    pub(super) fn say_applied(
        &self,
        tx: &Tx<'_>,
        chain: &ChainRow,
        commit: &CommitHash,
        reason: HeldReason,
    ) -> Result<Counted, Error> {
        let entity = verdict::entity(commit);
        let mut draft = Draft::plain(entity, field::FACT, verdict::to_value(true, reason));
        if let Some(known) = tx.entity(&chain.scope, kind::VERDICT, &draft.entity.id)? {
            let live = tx.field(known, field::FACT)?.live;
            if live.values().all(|live| live.value.value() == Some(&draft.value)) && !live.is_empty() {
                return Ok(Counted::new());
            }
            draft.over = references(tx, live.keys())?;
        }
        self.write_as_hq(tx, &chain.scope, self.hq_officer(), &[vec![draft]])
    }
}

/// HQ's verdict on a commit, as its chains hold it: whether it is applied after all, and why it was held.
fn said(tx: &Tx<'_>, chain: &ChainRow, commit: &CommitHash) -> Result<Option<(bool, HeldReason)>, Error> {
    let name = verdict::entity(commit).id;
    let Some(known) = tx.entity(&chain.scope, kind::VERDICT, &name)? else { return Ok(None) };
    let field = tx.field(known, field::FACT)?;
    let values = field.live.values().filter_map(|live| live.value.value());
    Ok(values.filter_map(verdict::from_value).max_by_key(|(applied, _)| *applied))
}
