//! GetTokensFromRefreshToken: refreshes tokens, with rotation if the client has it enabled.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetTokensFromRefreshToken.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::PublicClient,
    context::Context,
    error::{Error, Result},
    flows::{
        sessions::{authentication_result::AuthenticationResult, refresh},
        sign_in::secret_hash,
        triggers::Cause,
    },
    secret::Secret,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    refresh_token: Secret,
    #[serde(default)]
    client_secret: Option<Secret>,
    #[serde(default)]
    device_key: Option<String>,
    /// For triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    authentication_result: AuthenticationResult,
}

pub async fn handle(app: &App, context: &Context, caller: PublicClient, request: Request) -> Result<Response> {
    let client = &caller.client;
    if !secret_hash::secret_fits(client, request.client_secret.as_ref()) {
        return Err(Error::NotAuthorized(
            "Client secret does not match; send ClientSecret only for a client that has one.".into(),
        ));
    }
    let cause = Cause { app, pool: &caller.pool, client_id: &client.id, metadata: &request.client_metadata };
    let (token, device_key) = (request.refresh_token.expose(), request.device_key.as_deref());
    let asked = refresh::Asked { token, scope: None, device_key };
    let tokens = refresh::refresh(&cause, context, client, asked, |_| Ok(())).await?;
    Ok(Response { authentication_result: tokens })
}
