//! Refreshing and revoking.

pub mod get_tokens_from_refresh_token;
pub mod global_sign_out;
pub mod revoke_token;
