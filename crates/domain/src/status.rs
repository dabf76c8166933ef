//! The state machines of the field: which states exist, which may follow which, and which of two concurrent ones stands.
//!
//! Parsed once from `data/statuses.csv`. A transition that is not drawn there is not made here either.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::reference::list;

/// One state machine, such as `finding`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub code: String,
    /// In the order of the file, which is the order of screens.
    pub states: Vec<State>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub code: String,
    pub zh: String,
    pub en: String,
    pub initial: bool,
    pub terminal: bool,
    /// Codes of the states that may follow directly.
    pub next: Vec<String>,
}

impl Machine {
    /// The machine with this code.
    pub fn get(code: &str) -> Option<&'static Machine> {
        machines().iter().find(|machine| machine.code == code)
    }

    pub fn state(&self, code: &str) -> Option<&State> {
        self.states.iter().find(|state| state.code == code)
    }

    /// Whether `to` may directly follow `from`. Staying is not a step.
    pub fn allows(&self, from: &str, to: &str) -> bool {
        self.state(from).is_some_and(|state| state.next.iter().any(|next| next == to))
    }

    /// Whether one or more steps lead from `from` to `to`. A state reaches itself only over a cycle.
    pub fn can_reach(&self, from: &str, to: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        // Bounded: every state enters `open` at most once after it enters `seen`.
        while let Some(code) = open.pop() {
            for next in self.state(code).into_iter().flat_map(|state| &state.next) {
                if next == to {
                    return true;
                }
                if seen.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        false
    }

    /// Whether of two concurrent states `state` stands and `other` gives way: `state` can be reached from `other`, and
    /// there is no way back.
    ///
    /// False for states on a common cycle, for unrelated ones and for unknown ones: those stay a conflict for a person.
    ///
    /// The gravity of a state has no say here: `rectified` absorbs a concurrent `not_rectified`, because the one is what
    /// became of the other. Displaying the graver would bring back what a recheck has settled.
    pub fn absorbs(&self, state: &str, other: &str) -> bool {
        self.can_reach(other, state) && !self.can_reach(state, other)
    }
}

/// All machines.
pub fn machines() -> &'static [Machine] {
    static DATA: OnceLock<Vec<Machine>> = OnceLock::new();
    // The file is part of the program: `the_file_parses` proves that the empty list is never taken.
    DATA.get_or_init(|| parse(STATUSES).unwrap_or_default())
}

const STATUSES: &str = include_str!("../data/statuses.csv");

#[derive(Deserialize)]
struct Row {
    machine: String,
    code: String,
    zh: String,
    en: String,
    initial: String,
    terminal: String,
    next: String,
}

fn parse(text: &str) -> Result<Vec<Machine>, csv::Error> {
    let mut machines: Vec<Machine> = Vec::new();
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
        let row: Row = row?;
        let state = State {
            code: row.code,
            zh: row.zh,
            en: row.en,
            initial: row.initial == "yes",
            terminal: row.terminal == "yes",
            next: list(&row.next, '|'),
        };
        match machines.last_mut().filter(|machine| machine.code == row.machine) {
            Some(machine) => machine.states.push(state),
            None => machines.push(Machine { code: row.machine, states: vec![state] }),
        }
    }
    Ok(machines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_parses() {
        let machines = parse(STATUSES).unwrap();
        assert_eq!(machines.len(), 21);
        assert_eq!(machines.iter().map(|m| m.states.len()).sum::<usize>(), 169);
    }

    #[test]
    fn machines_are_well_formed() {
        for machine in machines() {
            let codes: BTreeSet<_> = machine.states.iter().map(|s| &s.code).collect();
            assert_eq!(codes.len(), machine.states.len(), "{}: a state twice", machine.code);
            assert_eq!(machine.states.iter().filter(|s| s.initial).count(), 1, "{}", machine.code);
            for state in &machine.states {
                assert!(state.next.iter().all(|n| codes.contains(n)), "{}/{}", machine.code, state.code);
                // temperature_outcome.normal and the like may be both initial and terminal; a terminal one leads nowhere.
                assert_eq!(state.terminal, state.next.is_empty(), "{}/{}", machine.code, state.code);
                let initial = machine.states.iter().find(|s| s.initial).unwrap();
                let reachable = state.initial || machine.can_reach(&initial.code, &state.code);
                let by_measuring = machine.code == "temperature_outcome";
                assert!(reachable || by_measuring, "{}/{} is unreachable", machine.code, state.code);
            }
        }
        let mut codes: Vec<_> = machines().iter().map(|m| &m.code).collect();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), machines().len(), "a machine's rows are scattered");
    }

    #[test]
    fn steps_are_those_of_the_file() {
        let finding = Machine::get("finding").unwrap();
        assert!(finding.allows("open", "rectifying"));
        assert!(!finding.allows("open", "rectified"));
        assert!(!finding.allows("open", "open"));
        assert!(!finding.allows("nonsense", "open"));
        assert_eq!(finding.state("rectified").unwrap().zh, "已整改");
        assert_eq!(Machine::get("nonsense"), None);
    }

    #[test]
    fn reach_is_transitive_and_ends_in_cycles() {
        let finding = Machine::get("finding").unwrap();
        assert!(finding.can_reach("open", "case_opened"));
        assert!(finding.can_reach("open", "rectified"));
        assert!(!finding.can_reach("rectified", "open"));
        assert!(!finding.can_reach("fixed_on_spot", "rectified"));
        // rectifying -> recheck_due -> not_rectified -> rectifying
        assert!(finding.can_reach("rectifying", "rectifying"));
        assert!(!finding.can_reach("open", "open"));
    }

    #[test]
    fn of_two_concurrent_states_the_one_without_a_way_back_stands() {
        let finding = Machine::get("finding").unwrap();
        assert!(finding.absorbs("rectified", "open"));
        assert!(!finding.absorbs("open", "rectified"));
        assert!(finding.absorbs("rectified", "not_rectified"), "what became of it stands");
        assert!(!finding.absorbs("not_rectified", "rectified"));
        assert!(Machine::get("notice_delivery").unwrap().absorbs("acknowledged", "attempted"));
        assert!(!finding.absorbs("not_rectified", "rectifying"), "they lead to each other");
        assert!(!finding.absorbs("fixed_on_spot", "rectified"), "neither leads to the other");
        assert!(!finding.absorbs("open", "open"));
        assert!(!finding.absorbs("rectified", "nonsense"));
    }
}
