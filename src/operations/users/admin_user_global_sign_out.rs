//! AdminUserGlobalSignOut: ends every session of a user.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUserGlobalSignOut.html>

use super::Named;
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows::{self, session_limits},
    operations::Empty,
    store,
};

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Named) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let trail = flows::trail(app, call, operator.actor());
    session_limits::bring_under(app, &pool.id, user.sub, None).await?;
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFound)?;
    if store::sessions::revoke_all(&mut tx, &pool.id, user.sub, None, trail.at).await? {
        store::audit::insert(&mut tx, &pool.id, &trail, "user.signed_out", Some(user.sub), None).await?;
        tx.commit().await?;
    }
    Ok(Empty {})
}
