//! Tools for tests and demonstrations. They must not be used in production.

pub mod authenticator;
