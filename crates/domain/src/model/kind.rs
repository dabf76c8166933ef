//! Numbers of kinds. A number is never used again for something else.

use crate::log::body::Kind;

pub const OFFICER: Kind = 1;
pub const TEAM: Kind = 2;
pub const VENUE: Kind = 3;
/// A checklist version, named by its content hash.
pub const CHECKLIST: Kind = 4;
pub const VISIT: Kind = 5;
/// Keyed by visit and item.
pub const FINDING: Kind = 6;
/// Keyed by visit, picture hash and item.
pub const PHOTO: Kind = 7;
/// Keyed by visit and a random number of five bytes.
pub const READING: Kind = 8;
/// Keyed by visit, item and author, so that notes never clash.
pub const NOTE: Kind = 9;
/// One phone's part in a visit: start, end, position, seal. Keyed by visit and device, so that they never clash.
pub const PRESENCE: Kind = 10;
/// A paper that was made on site. Keyed by visit and provisional number.
pub const DOCUMENT: Kind = 11;
// Rows of ledgers; see `crate::ledger`.
pub const ASSIGNMENT: Kind = 12;
pub const DELIVERY: Kind = 13;
pub const CLOSURE: Kind = 14;
pub const CASE: Kind = 15;
pub const CONTACT: Kind = 16;
pub const REFUND: Kind = 17;
pub const TOUR_GROUP: Kind = 18;
pub const INCIDENT: Kind = 19;
pub const SHIFT: Kind = 20;
pub const MOVEMENT: Kind = 21;
pub const HEALTH: Kind = 22;
pub const DISINFECTION: Kind = 23;
pub const VISITOR: Kind = 24;
pub const DISPATCH: Kind = 25;

/// Kinds that only HQ may write.
pub const VERDICT: Kind = 64;
pub const ERASE: Kind = 65;
pub const CLOSE: Kind = 66;
/// That two visits are one call, or are not.
pub const SAME_AS: Kind = 67;
/// A supervisor's review of a visit. Keyed by the visit alone.
pub const REVIEW: Kind = 68;
/// Which checklists new visits use. One for the city.
pub const RULES: Kind = 69;
// Ledgers that HQ alone writes. 70 and 71 are the map's.
pub const CAMPAIGN: Kind = 72;
pub const NOTICE: Kind = 73;

/// The name of a kind that hangs on a visit, is one, or stands in a register.
pub fn name(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        OFFICER => "officer",
        TEAM => "team",
        VENUE => "venue",
        VISIT => "visit",
        FINDING => "finding",
        PHOTO => "photo",
        READING => "reading",
        NOTE => "note",
        PRESENCE => "presence",
        DOCUMENT => "document",
        ERASE => "erase",
        _ => return crate::ledger::of_kind(kind).map(|ledger| ledger.name),
    })
}

/// Whether only HQ's own chains may hold ops of this kind; a device's commit with one is held.
pub fn reserved_for_hq(kind: Kind) -> bool {
    matches!(kind, OFFICER | TEAM | CHECKLIST | 64..=127)
}
