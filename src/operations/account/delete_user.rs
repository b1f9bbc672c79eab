//! DeleteUser: the signed-in user leaves.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUser.html>

use serde_json::{Map, Value};

use crate::{
    app::App,
    call::Call,
    caller::Bearer,
    error::Result,
    flows::{self, remove_user, session_limits, step_up},
    operations::Empty,
    store,
};

pub async fn handle(app: &App, call: &Call, bearer: Bearer, _: Map<String, Value>) -> Result<Empty> {
    let pool = flows::pool_of(app, &bearer).await?;
    session_limits::bring_under(app, &bearer.pool_id, bearer.sub, Some(bearer.origin_jti)).await?;
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, &bearer.pool_id, bearer.sub).await?;
    bearer.live(app, &mut tx, call).await?;
    step_up::check(app, &mut tx, &pool, &bearer).await?;
    remove_user::remove(&mut tx, &bearer.pool_id, bearer.sub, &flows::trail(app, call, "user")).await?;
    tx.commit().await?;
    Ok(Empty {})
}
