//! Running work on many connections for some time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// What a run came to: per second, and milliseconds.
pub struct Measured {
    pub rate: f64,
    pub p50: f64,
    pub p99: f64,
}

impl Measured {
    pub fn of(mut took: Vec<f64>, seconds: f64) -> Self {
        took.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| took.get((took.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        Self { rate: took.len() as f64 / seconds, p50: at(0.5), p99: at(0.99) }
    }
}

/// Runs `work` on as many connections for some time, using up targets from the start of the list.
pub async fn measure<T: Clone + Send + Sync + 'static, C: Send + 'static>(
    connections: usize,
    time: Duration,
    targets: &mut Vec<T>,
    open: impl AsyncFn(usize) -> C,
    work: impl for<'a> Fn(&'a mut C, &'a T) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>
    + Copy
    + Send
    + 'static,
) -> Measured {
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
                    let target =
                        mine.get(next.fetch_add(1, Ordering::Relaxed)).expect("enough targets; load more credentials");
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
    let used = next.load(Ordering::Relaxed).min(mine.len());
    let mut rest = Arc::try_unwrap(mine).unwrap_or_else(|shared| shared.to_vec());
    rest.drain(..used);
    *targets = rest;
    Measured::of(took, seconds)
}
