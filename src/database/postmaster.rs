//! A running PostgreSQL server: its process, its log lines, its lock file `postmaster.pid`.

use std::{
    collections::VecDeque,
    fs, io,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{
    net::UnixStream,
    sync::{oneshot, watch},
    time::sleep,
};

/// How many of the server's last log lines are kept for the error of a failed start.
const KEPT_LINES: usize = 20;

/// How an attempt to start ended.
pub(super) enum Started {
    Ready,
    Ended,
    TooSlow,
}

/// The server's first process. If this is dropped while the process runs, the process is asked to shut down.
pub(super) struct Postmaster {
    pid: Pid,
    shared: Arc<Shared>,
    ended: watch::Receiver<bool>,
}

/// What the threads that wait for the process and read its log share with [`Postmaster`].
struct Shared {
    log: Mutex<VecDeque<String>>,
    /// Set while the server starts and stops: whatever it logs then is expected, and is passed on at the debug level.
    quiet: AtomicBool,
    /// Once this is true, the process ID may belong to another process.
    reaped: Mutex<bool>,
}

impl Postmaster {
    /// Starts the process. `keep` is dropped when it has ended.
    pub async fn spawn<K: Send + 'static>(command: Command, keep: K) -> io::Result<Self> {
        let shared =
            Arc::new(Shared { log: Mutex::default(), quiet: AtomicBool::new(true), reaped: Mutex::new(false) });
        let (started, pid) = oneshot::channel();
        let (end, ended) = watch::channel(false);
        let theirs = Arc::clone(&shared);
        // The thread must live as long as the process: the parent-death signal is sent when the thread that forked
        // ends.
        thread::Builder::new().name("postgres".into()).spawn(move || {
            match spawn_child(command) {
                Ok((child, pid)) => {
                    if started.send(Ok(pid)).is_err() {
                        kill_process(pid, Signal::INT).ok();
                    }
                    attend(child, pid, &theirs);
                }
                Err(error) => {
                    started.send(Err(error)).ok();
                }
            }
            drop(keep);
            end.send_replace(true);
        })?;
        let pid = pid.await.expect("the thread sends before it ends")?;
        Ok(Self { pid, shared, ended })
    }

    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until the server accepts connections, has ended, or has taken too long.
    pub async fn ready(&self, cluster: &Path, options: &PgConnectOptions) -> Started {
        let polls = async {
            let mut pause = Duration::from_millis(2);
            loop {
                // The lock file must be its own: at the same socket, a server that an earlier Keystead left may answer.
                let ours = LockFile::read(cluster).filter(|file| file.pid == self.pid);
                if ours.is_some_and(|file| file.ready) && answers(options).await {
                    return;
                }
                sleep(pause).await;
                pause = (pause + pause / 16).min(Duration::from_millis(100));
            }
        };
        let started = tokio::select! {
            () = polls => Started::Ready,
            () = self.ended() => Started::Ended,
            () = sleep(Duration::from_secs(60)) => Started::TooSlow,
        };
        self.shared.quiet.store(!matches!(started, Started::Ready), Ordering::Relaxed);
        started
    }

    /// Completes when the process has ended.
    pub async fn ended(&self) {
        // An error means that the sender is gone: the thread, and with it the process, has ended too.
        self.ended.clone().wait_for(|ended| *ended).await.ok();
    }

    /// Asks the server to shut down: `Signal::INT` disconnects clients and leaves the files in order, `QUIT` is
    /// quicker.
    pub fn shut_down(&self, how: Signal) {
        self.shared.quiet.store(true, Ordering::Relaxed);
        let reaped = lock(&self.shared.reaped);
        if !*reaped && let Err(error) = kill_process(self.pid, how) {
            tracing::warn!(target: "keystead::postgres", %error, "could not signal PostgreSQL");
        }
    }

    /// The server's last lines, oldest first.
    pub fn log(&self) -> String {
        lock(&self.shared.log).iter().map(|line| format!("\n  {line}")).collect()
    }

    /// Whether the server gave up because another one seems to use its files or its socket.
    pub fn found_another(&self) -> bool {
        const SIGNS: [&str; 3] = ["lock file \"", "shared memory block", "Address already in use"];
        lock(&self.shared.log).iter().any(|line| SIGNS.iter().any(|sign| line.contains(sign)))
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.shut_down(Signal::INT);
    }
}

fn spawn_child(mut command: Command) -> io::Result<(Child, Pid)> {
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let pid = Pid::from_child(&child);
    Ok((child, pid))
}

