//! Versions of checklists and their names.
//!
//! **The hash of a checklist** is SHA-256 over the domain tag `xuncha/checklist/1` (as [`tagged_hash`] prefixes it) and
//! the deterministic CBOR of its content. Content is arrays all the way down; what is absent is null, days are
//! `YYYY-MM-DD` text, words are their codes:
//!
//! ```text
//! checklist = [set, …]                          in the order of the visit
//! set       = [id, title_zh, title_en, mode, [category, …], [item, …]]
//! item      = [id, severity, group, answer, may_be_na, zh, en, [choice, …], limit, [basis, …], [penalty basis, …],
//!              [evidence, …], handling, also, on_fail, check, rule, feeds, privacy, valid_from, valid_to]
//! choice    = [code, zh, en]
//! basis     = [source id, title_zh, title_en, kind, from, to, verification, article]
//! limit     = ["below" | "at_most" | "at_least", bound] | ["between", low, high]
//!           | ["equals_item" | "at_most_item", item id] | ["at_most_cap", parameter, [cap, …]]
//! cap       = [percent, of, extra, from]
//! ```
//!
//! Everything that an officer sees and everything that a judgement uses is in it; category and purpose are not, so that
//! two categories that are asked the same questions share one version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jiff::civil::Date;

use super::data::{Edition, editions};
use super::{Basis, CapacityCap, Checklist, ChecklistItem, ChecklistSet, Limit, Mode};
use crate::cbor::Value;
use crate::ids::tagged_hash;

const TAG: &str = "xuncha/checklist/1";

/// Every version of every edition.
#[derive(Default)]
pub(super) struct Library {
    versions: BTreeMap<[u8; 32], Checklist>,
    /// The versions that new visits use.
    current: BTreeMap<(&'static str, &'static str), [u8; 32]>,
}

/// Built once, at the first use.
pub(super) fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut library = Library::default();
        for edition in editions() {
            library.current.clear();
            library.add(edition);
        }
        library
    })
}

impl Library {
    pub(super) fn current(&self, category: &str, purpose: Mode) -> Option<&Checklist> {
        self.by_hash(self.current.get(&(category, purpose.code()))?)
    }

    pub(super) fn by_hash(&self, hash: &[u8; 32]) -> Option<&Checklist> {
        self.versions.get(hash)
    }

    fn add(&mut self, edition: &'static Edition) {
        for category in category_codes(edition) {
            let sets = sets_of(edition, category);
            for mode in Mode::ALL {
                let sets: Vec<_> = sets.iter().copied().filter(|set| set.mode == *mode).collect();
                if sets.is_empty() {
                    continue;
                }
                let hash = content_hash(&sets);
                self.current.insert((category, mode.code()), hash);
                self.versions.entry(hash).or_insert(Checklist { hash, sets });
            }
        }
    }
}

/// The venue categories, and what else a set names.
fn category_codes(edition: &Edition) -> BTreeSet<&str> {
    let named = edition.sets.iter().flat_map(|set| &set.categories).filter(|code| *code != "*");
    edition.categories.iter().map(|category| &category.code).chain(named).map(String::as_str).collect()
}

fn sets_of<'a>(edition: &'a Edition, code: &str) -> Vec<&'a ChecklistSet> {
    let Some(category) = edition.categories.iter().find(|category| category.code == code) else {
        return edition.sets.iter().filter(|set| set.categories.iter().any(|c| c == code)).collect();
    };
    let set = |id: &String| edition.sets.iter().find(|set| set.id == *id);
    category.checklist_sets.iter().filter_map(set).collect()
}

fn content_hash(sets: &[&ChecklistSet]) -> [u8; 32] {
    tagged_hash(TAG, &[&array(sets, |set| set_value(set)).encode()])
}

fn set_value(set: &ChecklistSet) -> Value {
    Value::Array(vec![
        Value::text(&set.id),
        Value::text(&set.title_zh),
        Value::text(&set.title_en),
        Value::text(set.mode.code()),
        array(&set.categories, Value::text),
        array(&set.items, item_value),
    ])
}

fn item_value(item: &ChecklistItem) -> Value {
    Value::Array(vec![
        Value::text(&item.id),
        Value::text(item.severity.code()),
        Value::text(&item.group),
        Value::text(item.answer.code()),
        Value::Bool(item.may_be_na),
        Value::text(&item.zh),
        Value::text(&item.en),
        array(&item.choices, |c| array([&c.code, &c.zh, &c.en], Value::text)),
        Value::option(item.limit.as_ref(), limit_value),
        array(&item.basis, basis_value),
        array(&item.penalty, basis_value),
        array(&item.evidence, |evidence| Value::text(evidence.code())),
        Value::text(item.handling.code()),
        Value::option(item.also, |word| Value::text(word.code())),
        Value::option(item.on_fail, |word| Value::text(word.code())),
        Value::option(item.check, |word| Value::text(word.code())),
        Value::option(item.rule, |word| Value::text(word.code())),
        Value::option(item.feeds, |word| Value::text(word.code())),
        Value::option(item.privacy.as_ref(), Value::text),
        Value::option(item.valid_from, day_value),
        Value::option(item.valid_to, day_value),
    ])
}

