//! Finds, checks and locks the user who sets up an authenticator app.

use crate::{
    app::App,
    caller::Enroller,
    change::Change,
    context::Context,
    error::{Error, Result},
    flows::{
        self,
        accounts::{network, password},
        sign_in::second_factor,
    },
    pending::{Challenge, Pending},
    session_text,
    store::{
        self, Connection,
        pools::Pool,
        users::{Status, User},
    },
};

/// A user who sets up an authenticator app, with the user's row locked.
pub struct Enrolling {
    pub pool: Pool,
    pub user: User,
    /// The MFA_SETUP challenge, if the app is set up during a sign-in.
    pub challenge: Option<Challenge>,
}

/// Locks the user. Fails if the session, or the sign-in that waits for the app, is no longer valid.
pub async fn begin<'a>(app: &'a App, context: &Context, caller: &Enroller) -> Result<(Change<'a>, Enrolling)> {
    match caller {
        Enroller::SignedIn(signed_in) => {
            let bearer = &signed_in.bearer;
            let pool = flows::pool_of(app, bearer).await?;
            let (change, user) = bearer.begin(app, context).await?;
            Ok((change, Enrolling { pool, user, challenge: None }))
        }
        Enroller::Midway(opened) => {
            let pool_id = &opened.pool_id;
            // The sign-in ends with its app client, and with a network that the client does not serve any more.
            let named = match app.client_with_pool(pool_id, &opened.client_id).await {
                Err(Error::ResourceNotFound(_)) => return Err(session_text::unfit()),
                named => named?,
            };
            network::check(&named.client, Some(context.address))?;
            let mut change = Change::by_user(app, context, pool_id).await?;
            let db = &mut *change;
            let pool = store::pools::find(&mut *db, pool_id).await?.ok_or_else(session_text::unfit)?;
            let find = async |db: &mut Connection| match &opened.challenge {
                None => store::challenges::find(db, pool_id, opened.id).await,
                Some(challenge) => {
                    let unused = store::challenges::is_unused(db, pool_id, challenge).await?;
                    Ok(unused.then(|| challenge.clone()))
                }
            };
            let sub = find(&mut *db).await?.ok_or_else(session_text::used)?.sub.ok_or_else(session_text::unfit)?;
            let user = store::users::lock(db, pool_id, sub).await?.ok_or_else(session_text::unfit)?;
            // The challenge is read again under the lock: it must still wait for an app. The user must be enabled,
            // confirmed and without a second factor, and the password must still be the one that the sign-in proved.
            let pending = find(&mut *db).await?.ok_or_else(session_text::used)?;
            let waits = matches!(pending.state, Pending::MfaSetup { verified: false, .. })
                && pending.expires_at > app.clock.now()
                && pending.state.password_set_at() == Some(&password::set_at(&user))
                && user.enabled
                && user.status == Status::Confirmed;
            if !waits || !second_factor::may_set_up(db, &pool, &user).await? {
                return Err(session_text::unfit());
            }
            Ok((change, Enrolling { pool, user, challenge: Some(pending) }))
        }
    }
}
