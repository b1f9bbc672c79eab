//! Logic that several operations share: accounts, messages, OAuth, sessions, sign-ins and triggers.

pub(crate) mod accounts;
pub mod messages;
pub(crate) mod oauth;
pub mod pool_context;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub mod triggers;

use crate::{
    app::App,
    caller::Bearer,
    error::{Error, Result},
    store::{self, pools::Pool, users::User},
    tokens,
};

/// Finds the pool that an operator names.
pub async fn pool(app: &App, pool_id: &str) -> Result<Pool> {
    store::pools::find(&app.db, pool_id).await?.ok_or_else(|| Error::no_such_pool(pool_id))
}

/// Finds the pool of a token's bearer. If the pool was deleted, so were its sessions, and the token counts as revoked.
pub async fn pool_of(app: &App, bearer: &Bearer) -> Result<Pool> {
    Ok(store::pools::find(&app.db, &bearer.pool_id).await?.ok_or(tokens::Error::Revoked)?)
}

/// Finds the pool and the user that an operator names. The user may be named by username or subject.
pub async fn pool_and_user(app: &App, pool_id: &str, username: &str) -> Result<(Pool, User)> {
    let pool = pool(app, pool_id).await?;
    let user = store::users::find(&app.db, pool_id, &pool.username_key(username)).await?.ok_or(Error::UserNotFound)?;
    Ok((pool, user))
}
