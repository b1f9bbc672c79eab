//! OAuth 2.0 and OpenID Connect: authorization requests, codes, grants.

pub(crate) mod authorization;
pub(crate) mod fields;
pub(crate) mod logout_hint;
pub(crate) mod oauth_session;
pub(crate) mod token_grants;
