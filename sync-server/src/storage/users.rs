//! Console users and the one-time tokens of the first one.

use rusqlite::Row;

use super::{Error, Read, Tx, optional};

/// What a console user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Reads everything, changes nothing.
    Viewer,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Admin, Self::Viewer].into_iter().find(|role| role.as_str() == text)
    }
}

#[derive(Debug, Clone)]
pub struct UserRow {
    pub id: [u8; 16],
    pub name: String,
    pub role: Role,
    /// A PHC string: algorithm, parameters, salt and hash.
    pub password_phc: String,
    pub created_ms: i64,
}

fn user(row: &Row<'_>) -> rusqlite::Result<UserRow> {
    let role: String = row.get("role")?;
    Ok(UserRow {
        id: row.get("id")?,
        name: row.get("name")?,
        role: Role::parse(&role).ok_or(rusqlite::Error::InvalidQuery)?,
        password_phc: row.get("password_phc")?,
        created_ms: row.get("created_ms")?,
    })
}

impl Read<'_> {
    pub fn users(&self) -> Result<Vec<UserRow>, Error> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM users ORDER BY name")?;
        Ok(statement.query_map([], user)?.collect::<Result<_, _>>()?)
    }

    pub fn user_by_name(&self, name: &str) -> Result<Option<UserRow>, Error> {
        optional(self.conn.prepare_cached("SELECT * FROM users WHERE name = ?1")?.query_row([name], user))
    }

    pub fn any_user(&self) -> Result<bool, Error> {
        Ok(self.conn.query_row("SELECT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))?)
    }

    pub fn setup_token_known(&self, token_hash: &[u8; 32]) -> Result<bool, Error> {
        Ok(self.conn.query_row(
            "SELECT EXISTS (SELECT 1 FROM setup_tokens WHERE token_hash = ?1)",
            [token_hash],
            |row| row.get(0),
        )?)
    }
}

impl Tx<'_> {
    pub fn insert_user(&self, user: &UserRow) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT INTO users (id, name, role, password_phc, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((user.id, &user.name, user.role.as_str(), &user.password_phc, user.created_ms))?;
        Ok(())
    }

    /// Also ends the user's sessions: whoever changes a password wants others out.
    pub fn set_password(&self, user: &[u8; 16], password_phc: &str) -> Result<(), Error> {
        self.conn.execute("UPDATE users SET password_phc = ?2 WHERE id = ?1", (user, password_phc))?;
        self.conn.execute("DELETE FROM sessions WHERE user = ?1", [user])?;
        Ok(())
    }

    pub fn remove_user(&self, user: &[u8; 16]) -> Result<(), Error> {
        self.conn.execute("DELETE FROM users WHERE id = ?1", [user])?;
        Ok(())
    }

    pub fn insert_setup_token(&self, token_hash: &[u8; 32], now_ms: i64) -> Result<(), Error> {
        self.conn.execute(
            "INSERT INTO setup_tokens (token_hash, created_ms) VALUES (?1, ?2)",
            (token_hash, now_ms),
        )?;
        Ok(())
    }

    pub fn clear_setup_tokens(&self) -> Result<(), Error> {
        self.conn.execute("DELETE FROM setup_tokens", [])?;
        Ok(())
    }
}
