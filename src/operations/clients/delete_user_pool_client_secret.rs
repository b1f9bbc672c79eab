//! DeleteUserPoolClientSecret. The last secret stays: a confidential client never becomes a public one.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPoolClientSecret.html>

use serde::Deserialize;

use super::lock;
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    client_id: String,
    client_secret_id: String,
}

pub async fn handle(app: &App, _: &Call, _: Operator, request: Request) -> Result<Empty> {
    let mut tx = app.db.begin().await?;
    let mut client = lock(app, &mut tx, &request.user_pool_id, &request.client_id).await?;
    if !client.secrets.iter().any(|secret| secret.id == request.client_secret_id) {
        return Err(Error::ResourceNotFound("The app client has no secret of this ID.".into()));
    }
    if client.secrets.len() == 1 {
        return Err(Error::InvalidParameter(
            "The last secret of an app client cannot be deleted; add one first.".into(),
        ));
    }
    client.secrets.retain(|secret| secret.id != request.client_secret_id);
    client.updated_at = app.clock.now();
    store::clients::update_secrets(&mut tx, &app.sealing, &client).await?;
    tx.commit().await?;
    Ok(Empty {})
}
