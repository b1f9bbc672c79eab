//! For tests and demonstrations, never for production.

pub mod authenticator;
