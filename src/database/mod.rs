//! Where PostgreSQL comes from: `DATABASE_URL`, or, without it, a private cluster that `keystead serve`, the tests and
//! the benchmarks run for themselves.
//!
//! [`private`] runs the cluster from start to stop. `binaries` finds the installed server programs, `account` decides
//! which account they run as and how, `files` handles the data directory, and `postmaster` the running server.

mod account;
mod binaries;
mod error;
mod files;
mod postmaster;
pub(crate) mod private;

pub use error::Error;
pub use private::{ClusterSettings, PrivateCluster};
