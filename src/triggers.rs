//! Triggers: the functions of a pool's `LambdaConfig`, called as signed webhooks (see [`crate::webhooks`]). A function
//! receives an event in Amazon Cognito's format and returns it with a response filled in. `flows::triggers` makes the
//! events and uses the responses.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    config::Config,
    jwe::Recipient,
    random,
    webhooks::{self, Webhooks},
};

/// The most calls to functions of one pool that one replica has in flight at the same time.
const TOGETHER: usize = 16;
/// How long a call waits while `TOGETHER` calls to functions of its pool are in flight.
const WAIT: Duration = Duration::from_secs(1);
/// When this many pools are remembered, those without calls in flight are forgotten.
const POOLS: usize = 1_000;
/// The most bytes of a function's response.
const LONGEST: usize = 1024 * 1024;
/// The placeholder in the URL that the function's name replaces.
const PLACEHOLDER: &str = "{function}";

/// Calls the functions of pools.
pub struct Triggers {
    target: Option<(Webhooks, String)>,
    /// Whoever may read the codes that sender functions get.
    sender: Option<Recipient>,
    /// The places for calls in flight, by pool ID.
    at_work: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// Why the call of a function brought no usable response.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The function refused, with this message.
    Refused(String),
    /// The function's response is too long, or is not an event with a response.
    Unrecognizable,
    /// The function could not be called, failed, or did not respond in time.
    Unreachable(String),
    /// Too many calls to functions of the pool are in flight.
    Busy,
}

impl Failure {
    /// Returns the kind of failure, without the function's own message.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Unrecognizable => "unrecognizable",
            Self::Unreachable(_) => "unreachable",
            Self::Busy => "busy",
        }
    }
}

impl Triggers {
    /// Reads the settings for triggers. Fails if they are invalid.
    pub fn new(config: &Config) -> Result<Self, String> {
        let target = match &config.trigger_url {
            None if config.trigger_secret.is_some() => {
                return Err("trigger-url: must be set together with trigger-secret".into());
            }
            None => None,
            Some(url) => {
                let secret =
                    config.trigger_secret.clone().ok_or("trigger-secret: must be set together with trigger-url")?;
                if !url.contains(PLACEHOLDER) {
                    return Err(format!("trigger-url: must hold {PLACEHOLDER}, where the function's name goes"));
                }
                let patience = Duration::from_secs(config.trigger_timeout_seconds);
                // Passwords are sent to this URL, and its responses can sign people in.
                webhooks::check("trigger", &url.replace(PLACEHOLDER, "f"), &secret, config.is_local())?;
                let webhooks = Webhooks::new(patience, secret).map_err(|cause| format!("trigger-url: {cause}"))?;
                Some((webhooks, url.clone()))
            }
        };
        let sender = config.sender_key_file.as_ref().map(|file| {
            let wrong = |why: String| format!("sender-key-file: {}: {why}", file.display());
            if target.is_none() {
                return Err("sender-key-file: must be set together with trigger-url".into());
            }
            let text = std::fs::read_to_string(file).map_err(|cause| wrong(cause.to_string()))?;
            Recipient::from_pem(&text).map_err(wrong)
        });
        Ok(Self { target, sender: sender.transpose()?, at_work: Mutex::default() })
    }

    /// Whether this server can call the functions that send messages.
    pub fn has_sender(&self) -> bool {
        self.sender.is_some()
    }

    /// Encrypts a code for a function that sends messages.
    pub fn encrypted(&self, code: &str) -> Result<String, Failure> {
        let encrypted = self.sender.as_ref().and_then(|sender| sender.encrypt(code).ok());
        encrypted.ok_or_else(|| Failure::Unreachable("this server has no sender-key-file".into()))
    }

