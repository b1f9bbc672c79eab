//! CreateResourceServer.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateResourceServer.html>

use super::{One, Shown, Told};
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    store,
};

/// Resource servers of a pool, at most.
const MAX_SERVERS: i64 = 25;

pub async fn handle(app: &App, _: &Call, _: Operator, request: Told) -> Result<One> {
    let pool_id = request.user_pool_id.clone();
    let server = request.server()?;
    let mut tx = app.db.begin().await?;
    // Locked, so that the count holds.
    store::pools::lock(&mut tx, &pool_id).await?.ok_or_else(|| Error::no_such_pool(&pool_id))?;
    if store::resource_servers::count(&mut tx, &pool_id).await? >= MAX_SERVERS {
        return Err(Error::LimitExceeded(format!("A user pool may have {MAX_SERVERS} resource servers.").into()));
    }
    if !store::resource_servers::insert(&mut tx, &pool_id, &server).await? {
        let text = format!("{} already exists in user pool {pool_id}.", server.identifier);
        return Err(Error::InvalidParameter(text.into()));
    }
    tx.commit().await?;
    Ok(One { resource_server: Shown::of(&pool_id, server) })
}
