//! Browsers that are signed in on Keystead's own pages.
//!
//! The cookie stands for a session, as an application's refresh token does. That session is revoked, ends and is listed
//! like any other.

use time::Duration;

use crate::{
    app::App,
    change::{self, trail},
    context::Context,
    error::{Error, Result},
    flows::sessions::session_limits,
    random,
    sealing::equal,
    store::{self, audit::Event, pools::Pool, sessions::Session, users::User},
    tokens::{self, ACCESS_SCOPE, AccessClaims, RefreshToken, Use},
};

/// How long a browser stays signed in: as long as with Amazon Cognito (docs/cognito.md 5.3).
pub const LIFETIME: Duration = Duration::HOUR;

/// How many seconds the pages' own access tokens are valid: long enough for one request.
const TOKEN_LIFETIME: i64 = 60;

/// A browser that is signed in.
#[derive(Clone, Debug)]
pub struct Browser {
    pub session: Session,
    pub user: User,
}

/// A browser that just signed in.
pub struct NewBrowser {
    /// The cookie's value.
    pub cookie: String,
    pub browser: Browser,
}

/// Finds the browser of a cookie, if it is still signed in to this pool.
pub async fn find(app: &App, pool_id: &str, cookie: &str) -> Result<Option<Browser>> {
    let Some(cookie) = RefreshToken::parse(cookie) else { return Ok(None) };
    let mut db = app.db.acquire().await?;
    let Some(session) = store::sessions::find_browser(&mut db, pool_id, cookie.origin_jti).await? else {
        return Ok(None);
    };
    if !equal(&session.refresh_hash, &cookie.hash(Use::Cookie)) || session.expires_at <= app.clock.now() {
        return Ok(None);
    }
    // The user must not be signed out everywhere, disabled or in need of a new password.
    let user = store::users::find_live(&mut db, pool_id, session.sub, session.origin_jti).await?;
    Ok(user.map(|user| Browser { session, user }))
}

/// Signs the browser out. Sessions that applications got through it continue, as with Amazon Cognito.
pub async fn end(app: &App, context: &Context, pool_id: &str, session: &Session) -> Result<()> {
    let trail = trail(app, context, "user");
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, pool_id, session.sub).await?;
    if store::sessions::revoke_of_user(&mut tx, pool_id, session.sub, session.origin_jti, trail.at).await? {
        let _ = change::note(app, &mut tx, pool_id, &trail, Event::SessionEnded.of_user(session.sub)).await?;
    }
    Ok(tx.commit().await?)
}

/// Ends all sessions of the browser's user except the browser's own. Does nothing if that one has ended.
pub async fn end_others(app: &App, context: &Context, pool_id: &str, session: &Session) -> Result<()> {
    let (sub, own) = (session.sub, session.origin_jti);
    let trail = trail(app, context, "user");
    session_limits::bring_under(app, pool_id, sub, Some(own)).await?;
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, pool_id, sub).await?;
    if store::sessions::lock_live(&mut tx, pool_id, sub, own).await?
        && store::sessions::revoke_all(&mut tx, pool_id, sub, Some(own), trail.at).await?
    {
        let _ = change::note(app, &mut tx, pool_id, &trail, Event::UserSignedOut.of_user(sub)).await?;
        tx.commit().await?;
    }
    Ok(())
}

impl Browser {
    /// Makes an access token with which the pages call the API for their user. It never leaves the server.
    pub async fn access_token(&self, app: &App, pool: &Pool) -> Result<String> {
        let keys = app.keys_of_pool(&pool.id).await?.ok_or_else(|| Error::no_such_pool(&pool.id))?;
        let now = app.clock.now().unix_timestamp();
        let claims = AccessClaims {
            sub: self.user.sub,
            groups: Vec::new(),
            iss: app.issuer(&pool.id),
            client_id: self.session.client_id.clone(),
            origin_jti: self.session.origin_jti,
            event_id: random::uuid(),
            token_use: "access".into(),
            scope: ACCESS_SCOPE.into(),
            auth_time: self.session.auth_time.unix_timestamp(),
            exp: now + TOKEN_LIFETIME,
            iat: now,
            jti: random::uuid(),
            username: self.user.username.clone(),
        };
        tokens::sign(&claims, &keys.access)
    }

    /// The level (1 to 4) of the browser's sign-in.
    pub fn acr_level(&self) -> u8 {
        tokens::acr_level(&self.session.methods)
    }
}
