//! Refreshing a session's tokens, with rotation and reuse detection.

use time::OffsetDateTime;

use crate::{
    app::App,
    caller::Freshness,
    change,
    error::{Error, Result},
    flows::pool_context::PoolContext,
    flows::{
        sessions::{
            authentication_result::AuthenticationResult,
            issue::{self, TokenBasis},
            token_generation::{self, Holder, Source},
        },
        triggers::{self, Trigger},
    },
    store::{
        self, Connection,
        audit::Event,
        clients::{Client, ClientAndPool},
        sessions::Session,
        users::{Status, User},
    },
    tokens::{self, RefreshToken, Standing, Use},
};

/// A client's refresh request.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The refresh token.
    pub token: &'a str,
    /// The scopes that the new tokens should have, out of those that were granted (RFC 6749 section 6).
    pub scope: Option<&'a str>,
    /// The key of the device that the client says it runs on.
    pub device_key: Option<&'a str>,
}

/// Issues new access and ID tokens for a refresh token and, if rotation is on, the token's successor.
///
/// If the previous token is used again within the grace period, the result has the same successor. Any other use of a
/// rotated token means that two parties have it: the session is revoked, an audit row is written, and the call fails
/// with `RefreshTokenReuseException`.
///
/// `prove` checks the client's secret hash, if the caller has not authenticated the client: a secret hash can be
/// checked only once the session's user is known.
pub async fn refresh(
    context: &PoolContext<'_>,
    (named, freshness): (&ClientAndPool, &Freshness),
    asked: Asked<'_>,
    prove: impl Fn(&User) -> Result<()>,
) -> Result<AuthenticationResult> {
    let (app, client) = (context.app, &named.client);
    let Some(token) = RefreshToken::parse(asked.token) else {
        freshness.confirm(app, named).await?;
        return Err(invalid());
    };
    if triggers::function(context.pool, Trigger::PreTokenGeneration).is_none()
        && let Some(result) = quickly(context, (named, freshness), (&token, asked), &prove).await?
    {
        return Ok(result);
    }
    freshness.confirm(app, named).await?;
    let mut change = None;
    if triggers::function(context.pool, Trigger::PreTokenGeneration).is_some() {
        // The trigger is called before the token is rotated, because a failure of the trigger must not cost the client
        // its session.
        let mut tx = app.db.begin().await?;
        let Checked { user, session, standing, .. } = check(context, &mut tx, client, (&token, asked), &prove).await?;
        let memberships = store::groups::memberships(&mut tx, &client.pool_id, user.sub).await?;
        drop(tx);
        // The trigger is not called for a token that two parties have, because that token ends the session below.
        if is_good(client, &session, &standing, app.clock.now()) {
            let scope = session.scope.as_deref().unwrap_or(tokens::ACCESS_SCOPE);
            let (holder, scopes) = (Holder::User(&user, &memberships), scope.split(' ').collect::<Vec<_>>());
            change = token_generation::ask(context, Source::RefreshTokens, holder, &scopes).await?;
        }
    }
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let Checked { user, session, kind, standing } = check(context, &mut tx, client, (&token, asked), &prove).await?;
    let next = match (&standing, client.settings.rotation_grace()) {
        (Standing::Current, None) => None,
        (Standing::Current, Some(_)) => {
            let next = token.successor(&app.sealing);
            let generation = session.refresh_generation + 1;
            store::sessions::update_refresh(
                &mut tx,
                &client.pool_id,
                session.origin_jti,
                &next.hash(kind),
                generation,
                now,
            )
            .await?;
            Some(next)
        }
        (Standing::Rotated(_), Some(_)) if is_good(client, &session, &standing, now) => {
            Some(token.successor(&app.sealing))
        }
        _ => {
            store::sessions::revoke(&mut tx, &client.pool_id, session.origin_jti, now).await?;
            let trail = change::service_trail(app, context);
            let entry = Event::RefreshTokenReused.of_user(session.sub);
            let _ = store::audit::insert(&mut tx, &client.pool_id, &trail, entry).await?;
            tx.commit().await?;
            return Err(Error::RefreshTokenReuse);
        }
    };
    let memberships = store::groups::memberships(&mut tx, &client.pool_id, user.sub).await?;
    tx.commit().await?;
    let basis = TokenBasis { user: &user, memberships: &memberships, session: &session, nonce: None };
    issue::issue(context, client, basis, change.as_ref(), next.map(|next| next.text())).await
}

