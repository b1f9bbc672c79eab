//! The network between Keystead and PostgreSQL, which can be cut, be slow, fall silent, and hold single answers back.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
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
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Milliseconds that each piece of data takes.
    slow: AtomicU64,
    /// Whether what is sent is lost without a word, on the connections that there are.
    silent: Mutex<Arc<AtomicBool>>,
    held: Mutex<Option<Held>>,
    /// Whether what fell silent never ends either, as when a machine loses its power.
    vanished: AtomicBool,
}

/// Answers that are held back.
struct Held {
    /// What a statement that is answered late contains.
    words: &'static [&'static str],
    by: Duration,
    /// How many more.
    times: usize,
}

impl Proxy {
    /// Forwards to the socket of PostgreSQL in `server`.
    pub fn start(directory: PathBuf, server: &Path, port: u16) -> Self {
        std::fs::create_dir_all(&directory).unwrap();
        let name = format!(".s.PGSQL.{port}");
        let (listener, server) = (UnixListener::bind(directory.join(&name)).unwrap(), server.join(name));
        let (cut, watched) = watch::channel(false);
        let state: Arc<State> = Arc::default();
        let all = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *watched.borrow() {
                    continue;
                }
                let (server, mut watched, state) = (server.clone(), watched.clone(), all.clone());
                let silent = state.silent.lock().unwrap().clone();
                tokio::spawn(async move {
                    let Ok(server) = UnixStream::connect(server).await else { return };
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    let holds = Arc::new(AtomicU64::new(0));
                    tokio::select! {
                        () = forward(from_client, to_server, &state, &silent, |sent| state.note(sent, &holds), None) => {}
                        () = forward(from_server, to_client, &state, &silent, |_| {}, Some(&holds)) => {}
                        _ = watched.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { directory, cut, state }
    }

    pub fn cut(&self, cut: bool) {
        self.cut.send_replace(cut);
    }

    pub fn slow(&self, by: Duration) {
        self.state.slow.store(u64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// Loses what is sent on the connections that there are, without closing them; new ones work.
    pub fn fall_silent(&self) {
        let mut silent = self.state.silent.lock().unwrap();
        silent.store(true, Ordering::SeqCst);
        *silent = Arc::default();
    }

    /// The same, and the server does not learn that they end.
    pub fn vanish(&self) {
        self.state.vanished.store(true, Ordering::SeqCst);
        self.fall_silent();
    }

    /// Answers the next statements with one of these words late.
    pub fn hold(&self, words: &'static [&'static str], by: Duration, times: usize) {
        *self.state.held.lock().unwrap() = Some(Held { words, by, times });
    }

    /// Statements that are still to be answered late.
    pub fn left_to_hold(&self) -> usize {
        self.state.held.lock().unwrap().as_ref().map_or(0, |held| held.times)
    }
}

impl State {
    /// Holds the answer to what is sent back, if it is one of those.
    fn note(&self, sent: &[u8], holds: &AtomicU64) {
        let mut held = self.held.lock().unwrap();
        let Some(held) = held.as_mut().filter(|held| held.times > 0) else { return };
        let has = |word: &&str| sent.windows(word.len()).any(|part| part == word.as_bytes());
        if held.words.iter().any(has) {
            held.times -= 1;
            holds.store(u64::try_from(held.by.as_millis()).unwrap(), Ordering::SeqCst);
        }
    }
}

async fn forward(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    state: &State,
    silent: &AtomicBool,
    note: impl Fn(&[u8]),
    holds: Option<&AtomicU64>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        note(&buffer[..read]);
        let held = holds.map_or(0, |holds| holds.swap(0, Ordering::SeqCst));
        let delay = state.slow.load(Ordering::Relaxed).max(held);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        if silent.load(Ordering::SeqCst) {
            continue;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    if silent.load(Ordering::SeqCst) && state.vanished.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
}
