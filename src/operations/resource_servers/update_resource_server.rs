//! UpdateResourceServer: replaces a resource server's name and scopes.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateResourceServer.html>

use super::{ResourceServerInput, ResourceServerOutput, ResourceServerType, no_such_server};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows,
    store::{self, audit::Event},
};

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: ResourceServerInput,
) -> Result<Changed<ResourceServerOutput>> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let server = request.server()?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let changed = store::resource_servers::update(&mut change, &pool.id, &server).await?;
    let changed = changed.ok_or_else(|| no_such_server(&server.identifier))?;
    let identifier = server.identifier.clone();
    let answer = ResourceServerOutput { resource_server: ResourceServerType::of(&pool.id, server) };
    change.commit_if(changed, Event::ResourceServerUpdated.of(&identifier), answer).await
}
