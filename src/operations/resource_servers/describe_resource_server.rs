//! DescribeResourceServer.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeResourceServer.html>

use super::{ResourceServerId, ResourceServerOutput, ResourceServerType, no_such_server};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows, store};

pub async fn handle(app: &App, _: &Context, _: Operator, request: ResourceServerId) -> Result<ResourceServerOutput> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let found = store::resource_servers::find(&app.db, &pool.id, &request.identifier).await?;
    let server = found.ok_or_else(|| no_such_server(&request.identifier))?;
    Ok(ResourceServerOutput { resource_server: ResourceServerType::of(&pool.id, server) })
}
