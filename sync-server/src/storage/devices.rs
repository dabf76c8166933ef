//! Enrolled phones and the one-time codes that enrol them.

use rusqlite::Row;

use super::{Error, Read, Tx, optional};

pub struct EnrolCodeRow {
    pub officer: [u8; 16],
    pub expires_ms: i64,
    pub used_ms: Option<i64>,
}

pub struct NewDevice<'a> {
    pub id: [u8; 16],
    pub officer: [u8; 16],
    /// P-256, SEC1.
    pub public_key: &'a [u8],
    pub certificate: &'a [u8],
    pub token_hash: [u8; 32],
    /// The device this one takes over from.
    pub replaces: Option<[u8; 16]>,
    pub enrolled_ms: i64,
}

#[derive(Debug, Clone)]
pub struct DeviceRecord {
    pub id: [u8; 16],
    pub officer: [u8; 16],
    pub public_key: Vec<u8>,
    pub certificate: Vec<u8>,
    pub replaces: Option<[u8; 16]>,
    pub enrolled_ms: i64,
    pub closed_ms: Option<i64>,
}

const COLUMNS: &str = "id, officer, public_key, certificate, replaces, enrolled_ms, closed_ms";

fn device(row: &Row<'_>) -> rusqlite::Result<DeviceRecord> {
    Ok(DeviceRecord {
        id: row.get(0)?,
        officer: row.get(1)?,
        public_key: row.get(2)?,
        certificate: row.get(3)?,
        replaces: row.get(4)?,
        enrolled_ms: row.get(5)?,
        closed_ms: row.get(6)?,
    })
}

impl Read<'_> {
    pub fn device(&self, id: &[u8; 16]) -> Result<Option<DeviceRecord>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM devices WHERE id = ?1");
        optional(self.conn.prepare_cached(&sql)?.query_row([id], device))
    }

    pub fn device_by_token(&self, token_hash: &[u8; 32]) -> Result<Option<DeviceRecord>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM devices WHERE token_hash = ?1");
        optional(self.conn.prepare_cached(&sql)?.query_row([token_hash], device))
    }

    /// Newest first.
    pub fn devices(&self) -> Result<Vec<DeviceRecord>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM devices ORDER BY enrolled_ms DESC, id");
        Ok(self.conn.prepare_cached(&sql)?.query_map([], device)?.collect::<Result<_, _>>()?)
    }

    pub fn count_devices_open(&self) -> Result<u64, Error> {
        Ok(self
            .conn
            .query_row("SELECT count(*) FROM devices WHERE closed_ms IS NULL", [], |row| row.get(0))?)
    }

    /// Open phones that were not heard of since then.
    pub fn count_devices_silent(&self, since_ms: i64) -> Result<u64, Error> {
        Ok(self.conn.query_row(
            "SELECT count(*) FROM devices d LEFT JOIN reports r ON r.device = d.id
             WHERE d.closed_ms IS NULL AND (r.seen_ms IS NULL OR r.seen_ms < ?1)",
            [since_ms],
            |row| row.get(0),
        )?)
    }

    pub fn count_open_devices(&self, officer: &[u8; 16]) -> Result<u32, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT count(*) FROM devices WHERE officer = ?1 AND closed_ms IS NULL")?
            .query_row([officer], |row| row.get(0))?)
    }

    pub fn enrol_code(&self, code_hash: &[u8; 32]) -> Result<Option<EnrolCodeRow>, Error> {
        optional(
            self.conn
                .prepare_cached("SELECT officer, expires_ms, used_ms FROM enrol_codes WHERE code_hash = ?1")?
                .query_row([code_hash], |row| {
                    Ok(EnrolCodeRow { officer: row.get(0)?, expires_ms: row.get(1)?, used_ms: row.get(2)? })
                }),
        )
    }
}

impl Tx<'_> {
    pub fn insert_device(&self, device: &NewDevice<'_>) -> Result<(), Error> {
        self.conn.execute(
            "INSERT INTO devices (id, officer, public_key, certificate, token_hash, replaces, enrolled_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                device.id,
                device.officer,
                device.public_key,
                device.certificate,
                device.token_hash,
                device.replaces,
                device.enrolled_ms,
            ),
        )?;
        Ok(())
    }

    /// A device that is known by another token from now on.
    pub fn set_device_token(&self, id: &[u8; 16], token_hash: &[u8; 32]) -> Result<(), Error> {
        self.conn.execute("UPDATE devices SET token_hash = ?2 WHERE id = ?1", (id, token_hash))?;
        Ok(())
    }

    /// The first closing counts; a repeat keeps its time.
    pub fn close_device(&self, id: &[u8; 16], now_ms: i64) -> Result<(), Error> {
        self.conn
            .execute("UPDATE devices SET closed_ms = ?2 WHERE id = ?1 AND closed_ms IS NULL", (id, now_ms))?;
        Ok(())
    }

    pub fn insert_enrol_code(
        &self,
        code_hash: &[u8; 32],
        officer: &[u8; 16],
        expires_ms: i64,
    ) -> Result<(), Error> {
        self.conn.execute(
            "INSERT INTO enrol_codes (code_hash, officer, expires_ms) VALUES (?1, ?2, ?3)",
            (code_hash, officer, expires_ms),
        )?;
        Ok(())
    }

    pub fn use_enrol_code(&self, code_hash: &[u8; 32], now_ms: i64) -> Result<(), Error> {
        self.conn.execute("UPDATE enrol_codes SET used_ms = ?2 WHERE code_hash = ?1", (code_hash, now_ms))?;
        Ok(())
    }
}
