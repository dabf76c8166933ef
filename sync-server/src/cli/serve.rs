//! `serve`.

use std::path::PathBuf;

use anyhow::Context;
use tokio::net::TcpListener;
use xuncha_server::Config;

use super::Serve;

pub(super) fn run(data: PathBuf, Serve { listen, ui, public_url, city }: Serve) -> anyhow::Result<()> {
    let config = Config { data, ui, public_url, city_name: city };
    tokio::runtime::Runtime::new()?.block_on(async {
        let service = config.open()?;
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let here = config.public_url.clone().unwrap_or(format!("http://{}", listener.local_addr()?));
        println!("Xuncha HQ: {here}");
        if let Some(token) = service.new_setup_token()? {
            println!("First administrator, once 首位管理员（仅一次）: {here}/setup?token={token}");
        }
        Ok(xuncha_server::serve_service(service, config.ui, listener, asked_to_stop()).await?)
    })
}

/// Ctrl-C, or what service managers send.
async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler for the signal the process is simply ended by it.
    let _ = interrupt.await;
}
