//! The log records of user pools (`SetLogDeliveryConfiguration`), and where the server's settings send them: to a
//! signed webhook (see [`crate::webhooks`]), or as JSON lines into a file.
//!
//! Calls do not wait for the delivery. Records beyond the limit are lost, and so are records that still wait when the
//! replica stops.

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::{
    fs::OpenOptions,
    io::AsyncWriteExt,
    sync::{Mutex, mpsc},
};

use crate::{
    config::Config,
    random,
    webhooks::{self, Webhooks},
};

/// The most records that may wait.
const WAITING: usize = 4_096;
/// The most records in one delivery.
const TOGETHER: usize = 100;
/// The time limit for the webhook's response.
const PATIENCE: Duration = Duration::from_secs(10);

/// What log records are about (`EventSourceName`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventSource {
    /// Messages that were not delivered.
    UserNotification,
    /// Authentication events.
    UserAuthEvents,
}

impl EventSource {
    /// The name in a pool's configuration.
    pub fn text(self) -> &'static str {
        match self {
            Self::UserNotification => "userNotification",
            Self::UserAuthEvents => "userAuthEvents",
        }
    }
}

/// A log record that waits for its delivery.
#[derive(Debug)]
pub struct LogRecord {
    pub pool_id: String,
    pub source: EventSource,
    /// The record as its destination gets it.
    pub content: Value,
}

impl LogRecord {
    /// Makes a record in the format of Amazon Cognito (docs/cognito.md 3.5).
    pub fn new(pool_id: &str, source: EventSource, at: OffsetDateTime, message: Value) -> Self {
        let (name, level) = match source {
            EventSource::UserNotification => ("USER_NOTIFICATION", "ERROR"),
            EventSource::UserAuthEvents => ("USER_AUTH_EVENTS", "INFO"),
        };
        let content = json!({
            "eventTimestamp": (at.unix_timestamp_nanos() / 1_000_000).to_string(),
            "eventSource": name,
            "logLevel": level,
            "message": message,
            "logSourceId": {"userPoolId": pool_id},
        });
        Self { pool_id: pool_id.to_owned(), source, content }
    }
}

/// The members of a log configuration that name a destination.
pub const DESTINATIONS: [&str; 3] = ["CloudWatchLogsConfiguration", "S3Configuration", "FirehoseConfiguration"];

/// The ARN of the destination that a log configuration names.
pub fn destination(configuration: &Value) -> Option<&str> {
    DESTINATIONS.into_iter().find_map(|member| configuration[member].as_object()?.values().next()?.as_str())
}

/// Where the server's settings send log records.
enum Target {
    Webhook(Webhooks, String),
    File(PathBuf),
}

/// The records that wait, and where they go.
pub struct LogDelivery {
    target: Option<Target>,
    sender: mpsc::Sender<LogRecord>,
    receiver: Mutex<mpsc::Receiver<LogRecord>>,
}

impl LogDelivery {
    /// Reads the settings for log delivery. The error text names the setting that is wrong.
    pub fn new(config: &Config) -> Result<Self, String> {
        let target = match (&config.log_delivery_url, &config.log_delivery_file) {
            (Some(_), Some(_)) => {
                return Err("log-delivery-file: must not be set together with log-delivery-url".into());
            }
            (None, _) if config.log_delivery_secret.is_some() => {
                return Err("log-delivery-url: must be set together with log-delivery-secret".into());
            }
            (None, None) => None,
            (None, Some(file)) => Some(Target::File(file.clone())),
            (Some(url), None) => {
                let secret = config.log_delivery_secret.clone();
                let secret = secret.ok_or("log-delivery-secret: must be set together with log-delivery-url")?;
                webhooks::check("log-delivery", url, &secret, config.is_local())?;
                let webhooks = Webhooks::new(PATIENCE, secret).map_err(|cause| format!("log-delivery-url: {cause}"))?;
                Some(Target::Webhook(webhooks, url.clone()))
            }
        };
        let (sender, receiver) = mpsc::channel(WAITING);
        Ok(Self { target, sender, receiver: Mutex::new(receiver) })
    }

    /// Whether the settings say where log records go.
    pub fn is_configured(&self) -> bool {
        self.target.is_some()
    }

    /// Adds a record. It is delivered if its pool has a destination for it.
    pub fn push(&self, record: LogRecord) {
        if self.target.is_none() {
            return;
        }
        if let Err(cause) = self.sender.try_send(record) {
            let pool = cause.into_inner().pool_id;
            tracing::warn!(pool, "too many log records wait: one was not delivered");
        }
    }

    /// Waits for records, and returns those that wait.
    pub async fn next(&self) -> Vec<LogRecord> {
        let mut records = Vec::new();
        self.receiver.lock().await.recv_many(&mut records, TOGETHER).await;
        records
    }

    /// Delivers records to a destination, which the pool's configuration names by its ARN. Fails with the reason.
    pub async fn deliver(&self, destination: &str, records: &[Value]) -> Result<(), String> {
        match &self.target {
            None => Ok(()),
            Some(Target::Webhook(webhooks, url)) => {
                let body = json!({"destination": destination, "records": records}).to_string();
                match webhooks.post(url, random::uuid(), body).await {
                    Ok(answer) if answer.status().is_success() => Ok(()),
                    Ok(answer) => Err(format!("it answered {}", answer.status())),
                    Err(cause) => Err(cause.to_string()),
                }
            }
            Some(Target::File(path)) => {
                let line = |record| format!("{}\n", json!({"destination": destination, "record": record}));
                let lines: String = records.iter().map(line).collect();
                let append = async {
                    let mut file = OpenOptions::new().append(true).create(true).open(path).await?;
                    file.write_all(lines.as_bytes()).await?;
                    file.flush().await
                };
                append.await.map_err(|cause: std::io::Error| cause.to_string())
            }
        }
    }
}
