//! Sessions: opened, refreshed, told in tokens, and kept within bounds.

pub(crate) mod authentication_result;
pub(crate) mod browser;
pub(crate) mod issue;
pub(crate) mod refresh;
pub(crate) mod session_limits;
pub(crate) mod token_generation;
