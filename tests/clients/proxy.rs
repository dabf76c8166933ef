//! A line to HQ that breaks once, in the middle of an upload.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

pub struct BreakingLine {
    address: SocketAddr,
    traffic: Arc<Traffic>,
}

struct Traffic {
    hq: String,
    breaks_after: usize,
    /// Bytes that went to HQ, over all connections.
    sent: AtomicUsize,
    breaks: AtomicUsize,
}

impl BreakingLine {
    /// Passes on connections to `hq` (host and port); the one that brings the byte after `breaks_after` is cut there.
    pub fn to(hq: &str, breaks_after: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let traffic = Arc::new(Traffic {
            hq: hq.to_owned(),
            breaks_after,
            sent: AtomicUsize::new(0),
            breaks: AtomicUsize::new(0),
        });
        let passing = Arc::clone(&traffic);
        thread::spawn(move || {
            for client in listener.incoming() {
                let traffic = Arc::clone(&passing);
                thread::spawn(move || traffic.pass(&client.unwrap()));
            }
        });
        Self { address, traffic }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn sent(&self) -> usize {
        self.traffic.sent.load(Ordering::SeqCst)
    }

    pub fn breaks(&self) -> usize {
        self.traffic.breaks.load(Ordering::SeqCst)
    }
}

impl Traffic {
    fn pass(&self, client: &TcpStream) {
        let hq = TcpStream::connect(&self.hq).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                // Ends when either side does; an error says the same.
                let _ = std::io::copy(&mut &hq, &mut &*client);
                let _ = client.shutdown(Shutdown::Both);
            });
            self.send(client, &hq);
            let _ = hq.shutdown(Shutdown::Write);
        });
    }

    fn send(&self, mut client: &TcpStream, mut hq: &TcpStream) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(read @ 1..) = client.read(&mut buffer) {
            let before = self.sent.fetch_add(read, Ordering::SeqCst);
            if hq.write_all(&buffer[..read]).is_err() {
                return;
            }
            if before <= self.breaks_after && before + read > self.breaks_after {
                self.breaks.fetch_add(1, Ordering::SeqCst);
                let _ = client.shutdown(Shutdown::Both);
                return;
            }
        }
    }
}
