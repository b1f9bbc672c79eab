//! RevokeToken: ends the session of a refresh token. This also revokes the session's access tokens.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeToken.html>

use serde::Deserialize;

use crate::{
    app::App,
    caller::PublicClient,
    context::Context,
    error::{Error, Result},
    flows::{sessions::refresh, sign_in::secret_hash},
    operations::{Associated, Empty},
    secret::Secret,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    token: Secret,
    #[serde(default)]
    client_secret: Option<Secret>,
    #[serde(default)]
    revoke_associated_sessions: Associated,
}

pub async fn handle(app: &App, _: &Context, caller: PublicClient, request: Request) -> Result<Empty> {
    let client = &caller.client;
    if !secret_hash::secret_fits(client, request.client_secret.as_ref()) {
        return Err(Error::Unauthorized(
            "Client secret does not match; send ClientSecret only for a client that has one.".into(),
        ));
    }
    if !client.settings.enable_token_revocation {
        return Err(Error::UnsupportedOperation(
            "Revocation is not enabled for this client: set EnableTokenRevocation.".into(),
        ));
    }
    // Access and ID tokens have three parts, separated by dots; refresh tokens have only one part.
    if request.token.expose().matches('.').count() == 2 {
        return Err(Error::UnsupportedTokenType("Only refresh tokens can be revoked.".into()));
    }
    refresh::revoke(app, client, request.token.expose(), request.revoke_associated_sessions == Associated::Linked)
        .await?;
    Ok(Empty {})
}
