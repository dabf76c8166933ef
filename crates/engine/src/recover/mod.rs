//! A database that cannot be read any more. It is moved aside, never deleted; a new one takes its place with everything
//! that could still be read; the officer is told.
//!
//! Every step can be repeated after a kill: a marker in the folder of the damaged set says that its recovery has not
//! ended. The new database is built beside and gets its name when it is whole.

mod aside;
mod pages;
mod photos;
mod salvage;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use crate::api::status::counts_here;
use crate::api::types::Recovered;
use crate::engine::Options;
use crate::erase;
use crate::error::Result;
use crate::store::{Store, journal, log, meta, open, quarantine, rows, salvaged};
use crate::write::{self, Pen};

/// Opens the store of a data folder, recovering it first where that is needed.
pub fn open(options: &Options, photos: &Path) -> Result<Store> {
    let database = options.data.join("xuncha.db");
    if let Some(folder) = aside::unfinished(&options.data)? {
        finish(options, photos, &database, &folder)?;
    }
    let store = match open_whole(&database, options) {
        Err(error) if error.is_damage() => {
            tracing::error!(%error, "the database is damaged: it is moved aside");
            let folder = aside::begin(&options.data, options.clock.now_ms())?;
            finish(options, photos, &database, &folder)?;
            open_whole(&database, options)?
        }
        opened => opened?,
    };
    if let Err(error) = prune(options, &store) {
        tracing::warn!(%error, "damaged databases stay where they are");
    }
    Ok(store)
}

/// Damaged sets are bounded in number and age, but none goes before the officer was told and HQ holds all that was
/// carried over.
fn prune(options: &Options, store: &Store) -> Result<()> {
    let settled = store.read(|connection| {
        Ok(counts_here(connection, false)? == (0, 0, 0)
            && meta::last_receipt_ms(connection)?.is_some()
            && meta::recovered(connection)?.is_none())
    })?;
    if settled { aside::prune(&options.data, options.clock.now_ms()) } else { Ok(()) }
}

fn open_whole(database: &Path, options: &Options) -> Result<Store> {
    aside::check_not_emptied(database)?;
    let store = Store::open(database, &options.app_version, Arc::clone(&options.disk))?;
    // Reads what HQ does not have: damage of it is met here and not at the next sync, also after an orderly end.
    match set_damaged_aside(options, &store) {
        Err(error) if !error.is_damage() => tracing::error!(%error, "damaged commits stay where they are"),
        done => done?,
    }
    Ok(store)
}

fn set_damaged_aside(options: &Options, store: &Store) -> Result<()> {
    if store.read(quarantine::unsound)?.is_empty() {
        return Ok(());
    }
    store.write(|transaction| match meta::enrolment(transaction)? {
        Some(enrolment) => write::set_damaged_aside(transaction, &Pen::of(options, &enrolment, transaction)?),
        None => Ok(()),
    })
}

fn finish(options: &Options, photos: &Path, database: &Path, folder: &Path) -> Result<()> {
    let damaged = aside::move_set(database, folder)?;
    if !database.exists() {
        let new = with_ending(database, ".new");
        aside::remove_set(&new)?;
        build(options, photos, &damaged, &new)?;
        std::fs::rename(&new, database)?;
        aside::flush_folder(&options.data)?;
    }
    aside::end(folder)
}

/// Makes the new database in one transaction, and leaves it as one file.
fn build(options: &Options, photos: &Path, damaged: &Path, new: &Path) -> Result<()> {
    let mut connection = open::writer(new, &options.app_version)?;
    let transaction = connection.transaction()?;
    let all_read = salvage::copy(damaged, &transaction)?;
    let all_usable = settle(options, &transaction)?;
    let recovered = Recovered {
        at_ms: options.clock.now_ms(),
        folder: damaged.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned(),
        commits: salvaged::count_unsent(&transaction)?,
        taps: journal::count(&transaction)?,
        photos: photos::find(photos, &transaction)?,
        incomplete: !(all_read && all_usable),
    };
    meta::set_recovered(&transaction, &recovered)?;
    transaction.commit()?;
    connection.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(connection.close().map_err(|(_, error)| error)?)
}

/// Makes a consistent database of the rows that were read; true when none of them was unusable.
///
/// The end of an own chain may be among what was lost, so no old chain is ever written to again. Feeds start from the
/// beginning: what HQ holds comes back by itself.
fn settle(options: &Options, connection: &Connection) -> Result<bool> {
    let dropped = salvaged::drop_unreadable(connection)?;
    let enrolment = meta::enrolment(connection).unwrap_or_else(|error| {
        tracing::error!(%error, "the enrolment cannot be read");
        None
    });
    match &enrolment {
        Some(enrolment) => {
            write::reissue_damaged(connection, &Pen::of(options, enrolment, connection)?)?;
        }
        // Nobody can write yet. The next enrolment issues again what HQ does not have.
        None => {
            meta::forget_enrolment(connection)?;
            salvaged::drop_chainless(connection)?;
            log::recount(connection)?;
        }
    }
    let city = enrolment.map(|enrolment| enrolment.city);
    erase::again(connection, city, options.clock.now_ms())?;
    let homeless = journal::drop_unusable(connection)?;
    rows::refresh(connection, &salvaged::roots(connection)?)?;
    Ok(dropped + homeless == 0)
}

/// Destroys the damaged sets that were moved aside and recovered from.
pub fn discard_damaged(data: &Path) -> Result<()> {
    aside::discard(data)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
