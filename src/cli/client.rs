//! A client for the API of a running server, which `keystead passkeys` uses. It signs operators' calls (SigV4).

use std::time::SystemTime;

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use clap::Args;
use serde_json::Value;

use crate::{clock::Clock, clock::SystemClock, secret::Secret, wire};

/// The server's address and the caller's credentials. Except for the access token, the environment variables are those
/// that AWS tools read.
#[derive(Args)]
pub struct Connection {
    /// The address of the server.
    #[arg(
        long,
        global = true,
        env = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
        default_value = "http://localhost:9229"
    )]
    endpoint: String,
    /// The AWS region that the server is configured with.
    #[arg(long, global = true, env = "AWS_REGION", default_value = "us-east-1")]
    region: String,
    /// An operator's access key ID.
    #[arg(long, global = true, env = "AWS_ACCESS_KEY_ID")]
    access_key_id: Option<String>,
    /// An operator's secret access key.
    #[arg(long, global = true, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret_access_key: Option<Secret>,
    /// A signed-in user's access token, for calls that act as that user.
    #[arg(long, global = true, env = "KEYSTEAD_ACCESS_TOKEN", hide_env_values = true)]
    access_token: Option<Secret>,
}

impl Connection {
    /// Calls an operation. Returns its output, or a description of what went wrong.
    pub async fn call(&self, operation: &str, mut input: Value) -> Result<Value, String> {
        let declared =
            wire::model().operation(operation).ok_or_else(|| format!("there is no operation {operation}"))?;
        let service = if declared.is_extension { "KeysteadService" } else { "AWSCognitoIdentityProviderService" };
        if !declared.signed {
            let token = self.access_token.as_ref();
            let token = token.ok_or("access-token: this is for a signed-in user; set KEYSTEAD_ACCESS_TOKEN")?;
            input["AccessToken"] = token.expose().into();
        }
        let (body, target) = (input.to_string(), format!("{service}.{operation}"));
        let url = format!("{}/", self.endpoint.trim_end_matches('/'));
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        let mut request = reqwest::Client::new().post(&url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if declared.signed {
            for (name, value) in self.signature(&url, &headers, &body)? {
                request = request.header(name, value);
            }
        }
        let answer = request.body(body).send().await;
        let answer = answer.map_err(|cause| format!("{} does not answer: {}; is the server running? AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER or --endpoint says where", self.endpoint, cause.without_url()))?;
        let refused = !answer.status().is_success();
        let text = answer.text().await.map_err(|cause| cause.without_url().to_string())?;
        let output: Value = match text.is_empty() {
            true => Value::Object(Default::default()),
            false => serde_json::from_str(&text).map_err(|_| format!("{} is no Keystead", self.endpoint))?,
        };
        if refused {
            let said = |member: &str| output[member].as_str().unwrap_or_default().to_owned();
            return Err(format!("{}: {}{}", said("__type"), said("message"), said("Message")));
        }
        Ok(output)
    }

    fn signature(&self, url: &str, headers: &[(&str, &str)], body: &str) -> Result<Vec<(String, String)>, String> {
        let (Some(id), Some(secret)) = (&self.access_key_id, &self.secret_access_key) else {
            return Err("access-key-id, secret-access-key: this is for an operator; paste the exports that `keystead serve` or `keystead operator create` printed".into());
        };
        let identity = aws_credential_types::Credentials::new(id, secret.expose(), None, None, "keystead").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("cognito-idp")
            .time(SystemTime::from(SystemClock.now()))
            .settings(SigningSettings::default())
            .build()
            .map_err(|cause| cause.to_string())?
            .into();
        let body = SignableBody::Bytes(body.as_bytes());
        let request =
            SignableRequest::new("POST", url, headers.iter().copied(), body).map_err(|cause| cause.to_string())?;
        let (instructions, _) = sign(request, &parameters).map_err(|cause| cause.to_string())?.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
