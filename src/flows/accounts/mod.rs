//! Accounts and their changes: sign-up, names, attributes, passwords, recovery and factors.

pub(crate) mod attributes;
pub(crate) mod auth_events;
pub(crate) mod change_attributes;
pub(crate) mod factors;
pub(crate) mod forgotten;
pub(crate) mod last_factor;
pub(crate) mod names;
pub(crate) mod network;
pub(crate) mod new_user;
pub(crate) mod password;
pub(crate) mod remove_user;
pub(crate) mod sign_up;
pub(crate) mod signals;
pub(crate) mod software_token;
pub(crate) mod step_up;
pub(crate) mod user_import;
