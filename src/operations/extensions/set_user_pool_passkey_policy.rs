//! SetUserPoolPasskeyPolicy: replaces a pool's rules for passkeys, beyond those of Amazon Cognito.
//!
//! Members that are left out go back to the behavior of Amazon Cognito. (But `RelatedOrigins` stay unchanged if the
//! operator's key is bound to one user pool.)
//!
//! - `SessionsOnDelete`: what a passkey's deletion does to the user's sessions: `KEEP` (default), `END_OTHERS` or
//!   `END_ALL`.
//! - `KeepLastFactor`: whether Keystead refuses to delete a user's last way to sign in.
//! - `StepUpSeconds` (60 to 86400): how old the sign-in may be when a user adds or deletes a passkey, or makes another
//!   change that could get around this rule (docs/passkeys.md).
//! - `MaximumPasskeys` (1 to 1000): how many passkeys a user may have. The default is the server's setting
//!   `passkeys-per-user` (20).
//! - `AcceptedAuthenticators`: the AAGUIDs that may be registered. By default, all may be.
//! - `EdDSA`: whether Ed25519 is offered in addition to ES256 and RS256.
//! - `RelatedOrigins`: https origins outside the RP ID's domain that may use its passkeys, served at
//!   `/.well-known/webauthn`.
//! - `UsernamelessClients`: the app clients whose users may sign in with a passkey alone (InitiateAuth with USER_AUTH
//!   and without USERNAME).
//! - `SignalUserDetails`: whether GetPasskeySignals and the account page tell passkey managers the user's current name.
//! - `AcceptChangedBackupEligibility`: whether a passkey whose flag BE (backup eligibility) is no longer that of its
//!   registration still signs in. Keystead then stores the new flag. By default, the sign-in is refused (Web
//!   Authentication Level 3, section 7.2, step 19).

use serde::Deserialize;
use url::Url;

use super::Policy;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    store::audit::Event,
    store::{
        self,
        pools::{PasskeyPolicy, SessionsOnDelete},
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    passkey_policy: PasskeyPolicyInput,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PasskeyPolicyInput {
    #[serde(default)]
    sessions_on_delete: Option<String>,
    #[serde(flatten)]
    policy: PasskeyPolicy,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Policy>> {
    let PasskeyPolicyInput { sessions_on_delete, mut policy } = request.passkey_policy;
    if operator.is_bound && !policy.related_origins.is_empty() {
        return Err(Error::AccessDenied(
            "RelatedOrigins: they are served for every user pool with this relying party ID; a key that belongs to one user pool may not set them."
                .into(),
        ));
    }
    for origin in &mut policy.related_origins {
        *origin = https_origin(origin)?;
    }
    let known = store::clients::names(&app.db, &request.user_pool_id, &policy.usernameless_clients).await?;
    let unknown = |id: &&String| !known.iter().any(|(one, _)| one == *id);
    if let Some(id) = policy.usernameless_clients.iter().find(unknown) {
        return Err(Error::no_such_client(id));
    }
    let mut change = operator.begin(app, context, &request.user_pool_id).await?;
    let now = change.at();
    let mut pool = change.pool().await?;
    let before = (pool.sessions_on_passkey_delete, pool.passkey_policy.clone());
    let chosen = sessions_on_delete.as_deref().unwrap_or("KEEP");
    pool.sessions_on_passkey_delete = SessionsOnDelete::parse(chosen)
        .ok_or_else(|| Error::internal(format!("the service model lets SessionsOnDelete be {chosen}")))?;
    if operator.is_bound {
        // A key that belongs to one user pool can neither set nor clear `RelatedOrigins`.
        policy.related_origins = std::mem::take(&mut pool.passkey_policy.related_origins);
    }
    pool.passkey_policy = policy;
    let answer = Policy::of(&pool)?;
    if before == (pool.sessions_on_passkey_delete, pool.passkey_policy.clone()) {
        return change.unchanged(answer).await;
    }
    store::pools::update_passkey_policy(&mut change, &pool, now).await?;
    change.commit(Event::PoolPasskeyPolicySet.of_pool(), answer).await
}

/// Normalizes an https origin to the form that browsers use.
fn https_origin(text: &str) -> Result<String> {
    let refused = || {
        Error::InvalidParameter(
            format!("RelatedOrigins: {text} must be an https origin without a path, such as https://example.com.")
                .into(),
        )
    };
    let url = Url::parse(text).map_err(|_| refused())?;
    let origin = url.origin().ascii_serialization();
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if url.scheme() == "https" && url.domain().is_some() && bare { Ok(origin) } else { Err(refused()) }
}
