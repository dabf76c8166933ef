//! Settling a conflict: an op of HQ over every live op that the console drew.

use xuncha_domain::ids::{CommitHash, CommitRef, EntityId, OfficerId};
use xuncha_domain::log::body::Reference;
use xuncha_domain::model::kind;

use crate::http::types::{ResolveConflict, VisitDetail};
use crate::service::author::Draft;
use crate::service::{Changed, ConsoleUser, Error, Service};
use crate::storage::{Read, RowId};

impl Service {
    /// Keeps one value. A live op that the console did not draw stays, and with it the conflict. Undone by the next one.
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
        if !over.contains(&keep) {
            return Err(Error::BadRequest("what is kept must be among what is replaced"));
        }
        let visit = self.storage.write(|tx| {
            let row = tx.entity_by_name(&entity)?.ok_or(Error::NotFound)?;
            let field = tx.field(row.id, &wanted.field)?;
            // Gone from the live ops: somebody settled it meanwhile, and the console must draw it again.
            let kept = field.live.get(&keep).ok_or(Error::Stale)?;
            let value = kept.value.value().ok_or(Error::BadRequest("the value was erased"))?.clone();
            let personal = matches!(kept.value, xuncha_domain::merge::Stored::Detached { .. });
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

fn name(text: &str) -> Result<CommitRef, Error> {
    let hash: CommitHash = text.parse().map_err(|_| Error::BadRequest("a commit"))?;
    Ok(hash.short())
}

fn references(read: &Read<'_>, commits: &[CommitRef]) -> Result<Vec<Reference>, Error> {
    let mut references = Vec::new();
    for commit in commits {
        let row = read.commit(commit)?.ok_or(Error::BadRequest("a commit that HQ does not have"))?;
        let chain = read.chain_by_row(row.chain)?.name;
        references.push(Reference::Other { chain, seq: row.seq, commit: *commit });
    }
    Ok(references)
}

fn visit_of(read: &Read<'_>, root: RowId) -> Result<Option<EntityId>, Error> {
    let root = read.entity_by_row(root)?;
    Ok((root.kind == kind::VISIT).then_some(root.name))
}
