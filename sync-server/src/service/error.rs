//! Why the service did nothing. Each expected reason has a code that a console or a phone acts on; the rest is breakage,
//! told to the log in full and to the caller as an incident.

use xuncha_domain::protocol::v1::refusal;

use crate::{blobs, storage};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not signed in")]
    Unauthorized,
    #[error("not allowed")]
    Forbidden,
    #[error("not found")]
    NotFound,
    #[error("{0}")]
    BadRequest(&'static str),
    #[error("not a message of this protocol")]
    Malformed,
    #[error("wrong user or password")]
    WrongPassword,
    #[error("too many attempts, try again in {0} s")]
    TooManyAttempts(u32),
    #[error("a user exists already")]
    SetupDone,
    #[error("unknown or used set-up link")]
    SetupToken,
    #[error("a password needs at least 10 characters and must not contain the user's name")]
    WeakPassword,
    #[error("this name is taken")]
    UserTaken,
    #[error("busy, try again")]
    Busy,
    #[error("more than one device may bring in an hour, try again in {0} s")]
    OverQuota(u32),
    #[error("no such enrolment code")]
    CodeUnknown,
    #[error("the enrolment code was used")]
    CodeUsed,
    #[error("the enrolment code has expired")]
    CodeExpired,
    #[error("no such device")]
    DeviceUnknown,
    #[error("the device was closed")]
    DeviceClosed,
    #[error("the bytes do not have the announced hash")]
    HashMismatch,
    #[error("the bytes of this request do not have the announced checksum")]
    ChecksumMismatch,
    #[error("the upload stands at {0}")]
    OffsetConflict(u64),
    #[error("more than fits")]
    TooLarge,
    #[error("it changed meanwhile; look again")]
    Stale,
    #[error("given up; begin again")]
    Gone,
    #[error("the key file of this installation is missing or damaged: {0}")]
    Key(String),
    #[error("the server cannot do this: {0}")]
    Internal(&'static str),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Blobs(#[from] blobs::Error),
}

impl Error {
    /// What a caller acts on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::BadRequest(_) => "bad_request",
            Self::Malformed => refusal::MALFORMED,
            Self::WrongPassword => "wrong_password",
            Self::TooManyAttempts(_) => "too_many_attempts",
            Self::SetupDone => "setup_done",
            Self::SetupToken => "setup_token",
            Self::WeakPassword => "weak_password",
            Self::UserTaken => "user_taken",
            Self::Busy | Self::OverQuota(_) => refusal::BUSY,
            Self::CodeUnknown => refusal::CODE_UNKNOWN,
            Self::CodeUsed => refusal::CODE_USED,
            Self::CodeExpired => refusal::CODE_EXPIRED,
            Self::DeviceUnknown => refusal::DEVICE_UNKNOWN,
            Self::DeviceClosed => refusal::DEVICE_CLOSED,
            Self::HashMismatch => refusal::HASH_MISMATCH,
            Self::ChecksumMismatch => "checksum_mismatch",
            Self::OffsetConflict(_) => "offset_conflict",
            Self::TooLarge => refusal::TOO_LARGE,
            Self::Stale => "stale",
            Self::Gone => "gone",
            Self::Key(_) | Self::Internal(_) | Self::Storage(_) | Self::Blobs(_) => refusal::INTERNAL,
        }
    }
}
