//! UpdateUserAttributes.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserAttributes.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    call::Call,
    caller::SignedIn,
    error::{Error, Result},
    flows::{
        self,
        addresses::DeliveryDetails,
        attributes::{Attribute, check_mutable, checked},
        change_attributes, changes, last_factor, messages, step_up,
        triggers::Cause,
    },
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_attributes: Vec<Attribute>,
    /// For triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    code_delivery_details_list: Vec<DeliveryDetails>,
}

pub async fn handle(app: &App, call: &Call, caller: SignedIn, request: Request) -> Result<Response> {
    let bearer = caller.bearer;
    let pool = flows::pool_of(app, &bearer).await?;
    let known = app.client_with_pool(&bearer.pool_id, &bearer.client_id).await?;
    let writable = known.client.settings.write_attributes.as_deref();
    let new = checked(&pool, &request.user_attributes, writable, false)?;
    let trail = flows::trail(app, call, "user");
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, bearer.sub).await?;
    bearer.live(app, &mut tx, call).await?;
    let user = user.ok_or(Error::UserNotFound)?;
    check_mutable(&pool, &user.attributes, &new)?;
    if new.iter().any(|(name, value)| change_attributes::is_address(name) && user.attributes.get(name) != Some(value)) {
        step_up::check(app, &mut tx, &pool, &bearer).await?;
    }
    let before = user.attributes.clone();
    let had = change_attributes::must_keep_a_factor(&mut tx, &pool, bearer.sub).await?;
    // On the account page a slip of the pen must not lock anybody out.
    let careful = call.from_pages();
    let (user, to_prove) = change_attributes::update(&mut tx, &pool, user, new, careful, trail.at).await?;
    last_factor::keep(&mut tx, &pool, bearer.sub, had, change_attributes::no_way_left()).await?;
    let cause = Cause { app, pool: &pool, client_id: &bearer.client_id, metadata: &request.client_metadata };
    let changes_something = user.attributes != before || !to_prove.is_empty();
    let sent = change_attributes::prove(&cause, &mut tx, &user, to_prove, true, trail.at).await?;
    if changes_something {
        changes::note(app, &mut tx, &pool.id, &trail, "user.updated", bearer.sub, None).await?;
    }
    tx.commit().await?;
    messages::sent(app);
    Ok(Response { code_delivery_details_list: sent })
}
