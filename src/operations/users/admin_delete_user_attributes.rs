//! AdminDeleteUserAttributes.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDeleteUserAttributes.html>

use serde::Deserialize;

use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows::{self, change_attributes},
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    user_attribute_names: Vec<String>,
}

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Request) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFound)?;
    let left = change_attributes::without(&pool, user.attributes.clone(), &request.user_attribute_names, None)?;
    let changes_something = left != user.attributes;
    let user = change_attributes::store(&mut tx, &pool, user, left, trail.at).await?;
    if changes_something {
        store::audit::insert(&mut tx, &pool.id, &trail, "user.updated", Some(user.sub), None).await?;
    }
    tx.commit().await?;
    Ok(Empty {})
}
