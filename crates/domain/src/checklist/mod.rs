//! Checklists: what an officer is asked at a venue, and what an answer means.
//!
//! A checklist is the ordered list of item sets that apply to a category and a purpose. It is immutable and named by a
//! hash of its whole content (see [`Checklist::hash`]), because a visit keeps the version that it began with: its
//! findings must be judged by the questions that the officer saw, also after the data has changed. Naming versions by
//! number was rejected: two offices would give one number to different texts.
//!
//! An edition of the data is compiled in and parsed once. HQ publishes later ones in the log: the content of each version
//! and which version new visits use (`crate::model::rules`). Every yes/no item is phrased so that *yes* means compliant.

mod content;
mod data;
mod judge;
mod version;

use std::sync::Arc;

use jiff::civil::Date;

pub use content::ContentError;
pub use data::{CapacityCap, EditionError, Parameters, TemperatureParameters};
pub use judge::{Judgement, Situation, judge, judge_in};

use crate::words::words;

words!(
    /// When a set is asked; also the purpose of a visit.
    Mode {
        Routine = "routine",
        /// Whether a closure is kept.
        Closure = "closure",
        Reopening = "reopening",
        Epidemic = "epidemic",
        /// The brigade checks itself.
        Internal = "internal",
    }
);

impl Mode {
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Routine => "日常",
            Self::Closure => "关停核查",
            Self::Reopening => "复业",
            Self::Epidemic => "疫情处置",
            Self::Internal => "内部自查",
        }
    }
    pub const fn en(self) -> &'static str {
        match self {
            Self::Routine => "Routine",
            Self::Closure => "Closure check",
            Self::Reopening => "Reopening",
            Self::Epidemic => "Epidemic control",
            Self::Internal => "Internal control",
        }
    }
}

words!(
    /// How bad a failed item is.
    Severity {
        /// Act on the spot and report at once.
        Critical = "critical",
        /// Order to correct and recheck.
        Major = "major",
        /// Remind on the spot.
        Minor = "minor",
    }
);

words!(
    /// What an item is answered with.
    AnswerKind {
        YesNo = "yes_no",
        YesNoNa = "yes_no_na",
        Number = "number",
        Percent = "percent",
        Temperature = "temperature",
        Text = "text",
        Choice = "choice",
    }
);

words!(
    /// What should be recorded along with an answer.
    Evidence {
        Photo = "photo",
        PhotoWide = "photo_wide",
        PhotoDoc = "photo_doc",
        Video = "video",
        Number = "number",
        Percent = "percent",
        Temperature = "temperature",
        Signature = "signature",
        Text = "text",
    }
);

words!(
    /// Who deals with a failed item: the brigade, or the authority to which it is referred.
    Handling {
        Brigade = "self",
        Fire = "transfer:fire",
        Police = "transfer:police",
        Health = "transfer:health",
        Market = "transfer:market",
        Labour = "transfer:labour",
        Transport = "transfer:transport",
    }
);

words!(
    /// How far a legal source was checked against its text.
    Verification {
        TextConfirmed = "text_confirmed",
        SummaryOnly = "summary_only",
        Bulletin = "bulletin",
        Unconfirmed = "unconfirmed",
    }
);

words!(
    /// What a failure sets off beyond a finding.
    OnFail { StopUntilCleared = "stop_until_cleared", OpenCase = "open_case" }
);

words!(
    /// A check on what is typed.
    Check {
        /// The unified social credit code and its check character (GB 32100).
        CreditCode = "uscc",
    }
);

words!(
    /// A calendar that the item depends on.
    CalendarRule { StatutoryHoliday = "statutory_holiday" }
);

words!(
    /// A register that the answer belongs to as well.
    Feeds { TourGroupCancellation = "tour_group_cancellation" }
);

/// An answer to an item. Whole numbers only: the log has no floats.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Compliant.
    Yes,
    No,
    /// Not applicable here.
    Na,
    Number(i64),
    /// Whole percent.
    Percent(i64),
    /// Tenths of a degree Celsius.
    Temperature(i64),
    Text(String),
    /// The code of a [`Choice`].
    Choice(String),
}

/// A legal source or working practice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Such as `R-ICAFE`.
    pub id: String,
    pub title_zh: String,
    pub title_en: String,
    pub kind: String,
    /// In force from and to, both days included.
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub verification: Verification,
}

/// Why an item is asked or punished: a source and, where it is known, the article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    pub source: Arc<Source>,
    pub article: Option<String>,
}

/// One answer of a choice item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The English text in small letters with `_` for spaces.
    pub code: String,
    pub zh: String,
    pub en: String,
}

/// The bound that a measured answer must keep, in the unit of the answer.
///
/// A fractional bound of the data is rounded to the whole number that lets the same whole answers pass (≥ 66.7 → ≥ 67).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    Below(i64),
    AtMost(i64),
    AtLeast(i64),
    /// Both included.
    Between(i64, i64),
    /// Equal to the answer of another item of the checklist.
    EqualsItem(String),
    /// At most the answer of another item of the checklist.
    AtMostItem(String),
    /// At most the cap of a dated table, such as `capacity_caps.icafe`.
    AtMostCap {
        parameter: String,
        caps: Vec<CapacityCap>,
    },
}

