//! ConfirmForgotPassword: the code comes back with the new password. Sessions go on, as in Amazon Cognito.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmForgotPassword.html>

use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    app::App,
    call::Call,
    caller::PublicClient,
    error::{Error, Result},
    flows::{
        self,
        addresses::{Address, address_attribute},
        auth_events,
        codes::{self, Purpose},
        forgotten, password, sign_up,
        triggers::Cause,
    },
    operations::Empty,
    secret::Secret,
    store::{self, clients::ClientAndPool, users::Status},
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

pub async fn handle(app: &App, call: &Call, caller: PublicClient, request: Request) -> Result<Empty> {
    let ClientAndPool { client, pool } = &*caller;
    password::check_policy(&pool.settings.policies.password_policy, request.password.expose())?;
    let (_turn, user) = sign_up::person(app, &caller, &request.username, request.secret_hash.as_deref()).await?;
    // For an unknown user too, so that both cost the same.
    let (sub, username) =
        user.as_ref().map_or((Uuid::nil(), request.username.as_str()), |user| (user.sub, &user.username));
    let new = password::new(app, pool, sub, username, request.password.clone()).await?;
    let Some(user) = user else {
        return Err(codes::pretend_to_redeem(app, pool, &request.username, Purpose::ForgotPassword).await?);
    };
    let trail = flows::trail(app, call, "user");
    if password::has_history(pool) {
        // After the code, so that nobody else learns what the user's passwords were; and not inside of a transaction.
        let mut tx = app.db.begin().await?;
        let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFoundForClient)?;
        let code = &request.confirmation_code;
        match codes::redeem(app, &mut tx, pool, &user, Purpose::ForgotPassword, code, trail.at).await? {
            // Not used up yet: it may come again with another password.
            Ok(_) => drop(tx),
            Err(refusal) => {
                tx.commit().await?;
                return Err(refusal);
            }
        }
        password::check_history(app, pool, user.sub, &request.password).await?;
    }
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFoundForClient)?;
    if user.status == Status::Unconfirmed && !client.settings.hides_existence() {
        return Err(Error::UserNotConfirmed);
    }
    let redeemed =
        codes::redeem(app, &mut tx, pool, &user, Purpose::ForgotPassword, &request.confirmation_code, trail.at).await?;
    let code = match redeemed {
        Ok(code) => code,
        Err(refusal) => {
            tx.commit().await?;
            return Err(refusal);
        }
    };
    // As when it was asked for: the address is still the user's, and proved.
    let still = address_attribute(&code.attribute).and_then(|attribute| Address::verified(&user, attribute));
    if still.is_none_or(|address| address.value != code.destination) {
        tx.commit().await?;
        return Err(codes::void());
    }
    forgotten::address(pool, &user)?;
    password::store(&mut tx, pool, user.sub, &new, Status::Confirmed, trail.at).await?;
    let name = password::attempts_name(app, pool, &user.username, Some(&user));
    store::login_attempts::forget(&mut tx, &pool.id, &name).await?;
    store::audit::insert(&mut tx, &pool.id, &trail, "password.reset", Some(user.sub), None).await?;
    tx.commit().await?;
    auth_events::note(app, call, pool, user.sub, "ForgotPassword", "Pass", Some("Password"));
    let cause = Cause { app, pool, client_id: &client.id, metadata: &request.client_metadata };
    sign_up::tell_confirmed(&cause, call, "PostConfirmation_ConfirmForgotPassword", &user).await?;
    Ok(Empty {})
}
