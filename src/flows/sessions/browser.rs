//! Browsers that are signed in on Keystead's own pages.
//!
//! A browser's cookie identifies a session, as an application's refresh token does. The session can be listed and
//! revoked, and it expires, like any other.

use time::Duration;

use crate::{
    app::App,
    change::{Change, Changed},
    context::Context,
    error::{Error, Result},
    flows::sessions::session_limits,
    random,
    sealing::equal,
    store::{self, audit::Event, pools::Pool, sessions::Session, users::User},
    tokens::{self, ACCESS_SCOPE, AccessClaims, RefreshToken, Use},
};

/// For how long after a sign-in the account page and the page that adds passkeys can be used. A browser stays signed in
/// for this long at least.
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
    let found = store::sessions::find_live_browser(&mut db, pool_id, cookie.origin_jti).await?;
    Ok(found.and_then(|found| of_live(app, &cookie, found)))
}

/// Returns the browser of a cookie, given the live session that the cookie names, and the session's user. The session
/// must not have expired, and the cookie must have the session's secret.
pub fn of_live(app: &App, cookie: &RefreshToken, (session, user): (Session, User)) -> Option<Browser> {
    let is_good = equal(&session.refresh_hash, &cookie.hash(Use::Cookie)) && session.expires_at > app.clock.now();
    is_good.then_some(Browser { session, user })
}

/// Signs the browser out. Sessions that applications opened through the browser's session continue, as with Amazon
/// Cognito.
pub async fn end(app: &App, context: &Context, pool_id: &str, session: &Session) -> Result<()> {
    let mut change = Change::by_user(app, context, pool_id).await?;
    let at = change.at();
    store::users::lock(&mut change, pool_id, session.sub).await?;
    let ended = store::sessions::revoke_of_user(&mut change, pool_id, session.sub, session.origin_jti, at).await?;
    change.commit_if(ended, Event::SessionEnded.of_user(session.sub), ()).await.map(Changed::into_inner)
}

/// Ends all sessions of the browser's user except the browser's own. If the browser's own session has ended already,
/// the others stay.
pub async fn end_others(app: &App, context: &Context, pool_id: &str, session: &Session) -> Result<()> {
    let (sub, own) = (session.sub, session.origin_jti);
    session_limits::bring_under(app, pool_id, sub, Some(own)).await?;
    let mut change = Change::by_user(app, context, pool_id).await?;
    let at = change.at();
    store::users::lock(&mut change, pool_id, sub).await?;
    let ended = store::sessions::lock_live(&mut change, pool_id, sub, own).await?
        && store::sessions::revoke_all(&mut change, pool_id, sub, Some(own), at).await?;
    change.commit_if(ended, Event::UserSignedOut.of_user(sub), ()).await.map(Changed::into_inner)
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

    /// How long ago the person signed in.
    pub fn age(&self, app: &App) -> Duration {
        app.clock.now() - self.session.auth_time
    }

    /// Whether the person's own pages may be used with this sign-in.
    pub fn is_recent(&self, app: &App) -> bool {
        self.age(app) < LIFETIME
    }

    /// The level (1 to 4) of the `acr` claim that the browser's sign-in reaches.
    pub fn acr_level(&self) -> u8 {
        tokens::acr_level(&self.session.methods)
    }
}
