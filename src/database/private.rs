//! A private PostgreSQL cluster. It is made once in Keystead's data directory, is started and stopped together with
//! Keystead, and listens only on a Unix socket.

use std::{
    fs,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use rustix::process::Signal;
use sqlx::postgres::PgConnectOptions;
use tokio::time::{sleep, timeout};

use super::{
    account::{Account, Launcher},
    binaries,
    error::{Error, failed_to},
    files,
    files::{PORT, Sockets},
    postmaster::{Postmaster, Started, stale_id, stop_leftover},
};

/// How long a start waits for an earlier server on the same files to end, such as one whose Keystead was killed with
/// `kill -9`.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where and how a private cluster runs.
pub struct ClusterSettings {
    /// Keystead's data directory, which is created if it is missing. The cluster is its subdirectory `postgres`.
    pub directory: PathBuf,
    /// The directory that holds `initdb` and `postgres`. If this is `None`, an installed PostgreSQL is searched for.
    pub binaries: Option<PathBuf>,
    /// Whether a commit waits until its data is on the disk. `false` is only for tests, because then a crash of the
    /// machine may destroy the cluster.
    pub fsync: bool,
    pub max_connections: u16,
    /// Further server settings, such as `("shared_buffers", "256MB")`. They override Keystead's.
    pub extra: Vec<(String, String)>,
}

/// A running private cluster, which no other Keystead uses. Dropping this tells the server to stop, but does not wait
/// until it has stopped.
pub struct PrivateCluster {
    postmaster: Postmaster,
    sockets: Arc<Sockets>,
    binaries: PathBuf,
    /// The lock that keeps other Keysteads from using the directory while the cluster runs.
    _lock: File,
}

impl PrivateCluster {
    /// Creates the cluster if there is none yet, starts it, and waits until it accepts connections.
    pub async fn start(settings: ClusterSettings) -> Result<Self, Error> {
        let prepared = tokio::task::spawn_blocking(|| Prepared::new(settings)).await;
        let prepared = prepared.expect("preparing does not panic and is not aborted")?;
        let mut waited = Duration::ZERO;
        let mut pause = Duration::from_millis(20);
        loop {
            let Prepared { cluster, sockets, binaries, .. } = &prepared;
            let postmaster = Postmaster::spawn(prepared.command(), Arc::clone(sockets)).await;
            let postmaster = postmaster.map_err(failed_to("run", &binaries.join("postgres")))?;
            match postmaster.ready(cluster, &sockets.connect_options("postgres")).await {
                Started::Ready => {
                    let Prepared { sockets, binaries, lock, .. } = prepared;
                    tracing::debug!(binaries = %binaries.display(), "PostgreSQL is ready");
                    return Ok(Self { postmaster, sockets, binaries, _lock: lock });
                }
                Started::Ended if postmaster.found_another() && waited < PATIENCE => {
                    tracing::debug!("waiting for an earlier PostgreSQL on the same files to end");
                    stop_leftover(cluster).await;
                    sleep(pause).await;
                    waited += pause;
                    pause = (pause * 2).min(Duration::from_millis(500));
                }
                Started::Ended => {
                    return Err(Error::Start { cluster: cluster.clone(), log: postmaster.log() });
                }
                Started::TooSlow => {
                    return Err(Error::TooSlow { cluster: cluster.clone(), log: postmaster.log() });
                }
            }
        }
    }

    /// Returns the options for connecting to one of the cluster's databases as the superuser. A new cluster has only
    /// the database `postgres`.
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        self.sockets.connect_options(database)
    }

    /// Returns the directory of the programs that serve the cluster.
    pub fn binaries(&self) -> &Path {
        &self.binaries
    }

    pub fn process_id(&self) -> u32 {
        self.postmaster.pid().as_raw_pid().cast_unsigned()
    }

    /// Stops the server. It is told to disconnect all clients, write everything to disk and end, which takes less than
    /// a second as a rule. If it still runs after 10 seconds, it is told to end at once, and the next start recovers
    /// the files. Fails if it still runs 10 seconds later.
    pub async fn stop(self) -> Result<(), Error> {
        for (signal, name) in [(Signal::INT, "fast"), (Signal::QUIT, "immediate")] {
            self.postmaster.shut_down(signal);
            if timeout(Duration::from_secs(10), self.postmaster.ended()).await.is_ok() {
                return Ok(());
            }
            tracing::warn!("PostgreSQL did not end within 10 s of a request for {name} shutdown");
        }
        Err(Error::StillRunning { process_id: self.process_id() })
    }

    /// Completes when the server has ended for any reason.
    pub async fn exited(&self) {
        self.postmaster.ended().await;
    }
}

