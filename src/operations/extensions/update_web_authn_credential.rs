//! UpdateWebAuthnCredential: the signed-in user gives a passkey another name (1 to 64 characters).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{
    app::App,
    call::Call,
    caller::Bearer,
    error::{Error, Result},
    flows,
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
    if !store::passkeys::rename(&mut tx, &bearer.pool_id, bearer.sub, &credential_id, name).await? {
        return Err(Error::ResourceNotFound("The passkey does not exist.".into()));
    }
    let event = ("passkey.renamed", Some(bearer.sub), Some(credential_id.as_slice()));
    store::audit::insert(&mut tx, &bearer.pool_id, &trail, event.0, event.1, event.2).await?;
    tx.commit().await?;
    Ok(Empty {})
}
