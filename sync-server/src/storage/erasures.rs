//! Erase orders by what they name, what they destroyed, and who has carried them out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xuncha_domain::ids::{EntityId, Scope};
use xuncha_domain::model::fact::Photo;
use xuncha_domain::model::{field, kind};

use super::log::RowId;
use super::{Error, Read, Storage, Tx};

/// What an order names of one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraseTargetRow {
    /// None for everything of it and of what hangs on it.
    pub field: Option<String>,
    /// It acts on commits whose author's feed position is not above this.
    pub seen_from: u64,
    pub order: [u8; 16],
}

/// An order in one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraseOrderRow {
    pub id: [u8; 16],
    pub scope: Scope,
    pub commit: RowId,
    pub seen_from: u64,
}

const SCRUB_KEY: &str = "scrub_due";

/// A photo's name as `Upload-Metadata` hold it.
fn in_metadata(sha256: &[u8; 32]) -> String {
    STANDARD.encode(hex::encode(sha256))
}

impl Storage {
    /// Writes the whole database anew and empties its log, so that no free page, gap or old frame holds what was
    /// destroyed. Others wait meanwhile: it takes as long as a copy of the file.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when a reader kept the log from being emptied; the caller tries again later.
    pub fn scrub(&self) -> Result<(), Error> {
        let conn = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.disk.before_transaction()?;
        conn.execute_batch("VACUUM")?;
        let busy: bool = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy {
            return Err(Error::Corrupt("a reader kept the log from being emptied"));
        }
        conn.execute("DELETE FROM meta WHERE key = ?1", [SCRUB_KEY])?;
        drop(conn);
        self.disk.after_transaction();
        Ok(())
    }
}

