//! What PostgreSQL gets: a proxy between a server and the database that notes each statement.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// What was sent to PostgreSQL.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// The SQL of each statement that was run, `BEGIN`, `COMMIT` and pings included.
    pub statements: Vec<String>,
    /// How often the server waited for an answer.
    pub round_trips: usize,
    /// How many statements were prepared.
    pub prepared: usize,
}

/// A proxy on a Unix socket of PostgreSQL's name.
pub struct Counter {
    sent: Arc<Mutex<Sent>>,
}

impl Counter {
    /// Forwards to the socket of PostgreSQL in `server`.
    pub fn start(directory: &Path, server: &Path, port: u16) -> Self {
        std::fs::create_dir_all(directory).unwrap();
        let name = format!(".s.PGSQL.{port}");
        let (listener, server) = (UnixListener::bind(directory.join(&name)).unwrap(), server.join(name));
        let sent: Arc<Mutex<Sent>> = Arc::default();
        let all = sent.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, sent) = (server.clone(), all.clone());
                tokio::spawn(async move {
                    let (from_client, mut to_client) = client.into_split();
                    let (mut from_server, to_server) = UnixStream::connect(server).await.unwrap().into_split();
                    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
                    let _ = forward(from_client, to_server, &sent).await;
                });
            }
        });
        Self { sent }
    }

    /// Returns what was sent since the last call.
    pub fn take(&self) -> Sent {
        std::mem::take(&mut self.sent.lock().unwrap())
    }
}

/// Forwards the messages of a client (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, sent: &Mutex<Sent>) -> std::io::Result<()> {
    let (mut prepared, mut bound) = (HashMap::<String, String>::new(), HashMap::<String, String>::new());
    // The first message has no type.
    let mut typed = false;
    loop {
        let kind = if typed { Some(from.read_u8().await?) } else { None };
        let length = from.read_u32().await?;
        let mut body = vec![0; length as usize - 4];
        from.read_exact(&mut body).await?;
        typed = true;
        {
            let mut sent = sent.lock().unwrap();
            let mut texts = body.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
            let mut text = || texts.next().unwrap_or_default();
            match kind {
                Some(b'P') => {
                    prepared.insert(text(), text());
                    sent.prepared += 1;
                }
                Some(b'B') => {
                    let (portal, statement) = (text(), text());
                    bound.insert(portal, prepared.get(&statement).cloned().unwrap_or_default());
                }
                Some(b'E') => {
                    let sql = bound.get(&text()).cloned().unwrap_or_default();
                    sent.statements.push(sql);
                }
                Some(b'Q') => {
                    sent.statements.push(text());
                    sent.round_trips += 1;
                }
                Some(b'S') => sent.round_trips += 1,
                _ => {}
            }
        }
        if let Some(kind) = kind {
            to.write_u8(kind).await?;
        }
        to.write_u32(length).await?;
        to.write_all(&body).await?;
    }
}
