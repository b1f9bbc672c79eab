//! AdminResetUserPassword: the password can no longer be used to sign in, and a code for a new one is sent.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminResetUserPassword.html>

use super::UserIdWithMetadata;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows::{
        self,
        accounts::forgotten,
        messages::{
            codes::{self, Sending},
            purpose::Purpose,
        },
        triggers::{self, Cause},
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
    let cause = Cause { app, pool: &pool, client_id: triggers::NO_CLIENT, metadata: &request.client_metadata };
    let sending = Sending { purpose: Purpose::ForgotPassword, source: "ForgotPassword", counted: false };
    codes::send(&cause, &mut change, &user, sending, &address, now).await?;
    store::users::update_status(&mut change, &pool.id, user.sub, Status::ResetRequired, now).await?;
    change.commit(Event::PasswordResetRequired.of_user(user.sub), Empty {}).await
}
