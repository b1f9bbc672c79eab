//! DeleteUserPoolClient.
//! The sessions that were opened through the client end with it.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPoolClient.html>

use serde::Deserialize;

use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows,
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    client_id: String,
}

pub async fn handle(app: &App, _: &Call, _: Operator, request: Request) -> Result<Empty> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let mut tx = app.db.begin().await?;
    if !store::clients::delete(&mut tx, &pool.id, &request.client_id).await? {
        return Err(Error::no_such_client(&request.client_id));
    }
    store::sessions::revoke_of_client(&mut tx, &pool.id, &request.client_id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Empty {})
}
