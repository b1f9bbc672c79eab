//! The private PostgreSQL cluster that `keystead serve`, the tests and the benchmarks run for themselves if
//! `DATABASE_URL` is not set.
//!
//! [`private`] runs the cluster from start to stop. `binaries` finds the installed server programs, `account` decides
//! which account runs them and starts them, `files` handles the data directory, and `postmaster` handles the running
//! server.

mod account;
mod binaries;
mod error;
mod files;
mod postmaster;
pub(crate) mod private;

pub use error::Error;
pub use private::{ClusterSettings, PrivateCluster};
