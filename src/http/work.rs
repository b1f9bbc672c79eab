//! The work of a request, carried out to its end whoever waits for it: a caller who hung up or was answered that it takes
//! too long does not undo what was decided, such as that a guess was wrong, and leaves no conversation with the database
//! in the middle.
//!
//! Two limits bound it. The first answers the caller; the work goes on, and keeps its place and its turn. The second ends
//! the work, and with it the connection that it speaks on.

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

/// Work whose callers are gone, at most; further work ends with its caller.
const OUTLIVING: usize = 512;
/// What the second limit grants beyond the first and the longest statement.
const MARGIN: Duration = Duration::from_secs(2);

/// Carries work out as a task. A panic becomes an error.
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

/// Work for whoever is at this address, with a place, as any request has. `what`: what is asked for. `whom`: whom it counts
/// for, as far as that is known.
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

/// Reads something for a public document, for anybody at this address: with a place, as any request has, and to its end.
pub async fn read<T: 'static>(
    app: &web::Data<App>,
    (address, pool_id): (IpAddr, Option<String>),
    ask: impl AsyncFnOnce(&App) -> sqlx::Result<T> + 'static,
) -> Result<T> {
    let app = app.clone().into_inner();
    let within = app.clone();
    // One that is invented would stand apart from the pool that others ask at.
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

/// Whoever waits for the work. Gone before it ended, the work counts as outliving its caller.
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

/// The end of the work, however it comes.
struct End {
    app: Arc<App>,
    state: Arc<AtomicU8>,
    started: Instant,
}

impl End {
    /// Says in the log how work ended that nobody waited for.
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

/// A time in milliseconds, as logs have it.
pub fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e5).round() / 100.0
}
