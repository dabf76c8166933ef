//! Ops that are not live any more, read from the packets that hold them.

use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::merge::Live;

use super::Error;
use super::sync::resolve;
use crate::storage::Read;

/// What a commit holds in a field, and what that replaces; none when HQ has no such op.
pub(super) fn op(
    read: &Read<'_>,
    commit: &CommitRef,
    entity: &EntityId,
    name: &str,
) -> Result<Option<(Live, Vec<CommitRef>)>, Error> {
    let Some(row) = read.commit(commit)? else { return Ok(None) };
    let whole = read.whole(row.id)?;
    let Some(op) = whole.ops().iter().find(|op| op.entity.id == *entity && op.field == name) else {
        return Ok(None);
    };
    Ok(Some((whole.live_op(op), resolve(read, &row, &op.over)?)))
}
