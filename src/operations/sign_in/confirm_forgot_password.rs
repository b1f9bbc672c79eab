//! ConfirmForgotPassword: takes the code back with the new password. Sessions continue, as in Amazon Cognito.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmForgotPassword.html>

use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    app::App,
    caller::PublicClient,
    change,
    context::{Context, Door},
    error::{Error, Result},
    flows::{
        accounts::{auth_events, forgotten, password, sign_up},
        messages::{
            addresses,
            codes::{self, Given},
            purpose::Purpose,
        },
        sessions::session_limits,
        triggers::Cause,
    },
    operations::Empty,
    secret::Secret,
    store::{self, audit::Event, clients::ClientAndPool, codes::Code, users::Status},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    username: String,
    confirmation_code: String,
    password: Secret,
    #[serde(default)]
    secret_hash: Option<String>,
    /// For triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

pub async fn handle(app: &App, context: &Context, caller: PublicClient, request: Request) -> Result<Empty> {
    let ClientAndPool { client, pool } = &*caller;
    password::check_policy(&pool.settings.policies.password_policy, request.password.expose())?;
    let (_turn, user) =
        sign_up::person(app, context, &caller, &request.username, request.secret_hash.as_deref()).await?;
    let given = Given { purpose: Purpose::ForgotPassword, code: &request.confirmation_code, by: Some(context.address) };
    let Some(user) = user else {
        return Err(codes::pretend_to_redeem(app, pool, &request.username, given.purpose, given.by).await?);
    };
    let trail = change::trail(app, context, "user");
    // The code is checked first, so nothing is hashed for a wrong code, and nobody else learns what the user's
    // passwords were.
    let checked = check((app, context.door), &caller, user.sub, given, trail.at).await?;
    password::check_history(app, pool, user.sub, &request.password).await?;
    let new = password::new(app, pool, user.sub, &user.username, request.password).await?;
    if addresses::naming(pool).is_some() {
        // All sessions may end: see forgotten::claim.
        session_limits::bring_under(app, &pool.id, user.sub, None).await?;
    }
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFoundForClient)?;
    let code = codes::redeem_checked(app, &mut tx, pool, &user, (Purpose::ForgotPassword, &checked), trail.at).await?;
    forgotten::check_still(pool, &user, &code)?;
    let user = forgotten::claim(&mut tx, pool, user, &code, &trail).await?;
    password::store(&mut tx, pool, user.sub, &new, Status::Confirmed, trail.at).await?;
    let name = password::attempts_name(app, pool, &user.username, Some(&user));
    store::login_attempts::forget(&mut tx, &pool.id, &name).await?;
    let _ = store::audit::insert(&mut tx, &pool.id, &trail, Event::PasswordReset.of_user(user.sub)).await?;
    tx.commit().await?;
    auth_events::note(app, context, pool, user.sub, "ForgotPassword", "Pass", Some("Password"));
    let cause = Cause { app, pool, client_id: &client.id, metadata: &request.client_metadata };
    sign_up::tell_confirmed(&cause, context, "PostConfirmation_ConfirmForgotPassword", &user).await?;
    Ok(Empty {})
}

/// Checks the code without using it up, so that it can be sent again with another password.
async fn check(
    (app, door): (&App, Door),
    caller: &ClientAndPool,
    sub: Uuid,
    given: Given<'_>,
    now: OffsetDateTime,
) -> Result<Code> {
    let ClientAndPool { client, pool } = caller;
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, sub).await?.ok_or(Error::UserNotFoundForClient)?;
    if user.status == Status::Unconfirmed && !client.settings.hides_existence(door) {
        return Err(Error::UserNotConfirmed);
    }
    let refusal = match codes::check(app, &mut tx, pool, &user, given, now).await? {
        Ok(code) => match forgotten::check_still(pool, &user, &code) {
            Ok(()) => return Ok(code),
            Err(refusal) => {
                codes::use_up(app, &mut tx, pool, &user, given.purpose).await?;
                refusal
            }
        },
        Err(refusal) => refusal,
    };
    tx.commit().await?;
    Err(refusal)
}
