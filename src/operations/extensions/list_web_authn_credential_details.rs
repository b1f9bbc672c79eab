//! ListWebAuthnCredentialDetails: the signed-in user's passkeys, oldest first, with details.
//!
//! These are what ListWebAuthnCredentials leaves out: AAGUID, provider, algorithm, last use, backup state. There is
//! only one page, because a user has few passkeys.

use serde_json::{Map, Value};

use super::Credentials;
use crate::{app::App, caller::SignedIn, context::Context, error::Result, store};

pub async fn handle(app: &App, _: &Context, caller: SignedIn, _: Map<String, Value>) -> Result<Credentials> {
    let bearer = &caller.bearer;
    let mut db = app.db.acquire().await?;
    let passkeys = store::passkeys::list_details(&mut db, &bearer.pool_id, bearer.sub).await?;
    Ok(Credentials::of(app, &passkeys))
}
