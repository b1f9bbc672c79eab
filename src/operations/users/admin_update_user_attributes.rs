//! AdminUpdateUserAttributes. An operator may say that an address is verified.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUpdateUserAttributes.html>

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows::{
        self,
        attributes::{Attribute, check_verified, checked},
        change_attributes, messages,
        triggers::{self, Cause},
    },
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    user_attributes: Vec<Attribute>,
    /// For triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Request) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let new = checked(&pool, &request.user_attributes, None, true)?;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFound)?;
    let (sub, before) = (user.sub, user.attributes.clone());
    if new.keys().any(|name| name.ends_with("_verified")) {
        let both: Map<_, _> = user.attributes.clone().into_iter().chain(new.clone()).collect();
        check_verified(&both)?;
    }
    let (user, to_prove) = change_attributes::update(&mut tx, &pool, user, new, false, trail.at).await?;
    let cause = Cause { app, pool: &pool, client_id: triggers::NO_CLIENT, metadata: &request.client_metadata };
    let changes_something = user.attributes != before || !to_prove.is_empty();
    change_attributes::prove(&cause, &mut tx, &user, to_prove, false, trail.at).await?;
    if changes_something {
        store::audit::insert(&mut tx, &pool.id, &trail, "user.updated", Some(sub), None).await?;
    }
    tx.commit().await?;
    messages::sent(app);
    Ok(Empty {})
}
