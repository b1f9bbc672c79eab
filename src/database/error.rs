//! The errors of a private cluster.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a private cluster cannot run, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "PostgreSQL's server programs (initdb and postgres, version 14 or newer) were not found. Install them \
         ({install}), or set DATABASE_URL to a PostgreSQL server of your own."
    )]
    NoBinaries { install: &'static str },
    #[error(
        "{} holds no initdb and postgres. Name the directory that does, install them ({install}), or set DATABASE_URL \
         to a PostgreSQL server of your own.", .directory.display()
    )]
    NoBinariesIn { directory: PathBuf, install: &'static str },
    #[error(
        "{} was made by PostgreSQL {needed}, which only programs of version {needed} can serve (found: {found}). \
         Install PostgreSQL {needed}, or upgrade the cluster with pg_upgrade.", .cluster.display()
    )]
    OtherVersion { cluster: PathBuf, needed: u32, found: String },
    #[error(
        "Another Keystead{holder} uses the data directory {}. Stop it, or choose another data directory.",
        .directory.display()
    )]
    InUse { directory: PathBuf, holder: String },
    #[error(
        "PostgreSQL does not run as root, and there is no account \"postgres\" or \"nobody\" to run it as. Make one, \
         run Keystead as another user, or set DATABASE_URL to a PostgreSQL server of your own."
    )]
    NoAccount,
    #[error(
        "PostgreSQL does not run as root, and the account {account} may not pass {} on the way to {}. Choose another \
         data directory, run Keystead as another user, or allow it: chmod o+x {}",
        .component.display(), .path.display(), .component.display()
    )]
    Unreachable { account: String, path: PathBuf, component: PathBuf },
    #[error(
        "The paths of the data directory {} and the temporary directory {} are too long for a Unix socket. Choose a \
         data directory with a shorter path.", .data.display(), .temporary.display()
    )]
    NoSocketPath { data: PathBuf, temporary: PathBuf },
    #[error("initdb could not make a PostgreSQL cluster. Correct what it says and start again:{said}")]
    Initdb { said: String },
    #[error(
        "PostgreSQL ended while it started on {}. Correct what it says and start again:{log}", .cluster.display()
    )]
    Start { cluster: PathBuf, log: String },
    #[error(
        "PostgreSQL did not answer within 60 s of its start on {}. If it is recovering from a crash, start again and \
         it continues. It said:{log}", .cluster.display()
    )]
    TooSlow { cluster: PathBuf, log: String },
    #[error("PostgreSQL (process {process_id}) does not end. Find out what it waits for, and kill it.")]
    StillRunning { process_id: u32 },
    #[error("Could not {action} {}: {source}. Correct that, or choose another data directory.", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

/// Makes an [`Error::Io`].
pub(super) fn failed_to(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}
