use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::root;

/// Every text with its path, such as `visit.finish`.
fn texts(prefix: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                texts(&path, value, into);
            }
        }
        Value::String(text) => drop(into.insert(prefix.to_owned(), text.clone())),
        other => panic!("{prefix} is {other}, not a text"),
    }
}

/// The names in braces. A plural repeats its text, and with it the name.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

fn same_texts(folder: &str) {
    let read = |language: &str| {
        let path = root().join(folder).join(format!("{language}.json"));
        let json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut found = BTreeMap::new();
        texts("", &json, &mut found);
        found
    };
    let (zh, en) = (read("zh-CN"), read("en"));
    assert!(!zh.is_empty());
    assert_eq!(zh.keys().collect::<Vec<_>>(), en.keys().collect::<Vec<_>>(), "{folder}: a text is missing");
    for (key, text) in &zh {
        assert!(!text.is_empty() && !en[key].is_empty(), "{folder}: {key} is empty");
        assert_eq!(placeholders(text), placeholders(&en[key]), "{folder}: {key} has other placeholders");
    }
}

#[test]
fn both_languages_have_the_same_texts() {
    for folder in ["ui/src/shared/i18n", "ui/src/phone/i18n", "ui/src/console/i18n"] {
        same_texts(folder);
    }
}

#[test]
fn checklists_speak_both_languages() {
    for category in xuncha_domain::reference::categories() {
        for purpose in xuncha_domain::checklist::Checklist::purposes(&category.code) {
            let checklist = xuncha_domain::checklist::Checklist::for_venue(&category.code, purpose).unwrap();
            for item in checklist.items() {
                assert!(!item.zh.is_empty() && !item.en.is_empty(), "{}", item.id);
            }
        }
    }
}
