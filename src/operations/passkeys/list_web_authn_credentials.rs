//! ListWebAuthnCredentials: lists the signed-in user's passkeys, oldest first.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListWebAuthnCredentials.html>

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    app::App,
    caller::Bearer,
    clock::epoch_seconds,
    context::Context,
    error::{Error, Result},
    page,
    store::{self, batches::PasskeysToList, passkeys::Passkey},
};

/// The maximum and default number of passkeys on a page.
const PAGE: i64 = 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    #[serde(default)]
    next_token: Option<String>,
    #[serde(default)]
    max_results: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    credentials: Vec<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// A passkey, as a `WebAuthnCredentialDescription`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    credential_id: String,
    friendly_credential_name: String,
    relying_party_id: String,
    authenticator_transports: Vec<String>,
    /// Seconds since the epoch.
    created_at: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticator_attachment: Option<String>,
}

impl From<Passkey> for Description {
    fn from(passkey: Passkey) -> Self {
        Self {
            credential_id: BASE64_URL_SAFE_NO_PAD.encode(&passkey.credential_id),
            friendly_credential_name: passkey.friendly_name,
            relying_party_id: passkey.rp_id,
            authenticator_transports: passkey.transports,
            created_at: epoch_seconds(passkey.created_at),
            authenticator_attachment: passkey.attachment,
        }
    }
}

pub async fn handle(app: &App, context: &Context, bearer: Bearer, request: Request) -> Result<Response> {
    // The service model allows 0, which means the default.
    let limit = request.max_results.filter(|n| *n > 0).unwrap_or(PAGE);
    let list = format!("passkeys of {}", bearer.sub);
    let after: Option<(i128, Vec<u8>)> = page::open(&app.sealing, &list, request.next_token.as_deref())?;
    let after = after
        .map(|(at, id)| Ok((OffsetDateTime::from_unix_timestamp_nanos(at)?, id)))
        .transpose()
        .map_err(|cause: time::error::ComponentRange| Error::internal(cause))?;
    let request = PasskeysToList {
        pool_id: bearer.pool_id.clone(),
        sub: bearer.sub,
        origin_jti: bearer.origin_jti,
        after: after.clone(),
        limit: limit + 1,
    };
    let passkeys = match app.batchers.list_passkeys.run(request).await? {
        Some(passkeys) => passkeys,
        None => list_alone(app, context, &bearer, after.as_ref(), limit + 1).await?,
    };
    let key = |passkey: &Passkey| (passkey.created_at.unix_timestamp_nanos(), passkey.credential_id.clone());
    let (passkeys, next_token) = page::cut(&app.sealing, &list, passkeys, limit, key);
    Ok(Response { credentials: passkeys.into_iter().map(Description::from).collect(), next_token })
}

/// Lists the passkeys with a statement for this call alone. Fails if the bearer's session is not live.
async fn list_alone(
    app: &App,
    context: &Context,
    bearer: &Bearer,
    after: Option<&(OffsetDateTime, Vec<u8>)>,
    limit: i64,
) -> Result<Vec<Passkey>> {
    let mut db = app.db.acquire().await?;
    let found =
        store::passkeys::list_live(&mut db, &bearer.pool_id, bearer.sub, bearer.origin_jti, after, limit).await?;
    match found {
        Some(passkeys) => Ok(passkeys),
        None => Err(bearer.refusal(app, &mut db, context).await?),
    }
}
