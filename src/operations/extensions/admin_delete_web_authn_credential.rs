//! AdminDeleteWebAuthnCredential: an operator removes a user's passkey, for example of a lost phone, or a key that may
//! be cloned.
//!
//! The transaction and its audit and outbox rows are the same as for the user's own deletion. With `END_OTHERS` or
//! `END_ALL`, all of the user's sessions end, because none of them is the operator's. The pool's guards (the last
//! factor, a fresh sign-in) bind users, not operators: a user who lost the only passkey must be helped.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Key, Result, Text},
    flows::{self, sessions::session_limits},
    operations::Empty,
    store::{self, pools::SessionsOnDelete},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    credential_id: String,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let credential_id = BASE64_URL_SAFE_NO_PAD.decode(&request.credential_id).unwrap_or_default();
    if pool.sessions_on_passkey_delete != SessionsOnDelete::Keep {
        session_limits::bring_under(app, &pool.id, user.sub, None).await?;
    }
    let mut change = operator.begin(app, context, &pool.id).await?;
    let trail = change.trail.clone();
    change.user(user.sub).await?;
    let deleted = store::passkeys::lock_and_delete(&mut change, &pool.id, user.sub, &credential_id, &trail).await?;
    let gone = || Error::ResourceNotFound(Text::keyed(Key::PasskeyGone, "The passkey does not exist."));
    let deleted = deleted.ok_or_else(gone)?;
    if pool.sessions_on_passkey_delete != SessionsOnDelete::Keep {
        store::sessions::revoke_all(&mut change, &pool.id, user.sub, None, trail.at).await?;
    }
    change.commit_noted(deleted, Empty {}).await
}
