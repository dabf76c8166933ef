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

use xuncha_domain::ids::Entropy;
use xuncha_domain::time::{Clock, ClockOffset};

use crate::store::meta::Enrolment;

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