fn limit_value(limit: &Limit) -> Value {
    let (word, operands) = match limit {
        Limit::Below(bound) => ("below", vec![Value::Int(*bound)]),
        Limit::AtMost(bound) => ("at_most", vec![Value::Int(*bound)]),
        Limit::AtLeast(bound) => ("at_least", vec![Value::Int(*bound)]),
        Limit::Between(low, high) => ("between", vec![Value::Int(*low), Value::Int(*high)]),
        Limit::EqualsItem(item) => ("equals_item", vec![Value::text(item)]),
        Limit::AtMostItem(item) => ("at_most_item", vec![Value::text(item)]),
        Limit::AtMostCap { parameter, caps } => {
            ("at_most_cap", vec![Value::text(parameter), array(caps, cap_value)])
        }
    };
    Value::Array([Value::text(word)].into_iter().chain(operands).collect())
}

fn cap_value(cap: &CapacityCap) -> Value {
    Value::Array(vec![
        Value::option(cap.percent, Value::Int),
        Value::text(&cap.of),
        Value::option(cap.extra.as_ref(), Value::text),
        day_value(cap.from),
    ])
}

fn basis_value(basis: &Basis) -> Value {
    let source = &basis.source;
    Value::Array(vec![
        Value::text(&source.id),
        Value::text(&source.title_zh),
        Value::text(&source.title_en),
        Value::text(&source.kind),
        Value::option(source.from, day_value),
        Value::option(source.to, day_value),
        Value::text(source.verification.code()),
        Value::option(basis.article.as_ref(), Value::text),
    ])
}

fn day_value(day: Date) -> Value {
    Value::text(day.to_string())
}

fn array<T>(items: impl IntoIterator<Item = T>, value: impl FnMut(T) -> Value) -> Value {
    Value::Array(items.into_iter().map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::categories;

    fn set_ids(category: &str, purpose: Mode) -> Vec<&'static str> {
        let checklist = Checklist::for_venue(category, purpose);
        checklist.into_iter().flat_map(|c| &c.sets).map(|set| set.id.as_str()).collect()
    }

    #[test]
    fn the_sets_of_a_category_apply_in_its_order() {
        assert_eq!(set_ids("ICAFE", Mode::Routine), ["CMN-R", "ICF-R"]);
        assert_eq!(set_ids("ICAFE", Mode::Closure), ["CLS"]);
        assert_eq!(set_ids("ICAFE", Mode::Reopening), ["REO", "ICF-E"]);
        assert_eq!(set_ids("ICAFE", Mode::Epidemic), [""; 0]);
        assert_eq!(set_ids("STAR_HOTEL", Mode::Epidemic), ["HOT-E"]);
        assert_eq!(set_ids("LIBRARY", Mode::Routine), ["LIB-R"], "the file leaves the common set out");
        assert_eq!(set_ids("BRIGADE", Mode::Internal), ["BRG"]);
        assert_eq!(set_ids("NOBODY", Mode::Routine), [""; 0]);
        assert!(Checklist::purposes("ICAFE").eq([Mode::Routine, Mode::Closure, Mode::Reopening]));
    }

    #[test]
    fn every_category_names_sets_that_exist_and_were_written_for_it() {
        let edition = editions().last().unwrap();
        for category in categories() {
            let sets = sets_of(edition, &category.code);
            assert_eq!(sets.len(), category.checklist_sets.len(), "{}", category.code);
            for set in sets {
                let fits = |code: &String| code == "*" || *code == category.code;
                assert!(set.categories.iter().any(fits), "{} in {}", set.id, category.code);
            }
        }
    }

    #[test]
    fn every_version_is_found_again_by_its_hash() {
        let mut versions = BTreeSet::new();
        for category in categories() {
            for purpose in Checklist::purposes(&category.code) {
                let checklist = Checklist::for_venue(&category.code, purpose).unwrap();
                assert_eq!(Checklist::by_hash(&checklist.hash), Some(checklist));
                versions.insert(checklist.hash);
            }
        }
        assert!(versions.len() > 20);
        assert_eq!(Checklist::by_hash(&[0; 32]), None);
    }

    #[test]
    fn categories_that_are_asked_the_same_share_a_version() {
        let library = Checklist::for_venue("LIBRARY", Mode::Routine).unwrap();
        assert_eq!(Checklist::for_venue("MUSEUM", Mode::Routine).unwrap().hash, library.hash);
    }

    #[test]
    fn the_name_of_a_version_does_not_change_by_accident() {
        // A failure means that the data or the definition above changed: keep the old edition in `EDITIONS` once a
        // version with this name has been released.
        let closure = Checklist::for_venue("ICAFE", Mode::Closure).unwrap();
        assert_eq!(
            hex::encode(closure.hash),
            "1dc0ecb4f4a2b1e0dada7a4f53e55e93e6d74278323944e58b1b6747352c84ee"
        );
    }

    #[test]
    fn any_change_of_an_item_changes_the_name() {
        let closure = Checklist::for_venue("ICAFE", Mode::Closure).unwrap();
        let original = closure.sets[0];
        let changes: [fn(&mut ChecklistItem); 5] = [
            |item| item.zh.push('。'),
            |item| item.limit = Some(Limit::AtMost(1)),
            |item| item.may_be_na = true,
            |item| item.valid_to = Some(Date::constant(2020, 3, 1)),
            |item| item.evidence.clear(),
        ];
        for change in changes {
            let mut set = original.clone();
            change(&mut set.items[1]);
            assert_ne!(content_hash(&[&set]), closure.hash);
        }
        assert_eq!(content_hash(&[&original.clone()]), closure.hash);
    }
}
