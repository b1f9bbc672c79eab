//! ListWebAuthnCredentialDetails: lists the signed-in user's passkeys with their details, oldest first.
//!
//! The details are what ListWebAuthnCredentials leaves out: AAGUID, provider, algorithm, last use and backup state.
//! There is only one page, because a user has few passkeys (at most 20 by default).

use serde_json::{Map, Value};

use super::Credentials;
use crate::{app::App, caller::SignedIn, context::Context, error::Result, store};

pub async fn handle(app: &App, _: &Context, caller: SignedIn, _: Map<String, Value>) -> Result<Credentials> {
    let bearer = &caller.bearer;
    let mut db = app.db.acquire().await?;
    let passkeys = store::passkeys::list_details(&mut db, &bearer.pool_id, bearer.sub).await?;
    Ok(Credentials::of(app, &passkeys))
}