/// What a start of the server needs, once the cluster's files exist.
struct Prepared {
    settings: ClusterSettings,
    cluster: PathBuf,
    sockets: Arc<Sockets>,
    binaries: PathBuf,
    launcher: Launcher,
    lock: File,
}

impl Prepared {
    fn new(settings: ClusterSettings) -> Result<Self, Error> {
        let directory = std::path::absolute(&settings.directory).map_err(failed_to("find", &settings.directory))?;
        let launcher = Launcher::new(Account::choose(&directory.join("postgres"))?);
        let account = launcher.account();
        files::make_data_directory(&directory, account)?;
        let directory = fs::canonicalize(&directory).map_err(failed_to("find", &directory))?;
        let lock = files::lock(&directory)?;

        let cluster = directory.join("postgres");
        let version = files::version(&cluster)?;
        let existing = version.map(|version| (cluster.as_path(), version));
        let binaries = binaries::find(settings.binaries.as_deref(), existing)?;
        if let Some(account) = account {
            account.check_reach(&directory)?;
            account.check_reach(&fs::canonicalize(&binaries).map_err(failed_to("find", &binaries))?)?;
        }
        files::remove_unfinished(&directory);
        if version.is_none() {
            files::make_cluster(&directory, &binaries, &launcher, settings.fsync)?;
        }
        let sockets = Arc::new(Sockets::make(&directory, account)?);
        Ok(Self { settings, cluster, sockets, binaries, launcher, lock })
    }

