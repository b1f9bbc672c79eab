//! The account that runs PostgreSQL's programs, and how the programs are started.
//!
//! PostgreSQL refuses to run as root. So if Keystead runs as root, another account owns the cluster. On Linux the
//! programs are started through `setpriv` of util-linux, which tells the kernel to interrupt them when the thread that
//! started them ends. That thread also ends when Keystead is killed.

use std::{
    env, fs,
    fs::{Metadata, Permissions},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
};

use super::error::{Error, failed_to};

/// The environment variables that are passed on to PostgreSQL's programs. Other variables are not: Keystead's own
/// variables may hold secrets, and `PG…` variables would change PostgreSQL's settings.
const PASSED_ON: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "TMPDIR", "TZ"];

/// The account that PostgreSQL's programs run as when Keystead runs as root.
pub(super) struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// Returns the account that owns the existing cluster. If there is no cluster, or root owns it, returns the account
    /// `postgres` or `nobody`. Returns `None` if Keystead does not run as root: PostgreSQL's programs then run as
    /// Keystead's own account.
    pub fn choose(cluster: &Path) -> Result<Option<Self>, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let find = |fits: &dyn Fn(&Self) -> bool| {
            passwd.lines().filter_map(Self::parse).find(|account| account.uid != 0 && fits(account))
        };
        let owner = fs::metadata(cluster).ok().map(|found| (found.uid(), found.gid())).filter(|(uid, _)| *uid != 0);
        if let Some((uid, gid)) = owner {
            return Ok(find(&|a| a.uid == uid).or(Some(Self { name: uid.to_string(), uid, gid })));
        }
        let account = find(&|a| a.name == "postgres").or_else(|| find(&|a| a.name == "nobody"));
        Ok(Some(account.ok_or(Error::NoAccount)?))
    }

    /// Parses a line of `/etc/passwd`: `name:password:uid:gid:…`.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Self { name, uid, gid })
    }

    /// Makes the account the owner of a directory that Keystead created.
    pub fn give(&self, path: &Path) -> Result<(), Error> {
        chown(path, Some(self.uid), Some(self.gid)).map_err(failed_to("change the owner of", path))
    }

    /// Lets the account pass through a directory that Keystead created and still owns. The account cannot list the
    /// directory.
    pub fn let_pass(&self, path: &Path) -> Result<(), Error> {
        let given = chown(path, None, Some(self.gid));
        let opened = given.and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o710)));
        opened.map_err(failed_to("let PostgreSQL's account into", path))
    }

    /// Fails if the account may not pass through `path` or one of the directories above it.
    pub fn check_reach(&self, path: &Path) -> Result<(), Error> {
        for component in path.ancestors() {
            let found = fs::metadata(component).map_err(failed_to("look at", component))?;
            if !self.may_pass(&found) {
                let (path, component) = (path.to_owned(), component.to_owned());
                return Err(Error::Unreachable { account: self.name.clone(), path, component });
            }
        }
        Ok(())
    }

    /// Whether the permission bits let the account pass through a directory. As in the kernel, only the first class
    /// (owner, group, others) that includes the account counts.
    fn may_pass(&self, directory: &Metadata) -> bool {
        let class = match directory {
            d if d.uid() == self.uid => 6,
            d if d.gid() == self.gid => 3,
            _ => 0,
        };
        directory.mode() >> class & 1 == 1
    }
}

/// Makes the commands that run PostgreSQL's programs.
pub(super) struct Launcher {
    account: Option<Account>,
    setpriv: bool,
}

impl Launcher {
    /// Makes a launcher. It uses `setpriv` only if a trial run succeeds, because the `setpriv` of `BusyBox` and that of
    /// old util-linux releases do not support the parent-death signal.
    pub fn new(account: Option<Account>) -> Self {
        let mut launcher = Self { account, setpriv: true };
        let mut trial = launcher.command(Path::new("true"));
        trial.stdout(Stdio::null()).stderr(Stdio::null());
        launcher.setpriv = cfg!(target_os = "linux") && trial.status().is_ok_and(|status| status.success());
        launcher
    }

    pub fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    /// Makes a command that runs a program as the launcher's account, or as Keystead's own account if the launcher has
    /// none.
    ///
    /// The program's working directory is `/`, because every account may enter it. Another working directory would also
    /// keep its file system from being unmounted. The program has its own process group, because a Ctrl-C in the
    /// terminal is meant for Keystead, which stops the server after draining.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = if self.setpriv {
            let mut setpriv = Command::new("setpriv");
            setpriv.args(["--pdeathsig", "SIGINT"]);
            if let Some(Account { uid, gid, .. }) = &self.account {
                setpriv.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string()]);
                setpriv.arg("--clear-groups");
            }
            setpriv.arg("--").arg(program);
            setpriv
        } else {
            let mut plain = Command::new(program);
            if let Some(Account { uid, gid, .. }) = &self.account {
                plain.uid(*uid).gid(*gid);
            }
            plain
        };
        command.env_clear().envs(PASSED_ON.iter().filter_map(|name| Some((name, env::var_os(name)?))));
        // This makes PostgreSQL's messages English, because Keystead recognizes some of them. On macOS, PostgreSQL does
        // not even start without it.
        command.env("LC_ALL", "C");
        command.stdin(Stdio::null()).current_dir("/").process_group(0);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_from_passwd_lines() {
        let account = Account::parse("postgres:x:101:104:PostgreSQL administrator,,,:/var:/bin/bash");
        let account = account.expect("a good line");
        assert_eq!((account.name.as_str(), account.uid, account.gid), ("postgres", 101, 104));
        assert!(Account::parse("nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false").is_none());
        assert!(Account::parse("").is_none());
    }

    #[test]
    fn a_closed_directory_on_the_way_is_named() {
        let closed = env::temp_dir().join(format!("keystead-reach-{}", std::process::id()));
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
        let inside = closed.join("data");
        fs::create_dir(&inside).unwrap();
        let stranger = Account { name: "stranger".into(), uid: 54_321, gid: 54_321 };
        let refusal = stranger.check_reach(&inside).unwrap_err().to_string();
        fs::remove_dir_all(&closed).unwrap();
        assert!(refusal.contains(&format!("may not pass {}", closed.display())), "{refusal}");
    }
}
