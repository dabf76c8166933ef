//! Packets by what they touch.

use xuncha_domain::ids::{CommitRef, Scope};
use xuncha_domain::protocol::v1::things::Placed;

use super::log::RowId;
use super::{Error, Read, optional};

impl Read<'_> {
    /// Packets of a scope with published commits that touch a root, in the order in which they arrived.
    pub fn packets_touching(&self, scope: &Scope, root: &[u8; 16]) -> Result<Vec<RowId>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT DISTINCT c.packet FROM entities e JOIN touches t ON t.root = e.id JOIN commits c ON c.id = t.commit_id
             WHERE substr(e.name, 13) = substr(?1, 13) AND e.name = ?1 AND e.scope = ?2 AND c.position IS NOT NULL ORDER BY c.packet",
        )?;
        Ok(statement.query_map((root, scope.as_str()), |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// The packet of a published commit, and its scope.
    pub fn packet_of(&self, commit: &CommitRef) -> Result<Option<(RowId, String)>, Error> {
        optional(
            self.conn
                .prepare_cached(
                    "SELECT c.packet, h.scope FROM commits c JOIN chains h ON h.id = c.chain
                     WHERE c.ref = ?1 AND c.position IS NOT NULL",
                )?
                .query_row([commit.0], |row| Ok((row.get(0)?, row.get(1)?))),
        )
    }

    /// The packets of a packet's chain, if that was forked.
    pub fn packets_of_forked(&self, packet: RowId) -> Result<Vec<RowId>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT p.id FROM packets known JOIN chains h ON h.id = known.chain JOIN packets p ON p.chain = h.id
             WHERE known.id = ?1 AND h.forked = 1",
        )?;
        Ok(statement.query_map([packet], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Where the commits of a packet are in the feed.
    pub fn placed(&self, packet: RowId) -> Result<Vec<Placed>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT seq, position FROM commits WHERE packet = ?1 AND position IS NOT NULL ORDER BY seq",
        )?;
        let mut runs: Vec<Placed> = Vec::new();
        for row in statement.query_map([packet], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (seq, position): (u64, u64) = row?;
            match runs.last_mut() {
                Some(run) if follows(run, seq, position) => run.count += 1,
                _ => runs.push(Placed { from_seq: seq, count: 1, position }),
            }
        }
        Ok(runs)
    }
}

fn follows(run: &Placed, seq: u64, position: u64) -> bool {
    let count = u64::from(run.count);
    run.from_seq + count == seq && run.position + count == position
}
