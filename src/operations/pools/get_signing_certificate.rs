//! GetSigningCertificate: returns the certificate of the key that signs the pool's ID tokens.
//!
//! In Amazon Cognito, the certificate is for SAML requests to other identity providers, which Keystead does not send.
//! Only RSA keys have a certificate. The operation is refused if the pool chose another algorithm for its tokens.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetSigningCertificate.html>

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::{Error, Result},
    flows, store,
    tokens::{self, SigningAlgorithm},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    /// The DER in base64, without the lines that enclose it in PEM.
    certificate: String,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let keys = store::keys::list(&app.db, &app.sealing, &pool.id).await?;
    let key = keys.into_iter().find(|key| key.token_use == "id" && key.state == "current");
    let key = key.ok_or_else(|| Error::internal(format!("pool {} has no current id key", pool.id)))?;
    let algorithm = key.public.numbers.algorithm();
    if algorithm != SigningAlgorithm::Rs256 {
        let text = format!(
            "The user pool signs tokens with {}, and only the keys of RS256 have a certificate.",
            algorithm.name()
        );
        return Err(Error::InvalidParameter(text.into()));
    }
    let made = tokio::task::spawn_blocking(move || tokens::certificate(&pool.id, &key.private, key.created_at)).await;
    Ok(Response { certificate: BASE64_STANDARD.encode(made.map_err(Error::internal)??) })
}
