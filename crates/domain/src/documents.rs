//! The documents that are made on site: their codes and names (`data/documents.csv`). What stands in each and how it is set
//! is the business of the documents crate; HQ and screens only name them.

use std::sync::LazyLock;

use serde::Deserialize;

/// A kind of document, by the code that the log names.
#[derive(Debug, Clone, Deserialize)]
pub struct DocumentName {
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    /// What it rests on, as it is printed under the title.
    pub basis_zh: String,
}

#[expect(clippy::expect_used, reason = "our own file, read by every test")]
static NAMES: LazyLock<Vec<DocumentName>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_bytes!("../data/documents.csv").as_slice())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("data/documents.csv")
});

/// Every document that is made on site, in the order in which a list shows them.
pub fn all() -> &'static [DocumentName] {
    &NAMES
}

/// The document of a code; none for one of a newer version.
pub fn by_code(code: &str) -> Option<&'static DocumentName> {
    NAMES.iter().find(|name| name.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_has_its_names_and_a_code_of_its_own() {
        let mut codes: Vec<&str> = all().iter().map(|name| name.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes, ["D03", "D04", "D07", "D18", "D27"]);
        assert!(all().iter().all(|name| !name.name_zh.is_empty() && !name.name_en.is_empty()));
        assert_eq!(by_code("D04").map(|name| name.name_zh.as_str()), Some("责令改正通知书"));
        assert!(by_code("D99").is_none());
    }
}
