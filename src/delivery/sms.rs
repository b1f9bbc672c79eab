//! Text messages, by a webhook that the operator points at a provider.
//!
//! `POST` of `{"id", "to", "message"}` as JSON with two headers: `x-keystead-timestamp` (seconds since the epoch) and
//! `x-keystead-signature`, `v1=` and the hexadecimal HMAC-SHA256 of timestamp, `.` and body under the shared secret. Any 2xx
//! means accepted. A message may come twice; its `id` is the same then.

use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use serde_json::json;
use uuid::Uuid;

use super::{Failure, Message};
use crate::{config::Config, sealing::hex, secret::Secret};

/// Time for a webhook's answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The webhook.
pub struct Webhook {
    http: reqwest::Client,
    url: String,
    secret: Secret,
}

impl Webhook {
    /// The configured webhook, if there is one.
    pub fn new(config: &Config) -> Result<Option<Self>, String> {
        let Some(url) = &config.sms_webhook_url else { return Ok(None) };
        let secret =
            config.sms_webhook_secret.clone().ok_or("sms-webhook-secret: must be set together with sms-webhook-url")?;
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|cause| format!("sms-webhook-url: {cause}"))?;
        Ok(Some(Self { http, url: url.clone(), secret }))
    }

    /// Hands one message to the webhook.
    pub(super) async fn send(&self, id: Uuid, message: &Message) -> Result<(), Failure> {
        let body = json!({"id": id, "to": message.to, "message": message.body}).to_string();
        #[expect(clippy::disallowed_methods, reason = "the receiver compares it with its own clock")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .header("x-keystead-timestamp", now)
            .header("x-keystead-signature", signature(&self.secret, now, &body))
            .body(body);
        let failure = |text: String, permanent| Err(Failure { text, permanent });
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => {
                // What is about this message, not about the moment or our configuration.
                let permanent = matches!(answer.status().as_u16(), 400 | 410 | 422);
                failure(format!("the webhook answered {}", answer.status()), permanent)
            }
            // Without the URL, which may hold a key.
            Err(cause) => failure(format!("the webhook: {}", cause.without_url()), false),
        }
    }
}

fn signature(secret: &Secret, timestamp: u64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let signed = hmac::sign(&key, format!("{timestamp}.{body}").as_bytes());
    format!("v1={}", hex(signed.as_ref()))
}
