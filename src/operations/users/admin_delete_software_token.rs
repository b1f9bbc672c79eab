//! AdminDeleteSoftwareToken: takes a lost authenticator app off a user, who may then set up another.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDeleteSoftwareToken.html>

use super::Named;
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows,
    operations::Empty,
    store,
};

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Named) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFound)?;
    if !store::software_tokens::delete(&mut tx, &pool.id, user.sub).await? {
        return Err(Error::ResourceNotFound("The user has no software token.".into()));
    }
    let mut mfa = user.mfa;
    mfa.switch_off("SOFTWARE_TOKEN_MFA");
    store::users::update_mfa(&mut tx, &pool.id, user.sub, &mfa, trail.at).await?;
    store::audit::insert(&mut tx, &pool.id, &trail, "mfa.changed", Some(user.sub), None).await?;
    tx.commit().await?;
    Ok(Empty {})
}
