//! A small synthetic city for trying things out: no real venue, no real person, the same in every installation.

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{EntityId, short, tagged_hash};
use xuncha_domain::log::body::Entity;
use xuncha_domain::model::fact::Position;
use xuncha_domain::model::words::LeadLevel;
use xuncha_domain::model::{field, kind};
use xuncha_domain::reference::{self, Category, District};

use super::author::Draft;
use super::{Error, Imported, RegisterVenue, Service};

/// District code, and a place in the middle of it: latitude and longitude in 1e-4 degree.
const CENTRES: [(&str, i32, i32); 10] = [
    ("140105", 377_360, 1_125_650),
    ("140106", 378_630, 1_125_630),
    ("140107", 378_940, 1_125_710),
    ("140108", 379_400, 1_124_870),
    ("140109", 378_590, 1_125_160),
    ("140110", 377_150, 1_124_780),
    ("140121", 376_070, 1_123_580),
    ("140122", 380_580, 1_126_730),
    ("140123", 380_670, 1_117_970),
    ("140181", 379_070, 1_121_760),
];

/// Venues of each category in each district.
const VENUES_EACH: usize = 2;

/// Officers beside the one of each district group: the team's name, then theirs.
const OFFICERS: [(&str, &str); 5] = [
    ("执法一中队", "执法一中队 甲"),
    ("执法一中队", "执法一中队 乙"),
    ("执法二中队", "执法二中队 甲"),
    ("执法二中队", "执法二中队 乙"),
    ("市局", "市局 带队领导"),
];

impl Service {
    /// Writes the synthetic city; what is there already is left as it is.
    pub fn write_demo(&self) -> Result<Imported, Error> {
        let by = self.hq_officer();
        let mut things = people();
        things.retain(|thing| !thing.is_empty());
        let mut done = self.write_register(by, &things, false)?;
        let venues: Vec<RegisterVenue> = venues().collect();
        let more = self.import_venues(by, &venues, false)?;
        done.added += more.added;
        done.changed += more.changed;
        done.unchanged += more.unchanged;
        Ok(done)
    }
}

fn id(what: &str) -> EntityId {
    EntityId(short(&tagged_hash("xuncha demo", &[what.as_bytes()])))
}

/// Three tiers of teams and their officers.
fn people() -> Vec<Vec<Draft>> {
    let districts = || reference::districts().iter().filter(|district| !district.statistical);
    let mut things = vec![
        team("市局", LeadLevel::Bureau, None),
        team("执法一中队", LeadLevel::Brigade, None),
        team("执法二中队", LeadLevel::Brigade, None),
    ];
    things.extend(districts().map(|district| team(&group(district), LeadLevel::District, Some(district))));
    let district_officers = districts().map(|district| (group(district), format!("{} 甲", group(district))));
    let officers = OFFICERS.iter().map(|(team, name)| ((*team).to_owned(), (*name).to_owned()));
    things.extend(
        (1..).zip(officers.chain(district_officers)).map(|(n, (team, name))| officer(n, &team, &name)),
    );
    things
}

fn group(district: &District) -> String {
    format!("{}执法组", district.zh)
}

fn team(name: &str, tier: LeadLevel, district: Option<&District>) -> Vec<Draft> {
    let entity = Entity::new(kind::TEAM, id(name));
    let mut drafts = vec![
        Draft::plain(entity.clone(), field::NAME, Value::text(name)),
        Draft::plain(entity.clone(), field::TIER, Value::Int(tier.number())),
    ];
    drafts
        .extend(district.map(|district| Draft::plain(entity, field::DISTRICT, Value::text(&district.code))));
    drafts
}

fn officer(n: u32, team: &str, name: &str) -> Vec<Draft> {
    let entity = Entity::new(kind::OFFICER, id(name));
    vec![
        Draft::personal(entity.clone(), field::NAME, Value::text(name)),
        Draft::personal(entity.clone(), field::CERTIFICATE_NO, Value::Text(format!("示例{n:04}"))),
        Draft::plain(entity, field::TEAM, Value::bytes(id(team).0)),
    ]
}

fn venues() -> impl Iterator<Item = RegisterVenue> {
    let places = CENTRES.iter().filter_map(|centre| Some((reference::district(centre.0)?, centre)));
    places.flat_map(|(district, (_, lat, lon))| {
        let categories = (0_i32..).zip(reference::categories());
        categories.flat_map(move |(c, category)| {
            (0..VENUES_EACH).map(move |n| {
                let step = c * 2 + i32::from(n > 0);
                // A spiral of some hundred metres to a few kilometres around the middle.
                let angle = f64::from(step) * 2.4;
                let radius = 20.0 + f64::from(step) * 6.0;
                let at = Position {
                    lat_e7: (lat + (radius * angle.sin()) as i32) * 1_000,
                    lon_e7: (lon + (radius * angle.cos()) as i32) * 1_000,
                    accuracy_m: 20,
                };
                venue(district, category, n, at)
            })
        })
    })
}

fn venue(district: &District, category: &Category, n: usize, at: Position) -> RegisterVenue {
    let townships: Vec<_> = reference::townships_of(&district.code).collect();
    let township = townships.get((category.code.len() + n) % townships.len().max(1));
    let called = category.common_names_zh.first().unwrap_or(&category.zh);
    let short = district.zh.trim_end_matches(['区', '县', '市']);
    RegisterVenue {
        name: format!("示例{called} {short}{:02}", n + 1),
        category: category.code.clone(),
        district: district.code.clone(),
        township: township.map(|township| township.code.clone()),
        address: format!("{}{}示例路{}号", district.zh, township.map_or("", |t| t.zh.as_str()), n * 2 + 1),
        licence_no: category
            .licence_zh
            .as_ref()
            .map(|_| format!("示例{}-{}-{:02}", district.code, category.code, n + 1)),
        position: Some(at),
    }
}
