//! What several operations share: the steps of signing in, issuing tokens, keys, attributes, removing a user.

pub mod addresses;
pub(crate) mod attributes;
pub(crate) mod auth_events;
pub(crate) mod authentication_result;
pub(crate) mod authorization;
pub(crate) mod browser;
pub(crate) mod change_attributes;
pub(crate) mod codes;
pub(crate) mod custom_sign_in;
pub(crate) mod decoys;
pub(crate) mod device_keys;
pub(crate) mod devices;
pub(crate) mod factors;
pub(crate) mod fields;
pub(crate) mod forgotten;
pub(crate) mod issue;
pub(crate) mod last_factor;
pub mod messages;
pub(crate) mod mfa;
pub(crate) mod migration;
pub(crate) mod names;
pub(crate) mod new_password;
pub(crate) mod new_user;
pub(crate) mod next;
pub(crate) mod oauth_session;
pub(crate) mod otp_sign_in;
pub(crate) mod passkey_sign_in;
pub(crate) mod password;
pub(crate) mod proof;
pub(crate) mod purpose;
pub(crate) mod refresh;
pub(crate) mod remove_user;
pub(crate) mod secret_hash;
pub(crate) mod session_limits;
pub(crate) mod shared_counts;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod signals;
pub(crate) mod software_token;
pub(crate) mod srp_sign_in;
pub(crate) mod step;
pub(crate) mod step_up;
pub mod templates;
pub(crate) mod token_generation;
pub(crate) mod token_grants;
pub mod triggers;
pub(crate) mod user_import;

use crate::{
    app::App,
    caller::Bearer,
    error::{Error, Result},
    store::{self, pools::Pool, users::User},
    tokens,
};

/// The pool an operator names.
pub async fn pool(app: &App, pool_id: &str) -> Result<Pool> {
    store::pools::find(&app.db, pool_id).await?.ok_or_else(|| Error::no_such_pool(pool_id))
}

/// The pool of a token's bearer. A pool that is gone took its sessions along: the token is as good as revoked.
pub async fn pool_of(app: &App, bearer: &Bearer) -> Result<Pool> {
    Ok(store::pools::find(&app.db, &bearer.pool_id).await?.ok_or(tokens::Error::Revoked)?)
}

/// The pool and the user an operator names, by username or subject.
pub async fn pool_and_user(app: &App, pool_id: &str, username: &str) -> Result<(Pool, User)> {
    let pool = pool(app, pool_id).await?;
    let user = store::users::find(&app.db, pool_id, &pool.username_key(username)).await?.ok_or(Error::UserNotFound)?;
    Ok((pool, user))
}
