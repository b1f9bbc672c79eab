//! AddUserPoolClientSecret: adds a second secret to an app client. Both secrets are valid until one of them is deleted.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AddUserPoolClientSecret.html>

use serde::{Deserialize, Serialize};

use super::{Descriptor, lock, new_secret};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    secret::Secret,
    store,
    store::audit::Event,
};

/// The maximum number of secrets of an app client.
const MAX_SECRETS: usize = 2;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    client_id: String,
    #[serde(default)]
    client_secret: Option<Secret>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    client_secret_descriptor: Descriptor,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Response>> {
    let mut change = operator.begin(app, context, &request.user_pool_id).await?;
    let mut client = lock(app, &mut change, &request.user_pool_id, &request.client_id).await?;
    if client.secrets.is_empty() {
        return Err(Error::InvalidParameter("The app client is public: it was made without a secret.".into()));
    }
    if client.secrets.len() >= MAX_SECRETS {
        return Err(Error::LimitExceeded(
            format!("An app client may have {MAX_SECRETS} secrets; delete the older one first.").into(),
        ));
    }
    let now = change.at();
    let secret = new_secret(request.client_secret.as_ref().map(Secret::expose), now);
    let descriptor = Descriptor::of(&secret, Some(secret.value.expose().to_owned()));
    client.secrets.push(secret);
    client.updated_at = now;
    store::clients::update_secrets(&mut change, &app.sealing, &client).await?;
    let answer = Response { client_secret_descriptor: descriptor };
    change.commit(Event::ClientSecretAdded.of(&client.id), answer).await
}
