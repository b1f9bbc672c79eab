//! CompleteWebAuthnRegistration: verifies the new passkey and stores it.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CompleteWebAuthnRegistration.html>

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;

use super::check_enabled;
use crate::{
    app::App,
    caller::Bearer,
    change::Changed,
    context::Context,
    error::{Error, Key, Result, Text},
    flows::{
        self,
        accounts::{
            factors::{algorithms_of, relying_party_of},
            step_up,
        },
        sign_in::decoys,
    },
    operations::Empty,
    pending::{Challenge, Pending},
    store::{self, Connection, audit::Event},
    webauthn::{self, NewCredential, RelyingParty, verify_registration},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    credential: Value,
}

/// Works in one transaction, which uses up the challenge even if the new passkey is then refused. Other registrations
/// that the user has begun stay pending.
pub async fn handle(app: &App, context: &Context, bearer: Bearer, request: Request) -> Result<Changed<Empty>> {
    let pool = flows::pool_of(app, &bearer).await?;
    // This locks the user's row, so that no other registration of this user changes the number of passkeys meanwhile.
    let (mut change, _) = bearer.begin(app, context).await?;
    let now = change.at();
    check_enabled(&pool)?;
    step_up::check(app, &mut change, &pool, &bearer).await?;
    let challenge = webauthn::registration_challenge(&request.credential).map_err(refusal)?;
    let Some(pending) = store::challenges::take_registration(&mut change, &pool.id, bearer.sub, &challenge).await?
    else {
        return Err(no_challenge());
    };
    let checked = check(app, &bearer, &pool, &pending, &request.credential);
    let (rp, credential) = match checked {
        Ok(checked) => checked,
        Err(refusal) => return change.refuse(refusal).await,
    };
    let limit = app.passkey_limit(&pool);
    let name = friendly_name(&credential);
    let insert = async |db: &mut Connection| {
        store::passkeys::insert(db, &pool.id, bearer.sub, &rp.id, name, &credential, limit, now).await
    };
    let inserted = if decoys::is_credential_id(app, &pool, &credential.id) {
        // The server made up this ID for an unknown user's challenge. The refusal must not differ from that of a real
        // passkey's ID, so the insertion is tried and undone.
        change.undone(insert).await?.map(|_| false)
    } else {
        insert(&mut change).await?
    };
    let refusal = match inserted {
        Some(true) => None,
        Some(false) => Some(Error::InvalidParameter("A passkey with this credential ID is registered already.".into())),
        None => {
            let words = format!("A user may have {limit} passkeys; delete one first.");
            Some(Error::LimitExceeded(Text::keyed(Key::PasskeyLimit, words)))
        }
    };
    match refusal {
        Some(refusal) => change.refuse(refusal).await,
        // A user cannot delete more passkeys than they register. So the limit on registrations per day also limits the
        // audit rows of deletions.
        None => change.commit(Event::PasskeyRegistered.of_passkey(bearer.sub, &credential.id), Empty {}).await,
    }
}

fn check(
    app: &App,
    bearer: &Bearer,
    pool: &store::pools::Pool,
    pending: &Challenge,
    credential: &Value,
) -> Result<(RelyingParty, NewCredential)> {
    if pending.expires_at <= app.clock.now() {
        return Err(no_challenge());
    }
    if pending.client_id != bearer.client_id {
        return Err(Error::WebAuthnClientMismatch(
            "The registration was started by another app client; start again.".into(),
        ));
    }
    let (Pending::PasskeyRegistration(ceremony) | Pending::WebAuthnRegistration(ceremony)) = &pending.state else {
        return Err(no_challenge());
    };
    let rp = relying_party_of(pool, &app.config.app_origins).filter(|rp| rp.id == ceremony.rp_id);
    let rp = rp.ok_or_else(|| {
        Error::WebAuthnRelyingPartyMismatch(
            "The user pool's relying party ID changed since the registration was started.".into(),
        )
    })?;
    let challenge = BASE64_URL_SAFE_NO_PAD.decode(&ceremony.challenge).map_err(Error::internal)?;
    let credential = verify_registration(&rp, &challenge, algorithms_of(pool), credential).map_err(refusal)?;
    let accepted = &pool.passkey_policy.accepted_authenticators;
    if !accepted.is_empty() && !accepted.contains(&credential.aaguid) {
        return Err(Error::WebAuthnCredentialNotSupported(
            "The user pool does not accept this kind of authenticator; use another one.".into(),
        ));
    }
    Ok((rp, credential))
}

fn no_challenge() -> Error {
    Error::WebAuthnChallengeNotFound(
        "No registration is pending, or it expired; call StartWebAuthnRegistration again.".into(),
    )
}

/// Returns the API's exception for a failed registration (docs/cognito.md 2.1).
fn refusal(error: webauthn::Error) -> Error {
    use webauthn::Error as Web;
    let text = error.to_string().into();
    match error {
        Web::Challenge => Error::WebAuthnChallengeNotFound(text),
        Web::Origin(_) => Error::WebAuthnOriginNotAllowed(text),
        Web::RelyingParty => Error::WebAuthnRelyingPartyMismatch(text),
        Web::NotSupported(_) | Web::UserNotVerified => Error::WebAuthnCredentialNotSupported(text),
        _ => Error::InvalidParameter(text),
    }
}

/// Returns the name that a new passkey gets (docs/cognito.md 2.1). No input of this operation sets it.
fn friendly_name(credential: &NewCredential) -> &'static str {
    match credential.attachment.as_deref() {
        Some("cross-platform") => "Roaming passkey",
        Some(_) => "Platform passkey",
        None => "Passkey",
    }
}
