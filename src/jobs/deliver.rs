//! Delivers the outbox's messages: at least once each, tried again with growing pauses, given up in the end.
//!
//! Mail and text messages wait for their own servers only.

use std::{sync::Arc, time::Duration as StdDuration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use time::Duration;

use crate::{
    app::App,
    delivery::{Failure, Medium, Message},
    flows::messages,
    store::{self, outbox::Due},
};

/// Messages on the way at the same time, per road.
const TOGETHER: usize = 16;
/// Time for one delivery, after which another replica may try: longer than any road and a trigger before it take.
const LEASE: Duration = Duration::minutes(3);
const PATIENCE: StdDuration = StdDuration::from_secs(60);
/// Between two looks at the outbox when nobody says that there is something.
const EVERY: StdDuration = StdDuration::from_secs(1);
/// Attempts before a message is given up: with the pauses between them, about two hours.
const ATTEMPTS: i32 = 12;
/// The same when the other side says that trying again will not help.
const ATTEMPTS_AGAINST_ADVICE: i32 = 3;

/// Delivers until the task is dropped.
pub async fn run(app: Arc<App>) {
    tokio::join!(road(&app, Medium::Email), road(&app, Medium::Sms));
}

async fn road(app: &App, medium: Medium) {
    if !app.delivery.has(medium) {
        // Another replica may be configured better.
        return;
    }
    let mut on_the_way = FuturesUnordered::new();
    let troubled = |cause: sqlx::Error| tracing::warn!(%cause, "could not use the outbox; will try again");
    loop {
        let now = app.clock.now();
        let room = TOGETHER.saturating_sub(on_the_way.len());
        let found = if room == 0 {
            0
        } else {
            let limit = i64::try_from(room).unwrap_or(1);
            match store::outbox::take_due(&app.job_db, medium.kind(), now, now + LEASE, limit).await {
                Ok(due) => {
                    let found = due.len();
                    on_the_way.extend(due.into_iter().map(|due| deliver(app, due)));
                    found
                }
                Err(cause) => {
                    troubled(cause);
                    0
                }
            }
        };
        tokio::select! {
            Some(done) = on_the_way.next() => done.unwrap_or_else(troubled),
            () = app.messages_waiting.notified(), if found < room => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn deliver(app: &App, due: Due) -> sqlx::Result<()> {
    let delivered = match messages::open(app, &due.pool_id, due.id, &due.sealed, due.attempts).await {
        Ok(message) => delivered(app, &due, message).await,
        Err(failure) => Err(failure),
    };
    let Err(failure) = delivered else {
        return store::outbox::delete(&app.job_db, &due.pool_id, due.id).await;
    };
    let last = if failure.permanent { ATTEMPTS_AGAINST_ADVICE } else { ATTEMPTS };
    let again = (due.attempts < last).then(|| app.clock.now() + pause(due.attempts));
    let (pool, id, attempt, cause) = (&due.pool_id, due.id, due.attempts, &failure.text);
    match again {
        Some(_) => {
            tracing::warn!(%pool, message.id = %id, attempt, %cause, "a message was not delivered; will try again")
        }
        None => {
            tracing::error!(%pool, message.id = %id, attempt, %cause, "a message was given up; see its row of the outbox")
        }
    }
    store::outbox::failed(&app.job_db, &due.pool_id, due.id, again, &failure.text).await
}

async fn delivered(app: &App, due: &Due, message: Message) -> Result<(), Failure> {
    let late = || Failure { text: "no answer in time".into(), permanent: false };
    tokio::time::timeout(PATIENCE, app.delivery.deliver(due.id, message)).await.unwrap_or_else(|_| Err(late()))
}

/// The pause after an attempt: 10 seconds, doubled each time, up to a quarter of an hour.
fn pause(attempt: i32) -> Duration {
    Duration::seconds(10 << attempt.clamp(1, 8).saturating_sub(1)).min(Duration::minutes(15))
}
