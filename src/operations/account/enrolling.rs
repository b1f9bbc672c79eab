//! The user who sets up an authenticator app, checked and locked.

use uuid::Uuid;

use crate::{
    app::App,
    caller::Enroller,
    change::Change,
    context::Context,
    error::Result,
    flows::{self, accounts::password, sign_in::second_factor},
    pending::Pending,
    session_text,
    store::{
        self,
        pools::Pool,
        users::{Status, User},
    },
};

/// A user who sets up an authenticator app, with the user's row locked.
pub struct Enrolling {
    pub pool: Pool,
    pub user: User,
    /// The challenge that waits for the app, if this happens during a sign-in.
    pub challenge: Option<Uuid>,
}

/// Locks the user, and makes sure that the session, or the waiting sign-in, is still alive.
pub async fn begin<'a>(app: &'a App, context: &Context, caller: &Enroller) -> Result<(Change<'a>, Enrolling)> {
    match caller {
        Enroller::SignedIn(signed_in) => {
            let bearer = &signed_in.bearer;
            let pool = flows::pool_of(app, bearer).await?;
            let (change, user) = bearer.begin(app, context).await?;
            Ok((change, Enrolling { pool, user, challenge: None }))
        }
        Enroller::Midway { pool_id, challenge } => {
            let mut change = Change::by_user(app, context, pool_id).await?;
            let db = &mut *change;
            let pool = store::pools::find(&mut *db, pool_id).await?.ok_or_else(session_text::unfit)?;
            let found = store::challenges::find(&mut *db, pool_id, *challenge).await?.ok_or_else(session_text::used)?;
            let sub = found.sub.ok_or_else(session_text::unfit)?;
            let user = store::users::lock(db, pool_id, sub).await?.ok_or_else(session_text::unfit)?;
            // Read again under the lock: the sign-in must still wait, for this user with this password, and there must
            // be no second factor yet.
            let pending =
                store::challenges::find(&mut *db, pool_id, *challenge).await?.ok_or_else(session_text::used)?;
            let waits = matches!(pending.state, Pending::MfaSetup { verified: false, .. })
                && pending.expires_at > app.clock.now()
                && pending.state.password_set_at() == Some(&password::set_at(&user))
                && user.enabled
                && user.status == Status::Confirmed;
            if !waits || !second_factor::may_set_up(db, &pool, &user).await? {
                return Err(session_text::unfit());
            }
            Ok((change, Enrolling { pool, user, challenge: Some(*challenge) }))
        }
    }
}
