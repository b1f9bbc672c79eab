//! Opening a session and issuing its tokens.

use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    app::App,
    error::{Error, Result},
    flows::attributes,
    random,
    store::{
        self,
        clients::Client,
        groups::Membership,
        sessions::{OpenedWith, Session},
        users::User,
    },
    tokens::{self, ACCESS_SCOPE, AccessClaims, IdClaims, RefreshToken},
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
}

/// A session that was just opened, before its transaction is committed.
pub struct Opened {
    user: User,
    origin_jti: Uuid,
    auth_time: OffsetDateTime,
    refresh: RefreshToken,
    /// The user's groups, as the transaction that opens the session saw them.
    memberships: Vec<Membership>,
}

/// A new session, not yet in the database, and what its tokens will be made from.
pub fn new_session(app: &App, client: &Client, user: User) -> (Session, Opened) {
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
    };
    (session, Opened { user, origin_jti, auth_time: now, refresh, memberships: Vec::new() })
}

/// Opens a session for a user whose row the transaction holds.
pub async fn open_session(
    app: &App,
    db: &mut PgConnection,
    client: &Client,
    user: User,
    with: OpenedWith,
) -> Result<Opened> {
    let (session, mut opened) = new_session(app, client, user);
    store::sessions::insert(db, &client.pool_id, &session, &with).await?;
    opened.memberships = store::groups::memberships(db, &client.pool_id, session.sub).await?;
    Ok(opened)
}

impl Opened {
    /// The same with the user's groups.
    pub fn with(mut self, memberships: Vec<Membership>) -> Self {
        self.memberships = memberships;
        self
    }

    /// The tokens of the session; called after COMMIT.
    pub async fn tokens(self, app: &App, client: &Client) -> Result<AuthenticationResult> {
        let refresh = Some(self.refresh.text());
        let basis = Basis {
            user: &self.user,
            memberships: &self.memberships,
            origin_jti: self.origin_jti,
            auth_time: self.auth_time,
        };
        issue(app, client, basis, refresh).await
    }
}

/// What tokens are made from.
pub struct Basis<'a> {
    pub user: &'a User,
    pub memberships: &'a [Membership],
    pub origin_jti: Uuid,
    pub auth_time: OffsetDateTime,
}

/// Signs access and ID token of a session.
pub async fn issue(
    app: &App,
    client: &Client,
    basis: Basis<'_>,
    refresh_token: Option<String>,
) -> Result<AuthenticationResult> {
    let Basis { user, memberships, origin_jti, auth_time } = basis;
    let groups: Vec<_> = memberships.iter().map(|one| one.name.clone()).collect();
    let keys = app.keys.of_pool(app, &client.pool_id).await?.ok_or_else(|| Error::no_such_pool(&client.pool_id))?;
    let now = app.clock.now().unix_timestamp();
    let event_id = random::uuid();
    let issuer = app.issuer(&client.pool_id);
    let expires_in = client.settings.access_lifetime().whole_seconds();
    let access = AccessClaims {
        sub: user.sub,
        groups: groups.clone(),
        iss: issuer.clone(),
        client_id: client.id.clone(),
        origin_jti,
        event_id,
        token_use: "access".into(),
        scope: ACCESS_SCOPE.into(),
        auth_time: auth_time.unix_timestamp(),
        exp: now + expires_in,
        iat: now,
        jti: random::uuid(),
        username: user.username.clone(),
    };
    let id = IdClaims {
        sub: user.sub,
        groups,
        preferred_role: preferred_role(memberships),
        roles: memberships.iter().filter_map(|one| one.role_arn.clone()).collect(),
        iss: issuer,
        username: user.username.clone(),
        origin_jti,
        aud: client.id.clone(),
        event_id,
        token_use: "id",
        auth_time: auth_time.unix_timestamp(),
        exp: now + client.settings.id_lifetime().whole_seconds(),
        iat: now,
        jti: random::uuid(),
        attributes: attribute_claims(client, user),
    };
    Ok(AuthenticationResult {
        access_token: tokens::sign(&access, &keys.access)?,
        expires_in,
        token_type: "Bearer",
        refresh_token,
        id_token: tokens::sign(&id, &keys.id)?,
    })
}

/// The role of the group with the lowest precedence, unless groups with different roles share it.
fn preferred_role(memberships: &[Membership]) -> Option<String> {
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
