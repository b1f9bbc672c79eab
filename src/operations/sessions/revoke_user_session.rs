//! RevokeUserSession: ends another session of the signed-in user; of a browser's, perhaps also what applications got through
//! it.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeUserSession.html>

use serde::Deserialize;

use super::{Associated, end, origin_jti};
use crate::{
    app::App,
    call::Call,
    caller::Bearer,
    error::{Error, Result},
    flows::{self, session_limits},
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    session_id: String,
    #[serde(default)]
    revoke_associated_sessions: Associated,
}

pub async fn handle(app: &App, call: &Call, bearer: Bearer, request: Request) -> Result<Empty> {
    let trail = flows::trail(app, call, "user");
    let associated = request.revoke_associated_sessions == Associated::Linked;
    if associated {
        session_limits::bring_under(app, &bearer.pool_id, bearer.sub, Some(bearer.origin_jti)).await?;
    }
    let mut tx = app.db.begin().await?;
    // The user first: two sessions that end each other would wait for each other.
    store::users::lock(&mut tx, &bearer.pool_id, bearer.sub).await?;
    bearer.live(app, &mut tx, call).await?;
    let session = origin_jti(&request.session_id)?;
    if session == bearer.origin_jti {
        return Err(Error::InvalidParameter(
            "SessionId: this is the session that asks; RevokeToken or GlobalSignOut ends it.".into(),
        ));
    }
    end(app, &mut tx, &bearer.pool_id, bearer.sub, session, associated, &trail).await?;
    tx.commit().await?;
    Ok(Empty {})
}
