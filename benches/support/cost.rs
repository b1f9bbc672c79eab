//! What work cost, and what limited it.
//!
//! The load comes from the same cores as Keystead and PostgreSQL. So what a server can do is seen in the processor time
//! that Keystead and PostgreSQL took for each operation, and not in operations per second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection, Row};
use tokio::{sync::Mutex, task::JoinHandle};

use super::{
    process::{Served, cpu_seconds, cpu_seconds_of_one_thread, idle_seconds, postgres_cpu_seconds},
    stage::Stage,
};

/// If less than this share of the cores is idle, the processor is what limits.
const SATURATED: f64 = 0.1;
/// If something is waited for in at least this share of the looks, while cores are idle, it is what limits.
const OFTEN: f64 = 1.0 / 3.0;
/// How often one looks at what PostgreSQL's processes wait for. A look takes 0.2 ms, which are not counted.
const LOOK_EVERY: Duration = Duration::from_millis(15);
/// The processes of the previous measurement's connections end meanwhile. Their end is no cost of the next one.
const PAUSE: Duration = Duration::from_millis(300);

/// Measures what Keystead, PostgreSQL and the load generator (this process) do meanwhile.
pub struct Meter {
    postmaster: u32,
    /// The connection that looks, and the process that serves it.
    looker: Arc<Mutex<PgConnection>>,
    backend: u32,
}

/// A measurement that goes on.
pub struct Running<'a> {
    meter: &'a Meter,
    served: &'a Served,
    before: Times,
    over: Arc<AtomicBool>,
    looks: JoinHandle<Looks>,
}

/// Seconds so far.
struct Times {
    at: Instant,
    keystead: f64,
    postgres: f64,
    generator: f64,
    idle: f64,
}

/// How often one looked, and how often a statement waited for a flush of the log or for a lock then.
#[derive(Default)]
struct Looks {
    all: usize,
    flush: usize,
    locks: usize,
}

/// What some operations came to.
pub struct Cost {
    /// Microseconds of processor time per operation.
    pub keystead: f64,
    pub postgres: f64,
    pub generator: f64,
    pub limit: String,
}

impl Cost {
    /// Microseconds of both servers per operation.
    pub fn servers(&self) -> f64 {
        self.keystead + self.postgres
    }
}

impl Meter {
    pub async fn new(stage: &Stage) -> Self {
        let mut db = PgConnection::connect_with(&stage.cluster.connect_options("postgres")).await.unwrap();
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut db).await.unwrap();
        let postmaster = stage.cluster.process_id();
        Self { postmaster, looker: Arc::new(Mutex::new(db)), backend: backend.cast_unsigned() }
    }

    pub async fn start<'a>(&'a self, served: &'a Served) -> Running<'a> {
        tokio::time::sleep(PAUSE).await;
        let over: Arc<AtomicBool> = Arc::default();
        let (looker, until) = (self.looker.clone(), over.clone());
        let before = self.times(served);
        let looks = tokio::spawn(async move { look(&mut *looker.lock().await, &until).await });
        Running { meter: self, served, before, over, looks }
    }

    fn times(&self, served: &Served) -> Times {
        Times {
            at: Instant::now(),
            keystead: served.cpu_seconds(),
            postgres: postgres_cpu_seconds(self.postmaster) - cpu_seconds_of_one_thread(self.backend),
            generator: cpu_seconds(std::process::id()),
            idle: idle_seconds(),
        }
    }
}

impl Running<'_> {
    /// What it came to, if that many operations were done.
    pub async fn stop(self, operations: usize) -> Cost {
        let after = self.meter.times(self.served);
        self.over.store(true, Ordering::Relaxed);
        let looks = self.looks.await.unwrap();
        let of = |time: fn(&Times) -> f64| time(&after) - time(&self.before);
        let (keystead, postgres) = (of(|times| times.keystead), of(|times| times.postgres));
        let (generator, idle) = (of(|times| times.generator), of(|times| times.idle));
        let cores = std::thread::available_parallelism().unwrap().get() as f64;
        let all = cores * (after.at - self.before.at).as_secs_f64();
        let others = (all - keystead - postgres - generator - idle).max(0.0);
        let users = [
            ("Keystead", keystead / all),
            ("PostgreSQL", postgres / all),
            ("the generator", generator / all),
            ("other programs", others / all),
        ];
        let per = 1e6 / operations as f64;
        Cost {
            keystead: keystead * per,
            postgres: postgres * per,
            generator: generator * per,
            limit: limit(idle / all, &users, &looks),
        }
    }
}

/// Names what limited a measurement, from the shares of the cores and what the statements waited for.
///
/// If the cores were busy, it was the processor, and the program that used most of it is named. Otherwise it was what
/// statements often waited for: the flush of the log, or locks. If neither is the case, it was the time that one request
/// takes: each step waits for the one before.
fn limit(idle: f64, users: &[(&str, f64)], looks: &Looks) -> String {
    let share = |looks_with: usize| looks_with as f64 / looks.all.max(1) as f64;
    let (flush, locks) = (share(looks.flush), share(looks.locks));
    if idle < SATURATED {
        let (who, most) = users.iter().max_by(|one, other| one.1.total_cmp(&other.1)).unwrap();
        return format!("processor of {who} ({:.0} %)", most * 100.0);
    }
    let idle = idle * 100.0;
    match (flush, locks) {
        (flush, locks) if flush >= OFTEN && flush >= locks => {
            format!("flush ({:.0} % of the time; {idle:.0} % idle)", flush * 100.0)
        }
        (_, locks) if locks >= OFTEN => format!("locks ({:.0} % of the time; {idle:.0} % idle)", locks * 100.0),
        _ => format!("one step after another ({idle:.0} % idle)"),
    }
}

/// Looks again and again until it is over. A statement waits for a flush if it writes the log, syncs it, or waits for
/// the process that does.
async fn look(db: &mut PgConnection, over: &AtomicBool) -> Looks {
    let text = "SELECT coalesce(bool_or(flush), false), coalesce(bool_or(lock AND NOT flush), false) FROM (
        SELECT lower(wait_event) IN ('walsync', 'walwrite', 'walwritelock') AS flush,
               wait_event_type IN ('Lock', 'LWLock') AS lock
        FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()) waiting";
    let mut looks = Looks::default();
    while !over.load(Ordering::Relaxed) {
        let found = sqlx::query(text).fetch_one(&mut *db).await.unwrap();
        looks.all += 1;
        looks.flush += usize::from(found.get::<bool, _>(0));
        looks.locks += usize::from(found.get::<bool, _>(1));
        tokio::time::sleep(LOOK_EVERY).await;
    }
    looks
}
