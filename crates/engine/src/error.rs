//! Two kinds of error: what went wrong inside, and the code that a screen acts on.

use xuncha_domain::cbor::CborError;
use xuncha_domain::ids::BadId;
use xuncha_domain::log::chain::ChainError;
use xuncha_domain::log::crypto::CryptoError;
use xuncha_domain::log::packet::PacketError;
use xuncha_domain::protocol::v1::receipt::ReceiptError;

use crate::api::types::{ApiError, ErrorCode};
use crate::photo::PhotoError;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("file: {0}")]
    Io(#[from] std::io::Error),
    #[error("bytes: {0}")]
    Cbor(#[from] CborError),
    #[error("packet: {0}")]
    Packet(#[from] PacketError),
    #[error("chain: {0}")]
    Chain(#[from] ChainError),
    #[error("key: {0}")]
    Crypto(#[from] CryptoError),
    #[error("receipt: {0}")]
    Receipt(#[from] ReceiptError),
    #[error("photo: {0}")]
    Photo(#[from] PhotoError),
    #[error("document: {0}")]
    Document(#[from] xuncha_documents::Error),
    #[error("an id is malformed")]
    Id(#[from] BadId),
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
    /// The database was written by a newer app.
    #[error("the database needs app version {needs:?}")]
    DatabaseNewer {
        /// The app version that can open it, where the file says so.
        needs: Option<String>,
    },
    /// HQ has no room for this phone at the moment.
    #[error("HQ asks to come back in {retry_after_s} s")]
    HqBusy { retry_after_s: u32 },
    /// What the caller asked for cannot be done; nothing was changed.
    #[error("{1}")]
    Refused(ErrorCode, &'static str),
}

impl Error {
    /// No answer came; whether the request arrived is unknown.
    pub fn lost(&self) -> bool {
        matches!(self, Self::Refused(ErrorCode::ServerUnreachable, _))
    }

    /// Bytes of the database are not what was written: the same again will not help.
    pub fn is_damage(&self) -> bool {
        self.code() == ErrorCode::DatabaseCorrupt
    }

    /// What a screen acts on.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(code, _) => *code,
            Self::DatabaseNewer { .. } => ErrorCode::DatabaseNewer,
            // Ordinary life, as a link that is down: the phone comes back by itself.
            Self::HqBusy { .. } => ErrorCode::ServerUnreachable,
            Self::Id(_) | Self::Json(_) => ErrorCode::BadRequest,
            Self::Photo(error) => error.code(),
            Self::Document(error) => document_code(error),
            Self::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => ErrorCode::DiskFull,
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => match error.code {
                rusqlite::ErrorCode::DiskFull => ErrorCode::DiskFull,
                rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase => {
                    ErrorCode::DatabaseCorrupt
                }
                _ => ErrorCode::Internal,
            },
            Self::Packet(_) | Self::Chain(_) | Self::Receipt(_) => ErrorCode::ServerAnswer,
            _ => ErrorCode::Internal,
        }
    }
}

fn document_code(error: &xuncha_documents::Error) -> ErrorCode {
    use xuncha_documents::Error;
    match error {
        Error::Missing(_) => ErrorCode::DocumentMissing,
        Error::NoGlyph { .. } => ErrorCode::DocumentNoGlyph,
        Error::TooLong => ErrorCode::DocumentTooLong,
        Error::NoSuchEdition(_) => ErrorCode::DocumentDiffers,
        Error::NoSuchForm(_) | Error::BadSignature => ErrorCode::BadRequest,
        Error::BadTime | Error::Typesetting(_) => ErrorCode::Internal,
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let needs = match &error {
            Error::DatabaseNewer { needs } => needs.clone(),
            Error::Document(xuncha_documents::Error::Missing(field)) => Some((*field).to_owned()),
            Error::Document(xuncha_documents::Error::NoGlyph { character, .. }) => {
                Some(character.to_string())
            }
            _ => None,
        };
        Self { needs, ..Self::new(error.code(), error.to_string()) }
    }
}
