//! Reference data that every replica has from the start: venue categories, districts, townships.
//!
//! Parsed once from files compiled into the program; the order is the order of the files, which is the order of screens.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::ids::{BadId, Scope};
use crate::words::words;

words!(
    /// Which line of the brigade's bulletin counts a category.
    ReportingLine { Culture = "culture", Tourism = "tourism", Both = "both" }
);

/// A kind of venue or entity under supervision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Such as `ICAFE`; stable.
    pub code: String,
    /// The legal name.
    pub zh: String,
    pub en: String,
    /// What people call it; for searching.
    pub common_names_zh: Vec<String>,
    /// The name in the bulletin; `None` when the bulletin does not list the category.
    pub bulletin_label_zh: Option<String>,
    pub reporting_line: ReportingLine,
    pub licence_zh: Option<String>,
    pub licence_en: Option<String>,
    /// The verb of a closure (关停, 关闭, 暂停营业, 取消); none when the category is not closed, several when it depends.
    pub closure_verbs_zh: Vec<String>,
    /// Checklist sets that apply, in the order of the visit.
    pub checklist_sets: Vec<String>,
}

/// A county-level unit of the city, or its statistical zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct District {
    /// Six digits, GB/T 2260.
    pub code: String,
    pub zh: String,
    pub en: String,
    /// A zone that exists for statistics only: a reporting area, never the region of a credit code or a scope.
    pub statistical: bool,
}

/// A subdistrict, town or township.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Township {
    /// Nine digits; the first six are the district's.
    pub code: String,
    pub zh: String,
    pub district: String,
    pub type_zh: String,
}

/// All categories.
pub fn categories() -> &'static [Category] {
    static DATA: OnceLock<Vec<Category>> = OnceLock::new();
    // The files are part of the program: `data_files_parse` proves that the empty list is never taken.
    DATA.get_or_init(|| parse_categories(CATEGORIES).unwrap_or_default())
}

/// The category with this code.
pub fn category(code: &str) -> Option<&'static Category> {
    categories().iter().find(|category| category.code == code)
}

/// The ten county-level units in the city's order, then the statistical zone.
pub fn districts() -> &'static [District] {
    static DATA: OnceLock<Vec<District>> = OnceLock::new();
    DATA.get_or_init(|| parse_districts(DISTRICTS).unwrap_or_default())
}

/// Where the work of a district is written; what is no district of its own, such as a statistical zone, reports to the city.
///
/// # Errors
/// For a code that no scope can have.
pub fn scope_of_district(code: &str) -> Result<Scope, BadId> {
    match district(code) {
        Some(district) if !district.statistical => Scope::district(code),
        _ => Ok(Scope::city()),
    }
}

/// The district with this six-digit code.
pub fn district(code: &str) -> Option<&'static District> {
    districts().iter().find(|district| district.code == code)
}

/// All townships.
pub fn townships() -> &'static [Township] {
    static DATA: OnceLock<Vec<Township>> = OnceLock::new();
    DATA.get_or_init(|| parse_townships(TOWNSHIPS).unwrap_or_default())
}

/// The townships of one district.
pub fn townships_of(district: &str) -> impl Iterator<Item = &'static Township> {
    townships().iter().filter(move |township| township.district == district)
}

const CATEGORIES: &str = include_str!("../data/categories.csv");
const DISTRICTS: &str = include_str!("../data/districts.csv");
const TOWNSHIPS: &str = include_str!("../data/townships.csv");

#[derive(Deserialize)]
struct CategoryRow {
    code: String,
    legal_name_zh: String,
    common_names_zh: String,
    name_en: String,
    bulletin_label_zh: Option<String>,
    reporting_line: ReportingLine,
    licence_zh: Option<String>,
    licence_en: Option<String>,
    closure_verb_zh: String,
    checklist_sets: String,
}

pub(crate) fn parse_categories(text: &str) -> Result<Vec<Category>, csv::Error> {
    rows(text, |row: CategoryRow| {
        Some(Category {
            code: row.code,
            zh: row.legal_name_zh,
            en: row.name_en,
            common_names_zh: list(&row.common_names_zh, ';'),
            bulletin_label_zh: row.bulletin_label_zh,
            reporting_line: row.reporting_line,
            licence_zh: row.licence_zh,
            licence_en: row.licence_en,
            closure_verbs_zh: list(&row.closure_verb_zh, '|'),
            checklist_sets: list(&row.checklist_sets, ';'),
        })
    })
}

#[derive(Deserialize)]
struct DistrictRow {
    code: String,
    name_zh: String,
    name_en: String,
    level: String,
}

fn parse_districts(text: &str) -> Result<Vec<District>, csv::Error> {
    rows(text, |row: DistrictRow| {
        let statistical = match row.level.as_str() {
            "county" => false,
            "statistical" => true,
            _ => return None,
        };
        Some(District { code: row.code, zh: row.name_zh, en: row.name_en, statistical })
    })
}

#[derive(Deserialize)]
struct TownshipRow {
    code: String,
    name_zh: String,
    district_code: String,
    type_zh: String,
}

fn parse_townships(text: &str) -> Result<Vec<Township>, csv::Error> {
    rows(text, |row: TownshipRow| {
        Some(Township { code: row.code, zh: row.name_zh, district: row.district_code, type_zh: row.type_zh })
    })
}

fn rows<R: for<'de> Deserialize<'de>, T>(
    text: &str,
    keep: impl Fn(R) -> Option<T>,
) -> Result<Vec<T>, csv::Error> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<R> = reader.deserialize().collect::<Result<_, _>>()?;
    Ok(rows.into_iter().filter_map(keep).collect())
}

pub(crate) fn list(cell: &str, separator: char) -> Vec<String> {
    cell.split(separator).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_files_parse() {
        assert_eq!(parse_categories(CATEGORIES).unwrap().len(), 24);
        assert_eq!(parse_districts(DISTRICTS).unwrap().len(), 11);
        assert_eq!(parse_townships(TOWNSHIPS).unwrap().len(), 108);
    }

    #[test]
    fn a_category_has_its_words() {
        let cafe = category("ICAFE").unwrap();
        assert_eq!(cafe.zh, "互联网上网服务营业场所");
        assert_eq!(cafe.common_names_zh, ["网吧", "网咖", "电竞馆"]);
        assert_eq!(cafe.reporting_line, ReportingLine::Culture);
        assert_eq!(cafe.checklist_sets, ["CMN-R", "ICF-R", "CLS", "REO", "ICF-E"]);
        assert_eq!(category("SCENIC_A").unwrap().closure_verbs_zh, ["关停", "暂停营业"]);
        assert_eq!(category("OTHER").unwrap().licence_zh, None);
        assert_eq!(category("NOBODY"), None);
    }

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = categories().iter().map(|c| &c.code).collect();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), categories().len());
    }

    #[test]
    fn ten_county_level_units_and_one_statistical_zone() {
        let (statistical, real): (Vec<_>, Vec<_>) = districts().iter().partition(|d| d.statistical);
        assert_eq!(real.len(), 10);
        assert_eq!(real[0].zh, "小店区");
        assert_eq!(real[9].code, "140181");
        assert_eq!(statistical.len(), 1);
        assert_eq!(statistical[0].code, "140171");
    }

    #[test]
    fn every_township_lies_in_a_known_district() {
        for township in townships() {
            assert_eq!(township.code.len(), 9);
            assert!(district(&township.district).is_some(), "{township:?}");
        }
        assert_eq!(townships_of("140105").next().unwrap().zh, "坞城街道");
    }
}