impl Read<'_> {
    /// Whether any order names a value in this scope.
    pub fn has_erase_targets(&self, scope: &Scope) -> Result<bool, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM erase_targets WHERE scope = ?1)")?
            .query_row([scope.as_str()], |row| row.get(0))?)
    }

    pub fn erase_targets(&self, scope: &Scope, entity: &EntityId) -> Result<Vec<EraseTargetRow>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT field, seen_from, order_id FROM erase_targets WHERE scope = ?1 AND entity = ?2",
        )?;
        let rows = statement.query_map((scope.as_str(), entity.0), |row| {
            Ok(EraseTargetRow { field: row.get(0)?, seen_from: row.get(1)?, order: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Commits of a scope that may hold a value of an entity: those that touched its root, and all that are not counted.
    pub fn commits_about(&self, scope: &Scope, entity: &EntityId) -> Result<Vec<RowId>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT t.commit_id FROM entities e JOIN entities r ON r.id = coalesce(e.root, e.id)
             JOIN touches t ON t.root = r.id
             WHERE substr(e.name, 13) = substr(?2, 13) AND e.name = ?2 AND r.scope = ?1
             UNION
             SELECT c.id FROM commits c JOIN chains h ON h.id = c.chain
             WHERE c.state <> 'applied' AND h.scope = ?1",
        )?;
        Ok(statement.query_map((scope.as_str(), entity.0), |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Every stored packet that may hold the commit of this number.
    pub fn packets_holding(&self, chain: RowId, seq: u64) -> Result<Vec<RowId>, Error> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT id FROM packets WHERE chain = ?1 AND from_seq <= ?2 AND to_seq >= ?2")?;
        Ok(statement.query_map((chain, seq), |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// The scopes in which things of this name are known.
    pub fn scopes_of_entity(&self, entity: &EntityId) -> Result<Vec<Scope>, Error> {
        let sql = "SELECT DISTINCT r.scope FROM entities e JOIN entities r ON r.id = coalesce(e.root, e.id)
                   WHERE substr(e.name, 13) = substr(?1, 13) AND e.name = ?1 ORDER BY r.scope";
        self.scopes(sql, &entity.0)
    }

    /// The scopes in which a visit names this photo.
    pub fn scopes_of_photo(&self, sha256: &[u8; 32]) -> Result<Vec<Scope>, Error> {
        let sql = "SELECT DISTINCT v.scope FROM visit_photos p JOIN visits v ON v.entity = p.visit WHERE p.sha256 = ?1
                   ORDER BY v.scope";
        self.scopes(sql, sha256)
    }

    fn scopes(&self, sql: &str, name: &[u8]) -> Result<Vec<Scope>, Error> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut scopes = Vec::new();
        for text in statement.query_map([name], |row| row.get::<_, String>(0))? {
            scopes.push(text?.parse().map_err(|_| Error::Corrupt("a scope"))?);
        }
        Ok(scopes)
    }

    /// Photos of a visit, in whatever scope.
    pub fn photos_of_visit(&self, visit: &EntityId) -> Result<Vec<[u8; 32]>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT DISTINCT p.sha256 FROM visits v JOIN visit_photos p ON p.visit = v.entity WHERE v.id = ?1",
        )?;
        Ok(statement.query_map([visit.0], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Thumbnails that phones made of a photo.
    pub fn thumbs_of_photo(&self, sha256: &[u8; 32]) -> Result<Vec<[u8; 32]>, Error> {
        let mut statement = self.conn.prepare_cached("SELECT visit FROM visit_photos WHERE sha256 = ?1")?;
        let visits: Vec<RowId> =
            statement.query_map([sha256], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut thumbs = Vec::new();
        for visit in visits {
            self.live_under(&self.root(&self.entity_by_row(visit)?)?, |commit, op| {
                if op.entity.kind == kind::PHOTO && op.field == field::FACT {
                    let photo = commit.live_op(op).value.value().and_then(Photo::from_value);
                    thumbs
                        .extend(photo.filter(|photo| photo.sha256 == *sha256).and_then(|photo| photo.thumb));
                }
            })?;
        }
        Ok(thumbs)
    }

    pub fn photo_erased(&self, sha256: &[u8; 32]) -> Result<bool, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM erased_photos WHERE sha256 = ?1)")?
            .query_row([sha256], |row| row.get(0))?)
    }

    pub fn erased_photos(&self) -> Result<Vec<[u8; 32]>, Error> {
        let mut statement = self.conn.prepare("SELECT sha256 FROM erased_photos")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Every upload that was to bring this photo, sealed ones included: their bytes must go.
    pub fn uploads_of_photo(&self, sha256: &[u8; 32]) -> Result<Vec<[u8; 16]>, Error> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT id FROM uploads WHERE sha256 = ?1 OR instr(metadata, ?2) > 0")?;
        let ids = statement.query_map((sha256, in_metadata(sha256)), |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// Whether HQ knows the order in this scope.
    pub fn is_erase_order(&self, id: &EntityId, scope: &Scope) -> Result<bool, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM erase_orders WHERE id = ?1 AND scope = ?2)")?
            .query_row((id.0, scope.as_str()), |row| row.get(0))?)
    }

    /// Whether destroyed bytes may still lie in free pages or as files.
    pub fn scrub_due(&self) -> Result<bool, Error> {
        Ok(self.meta(SCRUB_KEY)?.is_some())
    }

    /// What was destroyed of a chain, newest commits first: the commit and the places of its values.
    pub fn erased_of_chain(&self, chain: RowId, limit: u32) -> Result<Vec<([u8; 32], u32)>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT c.hash, e.place FROM erased_values e JOIN commits c ON c.id = e.commit_id
             WHERE e.chain = ?1 ORDER BY e.commit_id DESC, e.place LIMIT ?2",
        )?;
        let rows = statement.query_map((chain, limit), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many values of a commit were destroyed.
    pub fn count_erased(&self, chain: RowId, commit: RowId) -> Result<u32, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT count(*) FROM erased_values WHERE chain = ?1 AND commit_id = ?2")?
            .query_row((chain, commit), |row| row.get(0))?)
    }

    /// Orders, newest first.
    pub fn erase_orders(&self, limit: u32) -> Result<Vec<EraseOrderRow>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT id, scope, commit_id, seen_from FROM erase_orders ORDER BY commit_id DESC LIMIT ?1",
        )?;
        let mut orders = Vec::new();
        let rows = statement.query_map([limit], |row| {
            let scope: String = row.get(1)?;
            Ok((row.get::<_, [u8; 16]>(0)?, scope, row.get::<_, RowId>(2)?, row.get::<_, u64>(3)?))
        })?;
        for row in rows {
            let (id, scope, commit, seen_from) = row?;
            let scope = scope.parse().map_err(|_| Error::Corrupt("a scope"))?;
            orders.push(EraseOrderRow { id, scope, commit, seen_from });
        }
        Ok(orders)
    }

    /// Values and photos that an order has destroyed.
    pub fn count_destroyed(&self, order: &[u8; 16]) -> Result<(u32, u32), Error> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT (SELECT count(*) FROM erased_values WHERE order_id = ?1),
                        (SELECT count(*) FROM erased_photos WHERE order_id = ?1
                           AND sha256 IN (SELECT sha256 FROM visit_photos))",
            )?
            .query_row([order], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Orders that a reader at this position of a scope's feed has passed and is not known to have carried out.
    pub fn orders_passed(
        &self,
        scope: &str,
        position: u64,
        device: &[u8; 16],
    ) -> Result<Vec<[u8; 16]>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT o.id FROM erase_orders o JOIN commits c ON c.id = o.commit_id
             WHERE o.scope = ?1 AND c.position <= ?2 AND NOT EXISTS
               (SELECT 1 FROM erase_done d WHERE d.order_id = o.id AND d.scope = o.scope AND d.device = ?3)",
        )?;
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let rows = statement.query_map((scope, position, device), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Phones that have carried out an order in a scope.
    pub fn erase_done(&self, order: &[u8; 16], scope: &Scope) -> Result<Vec<[u8; 16]>, Error> {
        let mut statement =
            self.conn.prepare_cached("SELECT device FROM erase_done WHERE order_id = ?1 AND scope = ?2")?;
        let rows = statement.query_map((order, scope.as_str()), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Keeps an order; one that is given again counts from where it is given last.
    pub fn put_erase_order(&self, order: &EraseOrderRow) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT INTO erase_orders (id, scope, commit_id, seen_from) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id, scope) DO UPDATE SET commit_id = excluded.commit_id, seen_from = excluded.seen_from",
            )?
            .execute((order.id, order.scope.as_str(), order.commit, order.seen_from))?;
        Ok(())
    }

    pub fn insert_erase_target(
        &self,
        scope: &Scope,
        entity: &EntityId,
        target: &EraseTargetRow,
    ) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT INTO erase_targets (scope, entity, field, seen_from, order_id) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((scope.as_str(), entity.0, &target.field, target.seen_from, target.order))?;
        Ok(())
    }

    /// The photo is held no more, and its uploads are given up.
    pub fn erase_photo(&self, sha256: &[u8; 32], order: &[u8; 16]) -> Result<(), Error> {
        self.conn
            .prepare_cached("INSERT OR IGNORE INTO erased_photos (sha256, order_id) VALUES (?1, ?2)")?
            .execute((sha256, order))?;
        self.conn.prepare_cached("DELETE FROM blobs WHERE sha256 = ?1")?.execute([sha256])?;
        self.conn
            .prepare_cached(
                "UPDATE uploads SET state = 'dropped'
                 WHERE (sha256 = ?1 OR instr(metadata, ?2) > 0) AND state <> 'refused'",
            )?
            .execute((sha256, in_metadata(sha256)))?;
        Ok(())
    }

    pub fn set_packet_bytes(&self, packet: RowId, bytes: &[u8]) -> Result<(), Error> {
        self.conn.prepare_cached("UPDATE packets SET bytes = ?2 WHERE id = ?1")?.execute((packet, bytes))?;
        self.forget_kept();
        Ok(())
    }

    pub fn insert_erased_value(
        &self,
        chain: RowId,
        commit: RowId,
        place: usize,
        order: &[u8; 16],
    ) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT OR IGNORE INTO erased_values (chain, commit_id, place, order_id) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((chain, commit, place, order))?;
        Ok(())
    }

    /// Roots of the things of this name, for their rows.
    pub fn roots_of_entity(&self, scope: &Scope, entity: &EntityId) -> Result<Vec<RowId>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT r.id FROM entities e JOIN entities r ON r.id = coalesce(e.root, e.id)
             WHERE substr(e.name, 13) = substr(?2, 13) AND e.name = ?2 AND r.scope = ?1",
        )?;
        Ok(statement.query_map((scope.as_str(), entity.0), |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    pub fn set_erase_done(
        &self,
        order: &[u8; 16],
        scope: &str,
        device: &[u8; 16],
        now_ms: i64,
    ) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT OR IGNORE INTO erase_done (order_id, scope, device, done_ms) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((order, scope, device, now_ms))?;
        Ok(())
    }

    /// Destroyed bytes may lie in free pages or as files until [`Storage::scrub`] has ended.
    pub fn set_scrub_due(&self) -> Result<(), Error> {
        self.set_meta(SCRUB_KEY, &[1])
    }
}
