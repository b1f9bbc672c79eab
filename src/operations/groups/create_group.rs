//! CreateGroup.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateGroup.html>

use super::{One, Shown, Told};
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows,
    store::{self, groups::Group},
};

/// Groups of a pool, at most.
const MAX_GROUPS: i64 = 10_000;

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Told) -> Result<One> {
    let trail = flows::trail(app, call, operator.actor());
    let group = Group {
        name: request.group_name,
        description: request.description,
        precedence: request.precedence,
        role_arn: request.role_arn,
        created_at: trail.at,
        updated_at: trail.at,
    };
    let pool_id = &request.user_pool_id;
    let mut tx = app.db.begin().await?;
    // Locked, so that the count holds.
    store::pools::lock(&mut tx, pool_id).await?.ok_or_else(|| Error::no_such_pool(pool_id))?;
    if store::groups::count(&mut tx, pool_id).await? >= MAX_GROUPS {
        return Err(Error::LimitExceeded(format!("A user pool may have {MAX_GROUPS} groups.").into()));
    }
    if !store::groups::insert(&mut tx, pool_id, &group).await? {
        return Err(Error::GroupExists("A group with the name already exists.".into()));
    }
    store::audit::insert(&mut tx, pool_id, &trail, "group.created", None, None).await?;
    tx.commit().await?;
    Ok(One { group: Shown::of(pool_id, group) })
}
