//! GetUserPoolMfaConfig.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUserPoolMfaConfig.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::Result,
    factor::MfaConfiguration,
    flows,
    store::pools::{Pool, SoftwareTokenMfa, WebAuthnConfiguration},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    mfa_configuration: MfaConfiguration,
    #[serde(skip_serializing_if = "Option::is_none")]
    software_token_mfa_configuration: Option<SoftwareTokenMfa>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sms_mfa_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_mfa_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_authn_configuration: Option<WebAuthnConfiguration>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    Ok(shown(&flows::pool(app, &request.user_pool_id).await?))
}

/// Returns the pool's MFA and WebAuthn configuration as stored.
pub fn shown(pool: &Pool) -> Response {
    Response {
        software_token_mfa_configuration: pool.settings.software_token_mfa_configuration.clone(),
        sms_mfa_configuration: pool.settings.sms_mfa_configuration.clone(),
        email_mfa_configuration: pool.settings.email_mfa_configuration.clone(),
        mfa_configuration: pool.settings.mfa_configuration,
        web_authn_configuration: pool.settings.web_authn_configuration.clone(),
    }
}
