//! ChangePassword: sets a new password for the signed-in user. The user's sessions stay valid, as in Amazon Cognito.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ChangePassword.html>

use serde::Deserialize;

use crate::{
    app::App,
    caller::SignedIn,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows::{
        self,
        accounts::{
            auth_events,
            password::{self, Known},
            step_up,
        },
    },
    operations::Empty,
    secret::Secret,
    store::{self, audit::Event, users::Status},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    #[serde(default)]
    previous_password: Option<Secret>,
    proposed_password: Secret,
}

pub async fn handle(app: &App, context: &Context, caller: SignedIn, request: Request) -> Result<Changed<Empty>> {
    let SignedIn { bearer, user, .. } = caller;
    let pool = flows::pool_of(app, &bearer).await?;
    password::check_policy(&pool.settings.policies.password_policy, request.proposed_password.expose())?;
    let user = match (&user.password_hash, request.previous_password) {
        (None, _) => {
            // If the user has no password, the access token alone proves who calls, so the pool may require a recent
            // sign-in. The age of the sign-in is checked before anything is hashed, and again once the user's row is
            // locked.
            let mut db = app.db.acquire().await?;
            step_up::check(app, &mut db, &pool, &bearer).await?;
            drop(db);
            password::refuse_locked(app, &pool, &user.username, Some(&user)).await?;
            user
        }
        (Some(_), None) => return Err(Error::InvalidParameter("Missing required parameter PreviousPassword".into())),
        (Some(_), Some(previous)) => {
            let username = user.username.clone();
            password::check(app, &pool, true, &username, Some(user), previous, &Known::default()).await?
        }
    };
    // Each comparison with an earlier password costs a hash, and a refusal reveals that the password was used. So a
    // refusal counts as a wrong guess.
    let fresh = password::check_history(app, &pool, user.sub, &request.proposed_password).await;
    if matches!(fresh, Err(Error::PasswordHistoryPolicyViolation(_))) {
        password::count_failure(app, &pool, &user.username, Some(&user)).await?;
    }
    fresh?;
    let new = password::new(app, &pool, user.sub, &user.username, request.proposed_password).await?;
    let (mut change, locked) = bearer.begin(app, context).await?;
    let now = change.at();
    if user.password_hash.is_none() {
        // As above, only the access token proves who calls.
        step_up::check(app, &mut change, &pool, &bearer).await?;
    }
    // If another request changed the password meanwhile, the given password is no longer the previous one.
    if locked.password_hash != user.password_hash {
        return Err(Error::wrong_credentials("the password was changed meanwhile"));
    }
    let name = password::attempts_name(app, &pool, &user.username, Some(&user));
    if app.config.free_password_failures > 0
        && !store::login_attempts::forgive(&mut change, &pool.id, &name, now).await?
    {
        return Err(Error::wrong_credentials("the name was locked meanwhile"));
    }
    password::store(&mut change, &pool, user.sub, &new, Status::Confirmed, now).await?;
    let changed = change.commit(Event::PasswordChanged.of_user(user.sub), Empty {}).await?;
    auth_events::note(app, context, &pool, user.sub, "PasswordChange", "Pass", Some("Password"));
    Ok(changed)
}
