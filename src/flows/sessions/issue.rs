//! Opening a session and issuing its tokens.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    context::Door,
    error::{Error, Result},
    flows::pool_context::PoolContext,
    flows::{
        accounts::attributes,
        sessions::{
            authentication_result::{AuthenticationResult, NewDeviceMetadata},
            browser::{self, Browser, NewBrowser},
            token_generation::{self, ClaimsOverride, Holder, Source, TokensOverride},
        },
        sign_in::{
            device_keys,
            step::{Outcome, SignIn},
        },
        triggers::{self, Trigger},
    },
    random,
    sealing::sha256,
    store::{
        self, Connection,
        clients::Client,
        groups::Membership,
        pools::Pool,
        sessions::{OpenedWith, Session},
        users::User,
    },
    tokens::{self, ACCESS_SCOPE, AccessClaims, Context, IdClaims, IssuedAccess, RefreshToken, Use},
};

/// What a sign-in proved, and with which device.
pub struct Proved {
    pub with: OpenedWith,
    /// The values of the `amr` claim (docs/cognito.md 5.2): `pwd`, `otp`, `sms`, `email_otp`, `swk`, `hwk`, `mfa`.
    pub methods: Vec<&'static str>,
    pub device: Option<SessionDevice>,
}

/// The device of a session, in pools that remember devices.
#[derive(Clone)]
pub enum SessionDevice {
    /// A new device. The client receives the device's key together with the tokens.
    New(String),
    /// A device that proved itself.
    Proved(String),
    /// A known device that the client named but that did not have to prove itself.
    ///
    /// Naming a device proves nothing, because its key is in earlier tokens. The session ends when the device is
    /// forgotten.
    Named(String),
}

impl SessionDevice {
    /// The key to put into tokens.
    fn in_tokens(&self) -> Option<&String> {
        match self {
            Self::New(key) | Self::Proved(key) => Some(key),
            Self::Named(_) => None,
        }
    }

    fn only_named(&self) -> Option<&String> {
        match self {
            Self::Named(key) => Some(key),
            _ => None,
        }
    }
}

/// A session that is not in the database yet.
#[cfg_attr(feature = "broken", derive(Clone))]
pub struct SessionDraft {
    session: Session,
    refresh: RefreshToken,
    device: Option<SessionDevice>,
}

/// A session that was just opened.
pub struct NewSession {
    user: User,
    draft: SessionDraft,
    /// The user's groups, as the transaction that opens the session saw them.
    memberships: Vec<Membership>,
}

/// Drafts a session for the user with this subject.
///
/// On the sign-in pages, this is the browser's session, which has a cookie and no tokens.
pub fn draft_session(sign_in: &SignIn<'_>, sub: Uuid, proved: Proved) -> (OpenedWith, SessionDraft) {
    let now = sign_in.app.clock.now();
    let origin_jti = random::uuid();
    let refresh = RefreshToken::new(origin_jti);
    let browser = sign_in.context.door == Door::Pages;
    let (hash, lifetime) = match browser {
        true => (refresh.hash(Use::Cookie), browser::LIFETIME.max(sign_in.client.sso_validity())),
        false => (refresh.hash(Use::Api), sign_in.client.settings.refresh_lifetime()),
    };
    // The browser and the address of a server that signs people in say nothing about them.
    let is_theirs = sign_in.is_by_person();
    let session = Session {
        origin_jti,
        sub,
        client_id: sign_in.client.id.clone(),
        refresh_hash: hash.to_vec(),
        refresh_generation: 0,
        rotated_at: None,
        auth_time: now,
        opened_at: None,
        expires_at: now + lifetime,
        revoked_at: None,
        methods: proved.methods.join(" "),
        device_key: proved.device.as_ref().and_then(SessionDevice::in_tokens).cloned(),
        named_device: proved.device.as_ref().and_then(SessionDevice::only_named).cloned(),
        browser,
        browser_session: None,
        scope: None,
        resource: None,
        user_agent: sign_in.context.user_agent.clone().filter(|_| is_theirs),
        address: is_theirs.then(|| sign_in.context.address.to_string()),
    };
    (proved.with, SessionDraft { session, refresh, device: proved.device })
}

/// Opens a session for a user whose row the transaction has locked.
pub async fn open_session(sign_in: &SignIn<'_>, db: &mut Connection, user: User, proved: Proved) -> Result<NewSession> {
    let (with, draft) = draft_session(sign_in, user.sub, proved);
    store::sessions::insert(db, &sign_in.pool.id, &draft.session, &with).await?;
    let memberships = store::groups::memberships(db, &sign_in.pool.id, user.sub).await?;
    Ok(draft.opened(user, memberships))
}

