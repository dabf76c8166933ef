//! A disk that forgets: what was not flushed may be gone after a power cut, and a process may end between any two writes.
//!
//! SQLite's own files are trusted to keep what a transaction made durable; a transaction counts as one write.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use xuncha_domain::disk::{Disk, RealDisk};
use xuncha_tests::random::Random;
use xuncha_tests::world::copy_folder;

use crate::nature::folder;

/// What lies in a machine's memory only, whatever processes run on it.
#[derive(Default)]
pub struct Machine(Mutex<Unflushed>);

#[derive(Default)]
struct Unflushed {
    /// How many bytes of a file are safe.
    contents: BTreeMap<PathBuf, u64>,
    /// Names that were made or changed, with the folder whose flush makes them safe, oldest first.
    names: Vec<(PathBuf, Name)>,
}

enum Name {
    File(PathBuf),
    Folder(PathBuf),
    Moved { from: PathBuf, to: PathBuf },
}

impl Machine {
    /// What a power cut leaves of `root`.
    pub fn after_power_cut(&self, root: &Path, random: &mut Random) -> TempDir {
        let left = folder();
        copy_folder(root, left.path());
        let there = |path: &Path| left.path().join(path.strip_prefix(root).unwrap_or(path));
        let mut memory = self.0.lock().expect("no panic under the lock");
        for (path, safe) in std::mem::take(&mut memory.contents) {
            if random.chance(50)
                && let Ok(file) = File::options().write(true).open(there(&path))
            {
                let length = file.metadata().expect("a length").len();
                file.set_len(length.min(safe)).expect("it shrinks");
            }
        }
        for (_, name) in std::mem::take(&mut memory.names).into_iter().rev() {
            if random.chance(50) {
                // Gone already when a later name was taken back.
                let _ = match name {
                    Name::File(path) => fs::remove_file(there(&path)),
                    Name::Folder(path) => fs::remove_dir_all(there(&path)),
                    Name::Moved { from, to } => fs::rename(there(&to), there(&from)),
                };
            }
        }
        left
    }
}

/// What befalls a process at one of its next writes.
pub enum Fate {
    /// It ends; nothing that follows is written.
    Ends,
    /// No space is left from here on.
    Full,
    /// Something else happens in the meantime.
    Waits(Box<dyn FnOnce() + Send>),
}

/// The disk as one process sees it.
pub struct SimDisk {
    machine: Arc<Machine>,
    process: Mutex<Process>,
}

#[derive(Default)]
struct Process {
    fate: Option<(u64, Fate)>,
    ended: bool,
    full: bool,
}

impl SimDisk {
    pub fn of(machine: &Arc<Machine>) -> Arc<Self> {
        Arc::new(Self { machine: Arc::clone(machine), process: Mutex::default() })
    }

    /// Lets `fate` strike after so many writes.
    pub fn doom(&self, after: u64, fate: Fate) {
        self.with(|process| process.fate = Some((after, fate)));
    }

    /// There is space again. Returns a fate that did not strike.
    pub fn relieve(&self) -> Option<Fate> {
        self.with(|process| {
            process.full = false;
            process.fate.take().map(|(_, fate)| fate)
        })
    }

    pub fn end(&self) {
        self.with(|process| process.ended = true);
    }

    pub fn ended(&self) -> bool {
        self.with(|process| process.ended)
    }

    pub fn full(&self) -> bool {
        self.with(|process| process.full)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Process) -> T) -> T {
        work(&mut self.process.lock().expect("no panic under the lock"))
    }

    fn memory<T>(&self, work: impl FnOnce(&mut Unflushed) -> T) -> T {
        work(&mut self.machine.0.lock().expect("no panic under the lock"))
    }

    /// One more write.
    fn step(&self) {
        let due = self.with(|process| match &mut process.fate {
            Some((left, _)) if *left > 0 => {
                *left -= 1;
                None
            }
            fate => fate.take(),
        });
        match due {
            None => {}
            Some((_, Fate::Ends)) => self.end(),
            Some((_, Fate::Full)) => self.with(|process| process.full = true),
            Some((_, Fate::Waits(meanwhile))) => meanwhile(),
        }
    }

    fn may_change(&self) -> io::Result<()> {
        self.step();
        if self.ended() { Err(io::Error::other("the process has ended")) } else { Ok(()) }
    }

    fn may_grow(&self) -> io::Result<()> {
        self.may_change()?;
        if self.full() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl Disk for SimDisk {
    fn before_transaction(&self) -> io::Result<()> {
        self.may_grow()
    }

    fn after_transaction(&self) {
        self.step();
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        self.may_grow()?;
        let file = RealDisk.create(path)?;
        self.memory(|memory| {
            memory.contents.insert(path.into(), 0);
            memory.names.push((above(path), Name::File(path.into())));
        });
        Ok(file)
    }

    fn write(&self, path: &Path, file: &File, bytes: &[u8]) -> io::Result<usize> {
        self.may_grow()?;
        let safe = file.metadata()?.len();
        self.memory(|memory| {
            let known = memory.contents.entry(path.into()).or_insert(safe);
            *known = safe.min(*known);
        });
        RealDisk.write(path, file, bytes)
    }

    /// A flushed file may lose its name, never its bytes.
    fn flush(&self, path: &Path, _file: &File) -> io::Result<()> {
        self.may_change()?;
        self.memory(|memory| {
            memory.contents.remove(path);
        });
        Ok(())
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.may_grow()?;
        let new: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
        self.memory(|memory| {
            let names = new.iter().rev().map(|new| (above(new), Name::Folder((*new).into())));
            memory.names.extend(names);
        });
        RealDisk.create_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.may_change()?;
        RealDisk.rename(from, to)?;
        self.memory(|memory| {
            if let Some(safe) = memory.contents.remove(from) {
                memory.contents.insert(to.into(), safe);
            }
            memory.names.push((above(to), Name::Moved { from: from.into(), to: to.into() }));
        });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.may_change()?;
        RealDisk.remove(path)?;
        self.memory(|memory| {
            memory.contents.remove(path);
            memory.names.retain(|(_, name)| !matches!(name, Name::File(made) if made == path));
        });
        Ok(())
    }

    fn flush_folder(&self, path: &Path) -> io::Result<()> {
        self.may_change()?;
        self.memory(|memory| memory.names.retain(|(folder, _)| folder != path));
        Ok(())
    }
}

fn above(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).into()
}
