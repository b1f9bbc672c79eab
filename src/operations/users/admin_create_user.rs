//! AdminCreateUser: makes a user with a temporary password.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html>
//!
//! Differs: invitations cannot be delivered yet, so a request that would send one (no `MessageAction: SUPPRESS`, no
//! `TemporaryPassword`) is refused: nobody would learn the password. With a `TemporaryPassword` nothing is sent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Shown;
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows::{
        self,
        attributes::{Attribute, check_required, checked},
        new_user::{self, NewUser},
        password,
    },
    random,
    secret::Secret,
    store::users::Status,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    #[serde(default)]
    user_attributes: Vec<Attribute>,
    #[serde(default)]
    temporary_password: Option<Secret>,
    #[serde(default)]
    message_action: Option<String>,
    #[serde(default)]
    desired_delivery_mediums: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user: Shown,
}

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Request) -> Result<Response> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    match (request.message_action.as_deref(), &request.temporary_password) {
        (Some("RESEND"), _) => {
            return Err(Error::InvalidParameter("MessageAction RESEND is not supported by Keystead yet.".into()));
        }
        (None, None) => {
            return Err(Error::InvalidParameter(
                "Keystead cannot deliver invitations yet: give a TemporaryPassword, or MessageAction SUPPRESS.".into(),
            ));
        }
        _ => {}
    }
    if request.desired_delivery_mediums.is_some() && request.message_action.as_deref() != Some("SUPPRESS") {
        return Err(Error::InvalidParameter(
            "DesiredDeliveryMediums is not supported by Keystead yet; leave it out.".into(),
        ));
    }
    let attributes = checked(&pool, &request.user_attributes, None, true)?;
    check_required(&pool, &attributes)?;
    let password = match request.temporary_password {
        Some(given) => {
            password::check_policy(&pool.settings.policies.password_policy, given.expose())?;
            given
        }
        None => Secret::from(random::password()),
    };
    let new = NewUser { username: request.username, password, status: Status::ForceChangePassword, attributes };
    let made = new_user::insert(app, &pool, &flows::trail(app, call, operator.actor()), "user.created", new).await?;
    let user = made.ok_or_else(|| Error::UsernameExists("User account already exists".into()))?;
    Ok(Response { user: Shown::from(&user) })
}
