//! Versions of checklists: those that the program brings along, those that HQ publishes, and those of an edition's file.
//!
//! A version is named by the hash of its content (`content.rs` defines both).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::content::{self, CONTENT_BYTES_MAX};
use super::data::{Edition, EditionError, editions};
use super::{Checklist, ChecklistSet, ContentError, Mode, Rule};

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

    pub(super) fn rules(&self) -> impl Iterator<Item = (&'static str, Mode)> {
        self.current.keys().filter_map(|(category, purpose)| Some((*category, Mode::from_code(purpose)?)))
    }

    pub(super) fn by_hash(&self, hash: &[u8; 32]) -> Option<&Checklist> {
        self.versions.get(hash)
    }

    fn add(&mut self, edition: &'static Edition) {
        for (category, mode, sets) in versions(edition) {
            let hash = content::hash(&content::encode(&sets));
            self.current.insert((category, mode.code()), hash);
            self.versions.entry(hash).or_insert(Checklist { hash, sets });
        }
    }
}

/// The sets that each category is asked for each purpose, where any is.
fn versions(edition: &Edition) -> impl Iterator<Item = (&str, Mode, Vec<&ChecklistSet>)> {
    category_codes(edition).into_iter().flat_map(move |category| {
        let sets = sets_of(edition, category);
        Mode::ALL.iter().filter_map(move |mode| {
            let sets: Vec<_> = sets.iter().copied().filter(|set| set.mode == *mode).collect();
            (!sets.is_empty()).then_some((category, *mode, sets))
        })
    })
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

/// Versions that one process reads of those that HQ published: far more than a city publishes in a phone's life.
const PUBLISHED_MAX: usize = 2_000;

/// The version with this content, whether the program brings it along or not. Each is decoded once in a process.
pub(super) fn published(bytes: &[u8]) -> Result<&'static Checklist, ContentError> {
    static PUBLISHED: Mutex<BTreeMap<[u8; 32], &'static Checklist>> = Mutex::new(BTreeMap::new());
    let hash = content::hash(bytes);
    if let Some(checklist) = library().by_hash(&hash) {
        return Ok(checklist);
    }
    let mut published = PUBLISHED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(checklist) = published.get(&hash) {
        return Ok(checklist);
    }
    if published.len() >= PUBLISHED_MAX {
        return Err(ContentError::TooMany);
    }
    // Never freed, as what is compiled in: visits refer to it as long as the program runs.
    let sets: &'static [ChecklistSet] = Box::leak(content::decode(bytes)?.into_boxed_slice());
    let checklist: &'static Checklist = Box::leak(Box::new(Checklist { hash, sets: sets.iter().collect() }));
    published.insert(hash, checklist);
    Ok(checklist)
}

/// What an edition's file says.
pub(super) fn of_edition(checklists: &str) -> Result<Vec<Rule>, EditionError> {
    let edition = Edition::of_file(checklists)?;
    let rules = versions(&edition).map(|(category, purpose, sets)| {
        let content = content::encode(&sets);
        if content.len() > CONTENT_BYTES_MAX {
            return Err(EditionError::TooLarge(category.to_owned(), purpose.code()));
        }
        Ok(Rule { category: category.to_owned(), purpose, content })
    });
    rules.collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::super::data::current_file;
    use super::super::{ChecklistItem, Limit};
    use super::*;
    use crate::cbor::Value;
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
                assert_eq!(Checklist::built_in(&checklist.hash), Some(checklist));
                versions.insert(checklist.hash);
            }
        }
        assert!(versions.len() > 20);
        assert_eq!(Checklist::built_in(&[0; 32]), None);
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

    fn name(set: &ChecklistSet) -> [u8; 32] {
        content::hash(&content::encode(&[set]))
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
            assert_ne!(name(&set), closure.hash);
        }
        assert_eq!(name(original), closure.hash);
    }
    #[test]
    fn content_says_the_whole_checklist() {
        for rule in of_edition(current_file()).unwrap() {
            let built_in = Checklist::for_venue(&rule.category, rule.purpose).unwrap();
            assert_eq!(rule.content, built_in.content());
            let decoded = content::decode(&rule.content).unwrap();
            assert!(decoded.iter().eq(built_in.sets.iter().copied()), "{} {:?}", rule.category, rule.purpose);
        }
    }

    #[test]
    fn a_published_version_is_found_by_its_content_and_is_one() {
        let mut set = Checklist::for_venue("ICAFE", Mode::Closure).unwrap().sets[0].clone();
        set.items[0].zh = "（新）".into();
        let bytes = content::encode(&[&set]);
        let published = Checklist::from_content(&bytes).unwrap();
        assert_eq!((published.hash, published.sets[0]), (name(&set), &set));
        assert_eq!(published.content(), bytes);
        assert!(std::ptr::eq(published, Checklist::from_content(&bytes).unwrap()));
        assert_eq!(Checklist::built_in(&published.hash), None);
        let closure = Checklist::for_venue("ICAFE", Mode::Closure).unwrap();
        assert!(std::ptr::eq(closure, Checklist::from_content(&closure.content()).unwrap()));
    }

    #[test]
    fn bytes_that_say_no_checklist_are_refused_with_a_reason() {
        let set = Checklist::for_venue("ICAFE", Mode::Closure).unwrap().sets[0];
        let good = Value::decode_nested(&content::encode(&[set]), 7).unwrap();
        let with = |at: usize, value: Value| {
            let mut value_of = good.clone();
            let Value::Array(sets) = &mut value_of else { unreachable!() };
            let Value::Array(parts) = &mut sets[0] else { unreachable!() };
            parts[at] = value;
            content::decode(&value_of.encode()).unwrap_err()
        };
        let shape = ContentError::Shape;
        assert_eq!(with(0, Value::Int(1)), shape("not a text"));
        assert_eq!(with(3, Value::text("sometimes")), shape("a word that this version does not know"));
        assert_eq!(with(5, Value::Null), shape("not a list"));
        assert_eq!(with(5, Value::Array(vec![Value::Array(vec![])])), shape("not a list of that length"));
        assert_eq!(content::decode(&[0; CONTENT_BYTES_MAX + 1]), Err(ContentError::TooLarge));
        assert!(matches!(content::decode(&[0x9f]), Err(ContentError::Cbor(_))));
    }
}