    /// Calls the function with this ARN, and returns the `response` in the event that the function returns.
    pub async fn call(&self, pool_id: &str, arn: &str, event: &Value) -> Result<Map<String, Value>, Failure> {
        match self.post(pool_id, arn, event).await? {
            Some(Value::Object(mut event)) => match event.remove("response") {
                Some(Value::Object(response)) => Ok(response),
                _ => Err(Failure::Unrecognizable),
            },
            _ => Err(Failure::Unrecognizable),
        }
    }

    /// Calls the function with this ARN to have something done. It does not matter what the function returns.
    pub async fn order(&self, pool_id: &str, arn: &str, event: &Value) -> Result<(), Failure> {
        self.post(pool_id, arn, event).await.map(|_| ())
    }

    /// Posts an event to the function with this ARN, and returns the JSON that the function returns, if it does.
    async fn post(&self, pool_id: &str, arn: &str, event: &Value) -> Result<Option<Value>, Failure> {
        let unreachable = |why: &str| Err(Failure::Unreachable(why.to_owned()));
        let Some((webhooks, url)) = &self.target else { return unreachable("this server has no trigger-url") };
        let Some(function) = function(arn) else { return unreachable("the ARN names no function") };
        let url = url.replace(PLACEHOLDER, function);
        if !url::Url::parse(&url).is_ok_and(|url| webhooks::may_call(&url)) {
            return unreachable("its address may not be called");
        }
        let _place = self.place(pool_id).await.ok_or(Failure::Busy)?;
        let mut answer = match webhooks.post(&url, random::uuid(), event.to_string()).await {
            Ok(answer) => answer,
            Err(cause) => return Err(Failure::Unreachable(reason(&cause))),
        };
        let (status, failed) = (answer.status(), answer.headers().contains_key("x-amz-function-error"));
        let mut body = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= LONGEST => body.extend_from_slice(&chunk),
                Ok(Some(_)) => return Err(Failure::Unrecognizable),
                Ok(None) => break,
                Err(cause) => return Err(Failure::Unreachable(reason(&cause.without_url()))),
            }
        }
        let body: Option<Value> = serde_json::from_slice(&body).ok();
        // This is how AWS Lambda reports that a function threw an exception.
        if let Some(text) = body.as_ref().and_then(|body| body["errorMessage"].as_str()) {
            return Err(Failure::Refused(text.chars().take(1_024).collect()));
        }
        if !status.is_success() || failed {
            return unreachable(&format!("it answered {status}"));
        }
        Ok(body)
    }

    /// Waits for a place for a call to a function of this pool. Returns `None` if no place becomes free in time. Each
    /// pool has places of its own, so slow functions of one pool do not delay the calls of another.
    async fn place(&self, pool_id: &str) -> Option<OwnedSemaphorePermit> {
        let places = {
            let mut pools = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
            if pools.len() >= POOLS {
                pools.retain(|_, places| Arc::strong_count(places) > 1);
            }
            pools.entry(pool_id.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(TOGETHER))).clone()
        };
        tokio::time::timeout(WAIT, places.acquire_owned()).await.ok()?.ok()
    }
}

fn reason(cause: &reqwest::Error) -> String {
    if cause.is_timeout() { "no answer in time".into() } else { "no connection, or a broken one".into() }
}

/// Returns the name in `arn:aws:lambda:<region>:<account>:function:<name>`. In the ARN, a version or an alias may
/// follow the name.
fn function(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':').skip(5);
    if parts.next()? != "function" {
        return None;
    }
    parts.next().filter(|name| {
        (1..=140).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::function;

    #[test]
    fn functions_are_named_by_their_arn() {
        assert_eq!(function("arn:aws:lambda:us-east-1:123456789012:function:pre-sign_Up1"), Some("pre-sign_Up1"));
        assert_eq!(function("arn:aws:lambda:us-east-1:123456789012:function:f:live"), Some("f"));
        for bad in [
            "arn:aws:lambda:us-east-1:1:function:../x",
            "arn:aws:s3:us-east-1:1:bucket:x",
            "arn:aws:lambda:r:1:function:",
            "f",
        ] {
            assert_eq!(function(bad), None, "{bad}");
        }
    }
}
