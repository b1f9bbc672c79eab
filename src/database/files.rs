//! The contents of the data directory: the lock, the cluster's files and the socket.

use std::{
    env, fs,
    fs::{DirBuilder, File, TryLockError},
    io,
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{
    account::{Account, Launcher},
    error::{Error, failed_to},
};

const USER: &str = "keystead";
/// The server's port, which is only a part of the socket's name. Commands and connections always state it, because
/// `PGPORT` in the environment would change the default.
pub(super) const PORT: u16 = 5432;
/// The maximum length of a socket's path, in bytes. The system's limit is 104 bytes on macOS and 108 on Linux,
/// including the final zero byte.
const LONGEST_SOCKET_PATH: usize = 100;

/// The directory of the server's socket: `run` in the data directory, or a temporary directory if the path of `run`
/// does not suit a socket.
pub(super) struct Sockets {
    pub directory: PathBuf,
    temporary: bool,
}

impl Sockets {
    pub fn make(data: &Path, account: Option<&Account>) -> Result<Self, Error> {
        let run = data.join("run");
        if fits(&run) {
            create(&run)?;
            if let Some(account) = account {
                account.give(&run)?;
            }
            return Ok(Self { directory: run, temporary: false });
        }
        let parent = env::temp_dir();
        let parent = fs::canonicalize(&parent).map_err(failed_to("find", &parent))?;
        for number in 0.. {
            let directory = parent.join(format!("keystead-{}-{number}", process::id()));
            if !fits(&directory) {
                break;
            }
            if !create(&directory)? {
                continue;
            }
            let made = Self { directory, temporary: true };
            if let Some(account) = account {
                account.give(&made.directory)?;
                account.check_reach(&made.directory)?;
            }
            return Ok(made);
        }
        Err(Error::NoSocketPath { data: data.to_owned(), temporary: parent })
    }

    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.directory)
            .port(PORT)
            .username(USER)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = fs::remove_dir_all(&self.directory)
        {
            let directory = self.directory.display();
            tracing::debug!(%directory, %error, "could not remove the socket's directory");
        }
    }
}

/// Whether a socket can be in the directory: its path must be short enough, and must not contain the characters that
/// have a meaning in PostgreSQL's list of socket directories.
fn fits(directory: &Path) -> bool {
    let path = directory.join(format!(".s.PGSQL.{PORT}"));
    let path = path.as_os_str().as_encoded_bytes();
    path.len() <= LONGEST_SOCKET_PATH && !path.iter().any(|byte| b",\"".contains(byte))
}

/// Creates the data directory if it is missing. If Keystead runs as root, PostgreSQL's account may pass through the new
/// directory to the cluster and the socket, but cannot list the directory.
pub(super) fn make_data_directory(directory: &Path, account: Option<&Account>) -> Result<(), Error> {
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent).map_err(failed_to("create", parent))?;
    }
    match account {
        Some(account) if create(directory)? => account.let_pass(directory),
        Some(_) => Ok(()),
        None => create(directory).map(drop),
    }
}

/// Creates a directory that only its owner may use. Returns `false` if something of that name already exists.
fn create(directory: &Path) -> Result<bool, Error> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed_to("create", directory)(error)),
    }
}

/// Locks the data directory for this process. The operating system releases the lock when the process ends, even if it
/// is killed.
pub(super) fn lock(directory: &Path) -> Result<File, Error> {
    let path = directory.join("keystead.lock");
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(&path).map_err(failed_to("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).ok();
            let holder = match holder.trim().parse::<u32>() {
                Ok(process_id) => format!(" (process {process_id})"),
                Err(_) => String::new(),
            };
            return Err(Error::InUse { directory: directory.to_owned(), holder });
        }
        Err(TryLockError::Error(error)) => return Err(failed_to("lock", &path)(error)),
    }
    let written = file.set_len(0).and_then(|()| writeln!(file, "{}", process::id()));
    written.map_err(failed_to("write", &path))?;
    Ok(file)
}

/// Returns the major version of an existing cluster; `None` if there is no cluster.
pub(super) fn version(cluster: &Path) -> Result<Option<u32>, Error> {
    let path = cluster.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(version) => Ok(Some(version)),
            Err(_) => Err(failed_to("understand", &path)(io::ErrorKind::InvalidData.into())),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed_to("read", &path)(error)),
    }
}

/// The start of the name of an unfinished cluster. The ID of the process that creates the cluster follows.
const UNFINISHED: &str = "postgres.new-";

/// Removes the unfinished clusters of first starts that were killed. If an `initdb` of such a start is still running,
/// the removal may fail; a later start then removes the rest.
pub(super) fn remove_unfinished(directory: &Path) {
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    for entry in entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes())) {
        if let Err(error) = fs::remove_dir_all(entry.path()) {
            let directory = entry.path();
            tracing::debug!(directory = %directory.display(), %error, "left an unfinished cluster for later");
        }
    }
}

/// Creates the cluster under another name and then renames it. So if this start is killed, the next start does not
/// mistake an unfinished cluster for a finished one.
pub(super) fn make_cluster(directory: &Path, binaries: &Path, launcher: &Launcher, fsync: bool) -> Result<(), Error> {
    let new = directory.join(format!("{UNFINISHED}{}", process::id()));
    let cluster = directory.join("postgres");
    tracing::info!(cluster = %cluster.display(), "making a PostgreSQL cluster");
    create(&new)?;
    if let Some(account) = launcher.account() {
        account.give(&new)?;
    }
    let initdb = binaries.join("initdb");
    let run = |locale: &str| {
        let mut command = launcher.command(&initdb);
        command.arg("-D").arg(&new).args(["-U", USER, "-A", "trust", "--encoding", "UTF8", "--locale", locale]);
        if !fsync {
            command.arg("--no-sync");
        }
        command.output().map_err(failed_to("run", &initdb))
    };
    let mut output = run("C.UTF-8")?;
    if !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("locale") {
        output = run("C")?;
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::Initdb { said: said.lines().map(|line| format!("\n  {line}")).collect() });
    }
    fs::rename(&new, &cluster).map_err(failed_to("move the new cluster to", &cluster))?;
    let moved = if fsync { File::open(directory).and_then(|d| d.sync_all()) } else { Ok(()) };
    moved.map_err(failed_to("write", directory))
}
