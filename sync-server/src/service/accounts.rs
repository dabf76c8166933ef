//! Console users: the first one through a one-time link, the others by command line; signing in and sessions.

use std::sync::OnceLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use xuncha_domain::ids::random;

use super::{Error, Service, secret};
use crate::storage::{Role, UserRow};

/// A shift. After it the browser of an office PC that nobody locked is signed out.
const SESSION_IDLE_MS: i64 = 12 * 60 * 60 * 1000;
/// Sessions are touched at most this often, so that reading a page does not cost a write.
const SESSION_TOUCH_MS: i64 = 60 * 1000;
const PASSWORD_CHARS_MIN: usize = 10;
/// Bounds what the password hash has to read.
const PASSWORD_BYTES_MAX: usize = 256;
const NAME_CHARS_MAX: usize = 40;

/// Someone signed in at the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleUser {
    pub id: [u8; 16],
    pub name: String,
    pub role: Role,
}

impl ConsoleUser {
    pub fn must_be_admin(&self) -> Result<(), Error> {
        if self.role == Role::Admin { Ok(()) } else { Err(Error::Forbidden) }
    }
}

/// A session that was just opened; `token` goes into the cookie and is not kept.
pub struct Opened {
    pub user: ConsoleUser,
    pub token: String,
}

impl Service {
    pub fn setup_needed(&self) -> Result<bool, Error> {
        self.storage.read(|r| Ok(!r.any_user()?))
    }

    /// A token for the one-time link of the first administrator, good until someone used one; none when a user exists.
    pub fn new_setup_token(&self) -> Result<Option<String>, Error> {
        let token = secret::new_token(&*self.entropy);
        self.storage.write(|tx| {
            if tx.any_user()? {
                return Ok(None);
            }
            tx.insert_setup_token(&secret::hash(&token), self.clock.now_ms())?;
            Ok(Some(token))
        })
    }

    /// Makes the first administrator and signs them in.
    pub fn set_up(&self, token: &str, name: &str, password: &str) -> Result<Opened, Error> {
        if !self.setup_needed()? {
            return Err(Error::SetupDone);
        }
        let known = self.storage.read(|r| Ok::<_, Error>(r.setup_token_known(&secret::hash(token))?))?;
        if !known {
            return Err(Error::SetupToken);
        }
        let row = self.new_user_row(name, password, Role::Admin)?;
        self.storage.write(|tx| {
            if tx.any_user()? {
                return Err(Error::SetupDone);
            }
            tx.insert_user(&row)?;
            Ok(tx.clear_setup_tokens()?)
        })?;
        self.open_session(&row)
    }

    pub fn add_user(&self, name: &str, password: &str, role: Role) -> Result<(), Error> {
        let row = self.new_user_row(name, password, role)?;
        self.storage.write(|tx| {
            if tx.user_by_name(&row.name)?.is_some() {
                return Err(Error::UserTaken);
            }
            tx.insert_user(&row)?;
            Ok(tx.clear_setup_tokens()?)
        })
    }

    pub fn users(&self) -> Result<Vec<UserRow>, Error> {
        self.storage.read(|r| Ok(r.users()?))
    }

    /// Sets a new password and ends the user's sessions.
    pub fn set_password(&self, name: &str, password: &str) -> Result<(), Error> {
        let phc = self.hash_password(name, password)?;
        self.storage.write(|tx| {
            let user = tx.user_by_name(name)?.ok_or(Error::NotFound)?;
            Ok(tx.set_password(&user.id, &phc)?)
        })
    }

    pub fn remove_user(&self, name: &str) -> Result<(), Error> {
        self.storage.write(|tx| {
            let user = tx.user_by_name(name)?.ok_or(Error::NotFound)?;
            Ok(tx.remove_user(&user.id)?)
        })
    }

