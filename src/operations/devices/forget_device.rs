//! ForgetDevice: a device of the signed-in user no longer signs in as one, and is signed out.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ForgetDevice.html>

use super::{Own, forget};
use crate::{
    app::App,
    call::Call,
    caller::Bearer,
    error::Result,
    flows::{self, session_limits},
    operations::Empty,
    store,
};

pub async fn handle(app: &App, call: &Call, bearer: Bearer, request: Own) -> Result<Empty> {
    let trail = flows::trail(app, call, "user");
    session_limits::bring_under(app, &bearer.pool_id, bearer.sub, Some(bearer.origin_jti)).await?;
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, &bearer.pool_id, bearer.sub).await?;
    bearer.live(app, &mut tx, call).await?;
    let asks = Some(bearer.origin_jti);
    forget(app, &mut tx, &bearer.pool_id, bearer.sub, &request.device_key, asks, &trail).await?;
    tx.commit().await?;
    Ok(Empty {})
}
