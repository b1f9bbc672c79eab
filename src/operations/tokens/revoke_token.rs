//! RevokeToken: ends the session of a refresh token; its access and ID tokens with it.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeToken.html>

use serde::Deserialize;

use super::secret_fits;
use crate::{
    app::App,
    call::Call,
    caller::PublicClient,
    error::{Error, Result},
    operations::Empty,
    secret::Secret,
    store,
    tokens::{RefreshToken, Standing},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    token: Secret,
    #[serde(default)]
    client_secret: Option<Secret>,
}

pub async fn handle(app: &App, _: &Call, caller: PublicClient, request: Request) -> Result<Empty> {
    let client = &caller.client;
    if !secret_fits(client, request.client_secret.as_ref()) {
        return Err(Error::Unauthorized(
            "Client secret does not match; send ClientSecret only for a client that has one.".into(),
        ));
    }
    if !client.settings.enable_token_revocation {
        return Err(Error::UnsupportedOperation(
            "Revocation is not enabled for this client: set EnableTokenRevocation.".into(),
        ));
    }
    // Access and ID tokens have three parts, refresh tokens one.
    if request.token.expose().matches('.').count() == 2 {
        return Err(Error::UnsupportedTokenType("Only refresh tokens can be revoked.".into()));
    }
    // An unknown or revoked token is as good as revoked (RFC 7009 section 2.2).
    let Some(token) = RefreshToken::parse(request.token.expose()) else { return Ok(Empty {}) };
    let mut tx = app.db.begin().await?;
    let Some(session) = store::sessions::lock(&mut tx, &client.pool_id, token.origin_jti).await? else {
        return Ok(Empty {});
    };
    let generation = u32::try_from(session.refresh_generation).map_err(Error::internal)?;
    let genuine = token.standing(&app.sealing, &session.refresh_hash, generation) != Standing::Forged;
    if genuine && session.client_id == client.id {
        store::sessions::revoke(&mut tx, &client.pool_id, token.origin_jti, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(Empty {})
}
