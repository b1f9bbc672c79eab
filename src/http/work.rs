//! Carries out the work of a request as a task that runs to its end, whether or not the caller still waits for it.
//!
//! So even if the caller hangs up or is told that the request takes too long, decisions are recorded, for example that
//! a guess was wrong, and no conversation with the database is left half finished.
//!
//! Two time limits apply. After the first, the caller gets an error, but the work continues and keeps its place and its
//! turn. After the second, the work is ended, together with the database connection that it uses.

use std::{
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::web;
use futures_util::FutureExt;
use tokio::task::AbortHandle;
use tracing::Instrument;

use crate::{
    admission,
    app::App,
    caller::Recognized,
    error::{Error, Result},
};

/// The maximum number of pieces of work that may outlive their callers. Any further work ends with its caller.
const OUTLIVING: usize = 512;
/// How much longer the second limit is than the sum of the first limit and the longest statement.
const MARGIN: Duration = Duration::from_secs(2);

/// Carries out work as a task of its own, within the two time limits. A panic becomes an error.
pub async fn carry_out<T: 'static>(app: &Arc<App>, work: impl Future<Output = Result<T>> + 'static) -> Result<T> {
    let patience = Duration::from_secs(app.config.request_timeout_seconds);
    let longest = patience + app.config.database_limits().statement + MARGIN;
    let state = Arc::new(AtomicU8::new(WAITED_FOR));
    let end = End { app: app.clone(), state: state.clone(), started: Instant::now() };
    let task = async move {
        let caught = AssertUnwindSafe(tokio::time::timeout(longest, work)).catch_unwind().await;
        let outcome = match caught {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => {
                end.app.metrics.given_up();
                Err(Error::internal("the work of the request did not end, and was given up with its connection"))
            }
            Err(_) => {
                end.app.metrics.panicked();
                Err(Error::internal("the request panicked; the panic message is in the log"))
            }
        };
        end.tell(&outcome);
        outcome
    };
    let mut task = actix_web::rt::spawn(task.in_current_span());
    let _caller = Caller { app, state, work: task.abort_handle() };
    match tokio::time::timeout(patience, &mut task).await {
        Ok(ended) => ended.map_err(Error::internal)?,
        Err(_) => {
            #[cfg(feature = "broken")]
            if crate::broken::is("keeps-dirty") {
                task.abort();
            }
            Err(Error::internal("the request was not answered in time; is the database standing still?"))
        }
    }
}

/// Like [`carry_out`], but first waits for a place among the requests being handled. The caller is at this address;
/// `what` names what the caller requests. `whom` is the party that the work counts for, as far as known.
pub async fn with_place<T: 'static>(
    app: &Arc<App>,
    (address, what): (IpAddr, &str),
    whom: Recognized,
    work: impl Future<Output = Result<T>> + 'static,
) -> Result<T> {
    let seated = async move {
        whom.count();
        admission::sit().await?;
        work.await
    };
    carry_out(app, app.admission.seat(address, what).scope(seated)).await
}

/// Reads data for a public document that anyone may request. Like the work of other requests, the read waits for a
/// place and runs to its end.
pub async fn read<T: 'static>(
    app: &web::Data<App>,
    (address, pool_id): (IpAddr, Option<String>),
    ask: impl AsyncFnOnce(&App) -> sqlx::Result<T> + 'static,
) -> Result<T> {
    let app = app.clone().into_inner();
    let within = app.clone();
    // The read counts for the pool only if this replica knows the pool. Otherwise, each invented pool ID would have a
    // fair share of its own.
    let known = pool_id.filter(|id| app.keys.known(id, app.clock.now()).is_some());
    let whom = known.map_or(Recognized::Nobody, Recognized::At);
    let outcome = with_place(&app, (address, "document"), whom, async move { Ok(ask(&within).await?) }).await;
    if let Err(Error::Internal(cause)) = &outcome {
        tracing::error!(%cause, "a public document could not be read");
    }
    outcome
}

const WAITED_FOR: u8 = 0;
const OUTLIVES: u8 = 1;
const ENDED: u8 = 2;

/// The caller who waits for the work. If this is dropped before the work has ended, the work counts as outliving its
/// caller.
struct Caller<'a> {
    app: &'a App,
    state: Arc<AtomicU8>,
    work: AbortHandle,
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        if self.state.compare_exchange(WAITED_FOR, OUTLIVES, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.app.metrics.outlives(1);
            if self.app.metrics.outliving() > OUTLIVING {
                self.app.metrics.given_up();
                self.work.abort();
            }
        }
    }
}

/// Marks the work as ended when this is dropped, however the work ended.
struct End {
    app: Arc<App>,
    state: Arc<AtomicU8>,
    started: Instant,
}

impl End {
    /// Logs how the work ended if the caller no longer waited for it.
    fn tell<T>(&self, outcome: &Result<T>) {
        if self.state.load(Ordering::SeqCst) != OUTLIVES {
            return;
        }
        let duration_ms = millis(self.started.elapsed());
        match outcome {
            Err(Error::Internal(cause)) => {
                tracing::error!(%cause, duration_ms, "a request failed after its caller was gone")
            }
            Err(error) => {
                tracing::info!(outcome = error.code(), duration_ms, "a request ended after its caller was gone")
            }
            Ok(_) => tracing::info!(outcome = "OK", duration_ms, "a request ended after its caller was gone"),
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if self.state.swap(ENDED, Ordering::SeqCst) == OUTLIVES {
            self.app.metrics.outlives(-1);
        }
    }
}

/// Returns a duration in milliseconds, rounded as the log shows it.
pub fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e5).round() / 100.0
}
