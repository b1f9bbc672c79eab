//! AdminConfirmSignUp: confirms a user who signed up. No code is needed.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminConfirmSignUp.html>

use super::UserIdWithMetadata;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows::pool_context::PoolContext,
    flows::{self, accounts::names, triggers},
    operations::Empty,
    store::{self, audit::Event, users::Status},
};

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: UserIdWithMetadata,
) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let now = change.at();
    let mut user = change.user(user.sub).await?;
    if !store::users::confirm(&mut change, &pool.id, user.sub, now).await? {
        let text = format!("User cannot be confirmed. Current status is {}", user.status.text());
        return Err(Error::NotAuthorized(text.into()));
    }
    user.status = Status::Confirmed;
    names::put(&mut change, &pool, &user, false, now).await?.map_err(|taken| taken.alias_exists())?;
    let changed = change.commit(Event::UserConfirmed.of_user(user.sub), Empty {}).await?;
    let context = PoolContext::of_operator(app, context, &pool, &request.client_metadata);
    triggers::post_confirmation(&context, "PostConfirmation_ConfirmSignUp", &user).await?;
    Ok(changed)
}
