//! Finds the server programs of an installed PostgreSQL: `initdb` and `postgres`, of version 14 or newer.

use std::{
    collections::BTreeSet,
    env, fs,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
};

use super::error::Error;

const OLDEST: u32 = 14;

/// Where packages install PostgreSQL, with one directory per version. Each pair is the parent directory and the prefix
/// that precedes the version in a directory's name.
const INSTALLED: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
];

/// Finds the directory of the programs for a cluster: the directory in `setting` or, if that is `None`, the first
/// suitable directory on `PATH` or in [`INSTALLED`].
///
/// `cluster` is the directory and the major version of an existing cluster. Only programs of that version can serve it.
pub(super) fn find(setting: Option<&Path>, cluster: Option<(&Path, u32)>) -> Result<PathBuf, Error> {
    match setting {
        Some(directory) if !has_programs(directory) => {
            Err(Error::NoBinariesIn { directory: directory.to_owned(), install: install_hint() })
        }
        Some(directory) => choose([directory.to_owned()], cluster),
        None => choose(on_path().into_iter().chain(INSTALLED.iter().flat_map(installed)), cluster),
    }
}

fn choose(candidates: impl IntoIterator<Item = PathBuf>, cluster: Option<(&Path, u32)>) -> Result<PathBuf, Error> {
    let mut unfit = BTreeSet::new();
    for directory in candidates {
        match (version(&directory), cluster) {
            (Some(version), Some((_, needed))) if version == needed => return Ok(directory),
            (Some(version), None) if version >= OLDEST => return Ok(directory),
            (Some(version), _) => unfit.insert(version),
            (None, _) => false,
        };
    }
    let Some((cluster, needed)) = cluster else {
        return Err(Error::NoBinaries { install: install_hint() });
    };
    let found: Vec<_> = unfit.iter().map(u32::to_string).collect();
    let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
    Err(Error::OtherVersion { cluster: cluster.to_owned(), needed, found })
}

/// Returns the directories on `PATH` that have the programs. If `postgres` is a symbolic link, the directory that the
/// link leads to is returned, because PostgreSQL finds its other files relative to that directory. Directories in which
/// `postgres` is a wrapper script come last, because the process that Keystead signals may then be the script instead
/// of the server.
fn on_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).filter(|entry| entry.is_absolute() && has_programs(entry));
    let resolved = found.map(|entry| match fs::canonicalize(entry.join("postgres")) {
        Ok(program) => match program.parent() {
            Some(parent) if has_programs(parent) => parent.to_owned(),
            _ => entry,
        },
        Err(_) => entry,
    });
    let (scripts, programs): (Vec<_>, Vec<_>) = resolved.partition(|entry| is_script(&entry.join("postgres")));
    programs.into_iter().chain(scripts).collect()
}

/// Returns the program directories in one entry of [`INSTALLED`], highest version first.
fn installed((directory, prefix): &(&str, &str)) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, directory)| has_programs(directory))
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, directory)| directory).collect()
}

fn has_programs(directory: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| directory.join(program).is_file())
}

fn is_script(program: &Path) -> bool {
    let mut start = [0; 2];
    fs::File::open(program).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"#!"
}

/// Returns the major version of the programs in a directory; `None` if it cannot be determined.
///
/// For programs in one of the places of [`INSTALLED`], the version is read from the path, because running `postgres`
/// adds 10 ms to each start. Elsewhere, `postgres --version` is run.
fn version(directory: &Path) -> Option<u32> {
    let parent = directory.parent()?;
    let place = INSTALLED.iter().find(|(place, _)| parent.parent() == Some(Path::new(place)));
    let named = place.and_then(|(_, prefix)| parent.file_name()?.to_str()?.strip_prefix(prefix)?.parse().ok());
    named.or_else(|| {
        let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
        parse_version(&String::from_utf8_lossy(&output.stdout))
    })
}

/// Parses the output of `postgres --version`, such as `postgres (PostgreSQL) 15.18 (Debian …)` or `postgres
/// (PostgreSQL) 18beta1`.
fn parse_version(text: &str) -> Option<u32> {
    let number = text.split_once(") ")?.1;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

/// Returns the command that installs PostgreSQL on this system, or advice if the system is unknown.
fn install_hint() -> &'static str {
    if cfg!(target_os = "macos") {
        return "brew install postgresql@17";
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let ids: Vec<&str> = release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|ids| ids.trim_matches('"').split(' '))
        .collect();
    let is = |names: &[&str]| ids.iter().any(|id| names.contains(id));
    if is(&["debian", "ubuntu"]) {
        "apt-get install postgresql"
    } else if is(&["fedora", "rhel", "centos"]) {
        "dnf install postgresql-server"
    } else if is(&["alpine"]) {
        "apk add postgresql"
    } else {
        "install your system's PostgreSQL server package"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_postgres_says() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_version("no such thing"), None);
    }

    #[test]
    fn missing_programs_say_what_to_install() {
        let refusal = choose([], None).unwrap_err().to_string();
        assert!(refusal.contains("DATABASE_URL") && refusal.contains("install"), "{refusal}");
        let refusal = find(Some(Path::new("/nowhere")), None).unwrap_err().to_string();
        assert!(refusal.contains("/nowhere") && refusal.contains("DATABASE_URL"), "{refusal}");
    }

    #[test]
    fn a_cluster_wants_programs_of_its_own_version() {
        let refusal = find(None, Some((Path::new("/data/postgres"), 9))).unwrap_err().to_string();
        assert!(refusal.contains("/data/postgres was made by PostgreSQL 9"), "{refusal}");
    }
}
