//! DeleteResourceServer. App clients keep the scopes of the resource server in `AllowedOAuthScopes`, and tokens can
//! still be issued with these scopes until the clients are updated.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteResourceServer.html>

use super::{ResourceServerId, no_such_server};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows,
    operations::Empty,
    store::{self, audit::Event},
};

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: ResourceServerId,
) -> Result<Changed<Empty>> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    if !store::resource_servers::delete(&mut change, &pool.id, &request.identifier).await? {
        return Err(no_such_server(&request.identifier));
    }
    change.commit(Event::ResourceServerDeleted.of(&request.identifier), Empty {}).await
}
