//! SignUp: a person creates an account.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SignUp.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::PublicClient,
    change,
    context::{Context, Door},
    error::{Error, Key, Result, Text},
    factor::AddressAttribute,
    flows::pool_context::PoolContext,
    flows::{
        accounts::{
            attributes::{Attribute, check_required, checked, is_email},
            auth_events, names, network,
            new_user::{self, NewUser},
            password, sign_up,
        },
        messages::{
            self,
            addresses::{Address, DeliveryDetails},
            codes::{self, Sending},
            purpose::Purpose,
        },
        sign_in::secret_hash,
        triggers,
    },
    pending::Pending,
    secret::Secret,
    store::{self, audit::Event, clients::ClientAndPool, users::Status},
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
    user_confirmed: bool,
    user_sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_delivery_details: Option<DeliveryDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

pub async fn handle(app: &App, context: &Context, caller: PublicClient, request: Request) -> Result<Response> {
    let ClientAndPool { client, pool, .. } = &*caller;
    secret_hash::check(context.door, client, &request.username, request.secret_hash.as_deref())?;
    network::check(client, Some(context.address))?;
    if context.door.is_one_person(!client.secrets.is_empty()) {
        app.budgets.spend_sign_up(&pool.id, context.address)?;
    }
    if pool.settings.admin_create_user_config.allow_admin_create_user_only {
        return Err(Error::NotAuthorized(Text::keyed(Key::SignUpClosed, "SignUp is not permitted for this user pool")));
    }
    match &request.password {
        Some(given) => password::check_policy(&pool.settings.policies.password_policy, given.expose())?,
        None if pool.uses_codes() => {}
        None => {
            let words = "Password is required: this user pool has no factor that does without.";
            return Err(Error::InvalidParameter(Text::keyed(Key::PasswordNeeded, words)));
        }
    }
    let mut attributes = checked(pool, &request.user_attributes, client.settings.write_attributes.as_deref(), false)?;
    let (sub, username) = names::of_new_user(pool, &request.username, &mut attributes)?;
    check_required(pool, &attributes)?;
    let context = PoolContext::of_client(app, context, &caller, &request.client_metadata);
    let decided =
        triggers::pre_sign_up(&context, "PreSignUp_SignUp", &username, &attributes, &request.validation_data).await?;
    for address in AddressAttribute::ALL {
        if attributes.contains_key(address.name()) {
            attributes.insert(address.verified().into(), Value::String("false".into()));
        }
    }
    sign_up::verify(&mut attributes, &decided)?;
    let status = if decided.confirm { Status::Confirmed } else { Status::Unconfirmed };
    refuse_early(&context, &attributes, (&request.username, &username), decided.confirm).await?;
    let password = match request.password {
        Some(given) => Some(password::new(app, pool, sub, &username, given).await?),
        None => None,
    };
    let new = NewUser { sub, username, password, status, attributes, take_alias: false };
    let trail = change::user_trail(app, &context);
    let mut tx = app.db.begin().await?;
    let (user, _) = new_user::insert(&mut tx, pool, &trail, Event::UserSignedUp, new, "User already exists").await?;
    if let Some(browser) = &context.browser {
        store::users::signed_up_in(&mut tx, &pool.id, user.sub, browser).await?;
    }
    let code_delivery_details = match sign_up::address_to_verify(pool, &user, &request.username) {
        Some(address) if !decided.confirm => {
            let sending = Sending { purpose: Purpose::SignUp, source: "SignUp", counted: false };
            Some(codes::send(&context, &mut tx, &user, sending, &address, trail.at).await?)
        }
        _ => None,
    };
    let session = match decided.confirm {
        true => None,
        false => sign_up::session(app, &mut tx, client, user.sub, Pending::SignUp {}, (context.door, trail.at)).await?,
    };
    tx.commit().await?;
    messages::sent(app);
    auth_events::note(app, &context, pool, user.sub, "SignUp", "Pass", None);
    if decided.confirm {
        sign_up::tell_confirmed(&context, "PostConfirmation_ConfirmSignUp", &user).await?;
    }
    Ok(Response { user_confirmed: decided.confirm, user_sub: user.sub.to_string(), code_delivery_details, session })
}

/// Refuses a sign-up that would fail later, before its password is hashed.
///
/// The reasons are a name that is taken, a code that cannot be sent, and an address that received too many messages.
/// (The pages must not reveal that a name is taken. So on the pages, a taken name is not refused here, and takes as
/// long as a free name.)
async fn refuse_early(
    context: &PoolContext<'_>,
    attributes: &Map<String, Value>,
    (typed, username): (&str, &str),
    confirmed: bool,
) -> Result<()> {
    let (app, pool) = (context.app, context.pool);
    let value = |name: &str| attributes.get(name).and_then(Value::as_str).map(str::to_owned);
    let by_address = !pool.settings.username_attributes.is_empty();
    let name = pool.username_key(if by_address { typed } else { username });
    if context.door != Door::Pages && store::users::find(&app.db, &pool.id, &name).await?.is_some() {
        let taken = names::Taken(if is_email(typed) { "email" } else { "phone_number" });
        return Err(match by_address {
            true => taken.username_exists(),
            false => Error::UsernameExists("User already exists".into()),
        });
    }
    let Some(attribute) = sign_up::attribute_to_verify(pool, typed, value).filter(|_| !confirmed) else {
        return Ok(());
    };
    let address = Address { attribute, value: value(attribute.name()).unwrap_or_default() };
    let mut db = app.db.acquire().await?;
    messages::refuse_flooded(context, &mut db, &address, app.clock.now()).await
}
