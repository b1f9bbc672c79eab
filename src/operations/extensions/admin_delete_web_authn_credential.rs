//! AdminDeleteWebAuthnCredential: removes a user's passkey on behalf of an operator, for example because a phone was
//! lost or a security key may have been cloned.
//!
//! The deletion leaves the same audit and outbox rows as a deletion by the user. If `SessionsOnDelete` in the pool's
//! policy is `END_OTHERS` or `END_ALL`, all sessions of the user end, because none of them is the operator's. The
//! pool's rules on the last factor and on a recent sign-in do not apply, because operators must be able to help a user
//! who lost their only passkey.

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
