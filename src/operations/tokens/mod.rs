//! Operations that refresh and revoke tokens.

pub(crate) mod get_tokens_from_refresh_token;
pub(crate) mod global_sign_out;
pub(crate) mod revoke_token;
