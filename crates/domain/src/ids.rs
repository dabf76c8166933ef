//! Ids and where they come from. Nothing in the workspace reads randomness except through [`Entropy`].

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// Source of random bytes. The binaries pass the operating system's, tests pass a seeded one.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`; a source that cannot must abort the process rather than return predictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// Returns `N` random bytes.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// SHA-256 over a length-prefixed domain tag and then `parts`, so that no two uses of the hash can be confused.
pub fn tagged_hash(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update([u8::try_from(tag.len()).unwrap_or(u8::MAX)]);
    hasher.update(tag.as_bytes());
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The first 16 bytes of a hash.
pub fn short(hash: &[u8; 32]) -> [u8; 16] {
    let (head, _) = hash.split_at(16);
    head.try_into().unwrap_or([0; 16])
}

/// A text that is not an id: wrong length or a character that is not hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct BadId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Reads exactly this many bytes.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, BadId> {
                bytes.try_into().map(Self).map_err(|_| BadId)
            }
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), hex::encode(self.0))
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let mut bytes = [0; $len];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| BadId)?;
                Ok(Self(bytes))
            }
        }
        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
    };
}

id!(
    /// One installation of HQ and everything enrolled with it.
    CityId, 16
);
id!(
    /// A person, also a console user when HQ writes on their behalf.
    OfficerId, 16
);
id!(
    /// One installation of the phone app, with its own key.
    DeviceId, 16
);
id!(
    /// A chain of commits: the first 16 bytes of the hash of its genesis record.
    ChainId, 16
);
id!(
    /// A thing that people record: a visit, a venue, a reading.
    EntityId, 16
);
id!(
    /// The hash of a commit's header.
    CommitHash, 32
);
id!(
    /// The first 16 bytes of a [`CommitHash`]; how ops name each other.
    CommitRef, 16
);

impl CommitHash {
    /// The reference that ops and cursors use.
    pub fn short(&self) -> CommitRef {
        CommitRef(short(&self.0))
    }
}

impl EntityId {
    /// A UUIDv7 (RFC 9562): the time in milliseconds since 1970, then 74 random bits.
    pub fn v7(now_ms: i64, entropy: &dyn Entropy) -> Self {
        let millis = u64::try_from(now_ms).unwrap_or(0);
        Self(
            uuid::Builder::from_unix_timestamp_millis(millis, &random::<10>(entropy))
                .into_uuid()
                .into_bytes(),
        )
    }
}

/// What people may read together, and the unit of replication: the city, one district, one team.
///
/// At most [`Scope::LEN_MAX`] bytes of `a-z 0-9 /`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(String);

impl Scope {
    pub const LEN_MAX: usize = 48;

    pub fn city() -> Self {
        Self("city".into())
    }
    /// `code` is the six-digit code of GB/T 2260.
    pub fn district(code: &str) -> Result<Self, BadId> {
        format!("district/{code}").parse()
    }
    pub fn team(id: EntityId) -> Self {
        Self(format!("team/{id}"))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The district's code, when this is a district.
    pub fn district_code(&self) -> Option<&str> {
        self.0.strip_prefix("district/")
    }
}

impl FromStr for Scope {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'/';
        if text.is_empty() || text.len() > Self::LEN_MAX || !text.bytes().all(allowed) {
            return Err(BadId);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;
    impl Entropy for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    #[test]
    fn v7_holds_the_time_first() {
        let id = EntityId::v7(0x0123_4567_89ab, &Ones);
        assert_eq!(id.to_string(), "0123456789ab7fffbfffffffffffffff");
    }

    #[test]
    fn scopes_are_checked() {
        assert!(Scope::district("140105").is_ok());
        assert!("district/../x".parse::<Scope>().is_err());
        assert!("".parse::<Scope>().is_err());
    }

    #[test]
    fn ids_round_trip_as_text() {
        let id = OfficerId([7; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("00".parse::<OfficerId>(), Err(BadId));
    }
}
