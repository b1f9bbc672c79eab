//! GlobalSignOut: ends every session of the signed-in user.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GlobalSignOut.html>

use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::Bearer,
    change::Changed,
    context::Context,
    error::Result,
    flows::sessions::session_limits,
    operations::Empty,
    store::{self, audit::Event},
};

pub async fn handle(app: &App, context: &Context, bearer: Bearer, _: Map<String, Value>) -> Result<Changed<Empty>> {
    session_limits::bring_under(app, &bearer.pool_id, bearer.sub, Some(bearer.origin_jti)).await?;
    let (mut change, _) = bearer.begin(app, context).await?;
    let now = change.at();
    store::sessions::revoke_all(&mut change, &bearer.pool_id, bearer.sub, None, now).await?;
    change.commit(Event::UserSignedOut.of_user(bearer.sub), Empty {}).await
}
