//! `xuncha://join?...`: the text of the QR with which a second officer joins a visit, without any network.
//!
//! The phone that began the visit shows it; a colleague's phone reads it and goes on under the same visit, so that both
//! work on one thing. It says nothing that either phone could change later: kind, mode and lead level come with the next
//! sync, or a stale copy of them would contradict the first phone. Reading it again joins the same visit again, which
//! changes nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cbor::Value;
use crate::ids::{CityId, EntityId, Scope, tagged_hash};

/// What the text begins with.
pub const PREFIX: &str = "xuncha://join?v=1&d=";
/// What the text of any version begins with.
const ANY_VERSION: &str = "xuncha://join?v=";
/// Longer than any invitation; what a hostile QR can make us look at.
pub const TEXT_BYTES_MAX: usize = 400;
const TAG: &str = "xuncha/1 invite";
/// Enough to notice a letter that was lost or changed when the text was passed on by hand.
const CHECK_BYTES: usize = 4;

/// A visit that somebody may join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    pub city: CityId,
    pub visit: EntityId,
    pub venue: EntityId,
    /// When the first phone began, by its own clock. For people to recognise the visit by; it decides nothing.
    pub started_ms: i64,
    /// Where the visit is recorded: the city or a district.
    pub scope: Scope,
    pub checklist: Option<[u8; 32]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    #[error("not an invitation to a visit")]
    Foreign,
    #[error("an invitation of a newer version")]
    Newer,
    #[error("a damaged invitation")]
    Damaged,
}

impl Invite {
    /// `xuncha://join?v=1&d=<base64url of the record and four bytes of its hash>`.
    pub fn to_text(&self) -> String {
        let mut bytes = Value::Array(vec![
            Value::bytes(self.city.0),
            Value::bytes(self.visit.0),
            Value::bytes(self.venue.0),
            Value::Int(self.started_ms),
            Value::text(self.scope.as_str()),
            Value::option(self.checklist, Value::bytes),
        ])
        .encode();
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads the text as scanned or pasted. Never panics, and looks at no more than [`TEXT_BYTES_MAX`].
    pub fn from_text(text: &str) -> Result<Self, InviteError> {
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX {
            return Err(InviteError::Foreign);
        }
        let Some(data) = text.strip_prefix(PREFIX) else {
            let newer = text.starts_with(ANY_VERSION);
            return Err(if newer { InviteError::Newer } else { InviteError::Foreign });
        };
        let bytes = URL_SAFE_NO_PAD.decode(data).map_err(|_| InviteError::Damaged)?;
        let split = bytes.len().checked_sub(CHECK_BYTES).ok_or(InviteError::Damaged)?;
        let (record, found) = bytes.split_at(split);
        if found != check(record) {
            return Err(InviteError::Damaged);
        }
        let value = Value::decode(record).map_err(|_| InviteError::Damaged)?;
        Self::from_value(&value).ok_or(InviteError::Damaged)
    }

    fn from_value(value: &Value) -> Option<Self> {
        let [city, visit, venue, started, scope, checklist] = value.as_array()? else { return None };
        let scope: Scope = scope.as_text()?.parse().ok()?;
        let readable = scope == Scope::city() || scope.district_code().is_some();
        readable.then_some(())?;
        Some(Self {
            city: CityId::from_slice(city.as_bytes()?).ok()?,
            visit: EntityId::from_slice(visit.as_bytes()?).ok()?,
            venue: EntityId::from_slice(venue.as_bytes()?).ok()?,
            started_ms: started.as_int()?,
            scope,
            checklist: match checklist {
                Value::Null => None,
                hash => Some(hash.as_bytes()?.try_into().ok()?),
            },
        })
    }
}

fn check(record: &[u8]) -> [u8; CHECK_BYTES] {
    let [a, b, c, d, ..] = tagged_hash(TAG, &[record]);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn invite() -> Invite {
        Invite {
            city: CityId([1; 16]),
            visit: EntityId([2; 16]),
            venue: EntityId([3; 16]),
            started_ms: 1_580_515_200_000,
            scope: Scope::district("140105").unwrap(),
            checklist: Some([4; 32]),
        }
    }

    #[test]
    fn an_invitation_round_trips_and_fits_into_a_small_qr() {
        let text = invite().to_text();
        assert!(text.len() < 220, "{}", text.len());
        assert_eq!(Invite::from_text(&format!(" {text}\n")), Ok(invite()));
        let bare = Invite { checklist: None, scope: Scope::city(), ..invite() };
        assert_eq!(Invite::from_text(&bare.to_text()), Ok(bare));
    }

    #[test]
    fn other_texts_are_told_apart() {
        assert_eq!(Invite::from_text("xuncha://enroll?u=x&c=y"), Err(InviteError::Foreign));
        assert_eq!(Invite::from_text(&"x".repeat(100_000)), Err(InviteError::Foreign));
        assert_eq!(Invite::from_text("xuncha://join?v=2&d=AAAA"), Err(InviteError::Newer));
        let team = Invite { scope: Scope::team(EntityId([9; 16])), ..invite() };
        assert_eq!(
            Invite::from_text(&team.to_text()),
            Err(InviteError::Damaged),
            "no visit is recorded there"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_changed_letter_is_noticed(at in 0usize..150, with in "[A-Za-z0-9_-]") {
            let text = invite().to_text();
            let at = PREFIX.len() + at % (text.len() - PREFIX.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &with);
            prop_assert_eq!(Invite::from_text(&changed).is_ok(), changed == text);
        }

        #[test]
        fn whatever_is_scanned_never_panics(data in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,60}") {
            let _ = Invite::from_text(&text);
            let _ = Invite::from_text(&format!("{PREFIX}{text}"));
            let mut sealed = data;
            let check = check(&sealed);
            sealed.extend_from_slice(&check);
            let _ = Invite::from_text(&format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed)));
        }
    }
}
