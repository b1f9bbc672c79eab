//! Delivers the messages in the outbox. After a failure, a message is tried again with growing pauses, and is given up
//! in the end. A message may be delivered more than once.
//!
//! Each delivery channel (mail, text messages) has one task, which the code calls its road. Only the road uses the
//! database: it takes messages, starts a delivery task for each, and records the results in batches. Delivery tasks
//! have no database connection and wait for no task that has one. If the job is dropped, the road is not dropped with
//! it, so no statement is cut off in the middle. `jobs::places` decides which pool's messages are delivered next.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
    time::Duration as StdDuration,
};

use futures_util::FutureExt;
use serde_json::json;
use time::Duration;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::places::{PLACES, Places, UNAWAITED_PLACES, WINDOW};
use crate::{
    app::App,
    delivery::{Failure, Medium},
    flows::messages::{self, OpenedMessage},
    log_delivery::{EventSource, LogRecord},
    store::{
        self,
        outbox::{Due, Failed, Urgency},
        pools::Pool,
    },
};

/// How long a message is leased to one delivery. After that time, another replica may deliver the message. The lease is
/// longer than the time limits of a trigger and a delivery together.
const LEASE: Duration = Duration::minutes(3);
const PATIENCE: StdDuration = StdDuration::from_secs(60);
/// The pause between two reads of the outbox while no new message is signaled.
const EVERY: StdDuration = StdDuration::from_secs(1);
/// The number of attempts before a message is given up. The pauses between them add up to about 80 minutes.
const ATTEMPTS: i32 = 12;
/// The number of attempts before a message is given up if the receiving service says that its failure is permanent.
const ATTEMPTS_AGAINST_ADVICE: i32 = 3;

/// Delivers until the task is dropped. After that, the results of deliveries in progress are still recorded, as long as
/// the runtime lives. If the result of a delivery is not recorded, the message is delivered again after its lease has
/// ended.
pub async fn run(app: Arc<App>) {
    let (_running, stop) = watch::channel(());
    tokio::join!(keep(&app, Medium::Email, &stop), keep(&app, Medium::Sms, &stop));
}

/// Runs the road of a channel, and starts it again after a panic.
async fn keep(app: &Arc<App>, medium: Medium, stop: &watch::Receiver<()>) {
    if !app.delivery.has(medium) && !app.triggers.has_sender() {
        // This replica cannot use the channel. Another replica may be able to.
        return;
    }
    while let Err(cause) = tokio::spawn(road(app.clone(), medium, stop.clone())).await {
        tracing::error!(%cause, kind = medium.kind(), "the delivery of messages broke off; it begins anew");
        tokio::time::sleep(EVERY).await;
    }
}

/// Counts a road in `App::roads_at_work` while this exists. A server that stops waits until no road is at work, so that
/// the results of deliveries in progress are recorded.
struct AtWork(Arc<App>);

