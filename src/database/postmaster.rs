//! A running PostgreSQL server: its process, its log lines and its lock file `postmaster.pid`.

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

/// How many of the server's last log lines are kept, for the error message of a failed start.
const KEPT_LINES: usize = 20;

/// How an attempt to start ended.
pub(super) enum Started {
    Ready,
    Ended,
    TooSlow,
}

/// The server's main process. If this is dropped while the process runs, the process is told to shut down.
pub(super) struct Postmaster {
    pid: Pid,
    shared: Arc<Shared>,
    ended: watch::Receiver<bool>,
}

/// The data that [`Postmaster`] shares with its two threads. One of them waits for the end of the process, the other
/// reads the log of the process.
struct Shared {
    log: Mutex<VecDeque<String>>,
    /// Whether the server is starting or stopping. The lines that it logs then are expected, so they get the debug
    /// level.
    quiet: AtomicBool,
    /// Whether the exit status was taken. From then on, the process ID may belong to another process.
    reaped: Mutex<bool>,
}

impl Postmaster {
    /// Starts the process. `keep` is dropped when the process has ended.
    pub async fn spawn<K: Send + 'static>(command: Command, keep: K) -> io::Result<Self> {
        let shared =
            Arc::new(Shared { log: Mutex::default(), quiet: AtomicBool::new(true), reaped: Mutex::new(false) });
        let (started, pid) = oneshot::channel();
        let (end, ended) = watch::channel(false);
        let theirs = Arc::clone(&shared);
        // The thread must live as long as the process: the parent-death signal is sent when the thread that started the
        // process ends.
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

    /// Waits until the server accepts connections, until it has ended, or for 60 seconds at most.
    pub async fn ready(&self, cluster: &Path, options: &PgConnectOptions) -> Started {
        let polls = async {
            let mut pause = Duration::from_millis(2);
            loop {
                // The lock file must be that of the new process, because a server that an earlier Keystead left running
                // may answer at the same socket.
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
        // An error means that the sender was dropped: the thread has ended, and so has the process.
        self.ended.clone().wait_for(|ended| *ended).await.ok();
    }

    /// Tells the server to shut down. `Signal::INT` disconnects the clients and leaves the files consistent.
    /// `Signal::QUIT` is quicker, but the next start must recover the files.
    pub fn shut_down(&self, how: Signal) {
        self.shared.quiet.store(true, Ordering::Relaxed);
        let reaped = lock(&self.shared.reaped);
        if !*reaped && let Err(error) = kill_process(self.pid, how) {
            tracing::warn!(target: "keystead::postgres", %error, "could not signal PostgreSQL");
        }
    }

    /// Returns the server's last log lines, oldest first.
    pub fn log(&self) -> String {
        lock(&self.shared.log).iter().map(|line| format!("\n  {line}")).collect()
    }

    /// Whether the server seems to have given up because another server uses its files or its socket.
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

/// Passes the log of the process to Keystead's log, and waits until the process has ended.
fn attend(mut child: Child, pid: Pid, shared: &Arc<Shared>) {
    let stderr = child.stderr.take().expect("stderr is piped");
    let theirs = Arc::clone(shared);
    let reader = thread::Builder::new().name("postgres-log".into());
    let reader = reader.spawn(move || read_log(stderr, &theirs));
    // This waits without taking the exit status. The process ID cannot be reused before the status is taken. That
    // happens below, under the lock `reaped`, so `shut_down` never signals another process.
    let end = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), end)).ok();
    {
        let mut reaped = lock(&shared.reaped);
        let status = child.wait();
        *reaped = true;
        tracing::debug!(target: "keystead::postgres", ?status, "PostgreSQL ended");
    }
    // Code that waits for the end of the process reads the last log lines, so the reader gets up to 0.2 s to finish. It
    // may never finish, because a backend that outlives the process keeps the pipe open.
    for _ in 0..200 {
        if reader.as_ref().is_ok_and(|reader| !reader.is_finished()) {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Passes the server's log lines to Keystead's log. A line that does not begin with a severity, such as `LOG:`,
/// continues the previous line.
fn read_log(stderr: ChildStderr, shared: &Shared) {
    let mut level = tracing::Level::DEBUG;
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        level = match line.split_once(':').map(|(start, _)| start) {
            Some("PANIC") => tracing::Level::ERROR,
            Some("FATAL" | "WARNING") => tracing::Level::WARN,
            Some("LOG") => tracing::Level::INFO,
            // The error of a statement also reaches the code that ran it, which logs what matters. The server's message
            // may contain a user's data.
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

/// Locks a mutex, even if it is poisoned: the data that it guards cannot be left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The content of `postmaster.pid` in a cluster's directory. Keystead never changes this file.
struct LockFile {
    pid: Pid,
    socket: PathBuf,
    ready: bool,
}

impl LockFile {
    /// Reads the file. Returns `None` if there is no file, or if the file does not begin with a process ID (yet).
    fn read(cluster: &Path) -> Option<Self> {
        let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
        // The lines are: process ID, data directory, start time, port, socket directory, address, memory key, status.
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let line = |number: usize| lines.get(number).copied().unwrap_or_default();
        Some(Self {
            pid: Pid::from_raw(line(0).parse().ok()?)?,
            socket: Path::new(line(4)).join(format!(".s.PGSQL.{}", line(3))),
            ready: line(7) == "ready",
        })
    }
}

/// Returns the process ID in the lock file if it certainly does not belong to a running server, but PostgreSQL would
/// take it for the ID of one and refuse to start.
///
/// There are two such cases. In the first, the ID now belongs to a thread of this process. This happens after a
/// container was killed, because the next container uses the same low IDs. In the second, the ID belongs to a process
/// that has ended, but whose parent has not taken its exit status. This happens in containers without an init.
pub(super) fn stale_id(cluster: &Path) -> Option<String> {
    let id = LockFile::read(cluster)?.pid.to_string();
    let ours = Path::new("/proc/self/task").join(&id).exists();
    let stat = fs::read_to_string(Path::new("/proc").join(&id).join("stat"));
    (ours || stat.is_ok_and(|stat| stat.contains(") Z "))).then_some(id)
}

/// Shuts down a server that still runs on this cluster after its Keystead was killed. This is needed where the
/// parent-death signal is not available. The server is signaled only if the peer at its socket has the process ID in
/// the lock file, because then the ID still belongs to the server.
pub(super) async fn stop_leftover(cluster: &Path) {
    let Some(file) = LockFile::read(cluster) else { return };
    let Ok(stream) = UnixStream::connect(&file.socket).await else { return };
    let peer = stream.peer_cred().ok().and_then(|peer| Pid::from_raw(peer.pid()?));
    if peer == Some(file.pid) && kill_process(file.pid, Signal::INT).is_ok() {
        let process_id = file.pid.as_raw_pid();
        tracing::info!(process_id, "stopping the PostgreSQL that an earlier Keystead left running");
    }
}
