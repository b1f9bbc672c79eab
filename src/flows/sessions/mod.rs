//! Sessions: opening them, refreshing them, describing them in tokens, and keeping their number within bounds.

pub(crate) mod authentication_result;
pub(crate) mod browser;
pub(crate) mod issue;
pub(crate) mod refresh;
pub(crate) mod session_limits;
pub(crate) mod token_generation;
