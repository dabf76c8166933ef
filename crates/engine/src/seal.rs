//! Sealing to HQ in the age format: what other hands carry opens at HQ alone.

use std::io::Write;

use age::stream::StreamWriter;
use age::x25519::Recipient;
use rusqlite::Connection;

use crate::api::types::ErrorCode;
use crate::error::{Error, Result};
use crate::store::meta;

/// HQ's recipient: the one given, or the one that HQ told this phone first.
pub fn recipient(connection: &Connection, given: Option<&str>) -> Result<Recipient> {
    let text = given.map(str::to_owned).or(meta::rescue(connection)?);
    text.and_then(|text| text.parse().ok())
        .ok_or(Error::Refused(ErrorCode::NotFound, "HQ's rescue key is not known here"))
}

/// Seals what is written, until the writer is finished.
pub fn sealing<W: Write>(recipient: &Recipient, out: W) -> Result<StreamWriter<W>> {
    let encryptor = age::Encryptor::with_recipients(std::iter::once(recipient as &dyn age::Recipient))
        .map_err(|_| Error::Refused(ErrorCode::Internal, "nothing can be sealed"))?;
    Ok(encryptor.wrap_output(out)?)
}

pub fn sealed(recipient: &Recipient, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut writer = sealing(recipient, Vec::new())?;
    writer.write_all(bytes)?;
    Ok(writer.finish()?)
}
