//! Running work on many connections for some time.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// What a run came to: how often the work was done, per second, and milliseconds.
pub struct Measured {
    pub count: usize,
    pub rate: f64,
    pub p50: f64,
    pub p99: f64,
}

/// A measurement used up what was loaded before its time was over, so its figures would mean nothing.
#[derive(Debug)]
pub struct UsedUp {
    /// How many targets were left when the measurement began.
    pub had: usize,
}

impl fmt::Display for UsedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "too few rows are loaded: a measurement used up the last {} before its time was over", self.had)
    }
}

/// The future of one piece of work.
pub type Work<'a, T = ()> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl Measured {
    pub fn of(mut took: Vec<f64>, seconds: f64) -> Self {
        took.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| took.get((took.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        Self { count: took.len(), rate: took.len() as f64 / seconds, p50: at(0.5), p99: at(0.99) }
    }
}

/// Runs `work` on as many connections for some time, using up targets from the start of the list. Fails if there are too
/// few.
pub async fn measure<T: Clone + Send + Sync + 'static, C: Send + 'static>(
    connections: usize,
    time: Duration,
    targets: &mut Vec<T>,
    open: impl AsyncFn(usize) -> C,
    work: impl for<'a> Fn(&'a mut C, &'a T) -> Work<'a> + Copy + Send + 'static,
) -> Result<Measured, UsedUp> {
    let mine: Arc<Vec<T>> = Arc::new(std::mem::take(targets));
    let next = Arc::new(AtomicUsize::new(0));
    let mut opened = Vec::new();
    for n in 0..connections {
        opened.push(open(n).await);
    }
    let started = Instant::now();
    let tasks: Vec<_> = opened
        .into_iter()
        .map(|mut connection| {
            let (mine, next) = (mine.clone(), next.clone());
            tokio::spawn(async move {
                let mut took = Vec::new();
                while started.elapsed() < time {
                    let Some(target) = mine.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    let at = Instant::now();
                    work(&mut connection, target).await;
                    took.push(at.elapsed().as_secs_f64() * 1e3);
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.expect("no request fails"));
    }
    let seconds = started.elapsed().as_secs_f64();
    let used = next.load(Ordering::Relaxed);
    if used > mine.len() {
        return Err(UsedUp { had: mine.len() });
    }
    let mut rest = Arc::try_unwrap(mine).unwrap_or_else(|shared| shared.to_vec());
    rest.drain(..used);
    *targets = rest;
    Ok(Measured::of(took, seconds))
}

/// Lets each actor, on a connection of its own, do the same again and again for some time, or until it has nothing left
/// to do (`None`). `step` returns how long the servers took, without what the actor did meanwhile.
pub async fn repeat<A: Send + 'static>(
    actors: &mut Vec<A>,
    time: Duration,
    step: impl for<'a> Fn(&'a mut A) -> Work<'a, Option<Duration>> + Copy + Send + 'static,
) -> Measured {
    let started = Instant::now();
    let tasks: Vec<_> = actors
        .drain(..)
        .map(|mut actor| {
            tokio::spawn(async move {
                let mut took = Vec::new();
                while started.elapsed() < time {
                    let Some(one) = step(&mut actor).await else { break };
                    took.push(one.as_secs_f64() * 1e3);
                }
                (actor, took)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        let (actor, took) = task.await.expect("no request fails");
        actors.push(actor);
        all.extend(took);
    }
    Measured::of(all, started.elapsed().as_secs_f64())
}
