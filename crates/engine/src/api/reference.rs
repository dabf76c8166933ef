//! Data that lies on every phone: categories, districts, checklists, and the people HQ named.

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::Mode;
use xuncha_domain::ids::{EntityId, OfficerId};
use xuncha_domain::model::field;
use xuncha_domain::reference;

use super::types::{
    CategoryRow, ChecklistChoice, DistrictRow, ErrorCode, Nothing, OfficerRow, TownshipRow, VenueRef,
};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::{checklists, rows};
use crate::tree::{Tree, officer_entity};

pub fn categories(_: &Engine, _: Nothing) -> Result<Vec<CategoryRow>> {
    let rows = reference::categories().iter().map(|category| CategoryRow {
        code: category.code.clone(),
        zh: category.zh.clone(),
        en: category.en.clone(),
    });
    Ok(rows.collect())
}

pub fn districts(_: &Engine, _: Nothing) -> Result<Vec<DistrictRow>> {
    let rows = reference::districts().iter().map(|district| DistrictRow {
        code: district.code.clone(),
        zh: district.zh.clone(),
        en: district.en.clone(),
        townships: reference::townships_of(&district.code)
            .map(|township| TownshipRow { code: township.code.clone(), zh: township.zh.clone() })
            .collect(),
    });
    Ok(rows.collect())
}

pub fn officers(engine: &Engine, _: Nothing) -> Result<Vec<OfficerRow>> {
    engine.read(|connection| {
        rows::officers(connection)?.into_iter().map(|id| officer(connection, id)).collect()
    })
}

/// An officer as far as HQ's registry reached this phone.
pub fn officer(connection: &Connection, id: OfficerId) -> Result<OfficerRow> {
    let entity = officer_entity(id);
    let Some(tree) = Tree::read(connection, entity)? else {
        let unknown = String::new();
        return Ok(OfficerRow {
            id: id.to_string(),
            name: unknown.clone(),
            certificate_no: unknown,
            team: None,
            team_name: None,
        });
    };
    let text = |name| tree.value(entity, name).and_then(Value::as_text).unwrap_or_default().to_owned();
    let team = tree.value(entity, field::TEAM).and_then(|team| EntityId::from_slice(team.as_bytes()?).ok());
    let team_tree = match team {
        Some(team) => Tree::read(connection, team)?,
        None => None,
    };
    let team_name =
        team_tree.and_then(|tree| Some(tree.value(tree.root, field::NAME)?.as_text()?.to_owned()));
    Ok(OfficerRow {
        id: id.to_string(),
        name: text(field::NAME),
        certificate_no: text(field::CERTIFICATE_NO),
        team: team.map(|team| team.to_string()),
        team_name,
    })
}

pub fn checklist_choices(engine: &Engine, venue: VenueRef) -> Result<Vec<ChecklistChoice>> {
    let id: EntityId = venue.venue.parse()?;
    engine.read(|connection| {
        let venue = super::venues::row(connection, id, None)?
            .ok_or(Error::Refused(ErrorCode::NotFound, "no such venue"))?;
        let mut choices = Vec::new();
        for purpose in Mode::ALL.iter().filter(|purpose| **purpose != Mode::Internal) {
            let Some(checklist) = checklists::current(connection, &venue.category, *purpose)? else {
                continue;
            };
            choices.push(ChecklistChoice {
                purpose: purpose.code().into(),
                zh: purpose.zh().into(),
                en: purpose.en().into(),
                items: u32::try_from(checklist.items().count()).unwrap_or(u32::MAX),
            });
        }
        Ok(choices)
    })
}
