//! A migration that was committed is never edited: databases in the field were made by it. A new one is added to
//! `migrations.sha256` together with its file.

use sha2::{Digest, Sha256};

use super::{files, root};

#[test]
fn migrations_are_untouched() {
    let known = std::fs::read_to_string(root().join("tests/architecture/migrations.sha256")).unwrap();
    let mut listed: Vec<String> = known.lines().map(str::to_owned).collect();
    listed.sort();
    let mut there: Vec<String> =
        ["crates/engine/src/store/migrations", "crates/engine/src/hub/migrations", "sync-server/migrations"]
            .iter()
            .flat_map(|folder| files(&root().join(folder), &["sql"]))
            .map(|path| {
                let hash = Sha256::digest(std::fs::read(&path).unwrap());
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                format!("{}  {name}", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
            })
            .collect();
    there.sort();
    assert_eq!(there, listed, "a migration was edited, or a new one is not listed in migrations.sha256");
}
