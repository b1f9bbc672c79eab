//! AdminDeleteUserAttributes.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDeleteUserAttributes.html>

use serde::Deserialize;

use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows::{self, accounts::change_attributes},
    operations::Empty,
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    user_attribute_names: Vec<String>,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let (user, now) = (change.user(user.sub).await?, change.at());
    let left = change_attributes::without(&pool, user.attributes.clone(), &request.user_attribute_names, None)?;
    let changes_something = left != user.attributes;
    let user = change_attributes::store(&mut change, &pool, user, left, now).await?;
    if !changes_something {
        return change.unchanged(Empty {}).await;
    }
    change.commit(Event::UserUpdated.of_user(user.sub), Empty {}).await
}