impl SessionDraft {
    /// The session's row.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The session, after its row was added for this user, who has these groups.
    pub fn opened(self, user: User, memberships: Vec<Membership>) -> NewSession {
        NewSession { user, draft: self, memberships }
    }
}

impl NewSession {
    /// Returns the session's tokens or, on the sign-in pages, the browser's cookie.
    ///
    /// Must be called after COMMIT. If this fails, nobody receives the tokens or the cookie, so the session is revoked.
    pub async fn finish(self, sign_in: &SignIn<'_>, source: Source) -> Result<Outcome> {
        let (app, pool_id, origin_jti) = (sign_in.app, &sign_in.pool.id, self.draft.session.origin_jti);
        app.opened_sessions.note(pool_id, self.user.sub);
        let made = match sign_in.context.door {
            Door::Pages => self.into_browser(sign_in).await.map(Box::new).map(Outcome::Browser),
            Door::Api | Door::Operator => self.make_tokens(sign_in, source).await.map(Outcome::Tokens),
        };
        if made.is_err() {
            let mut db = app.db.acquire().await?;
            store::sessions::revoke(&mut db, pool_id, origin_jti, app.clock.now()).await?;
        }
        made
    }

    async fn into_browser(self, sign_in: &SignIn<'_>) -> Result<NewBrowser> {
        triggers::post_authentication(&sign_in.context, &self.user, false).await?;
        // The trigger may have run for seconds, but the session need not be checked again here: it is checked whenever
        // the browser sends the cookie.
        let SessionDraft { session, refresh, .. } = self.draft;
        Ok(NewBrowser { cookie: refresh.text(), browser: Browser { session, user: self.user } })
    }

    async fn make_tokens(self, sign_in: &SignIn<'_>, source: Source) -> Result<AuthenticationResult> {
        let (app, pool, context) = (sign_in.app, sign_in.pool, sign_in.context);
        let new_device = match &self.draft.device {
            Some(SessionDevice::New(key)) => Some(key.clone()),
            _ => None,
        };
        triggers::post_authentication(&context, &self.user, new_device.is_some()).await?;
        let refresh = Some(self.draft.refresh.text());
        let basis =
            TokenBasis { user: &self.user, memberships: &self.memberships, session: &self.draft.session, nonce: None };
        let holder = Holder::User(&self.user, &self.memberships);
        let change = token_generation::ask(&context, source, holder, &[ACCESS_SCOPE]).await?;
        let asked = [Trigger::PostAuthentication, Trigger::PreTokenGeneration];
        if asked.into_iter().any(|trigger| triggers::function(pool, trigger).is_some()) {
            // The triggers may have run for seconds, in which the user may have been signed out or disabled.
            let mut db = app.db.acquire().await?;
            let live = store::users::find_live(&mut db, &pool.id, self.user.sub, self.draft.session.origin_jti).await?;
            live.ok_or_else(|| Error::wrong_credentials("the session ended meanwhile"))?;
        }
        let mut result = issue(&context, sign_in.client, basis, change.as_ref(), refresh).await?;
        result.new_device_metadata = new_device.map(|device_key| NewDeviceMetadata {
            device_key,
            device_group_key: device_keys::group_key(app, &pool.id),
        });
        Ok(result)
    }
}

/// The data that tokens are made from.
pub struct TokenBasis<'a> {
    pub user: &'a User,
    pub memberships: &'a [Membership],
    pub session: &'a Session,
    /// The nonce of an authorization request, for the ID token.
    pub nonce: Option<&'a str>,
}

