//! DeleteUserPoolClient.
//!
//! The sessions that were opened through the client end at once, because a session is live only while its client
//! exists. `jobs::delete_clients` removes the sessions' rows later.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPoolClient.html>

use serde::Deserialize;

use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows,
    operations::Empty,
    store::{self, audit::Event},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    client_id: String,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    if !store::clients::delete(&mut change, &pool.id, &request.client_id).await? {
        return Err(Error::no_such_client(&request.client_id));
    }
    store::page_settings::delete_of_client(&mut change, &pool.id, &request.client_id).await?;
    store::deleted_clients::insert(&mut change, &pool.id, &request.client_id).await?;
    change.commit(Event::ClientDeleted.of(&request.client_id), Empty {}).await
}
