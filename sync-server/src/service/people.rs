//! Teams and officers, and what follows from them: which scopes a phone reads.

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{EntityId, OfficerId, Scope};
use xuncha_domain::log::body::Entity;
use xuncha_domain::model::words::LeadLevel;
use xuncha_domain::model::{field, kind};
use xuncha_domain::{reference, text};

use super::author::{Draft, references};
use super::{Changed, ConsoleUser, Error, Service};
use crate::storage::{OfficerRow, Read, TeamRow};

/// Names and numbers of people and teams; a screen line.
const TEXT_CHARS_MAX: usize = 60;

/// A team as it is written.
pub struct NewTeam {
    pub name: String,
    pub tier: LeadLevel,
    /// A six-digit district code.
    pub district: Option<String>,
}

/// An officer with what a list shows.
pub struct Officer {
    pub row: OfficerRow,
    pub team_name: Option<String>,
    pub devices: u32,
}

impl Service {
    pub fn officer(&self, id: &OfficerId) -> Result<Officer, Error> {
        self.storage.read(|read| {
            let row = read.officer(&id.0)?.ok_or(Error::NotFound)?;
            let team = match &row.team {
                Some(team) => read.team(team)?,
                None => None,
            };
            Ok(Officer {
                devices: read.count_open_devices(&row.id)?,
                team_name: team.map(|team| team.name),
                row,
            })
        })
    }

    pub fn officers(&self) -> Result<Vec<Officer>, Error> {
        self.storage.read(|read| {
            let teams = read.teams()?;
            let name = |id: &[u8; 16]| teams.iter().find(|team| team.id == *id).map(|team| team.name.clone());
            let mut officers = Vec::new();
            for row in read.officers()? {
                let devices = read.count_open_devices(&row.id)?;
                officers.push(Officer { team_name: row.team.as_ref().and_then(name), row, devices });
            }
            Ok(officers)
        })
    }

    pub fn teams(&self) -> Result<Vec<TeamRow>, Error> {
        self.storage.read(|read| Ok(read.teams()?))
    }

    /// Writes an officer into the city's register. Their name and number are personal data and can be erased.
    pub fn add_officer(
        &self,
        by: OfficerId,
        name: &str,
        certificate_no: &str,
        team: Option<[u8; 16]>,
    ) -> Result<OfficerId, Error> {
        let (name, certificate_no) = (line(name)?, line(certificate_no)?);
        let id = EntityId::v7(self.clock.now_ms(), &*self.entropy);
        let entity = Entity::new(kind::OFFICER, id);
        let mut drafts = vec![
            Draft::personal(entity.clone(), field::NAME, Value::Text(name)),
            Draft::personal(entity.clone(), field::CERTIFICATE_NO, Value::Text(certificate_no)),
        ];
        drafts.extend(team.map(|team| Draft::plain(entity, field::TEAM, Value::bytes(team))));
        self.storage.write(|tx| {
            if let Some(team) = team {
                tx.team(&team)?.ok_or(Error::BadRequest("no such team"))?;
            }
            let counted = self.write_as_hq(tx, &Scope::city(), by, &[drafts])?;
            self.project(tx, &counted)
        })?;
        Ok(OfficerId(id.0))
    }

    /// Writes an officer on behalf of a console user.
    pub fn add_officer_by(
        &self,
        user: &ConsoleUser,
        name: &str,
        certificate_no: &str,
        team: Option<[u8; 16]>,
    ) -> Result<OfficerId, Error> {
        user.must_be_admin()?;
        self.add_officer(OfficerId(user.id), name, certificate_no, team)
    }

    /// Moves an officer to another team, which decides what their phones read from their next sync on. An op of HQ in the
    /// city scope with the console user as its author: an HQ restored from an older backup gets it back from any phone.
    /// Repeating is harmless.
    ///
    /// # Errors
    /// [`Error::Stale`] when the officer is in another team than the one that the user had before them.
    pub fn move_officer(
        &self,
        user: &ConsoleUser,
        officer: &OfficerId,
        from: Option<[u8; 16]>,
        to: [u8; 16],
    ) -> Result<Officer, Error> {
        user.must_be_admin()?;
        self.storage.write(|tx| {
            let row = tx.officer(&officer.0)?.ok_or(Error::NotFound)?;
            tx.team(&to)?.ok_or(Error::BadRequest("no such team"))?;
            if row.team == Some(to) {
                return Ok(());
            }
            if row.team != from {
                return Err(Error::Stale);
            }
            let id = EntityId(officer.0);
            let known = tx.entity(&Scope::city(), kind::OFFICER, &id)?.ok_or(Error::NotFound)?;
            let live = tx.field(known, field::TEAM)?.live;
            let draft = Draft {
                over: references(tx, live.keys())?,
                ..Draft::plain(Entity::new(kind::OFFICER, id), field::TEAM, Value::bytes(to))
            };
            let counted = self.write_as_hq(tx, &Scope::city(), OfficerId(user.id), &[vec![draft]])?;
            self.project(tx, &counted)
        })?;
        // Their phones learn it from the answer to a sync.
        self.events.tell(Changed { devices: true, ..Changed::default() });
        self.officer(officer)
    }

    pub fn add_team(&self, by: OfficerId, team: &NewTeam) -> Result<EntityId, Error> {
        let name = line(&team.name)?;
        let id = EntityId::v7(self.clock.now_ms(), &*self.entropy);
        let entity = Entity::new(kind::TEAM, id);
        let mut drafts = vec![
            Draft::plain(entity.clone(), field::NAME, Value::Text(name)),
            Draft::plain(entity.clone(), field::TIER, Value::Int(team.tier.number())),
        ];
        if let Some(code) = &team.district {
            reference::district(code).ok_or(Error::BadRequest("no such district"))?;
            drafts.push(Draft::plain(entity, field::DISTRICT, Value::text(code)));
        }
        self.storage.write(|tx| {
            let counted = self.write_as_hq(tx, &Scope::city(), by, &[drafts])?;
            self.project(tx, &counted)
        })?;
        Ok(id)
    }

    /// The city, the districts that an officer's team works in (its own, or all for the brigade and the bureau), the team.
    pub(super) fn scopes_of(&self, read: &Read<'_>, officer: &[u8; 16]) -> Result<Vec<Scope>, Error> {
        let team = match read.officer(officer)?.and_then(|officer| officer.team) {
            Some(team) => read.team(&team)?,
            None => None,
        };
        let own = team.as_ref().and_then(|team| team.district.clone());
        let districts = reference::districts().iter().filter(|district| !district.statistical);
        let read_by = districts.filter(|district| own.as_ref().is_none_or(|own| *own == district.code));
        let mut scopes = vec![Scope::city()];
        for district in read_by {
            scopes.push(Scope::district(&district.code).map_err(|_| Error::Internal("district code"))?);
        }
        scopes.extend(team.map(|team| Scope::team(EntityId(team.id))));
        Ok(scopes)
    }
}

fn line(typed: &str) -> Result<String, Error> {
    let line = text::clean(typed);
    if line.is_empty() || line.chars().count() > TEXT_CHARS_MAX || line.chars().any(char::is_control) {
        return Err(Error::BadRequest("a name or number has 1 to 60 characters"));
    }
    Ok(line)
}
