//! CreateResourceServer.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateResourceServer.html>

use super::{ResourceServerInput, ResourceServerOutput, ResourceServerType};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    operations::members,
    store,
    store::audit::Event,
};

/// The maximum number of resource servers of a pool.
const MAX_SERVERS: i64 = 25;

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: ResourceServerInput,
) -> Result<Changed<ResourceServerOutput>> {
    let pool_id = request.user_pool_id.clone();
    let server = members::RESOURCE_SERVER.created::<ResourceServerInput>(&request)?.server()?;
    let mut change = operator.begin(app, context, &pool_id).await?;
    // This locks the pool, so that no other request changes the count meanwhile.
    change.pool().await?;
    if store::resource_servers::count(&mut change, &pool_id).await? >= MAX_SERVERS {
        return Err(Error::LimitExceeded(format!("A user pool may have {MAX_SERVERS} resource servers.").into()));
    }
    if !store::resource_servers::insert(&mut change, &pool_id, &server).await? {
        let text = format!("{} already exists in user pool {pool_id}.", server.identifier);
        return Err(Error::InvalidParameter(text.into()));
    }
    let identifier = server.identifier.clone();
    let answer = ResourceServerOutput { resource_server: ResourceServerType::of(&pool_id, server) };
    change.commit(Event::ResourceServerCreated.of(&identifier), answer).await
}
