//! GlobalSignOut: ends every session of the signed-in user.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GlobalSignOut.html>

use serde_json::{Map, Value};

use crate::{
    app::App,
    call::Call,
    caller::Bearer,
    error::Result,
    flows::{self, changes, session_limits},
    operations::Empty,
    store,
};

pub async fn handle(app: &App, call: &Call, bearer: Bearer, _: Map<String, Value>) -> Result<Empty> {
    let trail = flows::trail(app, call, "user");
    session_limits::bring_under(app, &bearer.pool_id, bearer.sub, Some(bearer.origin_jti)).await?;
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, &bearer.pool_id, bearer.sub).await?;
    bearer.live(app, &mut tx, call).await?;
    store::sessions::revoke_all(&mut tx, &bearer.pool_id, bearer.sub, None, trail.at).await?;
    changes::note_if_room(app, &mut tx, &bearer.pool_id, &trail, "user.signed_out", bearer.sub).await?;
    tx.commit().await?;
    Ok(Empty {})
}
