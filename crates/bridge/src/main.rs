//! `xuncha-bridge`: one phone in a browser. See the library.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use serde_json::json;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use xuncha_domain::ids;
use xuncha_engine::{Options, Phone};

#[derive(Parser)]
#[command(about = "Serves one phone on loopback, for development and tests")]
struct Arguments {
    /// Folder of this phone's data.
    #[arg(long)]
    data: PathBuf,
    /// Enrol the phone with this text or code and end.
    #[arg(long, value_name = "TEXT", requires = "server")]
    enroll: Option<String>,
    /// HQ's address for --enroll.
    #[arg(long)]
    server: Option<String>,
    /// The built UI.
    #[arg(long, required_unless_present = "enroll")]
    ui: Option<PathBuf>,
    /// 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("XUNCHA_LOG").unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let options = Options::system(arguments.data);
    let key =
        ids::random::<16>(&*options.entropy).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let phone = tokio::task::spawn_blocking(move || Phone::open(options)).await?;
    match (arguments.enroll, arguments.ui) {
        (Some(text), _) => enroll(phone, text, arguments.server).await,
        (None, Some(ui)) => serve(phone, ui, arguments.port, key).await,
        (None, None) => Err(anyhow!("--ui is missing")),
    }
}

async fn enroll(phone: Phone, text: String, server_url: Option<String>) -> Result<()> {
    let args = json!({ "text": text, "server_url": server_url });
    let enrolled = tokio::task::spawn_blocking(move || phone.call("enroll", args)).await?;
    enrolled.map_err(|error| anyhow!("not enrolled: {:?}: {}", error.code, error.message))?;
    println!("this phone is enrolled at HQ");
    Ok(())
}

async fn serve(phone: Phone, ui: PathBuf, port: u16, key: String) -> Result<()> {
    let listener =
        TcpListener::bind(("127.0.0.1", port)).await.with_context(|| format!("port {port} of loopback"))?;
    match phone.engine() {
        Ok(engine) => engine.start_sync(&tokio::runtime::Handle::current()),
        Err(error) => tracing::error!(message = error.message, "the phone's data cannot be opened"),
    }
    println!("xuncha-bridge: http://{}/?key={key}", listener.local_addr()?);
    xuncha_bridge::serve(phone, listener, &ui, key, stopped()).await
}

/// Completes on Ctrl-C and on SIGTERM.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}
