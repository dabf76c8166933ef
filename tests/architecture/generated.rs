use xuncha_tests::generated;

/// Set by `cargo xtask types`: writes the files instead of comparing them.
const UPDATE: &str = "UPDATE_GENERATED";

fn fresh(name: &str, text: &str) {
    let path = super::root().join("ui/src/shared/backend/generated").join(name);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap();
    assert!(there == text, "{name} is stale: run `cargo xtask types`");
}

#[test]
fn the_phones_types_are_fresh() {
    fresh("phone.ts", &generated::phone());
}

#[test]
fn the_consoles_types_are_fresh() {
    fresh("console.ts", &generated::console());
}
