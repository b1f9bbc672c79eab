//! What signing up, confirming and asking for a code again share.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    app::App,
    error::{Error, Result},
    flows::{messages::Address, session_text},
    random,
    store::{
        self,
        challenges::Challenge,
        clients::{Client, ClientAndPool},
        pools::Pool,
        users::User,
    },
    turns::Turn,
};

/// The kind of challenge that waits for a sign-up's confirmation.
pub const SIGN_UP: &str = "SIGN_UP";
/// The kind of challenge that a confirmed sign-up signs in with, without asking again.
pub const SIGNED_UP: &str = "SIGNED_UP";

/// Where a new user's code goes: to the phone rather than to the mailbox, as in Amazon Cognito.
pub fn address_to_verify(pool: &Pool, user: &User) -> Option<Address> {
    let automatic = |name: &str| pool.settings.auto_verified_attributes.iter().any(|one| one == name);
    ["phone_number", "email"].into_iter().filter(|name| automatic(name)).find_map(|name| Address::of(user, name))
}

/// A `Session` for what comes after this step of a sign-up, for clients that may use one.
pub async fn session(
    app: &App,
    db: &mut PgConnection,
    client: &Client,
    sub: Uuid,
    kind: &str,
    now: OffsetDateTime,
) -> Result<Option<String>> {
    if !client.settings.allows_flow("ALLOW_USER_AUTH") {
        return Ok(None);
    }
    let challenge = Challenge {
        id: random::uuid(),
        kind: kind.into(),
        client_id: client.id.clone(),
        sub: Some(sub),
        data: json!({}),
        expires_at: now + client.settings.session_lifetime(),
    };
    store::challenges::insert(&mut *db, &client.pool_id, &challenge, now).await?;
    Ok(Some(session_text::seal(&app.sealing, &client.pool_id, &client.id, challenge.id, challenge.expires_at)))
}

/// Uses a sign-up's `Session` up; `false`: it is not one of this user and step, or not any more.
pub async fn take_session(
    app: &App,
    db: &mut PgConnection,
    client: &Client,
    sub: Uuid,
    kind: &str,
    session: &str,
    now: OffsetDateTime,
) -> Result<bool> {
    let Ok(id) = session_text::open(&app.sealing, &client.pool_id, &client.id, session, now) else { return Ok(false) };
    let Some(pending) = store::challenges::find(&mut *db, &client.pool_id, id).await? else { return Ok(false) };
    if pending.kind != kind || pending.sub != Some(sub) || pending.client_id != client.id || pending.expires_at <= now {
        return Ok(false);
    }
    Ok(store::challenges::take(db, &client.pool_id, id).await?.is_some())
}

/// The person whom a client names outside of a sign-in: with the turn of that name, and `None` for an unknown one where
/// the client hides who exists.
pub async fn person<'a>(
    app: &'a App,
    caller: &ClientAndPool,
    username: &str,
    secret_hash: Option<&str>,
) -> Result<(Turn<'a>, Option<User>)> {
    let ClientAndPool { client, pool } = caller;
    if username.contains('\0') {
        return Err(Error::nul());
    }
    super::sign_in::check_secret_hash(client, username, secret_hash)?;
    let key = pool.username_key(username);
    let turn = app.turns.take(&pool.id, &key).await?;
    let user = store::users::find(&app.db, &pool.id, &key).await?;
    if user.is_none() && !client.settings.hides_existence() {
        return Err(Error::UserNotFoundForClient);
    }
    Ok((turn, user))
}
