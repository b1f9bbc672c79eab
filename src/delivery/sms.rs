//! Sends text messages through a webhook, which the operator connects to a provider (see [`crate::webhooks`]).
//!
//! The body of a request is `{"id", "to", "message"}`. Any 2xx status means that the message was accepted. A message
//! may be sent twice. Both requests then have the same `id`, which is also the signed ID of the request.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::{Failure, Message};
use crate::{config::Config, webhooks::Webhooks};

/// The time limit for the webhook's response.
const PATIENCE: Duration = Duration::from_secs(10);

/// The webhook of the SMS provider.
pub struct Webhook {
    webhooks: Webhooks,
    url: String,
}

impl Webhook {
    /// Returns the configured webhook, if there is one. The error text names the setting that is wrong.
    pub fn new(config: &Config) -> Result<Option<Self>, String> {
        let Some(url) = &config.sms_webhook_url else { return Ok(None) };
        let secret =
            config.sms_webhook_secret.clone().ok_or("sms-webhook-secret: must be set together with sms-webhook-url")?;
        let webhooks = Webhooks::new(PATIENCE, secret).map_err(|cause| format!("sms-webhook-url: {cause}"))?;
        Ok(Some(Self { webhooks, url: url.clone() }))
    }

    /// Hands one message to the webhook.
    pub(super) async fn send(&self, id: Uuid, message: &Message) -> Result<(), Failure> {
        let body = json!({"id": id, "to": message.to, "message": message.body}).to_string();
        let failure = |text: String, permanent| Err(Failure { text, permanent });
        match self.webhooks.post(&self.url, id, body).await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => {
                // These statuses concern this message. Other failures may be temporary, or come from our configuration.
                let permanent = matches!(answer.status().as_u16(), 400 | 410 | 422);
                failure(format!("the webhook answered {}", answer.status()), permanent)
            }
            Err(cause) => failure(format!("the webhook: {cause}"), false),
        }
    }
}