    /// Makes the command that runs the server.
    fn command(&self) -> Command {
        let mut set = vec![
            ("listen_addresses", ""),
            ("unix_socket_permissions", "0700"),
            ("fsync", if self.settings.fsync { "on" } else { "off" }),
            ("log_destination", "stderr"),
            ("logging_collector", "off"),
            ("log_line_prefix", ""),
            ("log_min_messages", "warning"),
            ("log_checkpoints", "off"),
        ];
        if !self.settings.fsync {
            set.extend([("synchronous_commit", "off"), ("full_page_writes", "off")]);
        }
        let connections = self.settings.max_connections.to_string();
        set.push(("max_connections", &connections));
        set.extend(self.settings.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())));

        let mut command = self.launcher.command(&self.binaries.join("postgres"));
        command.arg("-D").arg(&self.cluster).arg("-k").arg(&self.sockets.directory);
        command.args(["-p", &PORT.to_string()]);
        for (name, value) in set {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        if let Some(id) = stale_id(&self.cluster) {
            // PostgreSQL ignores the lock file if the process ID in the file is the one in this variable. (pg_ctl sets
            // the variable to the ID of its own parent.)
            command.env("PG_GRANDPARENT_PID", id);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use std::{
        env,
        os::unix::fs::PermissionsExt,
        process,
        sync::atomic::{AtomicU32, Ordering},
    };

    use sqlx::{Connection, Executor, PgConnection, Row};

    use super::*;

    /// The path of a data directory, which is removed when this is dropped.
    struct Directory(PathBuf);

    impl Directory {
        fn new(end: &str) -> Self {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            Self(env::temp_dir().join(format!("keystead-test-{}-{number}{end}", process::id())))
        }

        fn settings(&self) -> ClusterSettings {
            ClusterSettings {
                directory: self.0.clone(),
                binaries: None,
                fsync: false,
                max_connections: 10,
                extra: vec![("shared_buffers".into(), "16MB".into())],
            }
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    async fn ask(cluster: &PrivateCluster, sql: &'static str) -> String {
        let options = cluster.connect_options("postgres");
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        let answer = connection.fetch_one(sql).await.unwrap().get(0);
        connection.close().await.unwrap();
        answer
    }

    #[tokio::test]
    async fn what_is_written_outlives_the_server() {
        let directory = Directory::new("");
        // This directory is what a killed first start leaves behind.
        fs::create_dir_all(directory.0.join("postgres.new-1/base")).unwrap();
        fs::set_permissions(&directory.0, fs::Permissions::from_mode(0o755)).unwrap();
        let cluster = PrivateCluster::start(directory.settings()).await.unwrap();
        assert_eq!(ask(&cluster, "SHOW shared_buffers").await, "16MB");
        assert_eq!(ask(&cluster, "CREATE TABLE kept AS SELECT 1 AS a; SELECT 'made'").await, "made");
        cluster.stop().await.unwrap();
        let cluster = PrivateCluster::start(directory.settings()).await.unwrap();
        assert_eq!(ask(&cluster, "SELECT count(*)::text FROM kept").await, "1");
        cluster.stop().await.unwrap();
        assert!(!directory.0.join("postgres.new-1").exists());
    }

    #[tokio::test]
    async fn a_directory_has_one_keystead() {
        let directory = Directory::new("");
        let cluster = PrivateCluster::start(directory.settings()).await.unwrap();
        let refusal = PrivateCluster::start(directory.settings()).await.err().unwrap().to_string();
        assert!(refusal.contains(&format!("(process {})", process::id())), "{refusal}");
        assert!(refusal.contains(directory.0.to_str().unwrap()), "{refusal}");
        // Dropping the cluster does not wait until its server has ended, so the next start must wait for that.
        drop(cluster);
        PrivateCluster::start(directory.settings()).await.unwrap().stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_killed_server_is_noticed_and_can_be_started_again() {
        let directory = Directory::new("");
        let cluster = PrivateCluster::start(directory.settings()).await.unwrap();
        rustix::process::kill_process(cluster.postmaster.pid(), Signal::KILL).unwrap();
        cluster.exited().await;
        drop(cluster);
        PrivateCluster::start(directory.settings()).await.unwrap().stop().await.unwrap();
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_stale_process_id_that_is_now_a_thread_of_ours_is_no_server() {
        let directory = Directory::new("");
        PrivateCluster::start(directory.settings()).await.unwrap().stop().await.unwrap();
        let threads = fs::read_dir("/proc/self/task").unwrap().map(|thread| thread.unwrap().file_name());
        let stale = threads.map(|id| id.into_string().unwrap()).find(|id| *id != process::id().to_string());
        fs::write(directory.0.join("postgres/postmaster.pid"), stale.unwrap() + "\n").unwrap();
        PrivateCluster::start(directory.settings()).await.unwrap().stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_path_too_long_for_a_socket_gets_a_temporary_one() {
        let directory = Directory::new(&"-long".repeat(20));
        let cluster = PrivateCluster::start(directory.settings()).await.unwrap();
        let sockets = cluster.sockets.directory.clone();
        assert!(sockets.starts_with(fs::canonicalize(env::temp_dir()).unwrap()));
        assert_eq!(ask(&cluster, "SELECT 'hello'").await, "hello");
        cluster.stop().await.unwrap();
        assert!(!sockets.exists());
    }

    #[tokio::test]
    async fn a_wrong_setting_is_told_in_the_words_of_postgresql() {
        let directory = Directory::new("");
        let mut settings = directory.settings();
        settings.extra.push(("no_such_setting".into(), "1".into()));
        let refusal = PrivateCluster::start(settings).await.err().unwrap().to_string();
        assert!(refusal.contains("FATAL:  unrecognized configuration parameter"), "{refusal}");
    }
}
