//! DeleteUserAttributes.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserAttributes.html>

use serde::Deserialize;

use crate::{
    app::App,
    call::Call,
    caller::SignedIn,
    error::{Error, Result},
    flows::{self, change_attributes, changes, last_factor, step_up},
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_attribute_names: Vec<String>,
}

pub async fn handle(app: &App, call: &Call, caller: SignedIn, request: Request) -> Result<Empty> {
    let bearer = caller.bearer;
    let pool = flows::pool_of(app, &bearer).await?;
    let known = app.client_with_pool(&bearer.pool_id, &bearer.client_id).await?;
    let trail = flows::trail(app, call, "user");
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, bearer.sub).await?;
    bearer.live(app, &mut tx, call).await?;
    let user = user.ok_or(Error::UserNotFound)?;
    let removed = |name: &String| change_attributes::is_address(name) && user.attributes.contains_key(name);
    if request.user_attribute_names.iter().any(removed) {
        step_up::check(app, &mut tx, &pool, &bearer).await?;
    }
    let had = change_attributes::must_keep_a_factor(&mut tx, &pool, bearer.sub).await?;
    let left =
        change_attributes::without(&pool, user.attributes.clone(), &request.user_attribute_names, Some(&known.client))?;
    let changes_something = left != user.attributes;
    change_attributes::store(&mut tx, &pool, user, left, trail.at).await?;
    last_factor::keep(&mut tx, &pool, bearer.sub, had, change_attributes::no_way_left()).await?;
    if changes_something {
        changes::note(app, &mut tx, &pool.id, &trail, "user.updated", bearer.sub, None).await?;
    }
    tx.commit().await?;
    Ok(Empty {})
}
