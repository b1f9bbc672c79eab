//! DeleteResourceServer. App clients that were allowed its scopes keep naming them; nobody gets them any more.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteResourceServer.html>

use super::{Named, no_such_server};
use crate::{app::App, call::Call, caller::Operator, error::Result, flows, operations::Empty, store};

pub async fn handle(app: &App, _: &Call, _: Operator, request: Named) -> Result<Empty> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    if !store::resource_servers::delete(&app.db, &pool.id, &request.identifier).await? {
        return Err(no_such_server(&request.identifier));
    }
    Ok(Empty {})
}
