//! StartWebAuthnRegistration: the options with which a browser makes a passkey.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_StartWebAuthnRegistration.html>

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value, json};
use time::Duration;

use super::check_enabled;
use crate::{
    app::App,
    call::Call,
    caller::Bearer,
    error::{Error, Result},
    flows::{
        self,
        factors::{algorithms_of, relying_party_of},
        step_up,
    },
    random,
    store::{
        self,
        challenges::{Challenge, REGISTRATION},
    },
    webauthn,
};

/// How long the answer may take.
const LIFETIME: Duration = Duration::minutes(5);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    credential_creation_options: Value,
}

pub async fn handle(app: &App, call: &Call, bearer: Bearer, _: Map<String, Value>) -> Result<Response> {
    let pool = flows::pool_of(app, &bearer).await?;
    let mut tx = app.db.begin().await?;
    bearer.live(app, &mut tx, call).await?;
    check_enabled(&pool)?;
    step_up::check(app, &mut tx, &pool, &bearer).await?;
    let rp = relying_party_of(&pool, &app.config.app_origins).ok_or_else(|| {
        Error::WebAuthnConfigurationMissing(
            "The user pool has no relying party ID; set one with SetUserPoolMfaConfig.".into(),
        )
    })?;
    let existing = store::passkeys::list(&mut tx, &pool.id, bearer.sub).await?;
    let exclude: Vec<_> =
        existing.into_iter().filter(|passkey| passkey.rp_id == rp.id).map(|passkey| passkey.credential_id).collect();
    let bytes: [u8; 32] = random::bytes();
    let now = app.clock.now();
    let challenge = Challenge {
        id: random::uuid(),
        kind: REGISTRATION.into(),
        client_id: bearer.client_id.clone(),
        sub: Some(bearer.sub),
        data: json!({"challenge": BASE64_URL_SAFE_NO_PAD.encode(bytes), "rpId": rp.id}),
        expires_at: now + LIFETIME,
    };
    store::challenges::put_registration(&mut tx, &pool.id, &challenge, now).await?;
    tx.commit().await?;
    Ok(Response {
        credential_creation_options: webauthn::creation_options(
            &rp,
            &bytes,
            (bearer.sub, &bearer.username),
            algorithms_of(&pool),
            &exclude,
        ),
    })
}
