//! Joint visits: a second officer joins the visit that another phone began, by a QR handed over without any network.
//!
//! Both phones then write on one entity, and what they record on different items merges without a conflict. The joining
//! phone repeats of the first one's ops only what neither can change, the venue and the checklist version, so that its
//! own part stands alone should the first phone never come back.

use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{EntityId, Scope};
use xuncha_domain::model::{field, visit as entities};
use xuncha_domain::protocol::v1::invite::{Invite, InviteError};
use xuncha_domain::reference;

use super::types::{ErrorCode, Position, VenueRow, VisitRef, VisitView};
use super::venues;
use super::visit::{done, open, scope_of, tap};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::meta::{self, Enrolment};
use crate::store::things;
use crate::tree::Tree;
use crate::write;

/// What the first phone shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Invitation {
    /// What the QR holds; can also be sent or pasted.
    pub text: String,
    pub qr_svg: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InviteText {
    pub text: String,
}

/// What an invitation says, for the officer to recognise the visit by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct InviteView {
    pub visit: String,
    /// None when this phone has never heard of the venue; it comes with the next sync.
    pub venue: Option<VenueRow>,
    /// By the clock of the first phone.
    pub started_ms: i64,
    /// The officer is in this visit already.
    pub joined: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct JoinVisit {
    pub text: String,
    pub position: Option<Position>,
}

/// The invitation to an unsealed visit.
pub fn invite(engine: &Engine, visit: VisitRef) -> Result<Invitation> {
    let id: EntityId = visit.visit.parse()?;
    let text = engine.write(|connection, pen| {
        let tree = open(connection, pen, id)?.tree;
        let invite = Invite {
            city: pen.enrolment.city,
            visit: id,
            venue: tree.venue().ok_or_else(venues::no_venue)?,
            started_ms: tree.started_ms(),
            scope: scope_of(connection, id)?,
            checklist: tree.checklist_begun_with(),
        };
        Ok(invite.to_text())
    })?;
    let qr = QRBuilder::new(text.as_str())
        .build()
        .map_err(|_| Error::Refused(ErrorCode::Internal, "the invitation does not fit into a QR"))?;
    Ok(Invitation { text, qr_svg: SvgBuilder::default().to_str(&qr) })
}

/// Says what an invitation is about and changes nothing.
pub fn read(engine: &Engine, invite: InviteText) -> Result<InviteView> {
    engine.read(|connection| {
        let enrolment = meta::enrolment(connection)?
            .ok_or(Error::Refused(ErrorCode::NotEnrolled, "this phone is not enrolled"))?;
        let invite = checked(&invite.text, &enrolment)?;
        Ok(InviteView {
            visit: invite.visit.to_string(),
            venue: venues::row(connection, invite.venue, None)?,
            started_ms: invite.started_ms,
            joined: Tree::read(connection, invite.visit)?.is_some_and(|tree| takes_part(&tree, &enrolment)),
        })
    })
}

/// Makes this officer a member of the visit. Again changes nothing.
pub fn join(engine: &Engine, join: JoinVisit) -> Result<VisitView> {
    let position = join.position.map(venues::position_value).transpose()?;
    let id = engine.write(|connection, pen| {
        let invite = checked(&join.text, pen.enrolment)?;
        let id = invite.visit;
        let root = entities::visit(id);
        let presence = entities::presence(&root, pen.enrolment.certificate.device);
        let known = Tree::read(connection, id)?;
        if known.is_some() {
            // A sealed visit is not joined any more.
            drop(open(connection, pen, id)?);
        }
        let missing = |entity: EntityId, name: &str| {
            known.as_ref().is_none_or(|tree| tree.live(entity, name).is_none())
        };
        let mut taps = Vec::new();
        if missing(id, field::VENUE) {
            taps.push(tap(&root, field::VENUE, Value::bytes(invite.venue.0)));
        }
        if let Some(hash) = invite.checklist.filter(|_| missing(id, field::CHECKLIST)) {
            taps.push(tap(&root, field::CHECKLIST, Value::bytes(hash)));
        }
        if !known.as_ref().is_some_and(|tree| takes_part(tree, pen.enrolment)) {
            // No token: the officer saw nobody's word on it, and a "not present" of somebody else stays visible.
            let member = field::member(pen.enrolment.officer());
            taps.push(tap(&root, &member, Value::Bool(true)));
        }
        if missing(presence.id, field::START) {
            taps.push(tap(&presence, field::START, Value::Int(pen.clock.now_ms())));
            taps.extend(position.map(|position| tap(&presence, field::POSITION, position)));
        }
        write::record(connection, pen, &scope(connection, &invite)?, taps)?;
        Ok(id)
    })?;
    done(engine, id)
}

/// The scope in which this phone knows the visit; for a new one, what the invitation says.
fn scope(connection: &Connection, invite: &Invite) -> Result<Scope> {
    Ok(things::scope_of(connection, invite.visit)?.unwrap_or_else(|| invite.scope.clone()))
}

fn takes_part(tree: &Tree, enrolment: &Enrolment) -> bool {
    let member = field::member(enrolment.officer());
    let presence = entities::presence(&entities::visit(tree.root), enrolment.certificate.device);
    tree.value(tree.root, &member).and_then(Value::as_bool) == Some(true)
        && tree.live(presence.id, field::START).is_some()
}

/// An invitation of this city into a district that exists.
fn checked(text: &str, enrolment: &Enrolment) -> Result<Invite> {
    let invite = Invite::from_text(text).map_err(|error| match error {
        InviteError::Newer => Error::Refused(ErrorCode::InviteNewer, "an invitation of a newer app"),
        InviteError::Foreign | InviteError::Damaged => {
            Error::Refused(ErrorCode::InviteUnreadable, "not a whole invitation")
        }
    })?;
    let district = invite.scope.district_code();
    if district.is_some_and(|code| reference::district(code).is_none()) || invite.city != enrolment.city {
        return Err(Error::Refused(ErrorCode::InviteForeign, "an invitation of another city"));
    }
    Ok(invite)
}
