//! Console sessions. The cookie's value is known to the browser only; here lies its hash.

use super::users::Role;
use super::{Error, Read, Tx, optional};

pub struct SessionRow {
    pub user: [u8; 16],
    pub user_name: String,
    pub role: Role,
    pub last_used_ms: i64,
}

impl Read<'_> {
    pub fn session(&self, token_hash: &[u8; 32]) -> Result<Option<SessionRow>, Error> {
        let found = optional(
            self.conn
                .prepare_cached(
                    "SELECT s.user, u.name, u.role, s.last_used_ms
                     FROM sessions s JOIN users u ON u.id = s.user WHERE s.token_hash = ?1",
                )?
                .query_row([token_hash], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?))
                }),
        )?;
        let Some((user, user_name, role, last_used_ms)) = found else { return Ok(None) };
        let role = Role::parse(&role).ok_or(Error::Corrupt("role"))?;
        Ok(Some(SessionRow { user, user_name, role, last_used_ms }))
    }
}

impl Tx<'_> {
    pub fn insert_session(&self, token_hash: &[u8; 32], user: &[u8; 16], now_ms: i64) -> Result<(), Error> {
        self.conn.execute(
            "INSERT INTO sessions (token_hash, user, created_ms, last_used_ms) VALUES (?1, ?2, ?3, ?3)",
            (token_hash, user, now_ms),
        )?;
        Ok(())
    }

    pub fn touch_session(&self, token_hash: &[u8; 32], now_ms: i64) -> Result<(), Error> {
        self.conn
            .execute("UPDATE sessions SET last_used_ms = ?2 WHERE token_hash = ?1", (token_hash, now_ms))?;
        Ok(())
    }

    pub fn remove_session(&self, token_hash: &[u8; 32]) -> Result<(), Error> {
        self.conn.execute("DELETE FROM sessions WHERE token_hash = ?1", [token_hash])?;
        Ok(())
    }

    pub fn remove_sessions_unused_since(&self, before_ms: i64) -> Result<(), Error> {
        self.conn.execute("DELETE FROM sessions WHERE last_used_ms < ?1", [before_ms])?;
        Ok(())
    }
}
