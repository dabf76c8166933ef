//! `user`.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context;
use xuncha_server::storage::Role;

use super::{User, open};

pub(super) fn run(data: PathBuf, command: User) -> anyhow::Result<()> {
    let service = open(data)?;
    match command {
        User::Add { name, role } => {
            let role = Role::parse(&role).context("role: admin or viewer")?;
            service.add_user(&name, &password()?, role)?;
        }
        User::List => {
            for user in service.users()? {
                println!("{}\t{}", user.name, user.role.as_str());
            }
        }
        User::Password { name } => service.set_password(&name, &password()?)?,
        User::Remove { name } => service.remove_user(&name)?,
    }
    Ok(())
}

fn password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        eprintln!("Password (shown as you type) 密码（输入可见）:");
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("no password on standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
