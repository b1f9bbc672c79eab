//! The grants for which the token endpoint issues tokens (RFC 6749 sections 4.1.3, 4.4 and 6; docs/cognito.md 7.2): an
//! authorization code, a refresh token, or a confidential client's own credentials.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use crate::{
    app::App,
    caller::Freshness,
    change,
    context::Context,
    error::{Error, Result},
    flows::{
        oauth::{
            authorization,
            fields::Fields,
            oauth_session::{self, Granted, OAuthSession},
        },
        pool_context::PoolContext,
        sessions::{
            authentication_result::AuthenticationResult,
            issue, refresh,
            token_generation::{self, Holder, Source},
        },
    },
    random,
    sealing::{equal, sha256},
    store::{self, audit::Event, authorization_codes::AuthorizationCode, clients::ClientAndPool},
    tokens::MachineClaims,
};

/// An error that the application is told (RFC 6749 section 5.2), or an internal error.
#[derive(Debug)]
pub enum Refusal {
    Told { code: &'static str, description: &'static str },
    Internal(Error),
}

/// The error code for the failure of a trigger, which the application did not cause. It is sent with the status 503.
pub const UNAVAILABLE: &str = "temporarily_unavailable";

/// How long after its exchange a code may come again by accident.
const SENT_TWICE: Duration = Duration::seconds(10);

