//! StartWebAuthnRegistration: returns the options with which a browser creates a passkey.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_StartWebAuthnRegistration.html>

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value};
use time::Duration;

use super::check_enabled;
use crate::{
    app::App,
    caller::Bearer,
    change::{Changed, Unaudited},
    context::Context,
    error::{Error, Result},
    flows::{
        self,
        accounts::{
            factors::{algorithms_of, relying_party_of},
            names, step_up,
        },
    },
    pending::{Bounds, Ceremony, Challenge, Kept, Pending},
    random, store, webauthn,
};

/// How long a registration may take, from this call to CompleteWebAuthnRegistration.
const LIFETIME: Duration = Duration::minutes(5);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    credential_creation_options: Value,
}

pub async fn handle(app: &App, context: &Context, bearer: Bearer, _: Map<String, Value>) -> Result<Changed<Response>> {
    let pool = flows::pool_of(app, &bearer).await?;
    let (mut change, user) = bearer.begin(app, context).await?;
    check_enabled(&pool)?;
    step_up::check(app, &mut change, &pool, &bearer).await?;
    let rp = relying_party_of(&pool, &app.config.app_origins).ok_or_else(|| {
        Error::WebAuthnConfigurationMissing(
            "The user pool has no relying party ID; set one with SetUserPoolMfaConfig.".into(),
        )
    })?;
    let existing = store::passkeys::list(&mut change, &pool.id, bearer.sub).await?;
    let exclude: Vec<_> =
        existing.into_iter().filter(|passkey| passkey.rp_id == rp.id).map(|passkey| passkey.credential_id).collect();
    let bytes: [u8; 32] = random::bytes();
    let now = change.at();
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let ceremony = Ceremony { challenge, rp_id: rp.id.clone(), discoverable: false, read: None };
    let challenge = Challenge {
        id: random::uuid(),
        client_id: bearer.client_id.clone(),
        sub: Some(bearer.sub),
        state: Pending::PasskeyRegistration(ceremony),
        bounds: Bounds::default(),
        expires_at: now + LIFETIME,
        kept: Kept::Row,
    };
    store::challenges::insert_registration(&mut change, &pool.id, &challenge, now).await?;
    // Passkey managers show this name. Where people sign in with an address, the username would tell them nothing.
    let name = names::shown(&pool, &user);
    let options = webauthn::creation_options(&rp, &bytes, (bearer.sub, name), algorithms_of(&pool), &exclude);
    change.commit_unaudited(Unaudited::Begun, Response { credential_creation_options: options }).await
}