/// Signs a session's access token and, unless its OAuth scope lacks `openid`, its ID token, with the changes that a pre
/// token generation trigger makes.
pub async fn issue(
    context: &PoolContext<'_>,
    client: &Client,
    basis: TokenBasis<'_>,
    change: Option<&TokensOverride>,
    refresh_token: Option<String>,
) -> Result<AuthenticationResult> {
    let (app, pool) = (context.app, context.pool);
    let TokenBasis { user, memberships, session, nonce } = basis;
    let mut groups: Vec<_> = memberships.iter().map(|one| one.name.clone()).collect();
    let mut roles: Vec<_> = memberships.iter().filter_map(|one| one.role_arn.clone()).collect();
    let mut preferred_role = store::groups::preferred_role(memberships);
    if let Some(own) = change.and_then(|change| change.groups.as_ref()) {
        groups.clone_from(&own.groups);
        roles.clone_from(&own.roles);
        preferred_role.clone_from(&own.preferred_role);
    }
    let keys = app.keys_of_pool(&client.pool_id).await?.ok_or_else(|| Error::no_such_pool(&client.pool_id))?;
    let now = app.clock.now().unix_timestamp();
    let event_id = random::uuid();
    let issuer = app.issuer(&client.pool_id);
    let expires_in = client.settings.access_lifetime().whole_seconds();
    let auth_time = session.auth_time.unix_timestamp();
    let context = Context::of(pool, session);
    let scope = session.scope.as_deref().unwrap_or(ACCESS_SCOPE);
    let access = IssuedAccess {
        claims: AccessClaims {
            sub: user.sub,
            groups: groups.clone(),
            iss: issuer.clone(),
            client_id: client.id.clone(),
            origin_jti: session.origin_jti,
            event_id,
            token_use: "access".into(),
            scope: change.map_or_else(|| scope.into(), |change| change.scopes(scope)),
            auth_time,
            exp: now + expires_in,
            iat: now,
            jti: random::uuid(),
            username: user.username.clone(),
        },
        device_key: session.device_key.clone(),
        version: session.scope.as_ref().map(|_| 2),
        aud: session.resource.clone(),
        context: context.clone(),
    };
    let access_token = signed(&access, change.map(|change| &change.access), &keys.access)?;
    let id = IdClaims {
        sub: user.sub,
        groups,
        preferred_role,
        roles,
        iss: issuer,
        username: user.username.clone(),
        origin_jti: session.origin_jti,
        aud: client.id.clone(),
        event_id,
        token_use: "id",
        auth_time,
        exp: now + client.settings.id_lifetime().whole_seconds(),
        iat: now,
        jti: random::uuid(),
        nonce: nonce.map(str::to_owned),
        at_hash: session.scope.as_ref().map(|_| half_hash(&access_token)),
        context,
        attributes: attribute_claims(client, user, session.scope.as_deref()),
    };
    let wants_id = session.scope.as_ref().is_none_or(|scope| scope.split(' ').any(|one| one == "openid"));
    let id_token = match wants_id {
        true => Some(signed(&id, change.map(|change| &change.id), &keys.id)?),
        false => None,
    };
    Ok(AuthenticationResult {
        access_token,
        expires_in,
        token_type: "Bearer",
        refresh_token,
        id_token,
        new_device_metadata: None,
    })
}

/// Signs a token, with the changes that a trigger makes in it.
pub fn signed(
    claims: &impl tokens::Claims,
    change: Option<&ClaimsOverride>,
    key: &tokens::SigningKey,
) -> Result<String> {
    let Some(change) = change else { return tokens::sign(claims, key) };
    match serde_json::to_value(claims).map_err(Error::internal)? {
        Value::Object(mut claims) => {
            change.apply(&mut claims);
            tokens::sign(&claims, key)
        }
        _ => Err(Error::internal("claims that are no object")),
    }
}

impl Context {
    /// The strength (`acr`) and the methods (`amr`) of a session's sign-in.
    fn of(pool: &Pool, session: &Session) -> Self {
        let amr: Vec<_> = session.methods.split_whitespace().map(str::to_owned).collect();
        Self { acr: pool.settings.acr_name(tokens::acr_level(&session.methods)), amr }
    }
}

/// The `at_hash` claim: the first half of a token's SHA-256, in base64url.
fn half_hash(token: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&sha256(token.as_bytes())[..16])
}

/// The attributes of [`granted_attributes`] as claims, with `*_verified` as booleans.
fn attribute_claims(client: &Client, user: &User, scope: Option<&str>) -> Map<String, Value> {
    let claim = |name: &str, value: Value| match name {
        "email_verified" | "phone_number_verified" => Value::Bool(value == "true"),
        _ => value,
    };
    let readable = granted_attributes(client, user, scope).into_iter();
    readable.map(|(name, value)| (name.clone(), claim(&name, value))).collect()
}

/// The attributes that the client may read, as far as a scope grants them. Without a scope, all are granted.
///
/// `email` and `phone` each grant their own attributes. `profile` grants all attributes, and so does `openid` without
/// `email`, `phone` and `profile` (Amazon Cognito developer guide, "Scopes, M2M, and resource servers").
pub fn granted_attributes(client: &Client, user: &User, scope: Option<&str>) -> Map<String, Value> {
    let has = |wanted: &str| scope.is_some_and(|scope| scope.split(' ').any(|one| one == wanted));
    let (email, phone, profile) = (has("email"), has("phone"), has("profile"));
    let all = scope.is_none() || profile || !(email || phone);
    let granted = |name: &str| match name {
        "email" | "email_verified" => all || email,
        "phone_number" | "phone_number_verified" => all || phone,
        _ => all,
    };
    attributes::readable(client, &user.attributes).into_iter().filter(|(name, _)| granted(name)).collect()
}
