//! AdminSetUserMFAPreference.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminSetUserMFAPreference.html>

use serde::Deserialize;

use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows::{self, mfa},
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    #[serde(flatten)]
    preferences: mfa::Preferences,
}

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Request) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFound)?;
    if mfa::prefer(&mut tx, &pool, &user, request.preferences, trail.at).await? {
        store::audit::insert(&mut tx, &pool.id, &trail, "mfa.changed", Some(user.sub), None).await?;
    }
    tx.commit().await?;
    Ok(Empty {})
}
