//! GetTokensFromRefreshToken: issues new tokens for a refresh token. If the app client has rotation enabled, the
//! refresh token is replaced too.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetTokensFromRefreshToken.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::{Freshness, RememberedClient},
    context::Context,
    error::{Error, Result},
    flows::{
        pool_context::PoolContext,
        sessions::{authentication_result::AuthenticationResult, refresh},
        sign_in::secret_hash,
    },
    secret::Secret,
    store::clients::ClientAndPool,
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

pub async fn handle(app: &App, context: &Context, caller: RememberedClient, request: Request) -> Result<Response> {
    caller.run(app, async |named, freshness| tokens(app, context, (named, freshness), &request).await).await
}

async fn tokens(
    app: &App,
    context: &Context,
    (named, freshness): (&ClientAndPool, &Freshness),
    request: &Request,
) -> Result<Response> {
    if !secret_hash::secret_fits(&named.client, request.client_secret.as_ref()) {
        freshness.confirm(app, named).await?;
        return Err(Error::NotAuthorized(
            "Client secret does not match; send ClientSecret only for a client that has one.".into(),
        ));
    }
    let context = PoolContext::of_client(app, context, named, &request.client_metadata);
    let (token, device_key) = (request.refresh_token.expose(), request.device_key.as_deref());
    let asked = refresh::Asked { token, scope: None, device_key };
    let tokens = refresh::refresh(&context, (named, freshness), asked, |_| Ok(())).await?;
    Ok(Response { authentication_result: tokens })
}
