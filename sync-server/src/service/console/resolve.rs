//! Settling a conflict: an op of HQ over every live op that the console drew.

use xuncha_domain::ids::{CommitHash, CommitRef, EntityId, OfficerId};
use xuncha_domain::merge::Stored;
use xuncha_domain::model::kind;

use crate::http::types::{ResolveConflict, VisitDetail};
use crate::service::author::{Draft, references};
use crate::service::history;
use crate::service::{Changed, ConsoleUser, Error, Service};
use crate::storage::{Read, RowId};

impl Service {
    /// Lets one value stand over those that the console drew. A live op that it did not draw stays, and with it the
    /// conflict. To undo a settling, keep one of the values that it replaced.
    ///
    /// Returns the visit as it is now; none for a field of something else.
    pub fn resolve(
        &self,
        user: &ConsoleUser,
        wanted: &ResolveConflict,
    ) -> Result<Option<VisitDetail>, Error> {
        user.must_be_admin()?;
        let entity: EntityId = wanted.entity.parse().map_err(|_| Error::NotFound)?;
        let keep = name(&wanted.keep)?;
        let over = wanted.over.iter().map(|text| name(text)).collect::<Result<Vec<_>, _>>()?;
        let visit = self.storage.write(|tx| {
            let row = tx.entity_by_name(&entity)?.ok_or(Error::NotFound)?;
            let field = tx.field(row.id, &wanted.field)?;
            // Nothing of what was drawn lives: somebody settled it meanwhile, and the console must draw it again.
            if !over.iter().any(|commit| field.live.contains_key(commit)) {
                return Err(Error::Stale);
            }
            let kept = match field.live.get(&keep) {
                Some(live) => live.clone(),
                // A value that an earlier settling replaced: choosing it undoes that one.
                None => {
                    let op = history::op(tx, &keep, &row.name, &wanted.field)?;
                    op.ok_or(Error::BadRequest("the field never had this value"))?.0
                }
            };
            let value = kept.value.value().ok_or(Error::BadRequest("the value was erased"))?.clone();
            let personal = matches!(kept.value, Stored::Detached { .. });
            let draft = Draft {
                entity: tx.entity_as_named(row.id)?,
                field: wanted.field.clone(),
                value,
                personal,
                over: references(tx, &over)?,
            };
            let counted = self.write_as_hq(tx, &row.scope, OfficerId(user.id), &[vec![draft]])?;
            self.project(tx, &counted)?;
            visit_of(tx, row.root.unwrap_or(row.id))
        })?;
        self.events.tell(Changed { visits: true, ..Changed::default() });
        visit.map(|id| self.visit(&id.0)).transpose()
    }
}

pub(super) fn name(text: &str) -> Result<CommitRef, Error> {
    let hash: CommitHash = text.parse().map_err(|_| Error::BadRequest("a commit"))?;
    Ok(hash.short())
}

fn visit_of(read: &Read<'_>, root: RowId) -> Result<Option<EntityId>, Error> {
    let root = read.entity_by_row(root)?;
    Ok((root.kind == kind::VISIT).then_some(root.name))
}
