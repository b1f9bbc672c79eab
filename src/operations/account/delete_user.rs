//! DeleteUser: removes the signed-in user's own account.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUser.html>

use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::Bearer,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows::{
        self,
        accounts::{remove_user, step_up},
        sessions::session_limits,
    },
    operations::Empty,
};

pub async fn handle(app: &App, context: &Context, bearer: Bearer, _: Map<String, Value>) -> Result<Changed<Empty>> {
    let pool = flows::pool_of(app, &bearer).await?;
    session_limits::bring_under(app, &bearer.pool_id, bearer.sub, Some(bearer.origin_jti)).await?;
    let (mut change, _) = bearer.begin(app, context).await?;
    step_up::check(app, &mut change, &pool, &bearer).await?;
    let trail = change.trail.clone();
    let removed = remove_user::remove(&mut change, &bearer.pool_id, bearer.sub, &trail).await?;
    change.commit_noted(removed.ok_or(Error::UserNotFound)?, Empty {}).await
}
