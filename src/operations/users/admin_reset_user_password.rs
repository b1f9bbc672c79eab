//! AdminResetUserPassword: makes the user's password unusable for signing in, and sends a code for setting a new
//! password.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminResetUserPassword.html>

use super::UserIdWithMetadata;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows::pool_context::PoolContext,
    flows::{
        self,
        accounts::forgotten,
        messages::{
            codes::{self, Sending},
            purpose::Purpose,
        },
    },
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
    let (user, now) = (change.user(user.sub).await?, change.at());
    if user.enabled && !matches!(user.status, Status::Confirmed | Status::ResetRequired) {
        return Err(Error::NotAuthorized("User password cannot be reset in the current state.".into()));
    }
    let address = forgotten::address(&pool, &user)?;
    let context = PoolContext::of_operator(app, context, &pool, &request.client_metadata);
    let sending = Sending { purpose: Purpose::ForgotPassword, source: "ForgotPassword", counted: false };
    codes::send(&context, &mut change, &user, sending, &address, now).await?;
    store::users::update_status(&mut change, &pool.id, user.sub, Status::ResetRequired, now).await?;
    change.commit(Event::PasswordResetRequired.of_user(user.sub), Empty {}).await
}
