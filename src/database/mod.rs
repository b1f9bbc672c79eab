//! Where PostgreSQL comes from: `DATABASE_URL`, or, without it, a private cluster that `keystead serve`, the tests and
//! the benchmarks run for themselves.
//!
//! [`private`] is the cluster's life from start to stop. `binaries` finds the installed server programs, `account` says
//! as whom and how they are run, `files` is what lies in the data directory, `postmaster` the running server.

mod account;
mod binaries;
mod error;
mod files;
mod postmaster;
pub(crate) mod private;

pub use error::Error;
pub use private::{ClusterSettings, PrivateCluster};
