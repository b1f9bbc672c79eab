//! UpdateWebAuthnCredential: gives a passkey of the signed-in user another name (1 to 64 characters).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{
    app::App,
    caller::Bearer,
    change::Changed,
    context::Context,
    error::{Error, Key, Result, Text},
    operations::Empty,
    store,
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    credential_id: String,
    friendly_credential_name: String,
}

pub async fn handle(app: &App, context: &Context, bearer: Bearer, request: Request) -> Result<Changed<Empty>> {
    // As in DeleteWebAuthnCredential, an ID that does not parse finds no passkey.
    let credential_id = BASE64_URL_SAFE_NO_PAD.decode(&request.credential_id).unwrap_or_default();
    let name = request.friendly_credential_name.trim();
    if name.is_empty() {
        return Err(Error::InvalidParameter("FriendlyCredentialName must not be blank.".into()));
    }
    let mut change = bearer.begin_unlocked(app, context).await?;
    let (pool_id, sub) = (&bearer.pool_id, bearer.sub);
    match store::passkeys::rename(&mut change, pool_id, sub, &credential_id, name).await? {
        None => Err(Error::ResourceNotFound(Text::keyed(Key::PasskeyGone, "The passkey does not exist."))),
        Some(false) => change.unchanged(Empty {}).await,
        Some(true) => change.commit(Event::PasskeyRenamed.of_passkey(sub, &credential_id), Empty {}).await,
    }
}
