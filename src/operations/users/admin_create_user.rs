//! AdminCreateUser: creates a user with a temporary password and sends an invitation, or invites an existing user
//! again.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html>
//!
//! Unlike in Amazon Cognito, if the request has no `DesiredDeliveryMediums`, the invitation goes to the phone number,
//! or to the e-mail address if the user has no phone number. A user who has no address, or needs no password, is
//! created without an invitation.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::UserType;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    delivery::Medium,
    error::{Error, Result},
    factor::AddressAttribute,
    flows::pool_context::PoolContext,
    flows::{
        self,
        accounts::{
            attributes::{Attribute, check_verified, checked},
            names,
            new_user::{self, NewUser},
            password, sign_up,
        },
        messages::{
            self,
            addresses::Address,
            templates::{MessageContent, Occasion},
        },
        triggers,
    },
    random,
    secret::Secret,
    store::{
        self, Connection,
        audit::Event,
        users::{Status, User},
    },
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
    desired_delivery_mediums: Option<Vec<Medium>>,
    #[serde(default)]
    force_alias_creation: bool,
    /// Input for the pre sign-up trigger.
    #[serde(default)]
    validation_data: Vec<Attribute>,
    /// Input for the pool's triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user: UserType,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Response>> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let given = request.temporary_password.is_some();
    let password = match request.temporary_password {
        Some(given) => {
            password::check_policy(&pool.settings.policies.password_policy, given.expose())?;
            given
        }
        None => Secret::from(random::password(pool.settings.policies.password_policy.minimum_length)),
    };
    let text = password.expose().to_owned();
    let context = PoolContext::of_operator(app, context, &pool, &request.client_metadata);
    let mediums = request.desired_delivery_mediums.as_deref();
    if request.message_action.as_deref() == Some("RESEND") {
        let key = pool.username_key(&request.username);
        let user = store::users::find(&app.db, &pool.id, &key).await?.ok_or(Error::UserNotFound)?;
        let new = password::new(app, &pool, user.sub, &user.username, password).await?;
        let mut change = operator.begin(app, &context, &pool.id).await?;
        let (user, now) = (change.user(user.sub).await?, change.at());
        if user.status != Status::ForceChangePassword {
            let text = format!("Resend not possible. {} status is not FORCE_CHANGE_PASSWORD.", user.status.text());
            return Err(Error::UnsupportedUserState(text.into()));
        }
        password::store(&mut change, &pool, user.sub, &new, user.status, now).await?;
        if !invite(&context, &mut change, &user, mediums, &text, now).await? {
            return Err(Error::InvalidParameter("The user has no address for an invitation.".into()));
        }
        let answer = Response { user: UserType::from(&user) };
        return change.commit(Event::UserInvited.of_user(user.sub), answer).await;
    }
    let mut attributes = checked(&pool, &request.user_attributes, None, true)?;
    let (sub, username) = names::of_new_user(&pool, &request.username, &mut attributes)?;
    check_verified(&attributes)?;
    let (source, data) = ("PreSignUp_AdminCreateUser", &request.validation_data);
    let decided = triggers::pre_sign_up(&context, source, &username, &attributes, data).await?;
    sign_up::verify(&mut attributes, &decided)?;
    // If the pool allows sign-in with codes, a user with an address needs no password, unless the request gives one.
    let passwordless = !given && pool.uses_codes() && user_has_address(&attributes);
    let (password, status) = if passwordless {
        (None, Status::Confirmed)
    } else {
        let password = password::new(app, &pool, sub, &username, password).await?;
        (Some(password), Status::ForceChangePassword)
    };
    let new = NewUser { password, sub, username, status, attributes, take_alias: request.force_alias_creation };
    let mut change = operator.begin(app, &context, &pool.id).await?;
    let trail = change.trail.clone();
    let exists = "User account already exists";
    let (user, created) = new_user::insert(&mut change, &pool, &trail, Event::UserCreated, new, exists).await?;
    if request.message_action.as_deref() != Some("SUPPRESS") && !passwordless {
        invite(&context, &mut change, &user, mediums, &text, trail.at).await?;
    }
    let answer = Response { user: UserType::from(&user) };
    change.commit_noted(created, answer).await
}

fn user_has_address(attributes: &Map<String, Value>) -> bool {
    AddressAttribute::ALL.iter().any(|address| attributes.contains_key(address.name()))
}

/// Sends the temporary password to the user's addresses that belong to `mediums`. If `mediums` is `None`, it goes to
/// the phone number, or to the e-mail address if the user has no phone number. Returns `false` if there is no such
/// address.
async fn invite(
    context: &PoolContext<'_>,
    db: &mut Connection,
    user: &User,
    mediums: Option<&[Medium]>,
    password: &str,
    now: time::OffsetDateTime,
) -> Result<bool> {
    let addresses = [AddressAttribute::PhoneNumber, AddressAttribute::Email];
    let addresses = addresses.into_iter().filter_map(|attribute| Address::of(user, attribute));
    let addresses: Vec<_> = match mediums {
        Some(wanted) => addresses.filter(|address| wanted.contains(&address.medium())).collect(),
        None => addresses.take(1).collect(),
    };
    let any = !addresses.is_empty();
    // If users sign in with an address, the invitation contains the address in place of the username.
    let name = match addresses.first() {
        Some(address) if !context.pool.settings.username_attributes.is_empty() => address.value.clone(),
        _ => user.username.clone(),
    };
    for address in addresses {
        let told = MessageContent {
            occasion: Occasion::Invitation,
            source: "AdminCreateUser",
            username: &name,
            secret: password,
            stored: None,
        };
        messages::send(context, db, user, &address, told, now).await?;
    }
    Ok(any)
}
