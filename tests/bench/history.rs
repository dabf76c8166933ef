//! What a sync with nothing new costs, after histories of different length.

use anyhow::Result;
use serde_json::{Value, json};
use xuncha_domain::ids::OfficerId;
use xuncha_tests::world::City;

use crate::day::counted;
use crate::hq;
use crate::phone::Phone;

/// Ops of a venue of the register.
const VENUE_OPS: usize = 5;

pub(crate) fn run(ops: &[usize]) -> Result<Value> {
    let quiet = ops.iter().map(|ops| quiet(*ops)).collect::<Result<Vec<Value>>>()?;
    Ok(json!({ "history": quiet }))
}

fn quiet(ops: usize) -> Result<Value> {
    let city = City::new();
    let venues: Vec<_> = (0..ops / VENUE_OPS).map(|n| hq::venue(n, hq::VISITED)).collect();
    let by = OfficerId(city.service.city().id.0);
    city.service.import_venues(by, &venues, false)?;
    let folder = tempfile::tempdir()?;
    let phone = Phone::open(folder.path())?;
    phone.enrol(&city.code(0), city.address())?;
    phone.sync()?;
    let before = counted(&phone.traffic);
    phone.sync()?;
    let after = counted(&phone.traffic);
    Ok(json!({
        "ops": ops, "requests": after.0 - before.0, "up": after.1 - before.1, "down": after.2 - before.2,
    }))
}
