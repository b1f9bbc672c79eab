//! AdminRevokeUserSession: ends one session of a user.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminRevokeUserSession.html>

use serde::Deserialize;

use super::{Associated, end, origin_jti};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows::{self, sessions::session_limits},
    operations::Empty,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    session_id: String,
    #[serde(default)]
    revoke_associated_sessions: Associated,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let session = origin_jti(&request.session_id)?;
    let associated = request.revoke_associated_sessions == Associated::Linked;
    if associated {
        session_limits::bring_under(app, &pool.id, user.sub, Some(session)).await?;
    }
    let mut change = operator.begin(app, context, &pool.id).await?;
    change.user(user.sub).await?;
    end(change, user.sub, session, associated).await
}
