//! Editions of the checklists that differ from the program's own.

use xuncha_domain::checklist::{Rule, read_edition};

/// The program's edition with some of its text replaced.
///
/// # Panics
/// As [`edition_file`], and when it is no edition any more.
pub fn edition(replaced: &[(&str, &str)]) -> Vec<Rule> {
    read_edition(&edition_file(replaced)).expect("an edition")
}

/// Its file.
///
/// # Panics
/// When a text does not stand in it exactly once.
pub fn edition_file(replaced: &[(&str, &str)]) -> String {
    let file = crate::package().join("../crates/domain/data/checklists.yaml");
    let mut yaml = std::fs::read_to_string(file).expect("the edition's file");
    for (from, to) in replaced {
        assert_eq!(yaml.matches(from).count(), 1, "{from}");
        yaml = yaml.replace(from, to);
    }
    yaml
}
