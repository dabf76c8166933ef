//! The TypeScript that is generated from Rust: one file per boundary, every type that crosses it once.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};

use ts_rs::{Config, TS, TypeVisitor};
use xuncha_engine::api;
use xuncha_server::http::types as console;

const HEAD: &str = "// Generated from Rust by `cargo xtask types`. Do not edit.\n\n";

/// `ui/src/shared/backend/generated/phone.ts`.
pub fn phone() -> String {
    let config = config();
    let mut types = Types { config: &config, declared: BTreeMap::new(), seen: HashSet::new() };
    api::visit_types(&mut types);
    let mut text = types.text();
    text.push_str("\nexport type Calls = {\n");
    for (name, arguments, result) in api::signatures(&config) {
        text.push_str(&format!("  {name}: {{ args: {arguments}, result: {result} }},\n"));
    }
    text.push_str("};\n");
    text
}

/// `ui/src/shared/backend/generated/console.ts`.
pub fn console() -> String {
    let config = config();
    let mut types = Types { config: &config, declared: BTreeMap::new(), seen: HashSet::new() };
    types.visit::<console::ApiProblem>();
    types.visit::<console::SignIn>();
    types.visit::<console::SetUp>();
    types.visit::<console::Session>();
    types.visit::<console::VisitQuery>();
    types.visit::<console::VisitPage>();
    types.visit::<console::VisitDetail>();
    types.visit::<console::ConflictQuery>();
    types.visit::<console::ConflictPage>();
    types.visit::<console::ResolveConflict>();
    types.visit::<console::ReviewVisit>();
    types.visit::<console::DuplicatePage>();
    types.visit::<console::DecideDuplicate>();
    types.visit::<console::NewEraseOrder>();
    types.visit::<console::EraseOrderInfo>();
    types.visit::<console::DeviceRow>();
    types.visit::<console::OfficerInfo>();
    types.visit::<console::TeamInfo>();
    types.visit::<console::NewOfficer>();
    types.visit::<console::MoveOfficer>();
    types.visit::<console::NewEnrolCode>();
    types.visit::<console::EnrolCode>();
    types.visit::<console::Reference>();
    types.visit::<console::LedgerInfo>();
    types.visit::<console::LedgerQuery>();
    types.visit::<console::LedgerPage>();
    types.visit::<console::NewRow>();
    types.visit::<console::SetRow>();
    types.visit::<console::VenueInfo>();
    types.visit::<console::VenueQuery>();
    types.visit::<console::AssignVenues>();
    types.visit::<console::Assigned>();
    types.visit::<console::Overview>();
    types.text()
}

/// JSON numbers everywhere: no id is a number, and counts stay far below 2^53.
fn config() -> Config {
    Config::new().with_large_int("number")
}

struct Types<'a> {
    config: &'a Config,
    declared: BTreeMap<String, String>,
    /// A row holds rows.
    seen: HashSet<TypeId>,
}

impl Types<'_> {
    fn text(self) -> String {
        let declarations = self.declared.into_values().map(|declaration| format!("export {declaration}\n"));
        HEAD.to_owned() + &declarations.collect::<String>()
    }
}

impl TypeVisitor for Types<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // Only our own types have a place in a file; numbers, texts and lists are TypeScript's.
        if T::output_path().is_some() {
            self.declared.insert(T::ident(self.config), T::decl(self.config));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}
