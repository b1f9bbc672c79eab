//! Opening a session and issuing its tokens.

use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::PgConnection;

use crate::{
    app::App,
    error::{Error, Result},
    flows::{
        attributes, devices,
        sign_in::SignIn,
        token_generation::{self, ClaimsOverride, TokensOverride},
        triggers::{self, Cause, Trigger},
    },
    random,
    store::{
        self,
        clients::Client,
        groups::Membership,
        pools::Pool,
        sessions::{OpenedWith, Session},
        users::User,
    },
    tokens::{self, ACCESS_SCOPE, AccessClaims, Context, IdClaims, IssuedAccess, RefreshToken},
};

/// `AuthenticationResultType`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthenticationResult {
    pub access_token: String,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    pub token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    pub id_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_device_metadata: Option<NewDeviceMetadata>,
}

/// `NewDeviceMetadataType`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewDeviceMetadata {
    pub device_key: String,
    pub device_group_key: String,
}

/// What a sign-in proved, and with which device.
pub struct Proved {
    pub with: OpenedWith,
    /// The values of the `amr` claim (W§5.1): `pwd`, `otp`, `sms`, `email_otp`, `swk`, `hwk`, `mfa`.
    pub methods: Vec<&'static str>,
    pub device: Option<SessionDevice>,
}

/// The device of a session, in pools that remember devices.
#[derive(Clone)]
pub struct SessionDevice {
    pub key: String,
    /// Whether the client learns the key with these tokens.
    pub is_new: bool,
}

/// A session that was just opened, before its transaction is committed.
pub struct Opened {
    user: User,
    session: Session,
    refresh: RefreshToken,
    device: Option<SessionDevice>,
    /// The user's groups, as the transaction that opens the session saw them.
    memberships: Vec<Membership>,
}

/// A new session, not yet in the database, and what its tokens will be made from.
pub fn new_session(app: &App, client: &Client, user: User, proved: Proved) -> (OpenedWith, Opened) {
    let now = app.clock.now();
    let origin_jti = random::uuid();
    let refresh = RefreshToken::new(origin_jti);
    let session = Session {
        origin_jti,
        sub: user.sub,
        client_id: client.id.clone(),
        refresh_hash: refresh.hash().to_vec(),
        refresh_generation: 0,
        rotated_at: None,
        auth_time: now,
        expires_at: now + client.settings.refresh_lifetime(),
        revoked_at: None,
        methods: proved.methods.join(" "),
        device_key: proved.device.as_ref().map(|device| device.key.clone()),
    };
    (proved.with, Opened { user, session, refresh, device: proved.device, memberships: Vec::new() })
}

/// Opens a session for a user whose row the transaction holds.
pub async fn open_session(
    app: &App,
    db: &mut PgConnection,
    client: &Client,
    user: User,
    proved: Proved,
) -> Result<Opened> {
    let (with, mut opened) = new_session(app, client, user, proved);
    store::sessions::insert(db, &client.pool_id, &opened.session, &with).await?;
    opened.memberships = store::groups::memberships(db, &client.pool_id, opened.session.sub).await?;
    Ok(opened)
}

impl Opened {
    /// The session's row.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The same with the user's groups.
    pub fn with(mut self, memberships: Vec<Membership>) -> Self {
        self.memberships = memberships;
        self
    }

    /// The tokens of the session; called after COMMIT. A session whose tokens nobody gets ends.
    pub async fn tokens(self, sign_in: &SignIn<'_>, source: Source) -> Result<AuthenticationResult> {
        let (app, pool_id, origin_jti) = (sign_in.app, &sign_in.pool.id, self.session.origin_jti);
        let made = self.make_tokens(sign_in, source).await;
        if made.is_err() {
            let mut db = app.db.acquire().await?;
            store::sessions::revoke(&mut db, pool_id, origin_jti, app.clock.now()).await?;
        }
        made
    }

    async fn make_tokens(self, sign_in: &SignIn<'_>, source: Source) -> Result<AuthenticationResult> {
        let (app, pool, cause) = (sign_in.app, sign_in.pool, sign_in.cause());
        let new_device = self.device.as_ref().is_some_and(|device| device.is_new);
        triggers::post_authentication(&cause, &self.user, new_device).await?;
        let refresh = Some(self.refresh.text());
        let basis = Basis { user: &self.user, memberships: &self.memberships, session: &self.session };
        let (memberships, scopes) = (&self.memberships, &[ACCESS_SCOPE]);
        let change = token_generation::ask(&cause, source.text(), &self.user, memberships, scopes).await?;
        let asked = [Trigger::PostAuthentication, Trigger::PreTokenGeneration];
        if asked.into_iter().any(|trigger| triggers::function(pool, trigger).is_some()) {
            // They may have taken seconds, in which the user was signed out, or disabled.
            let mut db = app.db.acquire().await?;
            let live = store::users::find_live(&mut db, &pool.id, self.user.sub, self.session.origin_jti).await?;
            live.ok_or_else(|| Error::wrong_credentials("the session ended meanwhile"))?;
        }
        let mut result = issue(&cause, sign_in.client, basis, change.as_ref(), refresh).await?;
        result.new_device_metadata = self.device.filter(|device| device.is_new).map(|device| NewDeviceMetadata {
            device_key: device.key,
            device_group_key: devices::group_key(app, &pool.id),
        });
        Ok(result)
    }
}

