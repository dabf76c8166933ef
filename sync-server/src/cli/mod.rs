//! Arguments and their help.

mod backup;
mod enrol;
mod import;
mod serve;
mod user;
mod verify;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// HQ of Xuncha: phones sync with it, the console runs on it.
/// 巡查总部服务：接收手机同步，提供管理端。
///
/// Exit codes: 0 done, 1 failed (the reason is on standard error), 2 wrong arguments, 3 backed up or restored except
/// for the photos that are listed.
/// 退出码：0 完成，1 失败（原因见标准错误），2 参数有误，3 备份或恢复完成，但所列照片缺失。
#[derive(Parser)]
#[command(name = "xuncha-server", version, verbatim_doc_comment)]
pub(crate) struct Cli {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Data {
    /// Folder of the database, HQ's key and the photos; made when missing.
    /// 数据文件夹（数据库、总部密钥、照片），不存在时自动建立。
    #[arg(long, global = true, value_name = "DIR", default_value = "xuncha-data", verbatim_doc_comment)]
    data: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Serve phones and the console until Ctrl-C.
    /// 启动服务，按 Ctrl-C 停止。
    #[command(verbatim_doc_comment)]
    Serve(Serve),
    /// Console users.
    /// 管理端用户。
    #[command(subcommand, verbatim_doc_comment)]
    User(User),
    /// A one-time code with which a phone can join; valid for a day. Prints the code alone.
    /// 生成手机入网一次性验证码，24 小时内有效。
    #[command(verbatim_doc_comment)]
    EnrollCode(EnrolCode),
    /// Take a register from a file.
    /// 从文件导入名录。
    #[command(subcommand, verbatim_doc_comment)]
    Import(Import),
    /// Check a rescue bundle without any server, and name the first thing that is wrong with it.
    /// 离线校验救援文件，指出第一处错误。
    #[command(verbatim_doc_comment)]
    Verify(Verify),
    /// Fill with a small synthetic city; a second run changes nothing.
    /// 写入一个虚构的示例城市，重复执行不会改变数据。
    #[command(verbatim_doc_comment)]
    Demo,
    /// Write a backup into a new folder: the database, HQ's key, every photo, and a manifest with counts and hashes.
    /// A photo that is missing or damaged is listed (missing.txt) and keeps nothing else from being saved.
    /// The server may run on meanwhile. The key lets anyone sign as HQ: keep the folder as safe as the data itself.
    /// 将数据库、总部密钥、照片和校验清单备份到新文件夹，备份时服务可继续运行。缺失或损坏的照片列入 missing.txt，其余照常备份。备份含总部密钥，请妥善保管。
    #[command(verbatim_doc_comment)]
    Backup {
        /// A folder that does not exist yet or is empty. 新建的或空的文件夹。
        dir: PathBuf,
    },
    /// Make a new installation in --data of a backup. A folder with anything in it is refused; every file is checked.
    /// Nothing is written when the database or a key is damaged; damaged photos are listed and left out.
    /// Stop the old server first: only one may serve the phones.
    /// 由备份恢复到 --data 指定的空文件夹，逐个文件校验。数据库或密钥损坏则不写入；损坏的照片列出后跳过。请先停止旧服务。
    #[command(verbatim_doc_comment)]
    Restore {
        /// A folder that `backup` wrote. 由 backup 生成的文件夹。
        dir: PathBuf,
    },
    /// Compute everything that screens show from the log once more. Harmless; phones notice nothing.
    /// 由日志重新计算所有界面数据，可重复执行，不影响手机。
    #[command(verbatim_doc_comment)]
    Reproject,
}

#[derive(Args)]
struct EnrolCode {
    /// Id of the officer (32 hexadecimal digits), or `first`.
    /// 执法人员编号，或 first 表示第一位。
    #[arg(long, value_name = "ID|first", verbatim_doc_comment)]
    officer: String,
    /// Address that the QR sends the phone to.
    /// 二维码中的服务地址。
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8020", verbatim_doc_comment)]
    public_url: String,
}

#[derive(Subcommand)]
enum Import {
    /// Venues from a CSV file (UTF-8, first row is the header). Columns:
    /// 从 CSV 文件导入场所（UTF-8，首行为列名）。列：
    ///
    ///   name        required 必填
    ///   category    required: code or legal name 必填：类别代码或法定名称
    ///   district    required: six digits or name 必填：区县代码或名称
    ///   township    optional: nine digits or name 选填：乡镇街道代码或名称
    ///   address     required 必填
    ///   licence_no  optional 选填：许可证号
    ///   lat, lon    optional: decimal degrees, WGS-84 选填：WGS-84 十进制度
    ///
    /// The licence number names a venue; without one, name and address do. The same file twice changes nothing.
    /// 以许可证号识别场所，没有则以名称和地址识别；重复导入同一文件不会改变数据。
    #[command(verbatim_doc_comment)]
    Venues {
        file: PathBuf,
        /// Only say what would happen. 只显示将发生的变化，不写入。
        #[arg(long)]
        dry_run: bool,
        /// Take the good rows although others are bad. 跳过错误行，导入其余行。
        #[arg(long)]
        skip_bad: bool,
    },
    /// Checklists of new visits from a file laid out as crates/domain/data/checklists.yaml. Phones get them with the next
    /// sync; visits under way keep theirs. What the file does not ask is not asked any more. The same file twice changes
    /// nothing.
    /// 发布检查表（格式同 crates/domain/data/checklists.yaml）：手机下次同步后用于新的检查，进行中的检查沿用原表；文件中没有的不再询问。重复导入同一文件不会改变数据。
    #[command(verbatim_doc_comment)]
    Checklists {
        file: PathBuf,
        /// Only say what would happen. 只显示将发生的变化，不写入。
        #[arg(long)]
        dry_run: bool,
    },
    /// A rescue bundle of a phone: records and photos that could not be sent. The same file twice changes nothing.
    /// 导入手机的救援文件（未能上传的记录和照片），重复导入不会改变数据。
    #[command(verbatim_doc_comment)]
    Bundle { file: PathBuf },
}

#[derive(Args)]
struct Verify {
    file: PathBuf,
    /// HQ's rescue key (rescue.key of its data folder), if the bundle is sealed.
    /// 总部救援密钥文件（数据文件夹中的 rescue.key），文件已加密时需要。
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    identity: Option<PathBuf>,
    /// HQ's public key (66 hexadecimal digits); without it, the one that the bundle names.
    /// 总部公钥（66 位十六进制）；不给出则使用文件中所载公钥。
    #[arg(long, value_name = "HEX", verbatim_doc_comment)]
    hq_key: Option<String>,
}

#[derive(Args)]
struct Serve {
    /// Address to listen on. Without TLS in front keep it inside the office network.
    /// 监听地址。没有 TLS 代理时请只在内网使用。
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8020", verbatim_doc_comment)]
    listen: SocketAddr,
    /// Folder of the built console pages (with console.html).
    /// 已构建的管理端页面文件夹（含 console.html）。
    #[arg(long, value_name = "DIST", verbatim_doc_comment)]
    ui: Option<PathBuf>,
    /// Address under which phones and browsers reach this server; goes into enrolment codes.
    /// 手机和浏览器访问本服务的地址，写入入网二维码。
    #[arg(long, value_name = "URL", verbatim_doc_comment)]
    public_url: Option<String>,
    /// Name of the city for screens; kept for later starts.
    /// 界面显示的城市名，设置一次即可。
    #[arg(long, value_name = "NAME", verbatim_doc_comment)]
    city: Option<String>,
}

#[derive(Subcommand)]
enum User {
    /// Add a user; the password is the first line of standard input.
    /// 添加用户；密码从标准输入读取一行。
    #[command(verbatim_doc_comment)]
    Add {
        name: String,
        /// admin or viewer. 角色：admin（管理员）或 viewer（只读）。
        #[arg(long, default_value = "admin")]
        role: String,
    },
    /// List users, one a line: name, role. 列出用户。
    List,
    /// Set a new password from the first line of standard input; ends the user's sessions.
    /// 重设密码（标准输入一行），并使该用户重新登录。
    #[command(verbatim_doc_comment)]
    Password { name: String },
    /// Remove a user. 删除用户。
    Remove { name: String },
}

pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { data: Data { data }, command } = cli;
    match command {
        Command::Serve(serve) => serve::run(data, serve)?,
        Command::User(user) => user::run(data, user)?,
        Command::EnrollCode(code) => enrol::run(data, code)?,
        Command::Import(what) => import::run(data, what)?,
        Command::Verify(verify) => verify::run(verify)?,
        Command::Demo => import::demo(data)?,
        Command::Backup { dir } => return backup::backup(data, &dir),
        Command::Restore { dir } => return backup::restore_into(&data, &dir),
        Command::Reproject => backup::reproject(data)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The service behind commands that do not serve.
fn open(data: PathBuf) -> anyhow::Result<std::sync::Arc<xuncha_server::service::Service>> {
    Ok(xuncha_server::Config { data, ..Default::default() }.open()?)
}
