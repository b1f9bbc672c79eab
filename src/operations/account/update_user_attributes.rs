//! UpdateUserAttributes.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserAttributes.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::SignedIn,
    change::{Changed, Unaudited},
    context::{Context, Door},
    error::Result,
    factor::AddressAttribute,
    flows::{
        self,
        accounts::{
            attributes::{Attribute, check_mutable, checked_change},
            change_attributes, last_factor, step_up,
        },
        messages::addresses::DeliveryDetails,
        pool_context::PoolContext,
    },
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_attributes: Vec<Attribute>,
    /// Input for the pool's triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    code_delivery_details_list: Vec<DeliveryDetails>,
}

pub async fn handle(app: &App, context: &Context, caller: SignedIn, request: Request) -> Result<Changed<Response>> {
    let bearer = caller.bearer;
    let pool = flows::pool_of(app, &bearer).await?;
    let known = app.client_with_pool(&bearer.pool_id, &bearer.client_id).await?;
    let writable = known.client.settings.write_attributes.as_deref();
    let new = checked_change(&pool, &request.user_attributes, writable, false)?;
    let (mut change, user) = bearer.begin(app, context).await?;
    let now = change.at();
    check_mutable(&pool, &user.attributes, &new.set)?;
    let changes = |name: &str| new.value_of(name).is_some_and(|value| value != user.attributes.get(name));
    if AddressAttribute::ALL.into_iter().any(|address| changes(address.name())) {
        step_up::check(app, &mut change, &pool, &bearer).await?;
    }
    let before = user.attributes.clone();
    let had = change_attributes::must_keep_a_factor(&mut change, &pool, bearer.sub).await?;
    // On the account page, a verified address stays until the new one is verified. So a typing mistake locks nobody
    // out.
    let careful = context.door == Door::Pages;
    let (user, to_prove) = change_attributes::update(&mut change, &pool, user, new, careful, now).await?;
    last_factor::keep(&mut change, &pool, bearer.sub, had, change_attributes::no_way_left()).await?;
    let context = PoolContext::of_bearer(app, context, (&pool, &bearer), &request.client_metadata);
    let changes_something = user.attributes != before || !to_prove.is_empty();
    let sent = change_attributes::prove(&context, &mut change, &user, to_prove, true, now).await?;
    let answer = Response { code_delivery_details_list: sent };
    if !changes_something {
        return change.commit_unaudited(Unaudited::CodesVoided, answer).await;
    }
    change.commit(Event::UserUpdated.of_user(bearer.sub), answer).await
}