    /// `address` is where the attempt comes from; attempts are limited per name and per address.
    pub fn sign_in(&self, name: &str, password: &str, address: &str) -> Result<Opened, Error> {
        let now_ms = self.clock.now_ms();
        let name: String = name.trim().chars().take(NAME_CHARS_MAX).collect();
        let keys = [format!("user {name}"), format!("address {address}")];
        if let Some(wait_s) = keys.iter().find_map(|key| self.attempts.wait_s(key, now_ms)) {
            return Err(Error::TooManyAttempts(wait_s));
        }
        let user = self.storage.read(|r| Ok::<_, Error>(r.user_by_name(&name)?))?;
        let phc = user.as_ref().map_or_else(|| self.nobody(), |user| user.password_phc.clone());
        let right = password.len() <= PASSWORD_BYTES_MAX && password_matches(password, &phc);
        match user {
            Some(user) if right => {
                keys.iter().for_each(|key| self.attempts.succeeded(key));
                self.open_session(&user)
            }
            _ => {
                keys.iter().for_each(|key| self.attempts.failed(key, now_ms));
                Err(Error::WrongPassword)
            }
        }
    }

    /// Who a cookie stands for.
    pub fn session(&self, token: &str) -> Result<ConsoleUser, Error> {
        let now_ms = self.clock.now_ms();
        let token_hash = secret::hash(token);
        let row =
            self.storage.read(|r| Ok::<_, Error>(r.session(&token_hash)?))?.ok_or(Error::Unauthorized)?;
        let idle_ms = now_ms.saturating_sub(row.last_used_ms);
        if idle_ms > SESSION_IDLE_MS {
            return Err(Error::Unauthorized);
        }
        if idle_ms > SESSION_TOUCH_MS {
            self.storage.write(|tx| tx.touch_session(&token_hash, now_ms))?;
        }
        Ok(ConsoleUser { id: row.user, name: row.user_name, role: row.role })
    }

    pub fn sign_out(&self, token: &str) -> Result<(), Error> {
        Ok(self.storage.write(|tx| tx.remove_session(&secret::hash(token)))?)
    }

    fn open_session(&self, user: &UserRow) -> Result<Opened, Error> {
        let now_ms = self.clock.now_ms();
        let token = secret::new_token(&*self.entropy);
        self.storage.write(|tx| {
            tx.remove_sessions_unused_since(now_ms.saturating_sub(SESSION_IDLE_MS))?;
            tx.insert_session(&secret::hash(&token), &user.id, now_ms)
        })?;
        Ok(Opened { user: ConsoleUser { id: user.id, name: user.name.clone(), role: user.role }, token })
    }

    fn new_user_row(&self, name: &str, password: &str, role: Role) -> Result<UserRow, Error> {
        let name = xuncha_domain::text::clean(name);
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return Err(Error::BadRequest("a user name has 1 to 40 characters"));
        }
        let password_phc = self.hash_password(&name, password)?;
        Ok(UserRow { id: random(&*self.entropy), name, role, password_phc, created_ms: self.clock.now_ms() })
    }

    fn hash_password(&self, name: &str, password: &str) -> Result<String, Error> {
        if password.chars().count() < PASSWORD_CHARS_MIN
            || password.len() > PASSWORD_BYTES_MAX
            || password.to_lowercase().contains(&name.to_lowercase())
        {
            return Err(Error::WeakPassword);
        }
        self.password_phc(password)
    }

    fn password_phc(&self, password: &str) -> Result<String, Error> {
        let salt: [u8; 16] = random(&*self.entropy);
        Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map(|phc| phc.to_string())
            .map_err(|_| Error::Internal("password hash"))
    }

    /// A hash that no password fits, so that an unknown name takes as long as a wrong password.
    fn nobody(&self) -> String {
        static NOBODY: OnceLock<String> = OnceLock::new();
        NOBODY
            .get_or_init(|| self.password_phc(&secret::new_token(&*self.entropy)).unwrap_or_default())
            .clone()
    }
}

fn password_matches(password: &str, phc: &str) -> bool {
    PasswordHash::new(phc)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}
