//! UpdateResourceServer: replaces name and scopes.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateResourceServer.html>

use super::{One, Shown, Told, no_such_server};
use crate::{app::App, call::Call, caller::Operator, error::Result, flows, store};

pub async fn handle(app: &App, _: &Call, _: Operator, request: Told) -> Result<One> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let server = request.server()?;
    if !store::resource_servers::update(&app.db, &pool.id, &server).await? {
        return Err(no_such_server(&server.identifier));
    }
    Ok(One { resource_server: Shown::of(&pool.id, server) })
}
