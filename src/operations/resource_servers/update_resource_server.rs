//! UpdateResourceServer: replaces a resource server's name and scopes. What becomes of a member that the request leaves
//! out is in the table [`members::RESOURCE_SERVER`](crate::operations::members).
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateResourceServer.html>

use super::{ResourceServerInput, ResourceServerOutput, ResourceServerType, no_such_server};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows,
    operations::members,
    store::{self, audit::Event},
};

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: ResourceServerInput,
) -> Result<Changed<ResourceServerOutput>> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    // This locks the pool, so that no other request changes the server meanwhile.
    change.pool().await?;
    let before = store::resource_servers::find(&mut *change, &pool.id, &request.identifier).await?;
    let before = before.ok_or_else(|| no_such_server(&request.identifier))?;
    let before = ResourceServerType::of(&pool.id, before);
    let server = members::RESOURCE_SERVER.updated::<ResourceServerInput>(&before, &request)?.server()?;
    let changed = store::resource_servers::update(&mut change, &pool.id, &server).await?;
    let changed = changed.ok_or_else(|| no_such_server(&server.identifier))?;
    let identifier = server.identifier.clone();
    let answer = ResourceServerOutput { resource_server: ResourceServerType::of(&pool.id, server) };
    change.commit_if(changed, Event::ResourceServerUpdated.of(&identifier), answer).await
}
