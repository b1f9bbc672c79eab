//! Sessions: how they are opened and refreshed, what their tokens contain, and how many a user may have.

pub(crate) mod authentication_result;
pub(crate) mod browser;
pub(crate) mod issue;
pub(crate) mod refresh;
pub(crate) mod session_limits;
pub(crate) mod token_generation;
