//! Delivers the outbox's messages, each at least once. A failed delivery is tried again with growing pauses, and given
//! up in the end.
//!
//! Each road (mail, text messages) has one task, and only this task uses the database for the road: it takes messages,
//! starts a task for each, and records in batches how they ended. A delivery has no connection and waits for no task
//! that has one. Neither task is ever dropped in the middle of a statement. `jobs::places` decides who is served when.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
    time::Duration as StdDuration,
};

use futures_util::FutureExt;
use time::Duration;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::places::{PLACES, Places, UNAWAITED_PLACES, WINDOW};
use crate::{
    app::App,
    delivery::{Failure, Medium},
    flows::messages::{self, OpenedMessage},
    store::{
        self,
        outbox::{Due, Failed, Urgency},
        pools::Pool,
    },
};

/// How long a delivery has a message to itself; then another replica may try. Longer than a trigger and any road take
/// together.
const LEASE: Duration = Duration::minutes(3);
const PATIENCE: StdDuration = StdDuration::from_secs(60);
/// Pause between two looks at the outbox when nobody signals a message.
const EVERY: StdDuration = StdDuration::from_secs(1);
/// Attempts before a message is given up: with the pauses between them, about two hours.
const ATTEMPTS: i32 = 12;
/// Attempts before a message is given up when the other side says that trying again will not help.
const ATTEMPTS_AGAINST_ADVICE: i32 = 3;

/// Delivers until the task is dropped. Deliveries that are then on the way are still recorded, as long as the runtime
/// lives. A message whose delivery is not recorded goes to another replica when its lease ends.
pub async fn run(app: Arc<App>) {
    let (_running, stop) = watch::channel(());
    tokio::join!(keep(&app, Medium::Email, &stop), keep(&app, Medium::Sms, &stop));
}

/// Keeps a road's task running.
async fn keep(app: &Arc<App>, medium: Medium, stop: &watch::Receiver<()>) {
    if !app.delivery.has(medium) {
        // Another replica may have what this one lacks.
        return;
    }
    while let Err(cause) = tokio::spawn(road(app.clone(), medium, stop.clone())).await {
        tracing::error!(%cause, kind = medium.kind(), "the delivery of messages broke off; it begins anew");
        tokio::time::sleep(EVERY).await;
    }
}

/// Counts a road as at work while it lives. A server that stops waits for it, so that deliveries on the way are
/// recorded.
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
        // Listens before it looks, so that a signal sent meanwhile is not missed.
        let told = app.messages_waiting.notified();
        // The job holds the sender: if that is gone, the job was dropped.
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

/// A delivery that ended.
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
    /// What is to be recorded as delivered. That includes messages that nobody should get any more.
    delivered: Vec<(String, Uuid)>,
    failed: Vec<Failed>,
}

impl Road {
    fn new(app: Arc<App>, medium: Medium, report: mpsc::UnboundedSender<Ended>) -> Self {
        Self { app, medium, places: Places::default(), report, delivered: Vec::new(), failed: Vec::new() }
    }

    /// Records what ended, then takes as many messages as there are places for. If recording fails, everything else
    /// waits.
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
        // Messages that nobody waits for get the places that others leave, and a few in any case.
        let kept = UNAWAITED_PLACES.saturating_sub(self.places.unawaited());
        let some_wait = self.fill(Urgency::Awaited, kept).await?;
        self.fill(Urgency::Unawaited, 0).await?;
        if kept > 0 && some_wait {
            self.fill(Urgency::Awaited, 0).await?;
        }
        Ok(())
    }

    /// Takes messages of this urgency, pool by pool, until all places but the `kept` ones are taken, or nothing is due.
    /// Returns whether anything was due.
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

    /// The pools that have messages due, starting with the one whose turn it is: enough of them for all places.
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

    /// Starts the delivery of messages that were taken.
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
                // If the road is gone nobody receives this, and the message is delivered again.
                let _ = report.send(Ended { pool_id, urgency, id, attempts, outcome });
            });
        }
    }

    /// Frees the place of a delivery that ended, and remembers its outcome until it is recorded.
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
        self.failed.push(Failed { pool_id, id, attempts, due_at, why: failure.text });
    }
}

/// Delivers one message. `pool` is the pool whose custom message trigger is called if the message needs it.
async fn deliver(
    app: &App,
    id: Uuid,
    opened: Result<OpenedMessage, Failure>,
    pool: Option<&Pool>,
) -> Result<(), Failure> {
    let message = opened?.worded(app, pool).await?;
    let delivered = tokio::time::timeout(PATIENCE, app.delivery.deliver(id, message)).await;
    delivered.unwrap_or_else(|_| Err(messages::failure("no answer in time")))
}

/// The pause after an attempt: 10 seconds, doubled each time, up to a quarter of an hour.
fn pause(attempt: i32) -> Duration {
    Duration::seconds(10 << attempt.clamp(1, 8).saturating_sub(1)).min(Duration::minutes(15))
}
