//! Requests that Keystead sends to its operator's own services: signed JSON, by `POST`.
//!
//! Three headers carry the signature. `x-keystead-id` lets a receiver ignore a request that it has received before.
//! `x-keystead-timestamp` is in seconds since the epoch. `x-keystead-signature` is `v1=` and the hexadecimal
//! HMAC-SHA256 of ID, `.`, timestamp, `.` and body under the shared secret.

use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use uuid::Uuid;

use crate::{sealing::hex, secret::Secret};

/// Sends signed requests to the operator's services.
pub struct Webhooks {
    http: reqwest::Client,
    secret: Secret,
}

impl Webhooks {
    /// Creates a client that signs with this secret. `patience` is the time limit for a response, including its body.
    pub fn new(patience: Duration, secret: Secret) -> reqwest::Result<Self> {
        let builder = reqwest::Client::builder().timeout(patience).redirect(reqwest::redirect::Policy::none());
        Ok(Self { http: builder.build()?, secret })
    }

    /// Posts a body. `id` identifies the message, so it must be the same if the message is posted again. Errors do not
    /// contain the URL, because it may contain a key.
    pub async fn post(&self, url: &str, id: Uuid, body: String) -> reqwest::Result<reqwest::Response> {
        #[expect(clippy::disallowed_methods, reason = "the receiver compares it with its own clock")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("x-keystead-id", id.to_string())
            .header("x-keystead-timestamp", now)
            .header("x-keystead-signature", signature(&self.secret, id, now, &body))
            .body(body);
        request.send().await.map_err(reqwest::Error::without_url)
    }
}

fn signature(secret: &Secret, id: Uuid, timestamp: u64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let signed = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1={}", hex(signed.as_ref()))
}
