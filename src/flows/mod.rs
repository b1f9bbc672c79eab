//! What several operations share: the steps of signing in, issuing tokens, keys, attributes, removing a user.

pub mod addresses;
pub mod attributes;
pub mod auth_events;
pub mod authentication_result;
pub mod authorization;
pub mod browser;
pub mod change_attributes;
pub mod codes;
pub mod custom_sign_in;
pub mod decoys;
pub mod device_keys;
pub mod devices;
pub mod factors;
pub mod fields;
pub mod forgotten;
pub mod issue;
pub mod last_factor;
pub mod messages;
pub mod mfa;
pub mod migration;
pub mod names;
pub mod new_password;
pub mod new_user;
pub mod next;
pub mod oauth_session;
pub mod otp_sign_in;
pub mod passkey_sign_in;
pub mod password;
pub mod proof;
pub mod purpose;
pub mod refresh;
pub mod remove_user;
pub mod secret_hash;
pub mod session_limits;
pub mod shared_counts;
pub mod sign_in;
pub mod sign_up;
pub mod signals;
pub mod software_token;
pub mod srp_sign_in;
pub mod step;
pub mod step_up;
pub mod templates;
pub mod token_generation;
pub mod token_grants;
pub mod triggers;
pub mod user_import;

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
