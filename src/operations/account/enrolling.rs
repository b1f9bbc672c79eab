//! Who sets an authenticator app up, checked and held.

use serde_json::json;
use uuid::Uuid;

use crate::{
    app::App,
    call::Call,
    caller::Enroller,
    error::{Error, Result},
    flows::{mfa, password},
    session_text,
    store::{
        self, Connection,
        pools::Pool,
        users::{Status, User},
    },
    tokens,
};

/// A user who sets an authenticator app up, with the row locked.
pub struct Enrolling {
    pub pool: Pool,
    pub user: User,
    /// The challenge that waits for it, in the middle of a sign-in.
    pub challenge: Option<Uuid>,
}

/// Locks the user and makes sure that the session, or the sign-in that waits, still lives.
pub async fn begin(app: &App, db: &mut Connection, call: &Call, caller: &Enroller) -> Result<Enrolling> {
    match caller {
        Enroller::SignedIn(signed_in) => {
            let bearer = &signed_in.bearer;
            let pool = store::pools::find(&mut *db, &bearer.pool_id).await?.ok_or(tokens::Error::Revoked)?;
            let user = store::users::lock(db, &pool.id, bearer.sub).await?;
            bearer.live(app, db, call).await?;
            Ok(Enrolling { pool, user: user.ok_or(Error::UserNotFound)?, challenge: None })
        }
        Enroller::Midway { pool_id, challenge } => {
            let pool = store::pools::find(&mut *db, pool_id).await?.ok_or_else(session_text::unfit)?;
            let found = store::challenges::find(&mut *db, pool_id, *challenge).await?.ok_or_else(session_text::used)?;
            let sub = found.sub.ok_or_else(session_text::unfit)?;
            let user = store::users::lock(db, pool_id, sub).await?.ok_or_else(session_text::unfit)?;
            // Read again under the lock: the sign-in waits still, for this user with this password, and there is no second
            // factor yet.
            let pending =
                store::challenges::find(&mut *db, pool_id, *challenge).await?.ok_or_else(session_text::used)?;
            let waits = pending.kind == "MFA_SETUP"
                && pending.expires_at > app.clock.now()
                && pending.data["verified"] != true
                && pending.data["passwordSetAt"] == json!(password::set_at(&user))
                && user.enabled
                && user.status == Status::Confirmed;
            if !waits || !mfa::may_set_up(db, &pool, &user).await? {
                return Err(session_text::unfit());
            }
            Ok(Enrolling { pool, user, challenge: Some(*challenge) })
        }
    }
}
