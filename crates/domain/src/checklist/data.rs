//! From `checklists.yaml` to typed items. Unknown fields and words are refused, so that nothing in the file is lost
//! without a test noticing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use serde::Deserialize;

use super::{
    AnswerKind, Basis, CalendarRule, Check, ChecklistItem, ChecklistSet, Choice, Evidence, Feeds, Handling,
    Limit, Mode, OnFail, Severity, Source, Verification,
};
use crate::limits::FIELD_NAME_BYTES_MAX;
use crate::model::field;
use crate::reference::{self, Category};

/// The data as it was released at one time.
#[derive(Debug, Default)]
pub(super) struct Edition {
    pub(super) parameters: Parameters,
    pub(super) sets: Vec<ChecklistSet>,
    pub(super) categories: Vec<Category>,
}

/// The file texts of one edition.
struct EditionFiles {
    checklists: &'static str,
    categories: &'static str,
}

impl EditionFiles {
    fn read(&self) -> Result<Edition, EditionError> {
        parse(self.checklists, reference::parse_categories(self.categories)?)
    }
}

/// Every edition that was ever released, the current one last; visits name versions of all of them.
const EDITIONS: [EditionFiles; 1] = [EditionFiles {
    checklists: include_str!("../../data/checklists.yaml"),
    categories: include_str!("../../data/categories.csv"),
}];

/// All editions, the current one last.
pub(super) fn editions() -> &'static [Edition] {
    static DATA: OnceLock<Vec<Edition>> = OnceLock::new();
    // The files are part of the program: `every_edition_parses` proves that the empty edition is never taken.
    DATA.get_or_init(|| EDITIONS.iter().map(|files| files.read().unwrap_or_default()).collect())
}

/// The edition that new visits use.
pub(super) fn current() -> &'static Edition {
    static NONE: OnceLock<Edition> = OnceLock::new();
    editions().last().unwrap_or_else(|| NONE.get_or_init(Edition::default))
}

#[cfg(test)]
pub(super) fn current_file() -> &'static str {
    EDITIONS[EDITIONS.len() - 1].checklists
}

/// Dated parameters of the rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Parameters {
    pub temperature: TemperatureParameters,
    /// By kind of place (`icafe`, `scenic` …), oldest first.
    pub capacity_caps: BTreeMap<String, Vec<CapacityCap>>,
}

/// In tenths of a degree Celsius.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct TemperatureParameters {
    pub abnormal_at: i32,
    pub plausible_min: i32,
    pub plausible_max: i32,
    /// The lowest and the highest that a thermometer for people shows.
    pub device_range: [i32; 2],
}

/// How full a place may be from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityCap {
    /// Whole percent; `None` when each place or district sets its own figure.
    pub percent: Option<i64>,
    /// Of which figure, in Chinese.
    pub of: String,
    /// A further condition, in English.
    pub extra: Option<String>,
    #[serde(deserialize_with = "first_day")]
    pub from: Date,
}

