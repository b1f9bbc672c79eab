//! SignUp: a person makes an account.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SignUp.html>
//!
//! Differs: codes cannot be delivered yet, so a new user stays `UNCONFIRMED` until an operator calls
//! AdminConfirmSignUp, and a password is required.

use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    call::Call,
    caller::PublicClient,
    error::{Error, Result},
    flows::{
        self,
        attributes::{Attribute, check_required, checked},
        new_user::{self, NewUser},
        password,
        sign_in::check_secret_hash,
    },
    secret::Secret,
    store::{clients::ClientAndPool, users::Status},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    username: String,
    #[serde(default)]
    password: Option<Secret>,
    #[serde(default)]
    secret_hash: Option<String>,
    #[serde(default)]
    user_attributes: Vec<Attribute>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user_confirmed: bool,
    user_sub: String,
}

pub async fn handle(app: &App, call: &Call, caller: PublicClient, request: Request) -> Result<Response> {
    let ClientAndPool { client, pool } = &*caller;
    check_secret_hash(client, &request.username, request.secret_hash.as_deref())?;
    if pool.settings.admin_create_user_config.allow_admin_create_user_only {
        return Err(Error::NotAuthorized("SignUp is not permitted for this user pool".into()));
    }
    let given = request.password.ok_or_else(|| {
        Error::InvalidParameter("Password is required: Keystead does not support one-time passwords yet.".into())
    })?;
    password::check_policy(&pool.settings.policies.password_policy, given.expose())?;
    let attributes = checked(pool, &request.user_attributes, client.settings.write_attributes.as_deref(), false)?;
    check_required(pool, &attributes)?;
    let new = NewUser { username: request.username, password: given, status: Status::Unconfirmed, attributes };
    let made = new_user::insert(app, pool, &flows::trail(app, call, "user"), "user.signed_up", new).await?;
    let user = made.ok_or_else(|| Error::UsernameExists("User already exists".into()))?;
    Ok(Response { user_confirmed: false, user_sub: user.sub.to_string() })
}
