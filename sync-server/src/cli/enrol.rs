//! `enroll-code`.

use std::path::PathBuf;

use anyhow::Context;
use xuncha_domain::ids::OfficerId;

use super::{EnrolCode, open};

/// Prints the code alone, so that scripts can hand it on; the text of the QR goes to standard error.
pub(super) fn run(data: PathBuf, EnrolCode { officer, public_url }: EnrolCode) -> anyhow::Result<()> {
    let service = open(data)?;
    let officer = match officer.as_str() {
        "first" => {
            let officers = service.officers()?;
            OfficerId(officers.first().context("no officer is registered yet 尚无执法人员")?.row.id)
        }
        id => id.parse().ok().context("--officer: 32 hexadecimal digits, or first")?,
    };
    let code = service.new_enrol_code(officer, &public_url)?;
    println!("{}", code.code);
    eprintln!("{}", code.text);
    Ok(())
}
