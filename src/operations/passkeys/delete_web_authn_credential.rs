//! DeleteWebAuthnCredential: removes one passkey of the signed-in user. ARCHITECTURE.md explains this operation as an
//! example.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteWebAuthnCredential.html>
//!
//! A credential ID that belongs to another user, one that does not exist, and one that is not even base64url take the
//! same path: the call fails with the same `ResourceNotFoundException`. The pool's policy decides what happens to the
//! user's sessions (by default `KEEP`, as in Amazon Cognito).
//!
//! Deletions that arrive together share one statement (see [`crate::group_commit`]), unless the server limits
//! deletions. The shared statement skips a deletion if there is no such passkey, the session has ended, a lock is held,
//! or the pool's policy needs more than one statement. A skipped deletion is repeated with a statement of its own or,
//! if the policy needs that, with several statements.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use time::Duration;

use crate::{
    app::App,
    caller::Bearer,
    change::{self, Changed},
    context::Context,
    error::{Error, Key, Result, Text},
    flows::{
        accounts::{last_factor, step_up},
        sessions::session_limits,
    },
    operations::Empty,
    store::{self, audit::Event, batches::PasskeyToDelete, passkeys::Deletion, pools::SessionsOnDelete},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    credential_id: String,
}

pub async fn handle(app: &App, context: &Context, bearer: Bearer, request: Request) -> Result<Changed<Empty>> {
    // No credential has an empty ID, so an ID that does not parse takes the same path and finds nothing.
    let credential_id = BASE64_URL_SAFE_NO_PAD.decode(&request.credential_id).unwrap_or_default();
    if app.config.passkey_deletions_per_hour > 0 {
        return step_by_step(app, context, &bearer, &credential_id).await;
    }
    let trail = change::user_trail(app, context);
    #[cfg(feature = "broken")]
    if crate::broken::is("answers-early") {
        let Bearer { pool_id, sub, origin_jti, .. } = &bearer;
        store::broken::delete_later(&app.db, pool_id, *sub, *origin_jti, &credential_id, &trail);
        return Ok(Changed::together(&app.batchers.delete_passkeys, Empty {}));
    }
    let request = PasskeyToDelete {
        pool_id: bearer.pool_id.clone(),
        sub: bearer.sub,
        origin_jti: bearer.origin_jti,
        credential_id: credential_id.clone(),
        trail: trail.clone(),
    };
    if app.batchers.delete_passkeys.run(request).await?.is_some() {
        return Ok(Changed::together(&app.batchers.delete_passkeys, Empty {}));
    }
    let mut db = app.db.acquire().await?;
    let found =
        store::passkeys::delete(&mut db, &bearer.pool_id, bearer.sub, bearer.origin_jti, &credential_id, &trail)
            .await?;
    match found {
        Deletion::Done(audited) => Ok(Changed::by_statement(audited, Empty {})),
        Deletion::NotFound => Err(not_found()),
        Deletion::SessionEnded => Err(bearer.refusal(app, &mut db, context).await?),
        Deletion::NotPlain => {
            drop(db);
            step_by_step(app, context, &bearer, &credential_id).await
        }
    }
}

/// Deletes the passkey in a transaction of several statements.
///
/// This is for pools that end sessions on a deletion, keep the last factor or require a recent sign-in, and for servers
/// that limit deletions. The user's row is locked first, then the session, then the passkey. A statement that follows a
/// lock sees what the lock's last holder committed, such as a session that was just opened with this passkey.
async fn step_by_step(app: &App, context: &Context, bearer: &Bearer, credential_id: &[u8]) -> Result<Changed<Empty>> {
    let (pool_id, sub) = (bearer.pool_id.as_str(), bearer.sub);
    session_limits::bring_under(app, pool_id, sub, Some(bearer.origin_jti)).await?;
    let (mut change, _) = bearer.begin(app, context).await?;
    let trail = change.trail.clone();
    let limit = app.config.passkey_deletions_per_hour;
    if limit > 0 {
        let since = trail.at - Duration::HOUR;
        if store::audit::count_since(&mut change, pool_id, sub, Event::PasskeyDeleted, since).await? >= limit {
            return Err(Error::LimitExceeded(
                format!("A user may delete {limit} passkeys in an hour; try again later.").into(),
            ));
        }
    }
    let pool = store::pools::find(&mut *change, pool_id).await?.ok_or_else(not_found)?;
    step_up::check(app, &mut change, &pool, bearer).await?;
    let deleted = store::passkeys::lock_and_delete(&mut change, pool_id, sub, credential_id, &trail).await?;
    let deleted = deleted.ok_or_else(not_found)?;
    if pool.passkey_policy.keep_last_factor && !last_factor::can_sign_in(&mut change, &pool, sub, None).await? {
        // There is no commit here, so the passkey stays.
        let words =
            "The passkey is the last way to sign in to this account; add another passkey or set a password first.";
        return Err(Error::InvalidParameter(Text::keyed(Key::LastFactor, words)));
    }
    match pool.sessions_on_passkey_delete {
        SessionsOnDelete::Keep => {}
        SessionsOnDelete::EndOthers => {
            store::sessions::revoke_all(&mut change, pool_id, sub, Some(bearer.origin_jti), trail.at).await?;
        }
        SessionsOnDelete::EndAll => {
            store::sessions::revoke_all(&mut change, pool_id, sub, None, trail.at).await?;
        }
    }
    change.commit_noted(deleted, Empty {}).await
}

fn not_found() -> Error {
    Error::ResourceNotFound(Text::keyed(Key::PasskeyGone, "The passkey does not exist."))
}
