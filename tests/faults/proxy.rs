//! The network between Keystead and PostgreSQL, which can be cut and be slow.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::watch,
};

/// A proxy on a Unix socket of PostgreSQL's name.
pub struct Proxy {
    /// The directory of its socket: `host` in a connection string.
    pub directory: PathBuf,
    /// Whether the network is cut: connections end, and new ones are closed at once.
    cut: watch::Sender<bool>,
    /// Milliseconds that each piece of data takes.
    slow: Arc<AtomicU64>,
}

impl Proxy {
    /// Forwards to the socket of PostgreSQL in `server`.
    pub fn start(directory: PathBuf, server: &Path, port: u16) -> Self {
        std::fs::create_dir_all(&directory).unwrap();
        let name = format!(".s.PGSQL.{port}");
        let (listener, server) = (UnixListener::bind(directory.join(&name)).unwrap(), server.join(name));
        let (cut, watched) = watch::channel(false);
        let slow = Arc::new(AtomicU64::new(0));
        let delay = slow.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *watched.borrow() {
                    continue;
                }
                let (server, mut watched, delay) = (server.clone(), watched.clone(), delay.clone());
                tokio::spawn(async move {
                    let Ok(server) = UnixStream::connect(server).await else { return };
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    tokio::select! {
                        () = forward(from_client, to_server, delay.clone()) => {}
                        () = forward(from_server, to_client, delay) => {}
                        _ = watched.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { directory, cut, slow }
    }

    pub fn cut(&self, cut: bool) {
        self.cut.send_replace(cut);
    }

    pub fn slow(&self, by: Duration) {
        self.slow.store(u64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

async fn forward(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin, delay: Arc<AtomicU64>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let delay = delay.load(Ordering::Relaxed);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
