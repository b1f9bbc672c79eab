//! UpdateWebAuthnCredential: the signed-in user gives a passkey another name (1 to 64 characters).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{
    app::App,
    call::Call,
    caller::Bearer,
    error::{Error, Key, Result, Text},
    flows::{self, changes},
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    credential_id: String,
    friendly_credential_name: String,
}

pub async fn handle(app: &App, call: &Call, bearer: Bearer, request: Request) -> Result<Empty> {
    // As with a deletion: what does not parse finds nothing.
    let credential_id = BASE64_URL_SAFE_NO_PAD.decode(&request.credential_id).unwrap_or_default();
    let name = request.friendly_credential_name.trim();
    if name.is_empty() {
        return Err(Error::InvalidParameter("FriendlyCredentialName must not be blank.".into()));
    }
    let trail = flows::trail(app, call, "user");
    let mut tx = app.db.begin().await?;
    bearer.live(app, &mut tx, call).await?;
    let (pool_id, sub) = (&bearer.pool_id, bearer.sub);
    match store::passkeys::rename(&mut tx, pool_id, sub, &credential_id, name).await? {
        None => return Err(Error::ResourceNotFound(Text::keyed(Key::PasskeyGone, "The passkey does not exist."))),
        Some(false) => return Ok(Empty {}),
        Some(true) => {
            changes::note(app, &mut tx, pool_id, &trail, "passkey.renamed", sub, Some(&credential_id)).await?;
        }
    }
    tx.commit().await?;
    Ok(Empty {})
}