impl AtWork {
    fn new(app: Arc<App>) -> Self {
        app.roads_at_work.fetch_add(1, Ordering::SeqCst);
        Self(app)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.roads_at_work.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn road(app: Arc<App>, medium: Medium, mut stop: watch::Receiver<()>) {
    let _at_work = AtWork::new(app.clone());
    let (report, mut reports) = mpsc::unbounded_channel();
    let mut road = Road::new(app.clone(), medium, report);
    loop {
        // The signal is subscribed to before the outbox is read, so that a signal sent meanwhile is not missed.
        let told = app.messages_waiting.notified();
        // The job holds the sender. If the sender is gone, the job was dropped.
        let stopping = stop.has_changed().is_err();
        let worked = road.work(stopping).await;
        if let Err(cause) = &worked {
            tracing::warn!(%cause, kind = medium.kind(), "could not use the outbox; will try again");
        }
        if stopping && (worked.is_err() || road.places.taken() == 0) {
            return;
        }
        tokio::select! {
            Some(ended) = reports.recv() => {
                road.end(ended);
                while let Ok(ended) = reports.try_recv() {
                    road.end(ended);
                }
            }
            () = told, if worked.is_ok() && road.places.taken() < PLACES => {}
            _ = stop.changed(), if !stopping => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// The result of a delivery.
struct Ended {
    pool_id: String,
    urgency: Urgency,
    id: Uuid,
    attempts: i32,
    outcome: Result<(), Failure>,
}

struct Road {
    app: Arc<App>,
    medium: Medium,
    places: Places,
    report: mpsc::UnboundedSender<Ended>,
    /// Messages (pool, ID) that are still to be removed from the outbox: those that were delivered, and those whose
    /// code is no longer valid.
    delivered: Vec<(String, Uuid)>,
    failed: Vec<Failed>,
}

impl Road {
    fn new(app: Arc<App>, medium: Medium, report: mpsc::UnboundedSender<Ended>) -> Self {
        Self { app, medium, places: Places::default(), report, delivered: Vec::new(), failed: Vec::new() }
    }

    /// Records the results of deliveries, then takes as many messages as there are free places. If recording fails, no
    /// messages are taken.
    async fn work(&mut self, stopping: bool) -> sqlx::Result<()> {
        if !self.delivered.is_empty() {
            store::outbox::delete_delivered(&self.app.job_db, &self.delivered).await?;
            self.delivered.clear();
        }
        if !self.failed.is_empty() {
            store::outbox::note_failed(&self.app.job_db, &self.failed).await?;
            self.failed.clear();
        }
        if stopping {
            return Ok(());
        }
        // Awaited messages take places first, but leave a few for messages that nobody waits for. Then messages that
        // nobody waits for take all free places that they need. Awaited messages take the rest.
        let kept = UNAWAITED_PLACES.saturating_sub(self.places.unawaited());
        let some_wait = self.fill(Urgency::Awaited, kept).await?;
        self.fill(Urgency::Unawaited, 0).await?;
        if kept > 0 && some_wait {
            self.fill(Urgency::Awaited, 0).await?;
        }
        Ok(())
    }

    /// Takes messages of this urgency, pool by pool, until only `kept` places are free or no more messages can be
    /// taken. Returns whether any were due.
    async fn fill(&mut self, urgency: Urgency, kept: usize) -> sqlx::Result<bool> {
        let mut some = false;
        while self.places.taken() + kept < PLACES {
            let pools = self.waiting(urgency).await?;
            some |= !pools.is_empty();
            let mut more = false;
            for (pool_id, share) in self.places.shares(urgency, &pools, kept) {
                let now = self.app.clock.now();
                let (road, lease) = ((self.medium.kind(), urgency), (now, now + LEASE));
                let limit = i64::try_from(share).unwrap_or(1);
                let due = store::outbox::take_due(&self.app.job_db, &pool_id, road, lease, limit).await?;
                more |= due.len() == share;
                self.start(&pool_id, urgency, due).await;
            }
            if !more {
                break;
            }
        }
        Ok(some)
    }

    /// Returns pools that have messages due, in the order of their turns. If there are [`WINDOW`] such pools or more,
    /// at least [`WINDOW`] of them are returned, which is enough for all places.
    async fn waiting(&self, urgency: Urgency) -> sqlx::Result<Vec<String>> {
        let (db, road, now) = (&self.app.job_db, (self.medium.kind(), urgency), self.app.clock.now());
        let last = self.places.last_served(urgency);
        let mut pools = store::outbox::list_pools(db, road, last, now, WINDOW).await?;
        if !last.is_empty() && pools.len() < usize::try_from(WINDOW).unwrap_or(0) {
            for pool in store::outbox::list_pools(db, road, "", now, WINDOW).await? {
                if !pools.contains(&pool) {
                    pools.push(pool);
                }
            }
        }
        Ok(pools)
    }

    /// Starts the deliveries of messages that were taken from the outbox.
    async fn start(&mut self, pool_id: &str, urgency: Urgency, due: Vec<Due>) {
        let mut pool = None;
        for Due { id, sealed, attempts } in due {
            let mut opened = messages::open(&self.app, pool_id, id, &sealed, attempts);
            if attempts > 1
                && let Ok(message) = &opened
            {
                match message.is_void(&self.app.job_db, pool_id).await {
                    Ok(true) => {
                        self.delivered.push((pool_id.to_owned(), id));
                        continue;
                    }
                    Ok(false) => {}
                    Err(_) => opened = Err(messages::failure("its code could not be read")),
                }
            }
            self.places.take(pool_id, urgency);
            if opened.as_ref().is_ok_and(OpenedMessage::asks) && pool.is_none() {
                match store::pools::find(&self.app.job_db, pool_id).await {
                    Ok(found) => pool = Some(Arc::new(found)),
                    Err(_) => opened = Err(messages::failure("its pool could not be read")),
                }
            }
            let (app, report, pool_id, pool) =
                (self.app.clone(), self.report.clone(), pool_id.to_owned(), pool.clone());
            tokio::spawn(async move {
                let pool = pool.as_deref().and_then(Option::as_ref);
                let delivery = AssertUnwindSafe(deliver(&app, id, opened, pool)).catch_unwind();
                let outcome = delivery.await.unwrap_or_else(|_| Err(messages::failure("its delivery broke off")));
                // If the road has ended, nobody receives this, and the message will be delivered again.
                let _ = report.send(Ended { pool_id, urgency, id, attempts, outcome });
            });
        }
    }

    /// Frees the place of a delivery that ended, and keeps its result until it is recorded.
    fn end(&mut self, ended: Ended) {
        let Ended { pool_id, urgency, id, attempts, outcome } = ended;
        self.places.free(&pool_id, urgency);
        let Err(failure) = outcome else { return self.delivered.push((pool_id, id)) };
        let last = if failure.permanent { ATTEMPTS_AGAINST_ADVICE } else { ATTEMPTS };
        let due_at = (attempts < last).then(|| self.app.clock.now() + pause(attempts));
        let (pool, attempt, cause) = (&pool_id, attempts, &failure.text);
        match due_at {
            Some(_) => {
                tracing::warn!(%pool, message.id = %id, attempt, %cause, "a message was not delivered; will try again")
            }
            None => {
                tracing::error!(%pool, message.id = %id, attempt, %cause, "a message was given up; see its row of the outbox")
            }
        }
        let details = format!("{}: attempt {attempts} failed: {}", self.medium.kind(), failure.text);
        let source = EventSource::UserNotification;
        let record = LogRecord::new(&pool_id, source, self.app.clock.now(), json!({"details": details}));
        self.app.log_delivery.push(record);
        self.failed.push(Failed { pool_id, id, attempts, due_at, why: failure.text });
    }
}

/// Delivers one message. `pool` is given if the message needs a function of the pool.
async fn deliver(
    app: &App,
    id: Uuid,
    opened: Result<OpenedMessage, Failure>,
    pool: Option<&Pool>,
) -> Result<(), Failure> {
    let opened = opened?;
    if opened.handed_over(app, pool, id).await? {
        return Ok(());
    }
    let message = opened.worded(app, pool).await?;
    let delivered = tokio::time::timeout(PATIENCE, app.delivery.deliver(id, message)).await;
    delivered.unwrap_or_else(|_| Err(messages::failure("no answer in time")))
}

/// Returns the pause after a failed attempt: 10 seconds after the first, twice as long after each further one, and a
/// quarter of an hour at most.
fn pause(attempt: i32) -> Duration {
    Duration::seconds(10 << attempt.clamp(1, 8).saturating_sub(1)).min(Duration::minutes(15))
}
