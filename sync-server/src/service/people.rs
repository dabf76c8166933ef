//! Teams and officers, and what follows from them: which scopes a phone reads.

use xuncha_domain::ids::Scope;
use xuncha_domain::reference;

use super::{Error, Service};
use crate::storage::Read;

impl Service {
    /// The city, and the districts that an officer's team works in: its own, or all for the brigade and the bureau.
    pub(super) fn scopes_of(&self, read: &Read<'_>, officer: &[u8; 16]) -> Result<Vec<Scope>, Error> {
        let team = match read.officer(officer)?.and_then(|officer| officer.team) {
            Some(team) => read.team(&team)?,
            None => None,
        };
        let own = team.and_then(|team| team.district);
        let districts = reference::districts().iter().filter(|district| !district.statistical);
        let read_by = districts.filter(|district| own.as_ref().is_none_or(|own| *own == district.code));
        let mut scopes = vec![Scope::city()];
        for district in read_by {
            scopes.push(Scope::district(&district.code).map_err(|_| Error::Internal("district code"))?);
        }
        Ok(scopes)
    }
}
