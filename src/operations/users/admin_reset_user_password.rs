//! AdminResetUserPassword: the password no longer signs in; a code for a new one is sent.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminResetUserPassword.html>

use super::NamedWithMetadata;
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows::{
        self,
        codes::{self, Sending},
        forgotten, messages,
        purpose::Purpose,
        triggers::{self, Cause},
    },
    operations::Empty,
    store::{self, users::Status},
};

pub async fn handle(app: &App, call: &Call, operator: Operator, request: NamedWithMetadata) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFound)?;
    if user.enabled && !matches!(user.status, Status::Confirmed | Status::ResetRequired) {
        return Err(Error::NotAuthorized("User password cannot be reset in the current state.".into()));
    }
    let address = forgotten::address(&pool, &user)?;
    let cause = Cause { app, pool: &pool, client_id: triggers::NO_CLIENT, metadata: &request.client_metadata };
    let sending = Sending { purpose: Purpose::ForgotPassword, source: "ForgotPassword", counted: false };
    codes::send(&cause, &mut tx, &user, sending, &address, trail.at).await?;
    store::users::update_status(&mut tx, &pool.id, user.sub, Status::ResetRequired, trail.at).await?;
    store::audit::insert(&mut tx, &pool.id, &trail, "password.reset_required", Some(user.sub), None).await?;
    tx.commit().await?;
    messages::sent(app);
    Ok(Empty {})
}
