//! The log records of user pools (`SetLogDeliveryConfiguration`), and where the server's settings send them: to a
//! signed webhook (see [`crate::webhooks`]), or as JSON lines into a file.
//!
//! Calls do not wait for the delivery. Records beyond the limit are lost, and so are records that still wait when the
//! replica stops. Pools take turns, and the pool with the most waiting records is the one that loses some.

use std::{
    collections::{HashMap, VecDeque},
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::{fs::OpenOptions, io::AsyncWriteExt, sync::Notify};

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

/// The records that wait, by pool.
#[derive(Default)]
struct Queue {
    records: HashMap<String, VecDeque<LogRecord>>,
    /// The pools with an entry in `records`. The next one to be served is at the front.
    turns: VecDeque<String>,
    waiting: usize,
}

impl Queue {
    /// Adds a record. Beyond the limit, returns the last record of the pool with the most, which is lost.
    fn push(&mut self, record: LogRecord) -> Option<LogRecord> {
        if !self.records.contains_key(&record.pool_id) {
            self.turns.push_back(record.pool_id.clone());
        }
        self.records.entry(record.pool_id.clone()).or_default().push_back(record);
        self.waiting += 1;
        if self.waiting <= WAITING {
            return None;
        }
        self.waiting -= 1;
        self.records.values_mut().max_by_key(|records| records.len())?.pop_back()
    }

    /// Takes records of the pool whose turn it is. Returns `None` if nothing waits.
    fn take(&mut self) -> Option<Vec<LogRecord>> {
        let pool = self.turns.pop_front()?;
        let mut records = self.records.remove(&pool).unwrap_or_default();
        let rest = records.split_off(records.len().min(TOGETHER));
        self.waiting -= records.len();
        if !rest.is_empty() {
            self.records.insert(pool.clone(), rest);
            self.turns.push_back(pool);
        }
        Some(records.into())
    }
}

/// The records that wait, and where they go.
pub struct LogDelivery {
    target: Option<Target>,
    queue: Mutex<Queue>,
    added: Notify,
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
        Ok(Self { target, queue: Mutex::default(), added: Notify::new() })
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
        let lost = self.queue.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        self.added.notify_one();
        if let Some(LogRecord { pool_id: pool, .. }) = lost {
            tracing::warn!(pool, "too many log records wait: one was not delivered");
        }
    }

    /// Waits for records, and returns those of the pool whose turn it is.
    pub async fn next(&self) -> Vec<LogRecord> {
        loop {
            let next = self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
            match next {
                Some(records) => return records,
                None => self.added.notified().await,
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(pool: &str) -> LogRecord {
        LogRecord::new(pool, EventSource::UserAuthEvents, OffsetDateTime::UNIX_EPOCH, Value::Null)
    }

    #[test]
    fn a_pool_with_many_records_neither_delays_nor_loses_those_of_another() {
        let mut queue = Queue::default();
        for _ in 0..WAITING {
            assert!(queue.push(record("flooded")).is_none());
        }
        assert_eq!(queue.push(record("flooded")).unwrap().pool_id, "flooded");
        assert_eq!(queue.push(record("other")).unwrap().pool_id, "flooded");
        let turns: Vec<_> =
            std::iter::from_fn(|| queue.take()).map(|records| (records[0].pool_id.clone(), records.len())).collect();
        assert_eq!(turns[..3], [("flooded".into(), TOGETHER), ("other".into(), 1), ("flooded".into(), TOGETHER)]);
        assert_eq!(turns.iter().map(|(_, count)| count).sum::<usize>(), WAITING);
        assert_eq!(queue.waiting, 0);
    }
}