/// A refusal with this code and description.
pub fn told(code: &'static str, description: &'static str) -> Refusal {
    Refusal::Told { code, description }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Internal(error)
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// Issues tokens for the grant in a form that was sent to the token endpoint. The caller has already authenticated the
/// client.
pub async fn grant(
    app: &App,
    context: &Context,
    (named, freshness): (&ClientAndPool, &Freshness),
    form: &Fields,
) -> Result<AuthenticationResult, Refusal> {
    let metadata = match form.given("aws_client_metadata").map(serde_json::from_str::<Map<String, Value>>) {
        None => Map::new(),
        Some(Ok(metadata)) => metadata,
        Some(Err(_)) => return Err(told("invalid_request", "aws_client_metadata is not a JSON object")),
    };
    let context = PoolContext::of_client(app, context, named, &metadata);
    match form.get("grant_type").unwrap_or_default() {
        "authorization_code" => code(&context, (named, freshness), form).await,
        "refresh_token" => refreshed(&context, (named, freshness), form).await,
        "client_credentials" => {
            freshness.confirm(app, named).await?;
            machine(&context, named, form).await
        }
        "" => Err(told("invalid_request", "grant_type is missing")),
        _ => Err(told("unsupported_grant_type", "it must be authorization_code, refresh_token or client_credentials")),
    }
}

/// Exchanges an authorization code for tokens.
///
/// A code can be exchanged once. If it is sent again, the session that it opened is revoked (RFC 6749 section 4.1.2),
/// unless this [is an accident](is_accident).
async fn code(
    context: &PoolContext<'_>,
    (named, freshness): (&ClientAndPool, &Freshness),
    form: &Fields,
) -> Result<AuthenticationResult, Refusal> {
    let app = context.app;
    let Some(text) = form.given("code") else { return Err(told("invalid_request", "code is missing")) };
    if !named.client.settings.allows_oauth("code") {
        return Err(told("unauthorized_client", "the app client may not use this flow"));
    }
    let (pool_id, hash, now) = (&named.pool.id, sha256(text.as_bytes()), app.clock.now());
    let unknown = || told("invalid_grant", "the code is unknown, expired or was used");
    if let Some((code, opened)) = code_quickly(app, (named, freshness), form, &hash, now).await? {
        return tokens_of(context, named, opened, code.nonce.as_deref()).await;
    }
    freshness.confirm(app, named).await?;
    let sub = store::authorization_codes::find_sub(&app.db, pool_id, &hash).await?.ok_or_else(unknown)?;
    let mut tx = app.db.begin().await?;
    // The user is locked first, as the common order of locks requires.
    store::users::lock_shared(&mut tx, pool_id, sub).await?.ok_or_else(unknown)?;
    let code = store::authorization_codes::lock(&mut tx, pool_id, &hash).await?.ok_or_else(unknown)?;
    if code.client_id != named.client.id {
        return Err(unknown());
    }
    if is_accident(&code, form, now) {
        return Err(unknown());
    }
    if let Some(origin_jti) = code.origin_jti {
        if store::sessions::revoke(&mut tx, pool_id, origin_jti, now).await? {
            let trail = change::service_trail(app, context);
            let entry = Event::AuthorizationCodeReplayed.of_user(sub);
            let _ = store::audit::insert(&mut tx, pool_id, &trail, entry).await?;
        }
        tx.commit().await?;
        tracing::warn!("an authorization code came back: what it gave is revoked");
        return Err(unknown());
    }
    if code.expires_at <= now {
        return Err(unknown());
    }
    if let Err(refusal) = fits(&code, form) {
        // After one try with a wrong redirect URI or code verifier, the code is no longer valid.
        store::authorization_codes::delete(&mut tx, pool_id, &hash).await?;
        tx.commit().await?;
        return Err(refusal);
    }
    let granted = Granted { scope: &code.scope, resource: code.resource.as_deref(), refreshable: true };
    let opened = oauth_session::open(app, &mut tx, named, sub, code.browser_session, &granted).await?;
    let opened = opened.ok_or_else(|| told("invalid_grant", "the person was signed out meanwhile"))?;
    store::authorization_codes::use_up(&mut tx, pool_id, &hash, opened.origin_jti(), now).await?;
    tx.commit().await?;
    tokens_of(context, named, opened, code.nonce.as_deref()).await
}

/// Exchanges a code by one statement that reads and one that writes. Returns `None`, with nothing written, if this is
/// not enough.
async fn code_quickly(
    app: &App,
    (named, freshness): (&ClientAndPool, &Freshness),
    form: &Fields,
    hash: &[u8],
    now: OffsetDateTime,
) -> Result<Option<(AuthorizationCode, OAuthSession)>> {
    let client = &named.client;
    let read = store::authorization_codes::read(&app.db, &named.pool.id, hash, &client.id, named.versions).await?;
    let Some((current, code)) = read else { return Ok(None) };
    if !freshness.is_current() {
        freshness.found(current)?;
    }
    if code.client_id != client.id || code.origin_jti.is_some() || code.expires_at <= now || fits(&code, form).is_err()
    {
        return Ok(None);
    }
    let granted = Granted { scope: &code.scope, resource: code.resource.as_deref(), refreshable: true };
    let opened = oauth_session::open_by_code(app, named, &code, &granted).await?;
    Ok(opened.map(|opened| (code, opened)))
}

/// Issues the tokens of a session that was opened with a code.
async fn tokens_of(
    context: &PoolContext<'_>,
    named: &ClientAndPool,
    opened: OAuthSession,
    nonce: Option<&str>,
) -> Result<AuthenticationResult, Refusal> {
    opened.tokens(context, &named.client, nonce).await.map_err(|error| match by_trigger(error) {
        // The code is already used up, so trying again would not help.
        Refusal::Told { code: UNAVAILABLE, .. } => {
            told("invalid_grant", "a function of the user pool failed; the person has to sign in again")
        }
        other => other,
    })
}

/// Whether a used code comes from the application that used it, which sends it twice: in two tabs, or because React's
/// StrictMode runs effects twice. Only that application has the code verifier, so this is not a stolen code.
fn is_accident(code: &AuthorizationCode, form: &Fields, now: OffsetDateTime) -> bool {
    let soon = code.used_at.is_some_and(|used| now - used <= SENT_TWICE);
    soon && code.code_challenge.is_some() && fits(code, form).is_ok()
}

/// Fails if the redirect URI or the code verifier does not match the authorization request.
fn fits(code: &AuthorizationCode, form: &Fields) -> Result<(), Refusal> {
    if form.get("redirect_uri") != Some(&code.redirect_uri) {
        return Err(told("unauthorized_client", "invalid_redirect"));
    }
    let verifier = form.given("code_verifier");
    match (&code.code_challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(told("invalid_grant", "the code was asked for without a code_challenge")),
        (Some(_), None) => Err(told("invalid_grant", "code_verifier is missing")),
        (Some(challenge), Some(verifier)) => {
            let hash = BASE64_URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
            let sound = (43..=128).contains(&verifier.len());
            match sound && equal(hash.as_bytes(), challenge.as_bytes()) {
                true => Ok(()),
                false => Err(told("invalid_grant", "code_verifier does not fit the code_challenge")),
            }
        }
    }
}

async fn refreshed(
    context: &PoolContext<'_>,
    client: (&ClientAndPool, &Freshness),
    form: &Fields,
) -> Result<AuthenticationResult, Refusal> {
    let Some(token) = form.given("refresh_token") else {
        return Err(told("invalid_request", "refresh_token is missing"));
    };
    let asked = refresh::Asked { token, scope: form.given("scope"), device_key: None };
    match refresh::refresh(context, client, asked, |_| Ok(())).await {
        Ok(tokens) => Ok(tokens),
        Err(Error::RefreshTokenReuse) => Err(told("invalid_grant", "the refresh token was rotated; sign in again")),
        Err(Error::NotAuthorized(_) | Error::PasswordResetRequired) => {
            Err(told("invalid_grant", "the refresh token is unknown, expired or revoked, or the scope was not granted"))
        }
        Err(other) => Err(by_trigger(other)),
    }
}

/// Issues an access token to a client that acts for itself, with scopes of resource servers.
async fn machine(
    context: &PoolContext<'_>,
    named: &ClientAndPool,
    form: &Fields,
) -> Result<AuthenticationResult, Refusal> {
    let (app, client) = (context.app, &named.client);
    if !client.settings.allows_oauth("client_credentials") || client.secrets.is_empty() {
        return Err(told("unauthorized_client", "the app client may not use this flow"));
    }
    let scope = authorization::scope(named, form.get("scope")).map_err(|text| told("invalid_scope", text))?;
    let resource = form.given("resource").map(str::to_owned);
    if let Some(identifier) = &resource
        && (identifier.contains('\0')
            || store::resource_servers::find(&app.db, &named.pool.id, identifier).await?.is_none())
    {
        return Err(told("invalid_request", "resource names no resource server"));
    }
    if resource.as_ref().is_some_and(|identifier| !authorization::is_granted(identifier, &scope)) {
        return Err(told("invalid_target", "no scope of this resource server is granted"));
    }
    let scopes: Vec<_> = scope.split(' ').collect();
    let change = token_generation::ask(context, Source::ClientCredentials, Holder::Client, &scopes).await;
    let change = change.map_err(by_trigger)?;
    if change.is_some() {
        // A client that was deleted while the trigger ran gets no token.
        match app.client_with_pool(&named.pool.id, &client.id).await {
            Err(Error::ResourceNotFound(_)) => return Err(told("invalid_client", "the app client is unknown")),
            still => still?,
        };
    }
    let keys = app.keys_of_pool(&named.pool.id).await?.ok_or_else(|| Error::no_such_pool(&named.pool.id))?;
    let now = app.clock.now().unix_timestamp();
    let expires_in = client.settings.access_lifetime().whole_seconds();
    let claims = MachineClaims {
        sub: client.id.clone(),
        token_use: "access",
        scope: change.as_ref().map_or_else(|| scope.clone(), |change| change.scopes(&scope)),
        auth_time: now,
        iss: app.issuer(&named.pool.id),
        exp: now + expires_in,
        iat: now,
        version: 2,
        jti: random::uuid(),
        client_id: client.id.clone(),
        aud: resource,
    };
    Ok(AuthenticationResult {
        access_token: issue::signed(&claims, change.as_ref().map(|change| &change.access), &keys.access)?,
        expires_in,
        token_type: "Bearer",
        refresh_token: None,
        id_token: None,
        new_device_metadata: None,
    })
}

/// Maps the errors of the pool's triggers to OAuth errors, because a refusal or failure of a trigger is not an internal
/// error.
fn by_trigger(error: Error) -> Refusal {
    match error {
        Error::UserLambdaValidation(_) => told("invalid_grant", "a function of the user pool refused"),
        // With `invalid_grant`, applications would sign their users out.
        Error::UnexpectedLambda(_) | Error::InvalidLambdaResponse(_) => {
            told(UNAVAILABLE, "a function of the user pool failed; try again in a moment")
        }
        Error::NotAuthorized(_) => told("invalid_grant", "the person was signed out meanwhile"),
        other => Refusal::Internal(other),
    }
}
