//! ConfirmSignUp: the code that signing up sent comes back.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmSignUp.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    call::Call,
    caller::PublicClient,
    error::{Error, Result},
    flows::{
        self,
        codes::{self, Purpose},
        names, sign_up,
        triggers::{self, Cause},
    },
    store::{self, clients::ClientAndPool, users::Status},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    username: String,
    confirmation_code: String,
    #[serde(default)]
    secret_hash: Option<String>,
    #[serde(default)]
    force_alias_creation: bool,
    #[serde(default)]
    session: Option<String>,
    /// For triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

pub async fn handle(app: &App, call: &Call, caller: PublicClient, request: Request) -> Result<Response> {
    let ClientAndPool { client, pool } = &*caller;
    let (_turn, user) = sign_up::person(app, &caller, &request.username, request.secret_hash.as_deref()).await?;
    let Some(user) = user else {
        return Err(codes::pretend_to_redeem(app, pool, &request.username, Purpose::SignUp).await?);
    };
    let trail = flows::trail(app, call, "user");
    let mut tx = app.db.begin().await?;
    let mut user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFoundForClient)?;
    if user.status != Status::Unconfirmed && !client.settings.hides_existence() {
        let text = format!("User cannot be confirmed. Current status is {}", user.status.text());
        return Err(Error::NotAuthorized(text.into()));
    }
    let redeemed =
        codes::redeem(app, &mut tx, pool, &user, Purpose::SignUp, &request.confirmation_code, trail.at).await?;
    let code = match redeemed {
        Ok(code) => code,
        Err(refusal) => {
            tx.commit().await?;
            return Err(refusal);
        }
    };
    if !user.enabled {
        return Err(Error::NotAuthorized("User is disabled.".into()));
    }
    // The code proves the address that it was sent to, not the one that the user has meanwhile.
    if user.attributes.get(&code.attribute).is_some_and(|value| *value == code.destination) {
        user.attributes.insert(format!("{}_verified", code.attribute), Value::String("true".into()));
    }
    store::users::update_attributes(&mut tx, &pool.id, user.sub, &user.attributes, trail.at).await?;
    if !store::users::confirm(&mut tx, &pool.id, user.sub, trail.at).await? {
        let text = format!("User cannot be confirmed. Current status is {}", user.status.text());
        return Err(Error::NotAuthorized(text.into()));
    }
    user.status = Status::Confirmed;
    let put = names::put(&mut tx, pool, &user, request.force_alias_creation, trail.at).await?;
    // Not committed then: the same code, with ForceAliasCreation, may come again.
    put.map_err(|taken| taken.alias_exists())?;
    // The sign-up's session is used up; clients that do not send it (Amplify) get the next one all the same.
    if let Some(given) = request.session.as_deref() {
        sign_up::take_session(app, &mut tx, client, user.sub, sign_up::SIGN_UP, given, trail.at).await?;
    }
    let session = sign_up::session(app, &mut tx, client, user.sub, sign_up::SIGNED_UP, trail.at).await?;
    store::audit::insert(&mut tx, &pool.id, &trail, "user.confirmed", Some(user.sub), None).await?;
    tx.commit().await?;
    let cause = Cause { app, pool, client_id: &client.id, metadata: &request.client_metadata };
    triggers::post_confirmation(&cause, "PostConfirmation_ConfirmSignUp", &user).await?;
    Ok(Response { session })
}