/// Why a file is no edition.
#[derive(Debug, thiserror::Error)]
pub enum EditionError {
    #[error("checklists: {0}")]
    Yaml(#[from] serde_norway::Error),
    #[error("categories: {0}")]
    Csv(#[from] csv::Error),
    /// The set or item, and what is wrong with it.
    #[error("{0}: {1}")]
    Item(String, &'static str),
    /// The category and the purpose.
    #[error("{0} {1}: more than one visit can ask")]
    TooLarge(String, &'static str),
}

impl Edition {
    /// Reads a file laid out as `checklists.yaml`, for the categories of this program.
    pub(super) fn of_file(checklists: &str) -> Result<Self, EditionError> {
        let edition = parse(checklists, reference::categories().to_vec())?;
        edition.check()?;
        Ok(edition)
    }

    /// What the types leave open.
    fn check(&self) -> Result<(), EditionError> {
        let error = |id: &str, what| Err(EditionError::Item(id.to_owned(), what));
        let mut ids = BTreeSet::new();
        for set in &self.sets {
            if !ids.insert(&set.id) {
                return error(&set.id, "twice");
            }
            for item in &set.items {
                if !ids.insert(&item.id) {
                    return error(&item.id, "twice");
                }
                if item.id.is_empty() || field::answer(&item.id).len() > FIELD_NAME_BYTES_MAX {
                    return error(&item.id, "no name of an item");
                }
                if (item.answer == AnswerKind::Choice) == item.choices.is_empty() {
                    return error(&item.id, "choices belong to a choice");
                }
                if let Some(Limit::EqualsItem(other) | Limit::AtMostItem(other)) = &item.limit
                    && !set.items.iter().any(|item| item.id == *other)
                {
                    return error(&item.id, "refers to an item of no or another set");
                }
            }
        }
        let named = self.categories.iter().flat_map(|category| &category.checklist_sets);
        match named.into_iter().find(|id| !self.sets.iter().any(|set| set.id == **id)) {
            Some(id) => error(id, "a category names this set, and the file lacks it"),
            None => Ok(()),
        }
    }
}

fn parse(checklists: &str, categories: Vec<Category>) -> Result<Edition, EditionError> {
    let file: File = serde_norway::from_str(checklists)?;
    let sources = file.sources.into_iter().map(|raw| (raw.id.clone(), Arc::new(Source::from(raw)))).collect();
    let context = Context { sources, caps: &file.parameters.capacity_caps };
    let sets = file.sets.into_iter().map(|set| context.set(set)).collect::<Result<_, _>>()?;
    Ok(Edition { parameters: file.parameters, sets, categories })
}

#[derive(Deserialize)]
struct File {
    parameters: Parameters,
    sources: Vec<RawSource>,
    sets: Vec<RawSet>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    id: String,
    title_zh: String,
    title_en: String,
    kind: String,
    #[serde(deserialize_with = "first_day_or_none")]
    from: Option<Date>,
    #[serde(deserialize_with = "last_day_or_none")]
    to: Option<Date>,
    verification: Verification,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSet {
    id: String,
    title_zh: String,
    title_en: String,
    mode: Mode,
    categories: Vec<String>,
    items: Vec<RawItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItem {
    id: String,
    severity: Severity,
    group: String,
    answer: AnswerKind,
    zh: String,
    en: String,
    basis: Vec<RawBasis>,
    evidence: Vec<Evidence>,
    handling: Handling,
    #[serde(default)]
    na: bool,
    #[serde(default)]
    choices: Vec<String>,
    limit: Option<RawLimit>,
    penalty: Option<String>,
    also: Option<String>,
    on_fail: Option<OnFail>,
    check: Option<Check>,
    rule: Option<CalendarRule>,
    feeds: Option<Feeds>,
    privacy: Option<String>,
    #[serde(default, deserialize_with = "first_day_or_none")]
    valid_from: Option<Date>,
    #[serde(default, deserialize_with = "last_day_or_none")]
    valid_to: Option<Date>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBasis {
    src: String,
    art: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum RawLimit {
    Lt { value: f64 },
    Le { value: f64 },
    Ge { value: f64 },
    Between { value: (f64, f64) },
    EqItem { item: String },
    LeItem { item: String },
    LeParam { param: String },
}

impl From<RawSource> for Source {
    fn from(raw: RawSource) -> Self {
        let RawSource { id, title_zh, title_en, kind, from, to, verification } = raw;
        Self { id, title_zh, title_en, kind, from, to, verification }
    }
}

/// What items of one file refer to.
struct Context<'a> {
    sources: BTreeMap<String, Arc<Source>>,
    caps: &'a BTreeMap<String, Vec<CapacityCap>>,
}

impl Context<'_> {
    fn set(&self, raw: RawSet) -> Result<ChecklistSet, EditionError> {
        let RawSet { id, title_zh, title_en, mode, categories, items } = raw;
        let items = items.into_iter().map(|item| self.item(item)).collect::<Result<_, _>>()?;
        Ok(ChecklistSet { id, title_zh, title_en, mode, categories, items })
    }

    fn item(&self, raw: RawItem) -> Result<ChecklistItem, EditionError> {
        let error = |what| EditionError::Item(raw.id.clone(), what);
        let basis = raw.basis.iter().map(|b| self.basis(&b.src, b.art.clone()));
        let penalty = raw.penalty.iter().flat_map(|text| text.split(';')).map(|text| {
            let (source, article) = text.split_once(' ')?;
            self.basis(source, Some(article.to_owned()))
        });
        let also = raw.also.as_ref().map(|authority| Handling::from_code(&format!("transfer:{authority}")));
        let limit = raw.limit.as_ref().map(|limit| self.limit(limit));
        Ok(ChecklistItem {
            basis: basis.collect::<Option<_>>().ok_or_else(|| error("unknown basis"))?,
            penalty: penalty.collect::<Option<_>>().ok_or_else(|| error("unknown penalty"))?,
            also: also.map(|word| word.ok_or_else(|| error("unknown authority"))).transpose()?,
            limit: limit.map(|limit| limit.ok_or_else(|| error("unknown limit"))).transpose()?,
            choices: raw.choices.iter().map(|text| choice(text)).collect(),
            may_be_na: raw.na || raw.answer == AnswerKind::YesNoNa,
            id: raw.id,
            severity: raw.severity,
            group: raw.group,
            answer: raw.answer,
            zh: raw.zh,
            en: raw.en,
            evidence: raw.evidence,
            handling: raw.handling,
            on_fail: raw.on_fail,
            check: raw.check,
            rule: raw.rule,
            feeds: raw.feeds,
            privacy: raw.privacy,
            valid_from: raw.valid_from,
            valid_to: raw.valid_to,
        })
    }

    fn basis(&self, source: &str, article: Option<String>) -> Option<Basis> {
        Some(Basis { source: Arc::clone(self.sources.get(source)?), article })
    }

    fn limit(&self, raw: &RawLimit) -> Option<Limit> {
        Some(match raw {
            RawLimit::Lt { value } => Limit::Below(whole(value.ceil())),
            RawLimit::Le { value } => Limit::AtMost(whole(value.floor())),
            RawLimit::Ge { value } => Limit::AtLeast(whole(value.ceil())),
            RawLimit::Between { value: (low, high) } => {
                Limit::Between(whole(low.ceil()), whole(high.floor()))
            }
            RawLimit::EqItem { item } => Limit::EqualsItem(item.clone()),
            RawLimit::LeItem { item } => Limit::AtMostItem(item.clone()),
            RawLimit::LeParam { param } => {
                let caps = self.caps.get(param.strip_prefix("capacity_caps.")?)?.clone();
                Limit::AtMostCap { parameter: param.clone(), caps }
            }
        })
    }
}

/// A rounded bound as an integer; the cast saturates.
fn whole(rounded: f64) -> i64 {
    rounded as i64
}

/// `电话/phone`, or one word for both languages.
fn choice(text: &str) -> Choice {
    let (zh, en) = text.split_once('/').unwrap_or((text, text));
    Choice { code: en.to_lowercase().replace(' ', "_"), zh: zh.to_owned(), en: en.to_owned() }
}

fn first_day<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Date, D::Error> {
    day(&String::deserialize(d)?, "-01").map_err(serde::de::Error::custom)
}

fn first_day_or_none<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(d)?;
    (!text.is_empty()).then(|| day(&text, "-01")).transpose().map_err(serde::de::Error::custom)
}

fn last_day_or_none<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(d)?;
    let last =
        |text: &str| Ok(if is_month(text) { day(text, "-01")?.last_of_month() } else { day(text, "")? });
    (!text.is_empty()).then(|| last(&text)).transpose().map_err(|e: jiff::Error| serde::de::Error::custom(e))
}

/// `YYYY-MM-DD`, or `YYYY-MM` completed with `rest`.
fn day(text: &str, rest: &str) -> Result<Date, jiff::Error> {
    if is_month(text) { format!("{text}{rest}").parse() } else { text.parse() }
}

fn is_month(text: &str) -> bool {
    text.len() == "YYYY-MM".len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edition_parses() {
        for files in &EDITIONS {
            let edition = files.read().unwrap();
            assert!(!edition.sets.is_empty() && !edition.categories.is_empty());
            edition.check().unwrap();
        }
        let sets = &current().sets;
        assert_eq!(sets.len(), 22);
        assert_eq!(sets.iter().map(|set| set.items.len()).sum::<usize>(), 299);
    }

    fn item(id: &str) -> &'static ChecklistItem {
        current().sets.iter().flat_map(|set| &set.items).find(|item| item.id == id).unwrap()
    }

    #[test]
    fn items_carry_what_the_file_says() {
        let minors = item("ICF-R-01");
        assert_eq!(minors.severity, Severity::Critical);
        assert_eq!(minors.basis[1].source.title_zh, "未成年人保护法（2024修正）");
        assert_eq!(minors.basis[1].article.as_deref(), Some("58"));
        assert_eq!(minors.penalty[1].source.id, "L-MINOR");
        assert_eq!(minors.privacy.as_deref(), Some("blur faces of minors in every copy"));
        assert_eq!(item("ICF-R-04").also, Some(Handling::Police));
        assert_eq!(item("CMN-R-05").on_fail, Some(OnFail::StopUntilCleared));
        assert_eq!(item("CMN-R-05").handling, Handling::Fire);
        assert_eq!(item("CMN-R-03").check, Some(Check::CreditCode));
        assert_eq!(item("ARC-R-01").rule, Some(CalendarRule::StatutoryHoliday));
        assert_eq!(item("TRA-E-02").feeds, Some(Feeds::TourGroupCancellation));
        assert!(item("LIB-R-07").may_be_na);
    }

    #[test]
    fn limits_are_whole_numbers() {
        assert_eq!(item("CLS-02").limit, Some(Limit::AtMost(0)));
        assert_eq!(item("CLS-16").limit, Some(Limit::Below(373)));
        assert_eq!(item("CIN-R-05").limit, Some(Limit::AtLeast(67)));
        assert_eq!(item("LIB-R-07").limit, Some(Limit::Between(160, 220)));
        assert_eq!(item("ICF-R-06").limit, Some(Limit::EqualsItem("ICF-R-05".into())));
        let Some(Limit::AtMostCap { caps, .. }) = &item("ICF-E-02").limit else { panic!("no cap") };
        assert_eq!(caps.last().unwrap().percent, Some(75));
    }

    #[test]
    fn choices_have_codes() {
        let codes: Vec<_> = item("CLS-09").choices.iter().map(|choice| choice.code.as_str()).collect();
        assert_eq!(codes, ["phone", "wechat", "qq", "on_site", "sms", "paper"]);
        assert_eq!(item("CLS-09").choices[3].zh, "上门");
    }

    #[test]
    fn a_month_begins_on_its_first_and_ends_on_its_last_day() {
        assert_eq!(item("PER-E-08").valid_to, Some(Date::constant(2020, 9, 30)));
        assert_eq!(item("REO-09").valid_to, Some(Date::constant(2022, 12, 7)));
        let caps = &current().parameters.capacity_caps["scenic"];
        assert_eq!(caps[2].from, Date::constant(2020, 9, 1));
        for caps in current().parameters.capacity_caps.values() {
            assert!(caps.is_sorted_by_key(|cap| cap.from));
        }
    }

    #[test]
    fn a_file_that_contradicts_itself_is_no_edition() {
        let file = current_file();
        assert!(Edition::of_file(file).is_ok());
        for (from, to, why) in [
            ("- id: CLS-02", "- id: CLS-01", "CLS-01: twice"),
            ("- id: ICF-R\n", "- id: ICF-X\n", "ICF-R: a category names this set, and the file lacks it"),
            ("item: ICF-R-05", "item: CMN-R-05", "ICF-R-06: refers to an item of no or another set"),
        ] {
            assert_eq!(file.matches(from).count(), 1, "{from}");
            assert_eq!(Edition::of_file(&file.replace(from, to)).unwrap_err().to_string(), why);
        }
    }
}
