//! AdminAddUserToGroup. Tokens that are issued from now on say so.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminAddUserToGroup.html>

use super::{Member, no_such_group};
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows,
    operations::Empty,
    store,
};

/// Groups of a user, at most.
const MAX_GROUPS: i64 = 100;

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Member) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFound)?;
    store::groups::lock(&mut tx, &pool.id, &request.group_name).await?.ok_or_else(no_such_group)?;
    if !store::groups::add_user(&mut tx, &pool.id, user.sub, &request.group_name).await? {
        return Ok(Empty {});
    }
    if store::groups::count_of_user(&mut tx, &pool.id, user.sub).await? > MAX_GROUPS {
        return Err(Error::InvalidParameter(format!("A user may be in {MAX_GROUPS} groups.").into()));
    }
    // A sign-in that read the user before reads again.
    store::users::touch(&mut tx, &pool.id, user.sub, trail.at).await?;
    store::audit::insert(&mut tx, &pool.id, &trail, "group.joined", Some(user.sub), None).await?;
    tx.commit().await?;
    Ok(Empty {})
}
