//! Who sets an authenticator app up, checked and held.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    app::App,
    call::Call,
    caller::Enroller,
    error::{Error, Result},
    flows::{self, session_text},
    store::{self, pools::Pool, users::User},
};

/// A user who sets an authenticator app up, with the row locked.
pub struct Enrolling {
    pub pool: Pool,
    pub user: User,
    /// The challenge that waits for it, in the middle of a sign-in.
    pub challenge: Option<Uuid>,
}

/// Locks the user and makes sure that the session, or the sign-in that waits, still lives.
pub async fn begin(app: &App, db: &mut PgConnection, call: &Call, caller: &Enroller) -> Result<Enrolling> {
    match caller {
        Enroller::SignedIn(signed_in) => {
            let pool = flows::pool_of(app, &signed_in.bearer).await?;
            let user = store::users::lock(db, &pool.id, signed_in.bearer.sub).await?;
            signed_in.bearer.live(app, db, call).await?;
            Ok(Enrolling { pool, user: user.ok_or(Error::UserNotFound)?, challenge: None })
        }
        Enroller::Midway { pool_id, challenge } => {
            let pool = store::pools::find(&mut *db, pool_id).await?.ok_or_else(session_text::unfit)?;
            let pending = store::challenges::find(&mut *db, pool_id, *challenge).await?;
            let pending = pending.ok_or_else(session_text::used)?;
            if pending.kind != "MFA_SETUP" || pending.expires_at <= app.clock.now() {
                return Err(session_text::unfit());
            }
            let sub = pending.sub.ok_or_else(session_text::unfit)?;
            let user = store::users::lock(db, pool_id, sub).await?.ok_or_else(session_text::unfit)?;
            if !user.enabled {
                return Err(Error::NotAuthorized("User is disabled.".into()));
            }
            Ok(Enrolling { pool, user, challenge: Some(*challenge) })
        }
    }
}
