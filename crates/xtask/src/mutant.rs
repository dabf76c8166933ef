//! A mutant as data: which law it breaks, and the lines that it changes. `tests/simulation/mutants/README.md` shows one.
//!
//! In the copy that is built, the old and the new lines both stand, and [`SWITCH`] says which of them run: one build serves
//! all mutants (mutant schemata: Untch, Offutt and Harrold, 1993).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

/// The environment variable that names the mutant to run.
pub(crate) const SWITCH: &str = "XUNCHA_MUTANT";

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mutant {
    pub(crate) name: String,
    pub(crate) law: String,
    pub(crate) fault: String,
    /// Of `xuncha-simulate`.
    pub(crate) options: Vec<String>,
    edits: Vec<Edit>,
}

#[derive(Debug, PartialEq, Eq)]
struct Edit {
    file: String,
    before: String,
    old: String,
    new: String,
    after: String,
}

impl Mutant {
    /// Every mutant of a folder, by name.
    pub(crate) fn all(folder: &Path) -> Result<Vec<Self>> {
        let mut mutants = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "mutant") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                mutants
                    .push(Self::parse(&name, &fs::read_to_string(&path)?).with_context(|| name.to_string())?);
            }
        }
        mutants.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(mutants)
    }

    fn parse(name: &str, text: &str) -> Result<Self> {
        let mut mutant = Self {
            name: name.into(),
            law: String::new(),
            fault: String::new(),
            options: Vec::new(),
            edits: Vec::new(),
        };
        for line in text.lines() {
            if let Some(file) = line.strip_prefix("file: ") {
                mutant.edits.push(Edit::of(file));
            } else if let Some(edit) = mutant.edits.last_mut() {
                edit.line(line)?;
            } else {
                match line.split_once(": ") {
                    Some(("law", law)) => mutant.law = law.into(),
                    Some(("fault", fault)) => mutant.fault = fault.into(),
                    Some(("options", options)) => {
                        mutant.options = options.split_whitespace().map(str::to_owned).collect();
                    }
                    _ => bail!("what is {line:?}?"),
                }
            }
        }
        ensure!(!mutant.law.is_empty() && !mutant.fault.is_empty(), "law and fault must be named");
        ensure!(!mutant.edits.is_empty(), "it changes nothing");
        mutant.edits.iter_mut().try_for_each(Edit::end)?;
        Ok(mutant)
    }

    /// Puts it beside the old lines into `files`, which are read from `tree` when they are not there yet. Fails when one
    /// does not hold exactly what is replaced.
    pub(crate) fn put_into(&self, files: &mut BTreeMap<PathBuf, String>, tree: &Path) -> Result<()> {
        for edit in &self.edits {
            let text = match files.entry(edit.file.clone().into()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(fs::read_to_string(tree.join(&edit.file))?),
            };
            let old = [edit.before.as_str(), &edit.old, &edit.after].concat();
            let found = text.matches(&old).count();
            ensure!(found == 1, "{}: its old text stands in {} {found} times", self.name, edit.file);
            let both = [edit.before.as_str(), &edit.switched(&self.name)?, &edit.after].concat();
            *text = text.replacen(&old, &both, 1);
        }
        Ok(())
    }
}

impl Edit {
    fn of(file: &str) -> Self {
        let [before, old, new, after] = [(); 4].map(|()| String::new());
        Self { file: file.into(), before, old, new, after }
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let (mark, line) = line.split_at_checked(1).unwrap_or((" ", ""));
        let line = [line, "\n"].concat();
        match mark {
            " " if self.old.is_empty() && self.new.is_empty() => self.before += &line,
            // Between two changed lines it belongs to both, behind the last to none: known when the next comes.
            " " => self.after += &line,
            "-" | "+" => {
                let between = std::mem::take(&mut self.after);
                self.old += &between;
                self.new += &between;
                *(if mark == "-" { &mut self.old } else { &mut self.new }) += &line;
            }
            _ => bail!("a line begins with a space, a minus or a plus: {line:?}"),
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        ensure!(self.old != self.new, "it changes nothing in {}", self.file);
        Ok(())
    }

    /// The old and the new lines, and a switch between them.
    fn switched(&self, name: &str) -> Result<String> {
        let Self { old, new, .. } = self;
        let on = format!("std::env::var_os(\"{SWITCH}\").is_some_and(|mutant| mutant == \"{name}\")");
        Ok(match (binding(old), binding(new)) {
            (Some((a, old)), Some((b, new))) if a == b => {
                format!("let {a} = if {on} {{\n{new}\n}} else {{\n{old}\n}};\n")
            }
            (Some(_), _) => bail!("{name}: a `let` must stay one"),
            _ if old.is_empty() => format!("if {on} {{\n{new}}}\n"),
            _ => format!("if {on} {{\n{new}}} else {{\n{old}}}\n"),
        })
    }
}

/// The name and the value of a `let`.
fn binding(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.trim().strip_prefix("let ")?.split_once(" = ")?;
    Some((name, value.strip_suffix(';')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mutant that does not fit the code any more is found by every test run, not only by the long one.
    #[test]
    fn every_mutant_fits_the_code() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mutants = Mutant::all(&root.join("tests/simulation/mutants")).unwrap();
        let mut files = BTreeMap::new();
        let fit = mutants.iter().map(|mutant| mutant.put_into(&mut files, &root));
        let unfit: Vec<String> = fit.filter_map(Result::err).map(|error| error.to_string()).collect();
        assert!(mutants.len() >= 12, "only {} mutants", mutants.len());
        assert_eq!(unfit, [""; 0]);
    }

    #[test]
    fn what_is_no_mutant_is_refused() {
        for text in
            ["", "law: 1\nfault: x\n", "law: 1\nfault: x\nfile: a\n b\n", "law: 1\nfault: x\nfile: a\n*b\n"]
        {
            assert!(Mutant::parse("m", text).is_err(), "{text:?}");
        }
    }
}
