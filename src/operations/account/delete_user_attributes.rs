//! DeleteUserAttributes.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserAttributes.html>

use serde::Deserialize;

use crate::{
    app::App,
    caller::SignedIn,
    change::Changed,
    context::Context,
    error::Result,
    factor::AddressAttribute,
    flows::{
        self,
        accounts::{change_attributes, last_factor, step_up},
    },
    operations::Empty,
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_attribute_names: Vec<String>,
}

pub async fn handle(app: &App, context: &Context, caller: SignedIn, request: Request) -> Result<Changed<Empty>> {
    let bearer = caller.bearer;
    let pool = flows::pool_of(app, &bearer).await?;
    let known = app.client_with_pool(&bearer.pool_id, &bearer.client_id).await?;
    let (mut change, user) = bearer.begin(app, context).await?;
    let now = change.at();
    let removed = |name: &String| name.parse::<AddressAttribute>().is_ok() && user.attributes.contains_key(name);
    if request.user_attribute_names.iter().any(removed) {
        step_up::check(app, &mut change, &pool, &bearer).await?;
    }
    let had = change_attributes::must_keep_a_factor(&mut change, &pool, bearer.sub).await?;
    let left =
        change_attributes::without(&pool, user.attributes.clone(), &request.user_attribute_names, Some(&known.client))?;
    let changes_something = left != user.attributes;
    change_attributes::store(&mut change, &pool, user, left, now).await?;
    last_factor::keep(&mut change, &pool, bearer.sub, had, change_attributes::no_way_left()).await?;
    if !changes_something {
        return change.unchanged(Empty {}).await;
    }
    change.commit(Event::UserUpdated.of_user(bearer.sub), Empty {}).await
}