/// Refreshes by one statement that reads and, if rotation is on, one that rotates the token unless anything has changed.
///
/// Returns `None`, with nothing written, if this is not enough. Refusals need no locks: each rests on what one statement
/// read.
async fn quickly(
    context: &PoolContext<'_>,
    (named, freshness): (&ClientAndPool, &Freshness),
    (token, asked): (&RefreshToken, Asked<'_>),
    prove: &impl Fn(&User) -> Result<()>,
) -> Result<Option<AuthenticationResult>> {
    let (app, client) = (context.app, &named.client);
    let (pool_id, origin_jti) = (&client.pool_id, token.origin_jti);
    let read = store::refresh_tokens::read(&app.db, pool_id, origin_jti, &client.id, named.versions).await?;
    let Some((current, session, user, memberships)) = read else { return Ok(None) };
    if !freshness.is_current() {
        freshness.found(current)?;
    }
    let (generation, hash) = (session.refresh_generation, session.refresh_hash.clone());
    let version = user.version;
    let Checked { user, session, kind, standing } = judge(context, client, (token, asked), prove, (user, session))?;
    let next = match (standing, client.settings.rotation_grace()) {
        (Standing::Current, None) => None,
        (Standing::Current, Some(_)) => {
            let next = token.successor(&app.sealing);
            let now = app.clock.now();
            let from = (hash.as_slice(), generation, version);
            if !store::refresh_tokens::rotate(&app.db, pool_id, origin_jti, from, &next.hash(kind), now).await? {
                return Ok(None);
            }
            Some(next)
        }
        (Standing::Rotated(_) | Standing::Forged, _) => return Ok(None),
    };
    let basis = TokenBasis { user: &user, memberships: &memberships, session: &session, nonce: None };
    issue::issue(context, client, basis, None, next.map(|next| next.text())).await.map(Some)
}

/// Whether a session's refresh token is for OAuth or for the API. (A browser's session has a cookie, which is not a
/// refresh token.)
fn use_of(session: &Session) -> Use {
    if session.scope.is_some() { Use::OAuth } else { Use::Api }
}

/// Whether a token is the session's current one or, within the grace period, the previous one.
fn is_good(client: &Client, session: &Session, standing: &Standing, now: OffsetDateTime) -> bool {
    match (standing, client.settings.rotation_grace()) {
        (Standing::Current, _) => true,
        (Standing::Rotated(1), Some(grace)) => session.rotated_at.is_some_and(|at| now - at < grace),
        _ => false,
    }
}

/// The user and the session of a refresh token.
struct Checked {
    user: User,
    session: Session,
    kind: Use,
    standing: Standing,
}

/// Locks the user and the session of a refresh token until the transaction ends. Fails if the token may not be
/// refreshed by this client.
async fn check(
    context: &PoolContext<'_>,
    db: &mut Connection,
    client: &Client,
    (token, asked): (&RefreshToken, Asked<'_>),
    prove: &impl Fn(&User) -> Result<()>,
) -> Result<Checked> {
    // The user is locked first, as the common order of locks requires.
    let sub = store::sessions::find_sub(db, &client.pool_id, token.origin_jti).await?.ok_or_else(invalid)?;
    let user = store::users::lock_shared(db, &client.pool_id, sub).await?.ok_or_else(invalid)?;
    let session = store::sessions::lock(db, &client.pool_id, token.origin_jti).await?.ok_or_else(invalid)?;
    judge(context, client, (token, asked), prove, (user, session))
}

/// Fails if the token may not be refreshed by this client.
fn judge(
    context: &PoolContext<'_>,
    client: &Client,
    (token, asked): (&RefreshToken, Asked<'_>),
    prove: &impl Fn(&User) -> Result<()>,
    (user, mut session): (User, Session),
) -> Result<Checked> {
    let app = context.app;
    let generation = u32::try_from(session.refresh_generation).map_err(Error::internal)?;
    let kind = use_of(&session);
    let standing = token.standing(&app.sealing, kind, &session.refresh_hash, generation);
    if session.client_id != client.id || standing == Standing::Forged {
        return Err(invalid());
    }
    prove(&user)?;
    // If the session has a device, the refresh token is valid only together with the device's key. (OAuth clients are
    // exempt, because they cannot name a device.)
    let asks = context.pool.devices().is_some() && session.scope.is_none();
    let own = session.device_key.as_deref().or(session.named_device.as_deref());
    if asks && own.is_some_and(|own| asked.device_key != Some(own)) {
        tracing::info!("a refresh token refused: the device that it belongs to was not named");
        return Err(invalid());
    }
    if session.revoked_at.is_some() {
        return Err(Error::NotAuthorized("Refresh Token has been revoked".into()));
    }
    if session.expires_at <= app.clock.now() {
        return Err(Error::NotAuthorized("Refresh Token has expired".into()));
    }
    if !user.enabled {
        return Err(Error::disabled());
    }
    if user.status == Status::ResetRequired {
        return Err(Error::PasswordResetRequired);
    }
    if let Some(narrow) = asked.scope {
        let granted = session.scope.as_deref().unwrap_or(tokens::ACCESS_SCOPE);
        if !narrow.split(' ').all(|one| granted.split(' ').any(|scope| scope == one)) {
            return Err(Error::NotAuthorized("The scope was not granted".into()));
        }
        // The narrower scope applies only to the new tokens; the stored session keeps the scope that was granted.
        session.scope = Some(narrow.to_owned());
    }
    Ok(Checked { user, session, kind, standing })
}

/// Ends the session of a refresh token of this client.
///
/// If `associated` is set, this also ends the browser session through which that session was opened, and all other
/// sessions that were opened through that browser session. An unknown token counts as already revoked (RFC 7009 section
/// 2.2).
pub async fn revoke(app: &App, client: &Client, token: &str, associated: bool) -> Result<()> {
    let Some(token) = RefreshToken::parse(token) else { return Ok(()) };
    let mut tx = app.db.begin().await?;
    if associated {
        // The user is locked first, and exclusively, because several sessions are changed.
        let sub = store::sessions::find_sub(&mut tx, &client.pool_id, token.origin_jti).await?.unwrap_or_default();
        store::users::lock(&mut tx, &client.pool_id, sub).await?;
    }
    let Some(session) = store::sessions::lock(&mut tx, &client.pool_id, token.origin_jti).await? else {
        return Ok(());
    };
    let generation = u32::try_from(session.refresh_generation).map_err(Error::internal)?;
    let genuine = token.standing(&app.sealing, use_of(&session), &session.refresh_hash, generation) != Standing::Forged;
    if genuine && session.client_id == client.id {
        let now = app.clock.now();
        store::sessions::revoke(&mut tx, &client.pool_id, token.origin_jti, now).await?;
        if associated {
            store::sessions::revoke_associated(&mut tx, &client.pool_id, token.origin_jti, now).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

fn invalid() -> Error {
    Error::NotAuthorized("Invalid Refresh Token".into())
}
