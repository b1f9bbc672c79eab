//! ConfirmForgotPassword: checks the code and sets the new password. The user's sessions stay valid, as in Amazon
//! Cognito, unless the code is the first proof of an address that serves as the username (see `forgotten::claim`).
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
        accounts::{auth_events, forgotten, network, password, sign_up},
        messages::{
            addresses,
            codes::{self, Given},
            purpose::Purpose,
        },
        pool_context::PoolContext,
        sessions::session_limits,
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
    /// Input for the pool's triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

pub async fn handle(app: &App, context: &Context, caller: PublicClient, request: Request) -> Result<Empty> {
    let pool = &caller.pool;
    network::check(&caller.client, Some(context.address))?;
    password::check_policy(&pool.settings.policies.password_policy, request.password.expose())
        .map_err(password::does_not_conform)?;
    let (_turn, user) =
        sign_up::person(app, context, &caller, &request.username, request.secret_hash.as_deref()).await?;
    let given = Given { purpose: Purpose::ForgotPassword, code: &request.confirmation_code, by: Some(context.address) };
    let Some(user) = user else {
        return Err(codes::pretend_to_redeem(app, pool, &request.username, given.purpose, given.by).await?);
    };
    let trail = change::user_trail(app, context);
    // The code is checked first. So no password is hashed for a wrong code, and only someone with the right code can
    // learn which passwords the user had.
    let checked = check((app, context.door), &caller, user.sub, given, trail.at).await?;
    password::check_history(app, pool, user.sub, &request.password).await?;
    let new = password::new(app, pool, user.sub, &user.username, request.password).await?;
    if addresses::naming(pool).is_some() {
        // `forgotten::claim`, which is called below, may end all sessions, so their number is brought under the limit
        // first.
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
    let context = PoolContext::of_client(app, context, &caller, &request.client_metadata);
    sign_up::tell_confirmed(&context, "PostConfirmation_ConfirmForgotPassword", &user).await?;
    Ok(Empty {})
}

/// Checks the code without using it up, so that the client can send it again if the password is refused. (But a code is
/// used up if the address that it went to may no longer receive this user's codes.)
async fn check(
    (app, door): (&App, Door),
    caller: &ClientAndPool,
    sub: Uuid,
    given: Given<'_>,
    now: OffsetDateTime,
) -> Result<Code> {
    let ClientAndPool { client, pool, .. } = caller;
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
