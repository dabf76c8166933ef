//! Which photos HQ holds, and the uploads on their way there.

use rusqlite::Row;
use xuncha_domain::protocol::v1::sync::{Mark, roll_photo};

use super::{Error, Read, Tx, optional};

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadState {
    /// Takes bytes.
    Open,
    /// Complete, verified, durable.
    Held,
    /// Complete, but the bytes did not have the hash that was announced.
    Refused,
    /// Given up: for newer ones of the same device, after its time, or because the device said so.
    Dropped,
}

impl UploadState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Held => "held",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
        }
    }
    fn parse(text: &str) -> rusqlite::Result<Self> {
        [Self::Open, Self::Held, Self::Refused, Self::Dropped]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(rusqlite::Error::InvalidQuery)
    }
}

#[derive(Debug, Clone)]
pub struct UploadRow {
    pub id: [u8; 16],
    pub device: [u8; 16],
    pub sha256: [u8; 32],
    pub size: u64,
    /// Durable bytes.
    pub offset: u64,
    pub state: UploadState,
    /// `Upload-Metadata` as it came.
    pub metadata: String,
    pub created_ms: i64,
}

fn upload(row: &Row<'_>) -> rusqlite::Result<UploadRow> {
    Ok(UploadRow {
        id: row.get(0)?,
        device: row.get(1)?,
        sha256: row.get(2)?,
        size: row.get(3)?,
        offset: row.get(4)?,
        state: UploadState::parse(&row.get::<_, String>(5)?)?,
        metadata: row.get(6)?,
        created_ms: row.get(7)?,
    })
}

impl Read<'_> {
    /// The size of a blob that HQ holds, verified; none when it lacks it.
    pub fn blob_size(&self, sha256: &[u8; 32]) -> Result<Option<u64>, Error> {
        optional(
            self.conn
                .prepare_cached("SELECT size FROM blobs WHERE sha256 = ?1")?
                .query_row([sha256], |row| row.get(0)),
        )
    }

    /// Who brought a blob that HQ holds.
    pub fn blob_device(&self, sha256: &[u8; 32]) -> Result<Option<[u8; 16]>, Error> {
        optional(
            self.conn
                .prepare_cached("SELECT device FROM blobs WHERE sha256 = ?1")?
                .query_row([sha256], |row| row.get(0)),
        )
    }

    /// Where the list of held photos ends.
    pub fn photo_mark(&self) -> Result<Mark, Error> {
        let last = optional(
            self.conn
                .prepare_cached("SELECT position, rolling FROM blob_order ORDER BY position DESC LIMIT 1")?
                .query_row([], |row| Ok(Mark { position: row.get(0)?, rolling: row.get(1)? })),
        )?;
        Ok(last.unwrap_or_default())
    }

    /// Whether the list of held photos once ended there.
    pub fn was_photo_mark(&self, mark: &Mark) -> Result<bool, Error> {
        if *mark == Mark::default() {
            return Ok(true);
        }
        Ok(self
            .conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM blob_order WHERE position = ?1 AND rolling = ?2)")?
            .query_row((i64::try_from(mark.position).unwrap_or(-1), mark.rolling), |row| row.get(0))?)
    }

    pub fn upload(&self, id: &[u8; 16]) -> Result<Option<UploadRow>, Error> {
        optional(
            self.conn
                .prepare_cached(
                    "SELECT id, device, sha256, size, offset_bytes, state, metadata, created_ms FROM uploads WHERE id = ?1",
                )?
                .query_row([id], upload),
        )
    }

    /// Open uploads of a device beyond the newest `keep`, oldest first.
    pub fn uploads_beyond(&self, device: &[u8; 16], keep: u32) -> Result<Vec<[u8; 16]>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT id FROM uploads WHERE device = ?1 AND state = 'open'
             ORDER BY created_ms DESC, id LIMIT 100 OFFSET ?2",
        )?;
        Ok(statement.query_map((device, keep), |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Open uploads that were created before then, oldest first.
    pub fn uploads_before(&self, created_ms: i64, limit: u32) -> Result<Vec<[u8; 16]>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT id FROM uploads WHERE state = 'open' AND created_ms < ?1 ORDER BY created_ms LIMIT ?2",
        )?;
        Ok(statement.query_map((created_ms, limit), |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    pub fn insert_upload(&self, upload: &UploadRow) -> Result<(), Error> {
        self.conn.execute(
            "INSERT INTO uploads (id, device, sha256, size, metadata, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (upload.id, upload.device, upload.sha256, upload.size, &upload.metadata, upload.created_ms),
        )?;
        Ok(())
    }

    pub fn set_upload_offset(&self, id: &[u8; 16], offset: u64) -> Result<(), Error> {
        self.conn.execute("UPDATE uploads SET offset_bytes = ?2 WHERE id = ?1", (id, offset))?;
        Ok(())
    }

    pub fn set_upload_state(&self, id: &[u8; 16], state: UploadState) -> Result<(), Error> {
        self.conn.execute("UPDATE uploads SET state = ?2 WHERE id = ?1", (id, state.as_str()))?;
        Ok(())
    }

    /// The caller has verified the bytes and made them durable under this name.
    pub fn insert_blob(
        &self,
        sha256: &[u8; 32],
        size: u64,
        device: &[u8; 16],
        now_ms: i64,
    ) -> Result<(), Error> {
        let new = self.conn.execute(
            "INSERT INTO blobs (sha256, size, device, held_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (sha256) DO NOTHING",
            (sha256, size, device, now_ms),
        )?;
        if new > 0 {
            let end = self.photo_mark()?;
            self.conn
                .prepare_cached("INSERT INTO blob_order (position, sha256, rolling) VALUES (?1, ?2, ?3)")?
                .execute((end.position + 1, sha256, roll_photo(end.rolling, sha256)))?;
        }
        Ok(())
    }

    /// Their bytes are lost: phones that have them may send them again.
    pub fn forget_blobs(&self, lost: &[[u8; 32]]) -> Result<(), Error> {
        for sha256 in lost {
            self.conn.execute("DELETE FROM blobs WHERE sha256 = ?1", [sha256])?;
        }
        Ok(())
    }
}
