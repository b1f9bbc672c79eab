//! DeleteUserPoolClientSecret. The last secret cannot be deleted, because a confidential client must not become a
//! public one.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPoolClientSecret.html>

use serde::Deserialize;

use super::lock;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    operations::Empty,
    store,
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    client_id: String,
    client_secret_id: String,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let mut change = operator.begin(app, context, &request.user_pool_id).await?;
    let mut client = lock(app, &mut change, &request.user_pool_id, &request.client_id).await?;
    if !client.secrets.iter().any(|secret| secret.id == request.client_secret_id) {
        return Err(Error::ResourceNotFound("The app client has no secret of this ID.".into()));
    }
    if client.secrets.len() == 1 {
        return Err(Error::InvalidParameter(
            "The last secret of an app client cannot be deleted; add one first.".into(),
        ));
    }
    client.secrets.retain(|secret| secret.id != request.client_secret_id);
    client.updated_at = change.at();
    store::clients::update_secrets(&mut change, &app.sealing, &client).await?;
    change.commit(Event::ClientSecretDeleted.of(&client.id), Empty {}).await
}
