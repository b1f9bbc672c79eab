//! AdminConfirmSignUp: confirms a user who signed up, without a code.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminConfirmSignUp.html>

use super::NamedWithMetadata;
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows::{
        self, names,
        triggers::{self, Cause},
    },
    operations::Empty,
    store::{self, users::Status},
};

pub async fn handle(app: &App, call: &Call, operator: Operator, request: NamedWithMetadata) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    let mut user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFound)?;
    if !store::users::confirm(&mut tx, &pool.id, user.sub, trail.at).await? {
        let text = format!("User cannot be confirmed. Current status is {}", user.status.text());
        return Err(Error::NotAuthorized(text.into()));
    }
    user.status = Status::Confirmed;
    names::put(&mut tx, &pool, &user, false, trail.at).await?.map_err(|taken| taken.alias_exists())?;
    store::audit::insert(&mut tx, &pool.id, &trail, "user.confirmed", Some(user.sub), None).await?;
    tx.commit().await?;
    let cause = Cause { app, pool: &pool, client_id: triggers::NO_CLIENT, metadata: &request.client_metadata };
    triggers::post_confirmation(&cause, "PostConfirmation_ConfirmSignUp", &user).await?;
    Ok(Empty {})
}