/// Why tokens are made: the `triggerSource` of a pre token generation trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Authentication,
    NewPasswordChallenge,
    AuthenticateDevice,
    RefreshTokens,
}

impl Source {
    /// As the event has it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Authentication => "TokenGeneration_Authentication",
            Self::NewPasswordChallenge => "TokenGeneration_NewPasswordChallenge",
            Self::AuthenticateDevice => "TokenGeneration_AuthenticateDevice",
            Self::RefreshTokens => "TokenGeneration_RefreshTokens",
        }
    }
}

/// What tokens are made from.
pub struct Basis<'a> {
    pub user: &'a User,
    pub memberships: &'a [Membership],
    pub session: &'a Session,
}

/// Signs access and ID token of a session, with what a pre token generation trigger changes.
pub async fn issue(
    cause: &Cause<'_>,
    client: &Client,
    basis: Basis<'_>,
    change: Option<&TokensOverride>,
    refresh_token: Option<String>,
) -> Result<AuthenticationResult> {
    let (app, pool) = (cause.app, cause.pool);
    let Basis { user, memberships, session } = basis;
    let mut groups: Vec<_> = memberships.iter().map(|one| one.name.clone()).collect();
    let mut roles: Vec<_> = memberships.iter().filter_map(|one| one.role_arn.clone()).collect();
    let mut preferred_role = preferred_role(memberships);
    if let Some(own) = change.and_then(|change| change.groups.as_ref()) {
        groups.clone_from(&own.groups);
        roles.clone_from(&own.roles);
        preferred_role.clone_from(&own.preferred_role);
    }
    let keys = app.keys.of_pool(app, &client.pool_id).await?.ok_or_else(|| Error::no_such_pool(&client.pool_id))?;
    let now = app.clock.now().unix_timestamp();
    let event_id = random::uuid();
    let issuer = app.issuer(&client.pool_id);
    let expires_in = client.settings.access_lifetime().whole_seconds();
    let auth_time = session.auth_time.unix_timestamp();
    let context = Context::of(pool, session);
    let access = IssuedAccess {
        claims: AccessClaims {
            sub: user.sub,
            groups: groups.clone(),
            iss: issuer.clone(),
            client_id: client.id.clone(),
            origin_jti: session.origin_jti,
            event_id,
            token_use: "access".into(),
            scope: change.map_or_else(|| ACCESS_SCOPE.into(), |change| change.scopes(ACCESS_SCOPE)),
            auth_time,
            exp: now + expires_in,
            iat: now,
            jti: random::uuid(),
            username: user.username.clone(),
        },
        device_key: session.device_key.clone(),
        context: context.clone(),
    };
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
        context,
        attributes: attribute_claims(client, user),
    };
    Ok(AuthenticationResult {
        access_token: signed(&access, change.map(|change| &change.access), &keys.access)?,
        expires_in,
        token_type: "Bearer",
        refresh_token,
        id_token: signed(&id, change.map(|change| &change.id), &keys.id)?,
        new_device_metadata: None,
    })
}

/// A signed token, with what a trigger changes in it.
fn signed(claims: &impl tokens::Claims, change: Option<&ClaimsOverride>, key: &tokens::SigningKey) -> Result<String> {
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
    /// How strongly and by what the person of a session signed in.
    fn of(pool: &Pool, session: &Session) -> Self {
        let amr: Vec<_> = session.methods.split_whitespace().map(str::to_owned).collect();
        let has = |method: &str| amr.iter().any(|one| one == method);
        let level = match (has("swk") || has("hwk"), has("mfa")) {
            (true, true) => 4,
            (true, false) => 3,
            (false, true) => 2,
            (false, false) => 1,
        };
        Self { acr: pool.settings.acr_name(level), amr }
    }
}

/// The role of the group with the lowest precedence, unless groups with different roles share it.
pub fn preferred_role(memberships: &[Membership]) -> Option<String> {
    let mut with_role = memberships.iter().filter_map(|one| Some((one.precedence?, one.role_arn.as_ref()?)));
    let (precedence, role) = with_role.next()?;
    let tied = with_role.any(|(other, other_role)| other == precedence && other_role != role);
    (!tied).then(|| role.clone())
}

/// The attributes that the client may read, `*_verified` as booleans.
fn attribute_claims(client: &Client, user: &User) -> Map<String, Value> {
    let claim = |name: &str, value: Value| match name {
        "email_verified" | "phone_number_verified" => Value::Bool(value == "true"),
        _ => value,
    };
    let readable = attributes::readable(client, &user.attributes).into_iter();
    readable.map(|(name, value)| (name.clone(), claim(&name, value))).collect()
}
