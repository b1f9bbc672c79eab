//! GetTokensFromRefreshToken: issues new tokens for a refresh token. If the app client has rotation enabled, the
//! refresh token is replaced too.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetTokensFromRefreshToken.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::PublicClient,
    context::Context,
    error::{Error, Result},
    flows::{
        pool_context::PoolContext,
        sessions::{authentication_result::AuthenticationResult, refresh},
        sign_in::secret_hash,
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
    /// Input for the pool's triggers.
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
    let context = PoolContext::of_client(app, context, &caller, &request.client_metadata);
    let (token, device_key) = (request.refresh_token.expose(), request.device_key.as_deref());
    let asked = refresh::Asked { token, scope: None, device_key };
    let tokens = refresh::refresh(&context, client, asked, |_| Ok(())).await?;
    Ok(Response { authentication_result: tokens })
}