/// Reads the process's log and waits for its end.
fn attend(mut child: Child, pid: Pid, shared: &Arc<Shared>) {
    let stderr = child.stderr.take().expect("stderr is piped");
    let theirs = Arc::clone(shared);
    let reader = thread::Builder::new().name("postgres-log".into());
    let reader = reader.spawn(move || read_log(stderr, &theirs));
    // Waits without taking the exit status: until it is taken, under the lock, the process ID stays ours.
    let end = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), end)).ok();
    {
        let mut reaped = lock(&shared.reaped);
        let status = child.wait();
        *reaped = true;
        tracing::debug!(target: "keystead::postgres", ?status, "PostgreSQL ended");
    }
    // Those who learn of the end need the last lines. The wait is short: a backend that outlives the process keeps the
    // pipe open.
    for _ in 0..200 {
        if reader.as_ref().is_ok_and(|reader| !reader.is_finished()) {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Passes the server's lines to our log. A line without a known start continues the one before.
fn read_log(stderr: ChildStderr, shared: &Shared) {
    let mut level = tracing::Level::DEBUG;
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        level = match line.split_once(':').map(|(start, _)| start) {
            Some("PANIC") => tracing::Level::ERROR,
            Some("FATAL" | "WARNING") => tracing::Level::WARN,
            Some("LOG") => tracing::Level::INFO,
            // A statement's error goes to its caller, who says what matters; the text here may hold a user's data.
            Some("ERROR") => tracing::Level::DEBUG,
            _ => level,
        };
        let quiet = shared.quiet.load(Ordering::Relaxed);
        match if quiet { tracing::Level::DEBUG } else { level } {
            tracing::Level::ERROR => tracing::error!(target: "keystead::postgres", "{line}"),
            tracing::Level::WARN => tracing::warn!(target: "keystead::postgres", "{line}"),
            tracing::Level::INFO => tracing::info!(target: "keystead::postgres", "{line}"),
            _ => tracing::debug!(target: "keystead::postgres", "{line}"),
        }
        let mut log = lock(&shared.log);
        if log.len() == KEPT_LINES {
            log.pop_front();
        }
        log.push_back(line);
    }
}

async fn answers(options: &PgConnectOptions) -> bool {
    let answer = async {
        let mut connection = PgConnection::connect_with(options).await?;
        connection.ping().await?;
        connection.close().await
    };
    answer.await.is_ok()
}

/// Locks a mutex. A poisoned one still guards usable data, because the data is plain.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The content of `postmaster.pid` in a cluster's directory. Keystead reads it and never changes it.
struct LockFile {
    pid: Pid,
    socket: PathBuf,
    ready: bool,
}

impl LockFile {
    /// `None` when there is no file, or one that is not complete yet.
    fn read(cluster: &Path) -> Option<Self> {
        let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
        // The lines: process ID, data directory, start time, port, socket directory, address, memory key, status.
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let line = |number: usize| lines.get(number).copied().unwrap_or_default();
        Some(Self {
            pid: Pid::from_raw(line(0).parse().ok()?)?,
            socket: Path::new(line(4)).join(format!(".s.PGSQL.{}", line(3))),
            ready: line(7) == "ready",
        })
    }
}

/// The process ID in a stale lock file, if PostgreSQL would take it for a running server's and refuse to start.
///
/// It surely is no running server's if it belongs to a thread of ours (after a container was killed the same few IDs
/// come back), or to a process that has ended but whose parent does not ask for its exit status (as in containers
/// without an init).
pub(super) fn stale_id(cluster: &Path) -> Option<String> {
    let id = LockFile::read(cluster)?.pid.to_string();
    let ours = Path::new("/proc/self/task").join(&id).exists();
    let stat = fs::read_to_string(Path::new("/proc").join(&id).join("stat"));
    (ours || stat.is_ok_and(|stat| stat.contains(") Z "))).then_some(id)
}

/// Shuts down a server that an earlier, killed Keystead left running on this cluster (where there is no parent-death
/// signal). Its socket's peer proves that the process ID in the lock file is still that server's.
pub(super) async fn stop_leftover(cluster: &Path) {
    let Some(file) = LockFile::read(cluster) else { return };
    let Ok(stream) = UnixStream::connect(&file.socket).await else { return };
    let peer = stream.peer_cred().ok().and_then(|peer| Pid::from_raw(peer.pid()?));
    if peer == Some(file.pid) && kill_process(file.pid, Signal::INT).is_ok() {
        let process_id = file.pid.as_raw_pid();
        tracing::info!(process_id, "stopping the PostgreSQL that an earlier Keystead left running");
    }
}
