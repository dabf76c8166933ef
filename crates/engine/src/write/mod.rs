//! How a tap becomes durable, and how the journal becomes commits.
//!
//! [`record`] writes taps; [`flush`] makes commits of them at natural boundaries; [`seal`] finishes a visit; [`reissue`]
//! moves what HQ does not have to a successor chain when the old one cannot be gone on with.

mod aside;
mod commit;
mod record;
mod reissue;
mod retract;
mod seal;

use rusqlite::Connection;
use xuncha_domain::ids::Entropy;
use xuncha_domain::time::{Clock, ClockOffset};

use crate::engine::Options;
use crate::error::Result;
use crate::store::meta::{self, Enrolment};

pub use aside::set_damaged_aside;
pub use commit::{entity, flush, flush_all};
pub use record::{Tap, record};
pub use reissue::{reissue, reissue_damaged};
pub use retract::{Decision, retract};
pub use seal::seal;

/// Who writes, and with which clock.
pub struct Pen<'a> {
    pub enrolment: &'a Enrolment,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    /// HQ's clock against ours at the last contact.
    pub offset: Option<ClockOffset>,
}

impl<'a> Pen<'a> {
    /// With the machine's clock and entropy as the engine was given them.
    pub fn of(options: &'a Options, enrolment: &'a Enrolment, connection: &Connection) -> Result<Self> {
        Ok(Self {
            enrolment,
            clock: &*options.clock,
            entropy: &*options.entropy,
            offset: meta::clock(connection)?,
        })
    }
}