/// One question of a checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecklistItem {
    /// Such as `ICF-R-01`; stable across versions.
    pub id: String,
    pub severity: Severity,
    /// Subject, such as `fire` or `licence`; for grouping on a screen and in figures.
    pub group: String,
    pub answer: AnswerKind,
    /// Whether *not applicable* is an answer.
    pub may_be_na: bool,
    pub zh: String,
    pub en: String,
    /// Empty unless the answer is a choice.
    pub choices: Vec<Choice>,
    pub limit: Option<Limit>,
    pub basis: Vec<Basis>,
    /// The articles under which a failure is punished.
    pub penalty: Vec<Basis>,
    pub evidence: Vec<Evidence>,
    pub handling: Handling,
    /// A second authority that is told.
    pub also: Option<Handling>,
    pub on_fail: Option<OnFail>,
    pub check: Option<Check>,
    pub rule: Option<CalendarRule>,
    pub feeds: Option<Feeds>,
    /// What must not be photographed or shown, in English.
    pub privacy: Option<String>,
    /// Asked from and to these days, both included.
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
}

impl ChecklistItem {
    /// The unit of a measured answer.
    pub fn unit(&self) -> Option<&'static str> {
        match self.answer {
            AnswerKind::Percent => Some("%"),
            AnswerKind::Temperature => Some("℃"),
            _ => None,
        }
    }

    /// Whether the item is asked in a visit that begins on `day`.
    pub fn in_force(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    /// Whether `answer` is of the kind that the item asks for, and a choice is one of its choices.
    pub fn accepts(&self, answer: &Answer) -> bool {
        match answer {
            Answer::Yes | Answer::No => matches!(self.answer, AnswerKind::YesNo | AnswerKind::YesNoNa),
            Answer::Na => self.may_be_na,
            Answer::Number(_) => self.answer == AnswerKind::Number,
            Answer::Percent(_) => self.answer == AnswerKind::Percent,
            Answer::Temperature(_) => self.answer == AnswerKind::Temperature,
            Answer::Text(_) => self.answer == AnswerKind::Text,
            Answer::Choice(code) => self.choices.iter().any(|choice| choice.code == *code),
        }
    }
}

/// Items that are asked together, such as `ICF-R`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecklistSet {
    pub id: String,
    pub title_zh: String,
    pub title_en: String,
    pub mode: Mode,
    /// The category codes that it was written for; `*` for any.
    pub categories: Vec<String>,
    pub items: Vec<ChecklistItem>,
}

/// One immutable version: the sets that apply, in the order of the visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checklist {
    /// Names the version; defined in `content.rs`.
    pub hash: [u8; 32],
    pub sets: Vec<&'static ChecklistSet>,
}

impl Checklist {
    /// The checklist that this program brings along for a category and a purpose; `None` when nothing is asked then.
    ///
    /// Which sets apply and in which order stands in `categories.csv`. A code that is not a venue category, such as
    /// `BRIGADE`, gets the sets that name it.
    pub fn for_venue(category: &str, purpose: Mode) -> Option<&'static Checklist> {
        version::library().current(category, purpose)
    }

    /// The categories and purposes for which this program brings a checklist along.
    pub fn built_in_rules() -> impl Iterator<Item = (&'static str, Mode)> {
        version::library().rules()
    }

    /// The purposes for which something is asked of a category.
    pub fn purposes(category: &str) -> impl Iterator<Item = Mode> {
        Mode::ALL.iter().copied().filter(move |purpose| Self::for_venue(category, *purpose).is_some())
    }

    /// The version with this hash, if this program brings it along: current or from an earlier edition.
    pub fn built_in(hash: &[u8; 32]) -> Option<&'static Checklist> {
        version::library().by_hash(hash)
    }

    /// The version with this content (`content.rs` defines it), from outside.
    pub fn from_content(content: &[u8]) -> Result<&'static Checklist, ContentError> {
        version::published(content)
    }

    /// What [`Checklist::hash`] names.
    pub fn content(&self) -> Vec<u8> {
        content::encode(&self.sets)
    }

    pub fn items(&self) -> impl Iterator<Item = &'static ChecklistItem> {
        self.sets.iter().flat_map(|set| &set.items)
    }

    pub fn item(&self, id: &str) -> Option<&'static ChecklistItem> {
        self.items().find(|item| item.id == id)
    }
}

/// Which version new visits with this purpose use at venues of this category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub category: String,
    pub purpose: Mode,
    /// Of the version; `content.rs` defines it.
    pub content: Vec<u8>,
}

/// Reads the file of an edition, laid out as this program's own `checklists.yaml`.
pub fn read_edition(checklists: &str) -> Result<Vec<Rule>, EditionError> {
    version::of_edition(checklists)
}

/// The dated parameters of the current data.
pub fn parameters() -> &'static Parameters {
    &data::current().parameters
}
