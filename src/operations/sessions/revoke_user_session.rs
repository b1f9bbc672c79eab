//! RevokeUserSession: ends another session of the signed-in user and, on request, the sessions that are linked to that
//! session.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeUserSession.html>

use serde::Deserialize;

use super::{Associated, end, origin_jti};
use crate::{
    app::App,
    caller::Bearer,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows::sessions::session_limits,
    operations::Empty,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    session_id: String,
    #[serde(default)]
    revoke_associated_sessions: Associated,
}

pub async fn handle(app: &App, context: &Context, bearer: Bearer, request: Request) -> Result<Changed<Empty>> {
    let associated = request.revoke_associated_sessions == Associated::Linked;
    if associated {
        session_limits::bring_under(app, &bearer.pool_id, bearer.sub, Some(bearer.origin_jti)).await?;
    }
    // The user's row is locked first. Otherwise, two sessions that end each other at the same time would deadlock.
    let (change, _) = bearer.begin(app, context).await?;
    let session = origin_jti(&request.session_id)?;
    if session == bearer.origin_jti {
        return Err(Error::InvalidParameter(
            "SessionId: this is the session that asks; RevokeToken or GlobalSignOut ends it.".into(),
        ));
    }
    end(change, bearer.sub, session, associated).await
}
