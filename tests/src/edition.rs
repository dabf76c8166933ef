//! Editions of the checklists that differ from the program's own.

use xuncha_domain::checklist::{Rule, read_edition};

/// The program's edition with some of its text replaced.
///
/// # Panics
/// When a text does not stand in it exactly once, or it is no edition any more.
pub fn edition(replaced: &[(&str, &str)]) -> Vec<Rule> {
    let file = crate::package().join("../crates/domain/data/checklists.yaml");
    let mut yaml = std::fs::read_to_string(file).expect("the edition's file");
    for (from, to) in replaced {
        assert_eq!(yaml.matches(from).count(), 1, "{from}");
        yaml = yaml.replace(from, to);
    }
    read_edition(&yaml).expect("an edition")
}
