//! AdminListWebAuthnCredentials: lists a user's passkeys with their details, oldest first.

use serde::Deserialize;

use super::Credentials;
use crate::{app::App, caller::Operator, context::Context, error::Result, flows, store};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Credentials> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let mut db = app.db.acquire().await?;
    let passkeys = store::passkeys::list_details(&mut db, &pool.id, user.sub).await?;
    Ok(Credentials::of(app, &passkeys))
}
