//! Sessions that OAuth clients open through a signed-in browser.

use uuid::Uuid;

use crate::{
    app::App,
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
    random,
    store::clients::Client,
    store::{
        self, Connection, authorization_codes::AuthorizationCode, clients::ClientAndPool, groups::Membership,
        sessions::Session, users::User,
    },
    tokens::{RefreshToken, Use},
};

/// What an application was granted.
pub struct Granted<'a> {
    /// Separated by spaces.
    pub scope: &'a str,
    pub resource: Option<&'a str>,
    /// Whether the application gets a refresh token.
    pub refreshable: bool,
}

/// A session that was just opened, before its transaction is committed.
pub struct OAuthSession {
    user: User,
    session: Session,
    memberships: Vec<Membership>,
    refresh: Option<RefreshToken>,
}

/// Opens a session for an application through the session of a browser.
///
/// The new session stands for the same sign-in: it has the same factors and the same time (`auth_time`). Returns `None`
/// if the browser's session has ended.
///
/// The user's row is locked first. Suppose that a concurrent transaction deletes the passkey of that sign-in and ends
/// the sessions that were opened with it. Either that transaction comes first, and has then ended the browser's
/// session, or it waits and then finds the new session.
pub async fn open(
    app: &App,
    db: &mut Connection,
    named: &ClientAndPool,
    sub: Uuid,
    browser_session: Uuid,
    granted: &Granted<'_>,
) -> Result<Option<OAuthSession>> {
    let pool_id = &named.pool.id;
    let Some(user) = store::users::lock_shared(db, pool_id, sub).await? else { return Ok(None) };
    if !store::sessions::lock_live(db, pool_id, sub, browser_session).await? {
        return Ok(None);
    }
    let browser = store::sessions::find_browser(db, pool_id, browser_session).await?;
    let with = store::sessions::opened_with(db, pool_id, browser_session).await?;
    let (Some(browser), Some(with)) = (browser, with) else { return Ok(None) };
    let (refresh, draft) = draft(app, named, sub, browser_session, granted);
    let session = Session {
        auth_time: browser.auth_time,
        methods: browser.methods,
        device_key: browser.device_key,
        named_device: browser.named_device,
        user_agent: browser.user_agent,
        address: browser.address,
        ..draft
    };
    store::sessions::insert(db, pool_id, &session, &with).await?;
    let memberships = store::groups::memberships(db, pool_id, sub).await?;
    Ok(Some(OAuthSession { user, session, memberships, refresh: granted.refreshable.then_some(refresh) }))
}

/// Opens a session with an authorization code by one statement, which also uses up the code. Returns `None`, with
/// nothing written, if the code or the browser's session is no longer good.
pub async fn open_by_code(
    app: &App,
    named: &ClientAndPool,
    code: &AuthorizationCode,
    granted: &Granted<'_>,
) -> Result<Option<OAuthSession>> {
    let (refresh, draft) = draft(app, named, code.sub, code.browser_session, granted);
    let now = draft.auth_time;
    let opened = store::authorization_codes::redeem(&app.db, &named.pool.id, &code.hash, draft, now).await?;
    let refresh = granted.refreshable.then_some(refresh);
    Ok(opened.map(|(session, user, memberships)| OAuthSession { user, session, memberships, refresh }))
}

/// Drafts a session that is opened through a browser's, with what does not come from the browser's session.
fn draft(
    app: &App,
    named: &ClientAndPool,
    sub: Uuid,
    browser_session: Uuid,
    granted: &Granted<'_>,
) -> (RefreshToken, Session) {
    let (client, now, origin_jti) = (&named.client, app.clock.now(), random::uuid());
    let refresh = RefreshToken::new(origin_jti);
    let lifetime = match granted.refreshable {
        true => client.settings.refresh_lifetime(),
        false => client.settings.access_lifetime().max(client.settings.id_lifetime()),
    };
    let session = Session {
        origin_jti,
        sub,
        client_id: client.id.clone(),
        refresh_hash: refresh.hash(Use::OAuth).to_vec(),
        refresh_generation: 0,
        rotated_at: None,
        auth_time: now,
        opened_at: Some(now),
        expires_at: now + lifetime,
        revoked_at: None,
        methods: String::new(),
        device_key: None,
        named_device: None,
        browser: false,
        browser_session: Some(browser_session),
        scope: Some(granted.scope.to_owned()),
        resource: granted.resource.map(str::to_owned),
        // These are the browser's, because the application may have a server that redeems the code.
        user_agent: None,
        address: None,
    };
    (refresh, session)
}

impl OAuthSession {
    /// The session's identifier.
    pub fn origin_jti(&self) -> Uuid {
        self.session.origin_jti
    }

    /// Issues the tokens of the session. Must be called after COMMIT. If this fails, nobody receives the tokens, so the
    /// session is revoked.
    pub async fn tokens(
        self,
        context: &PoolContext<'_>,
        client: &Client,
        nonce: Option<&str>,
    ) -> Result<AuthenticationResult> {
        let (app, pool_id, origin_jti) = (context.app, &context.pool.id, self.session.origin_jti);
        app.opened_sessions.note(pool_id, self.session.sub);
        let made = self.make_tokens(context, client, nonce).await;
        if made.is_err() {
            let mut db = app.db.acquire().await?;
            store::sessions::revoke(&mut db, pool_id, origin_jti, app.clock.now()).await?;
        }
        made
    }

    async fn make_tokens(
        self,
        context: &PoolContext<'_>,
        client: &Client,
        nonce: Option<&str>,
    ) -> Result<AuthenticationResult> {
        let (app, pool) = (context.app, context.pool);
        let scopes: Vec<_> = self.session.scope.as_deref().unwrap_or_default().split(' ').collect();
        let holder = Holder::User(&self.user, &self.memberships);
        let change = token_generation::ask(context, Source::HostedAuth, holder, &scopes).await?;
        if triggers::function(pool, Trigger::PreTokenGeneration).is_some() {
            // The trigger may have run for seconds, in which the user may have been signed out or disabled.
            let mut db = app.db.acquire().await?;
            let live = store::users::find_live(&mut db, &pool.id, self.user.sub, self.session.origin_jti).await?;
            live.ok_or_else(|| Error::wrong_credentials("the session ended meanwhile"))?;
        }
        let basis = TokenBasis { user: &self.user, memberships: &self.memberships, session: &self.session, nonce };
        let refresh = self.refresh.as_ref().map(RefreshToken::text);
        issue::issue(context, client, basis, change.as_ref(), refresh).await
    }
}
