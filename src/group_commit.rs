//! Group commit: requests that arrive while a batch is in flight wait and then share the next batch. A batch is one
//! statement, so its requests share one round trip to the database and one flush of the database's log. Reads are
//! grouped like writes: a batch begins after all of its requests have arrived, so it sees data as fresh as each
//! request's own statement would.
//!
//! No batch waits for more requests: an idle group starts a batch with the first request at once. One batch is in
//! flight at a time.
//!
//! A batch is safe because it promises little. In one transaction, it does those requests that it can do without
//! waiting for a lock, and it returns their results after COMMIT. For every other request it returns `None`, which
//! means that nothing was done. The caller then runs the request by itself, with a plain statement, which waits for
//! locks and whose result is final. So a request that the database refuses, a locked row, or two requests for one row
//! do not make the other requests of a batch fail.

use std::{
    collections::VecDeque,
    fmt,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::FutureExt;
use tokio::{runtime::Handle, sync::oneshot};

use crate::error::{Error, is_locked};

/// Several requests as one transaction.
pub trait Batch: Send + Sync + 'static {
    /// What a caller requests.
    type Request: Send + 'static;
    /// The result for a caller.
    type Answer: Send + 'static;

    /// Does those of the requests that need not wait for a lock, in one transaction, and commits.
    ///
    /// Returns a result for each request, in order; `None` means that nothing at all was done for that request. The
    /// future must end by itself within a limited time. For statements on a connection of the store, the connection's
    /// time limit ensures this.
    fn run(&self, requests: Vec<Self::Request>) -> impl Future<Output = BatchResult<Self::Answer>> + Send;
}

/// The result of a batch.
pub type BatchResult<A> = Result<Vec<Option<A>>, Failure>;

/// Why a batch failed.
#[derive(Debug)]
pub enum Failure {
    /// Nothing in the batch was done, and each request may run by itself. In most cases, the database refused the
    /// transaction because of one of the requests.
    RolledBack(sqlx::Error),
    /// The requests must not run by themselves, for one of three reasons. It may be unknown whether the transaction was
    /// committed, for example because the connection was lost. The database may not have responded when the transaction
    /// was to begin. Or a whole table may be locked, for example by VACUUM FULL. If a table is locked, each request by
    /// itself would wait just as long, and meanwhile occupy a connection that calls on other tables need.
    Unknown(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(cause: sqlx::Error) -> Self {
        // After an ERROR, PostgreSQL rolls the transaction back. But some classes of errors are different: the server
        // shuts down (57), is out of resources (53), lost the connection (08), or has a fault of its own (58, XX). Then
        // the transaction may have been committed before the error, and running each request alone would not help.
        let refused = cause
            .as_database_error()
            .and_then(|error| error.code())
            .is_some_and(|code| !["08", "53", "57", "58", "XX"].iter().any(|class| code.starts_with(class)));
        if refused && !is_locked(&cause) { Self::RolledBack(cause) } else { Self::Unknown(cause) }
    }
}

/// The limits of a group.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most requests that may wait. Further ones are refused at once with `TooManyRequestsException`.
    pub waiting: usize,
    /// The most requests in one batch.
    pub batch: usize,
}

/// A group of requests of one kind.
pub struct GroupCommit<B: Batch> {
    shared: Arc<Shared<B>>,
    runtime: Handle,
}

struct Shared<B: Batch> {
    batch: B,
    limits: Limits,
    queue: Mutex<Queue<B>>,
}

struct Queue<B: Batch> {
    waiting: VecDeque<Waiting<B>>,
    /// Whether a batch is in flight. When the batch ends, waiting requests form the next batch.
    at_work: bool,
}

struct Waiting<B: Batch> {
    request: B::Request,
    answer: oneshot::Sender<Result<Option<B::Answer>, Arc<sqlx::Error>>>,
}

/// The cause of a failed batch, which all of its requests share.
#[derive(Debug)]
struct SharedCause(Arc<sqlx::Error>);

impl fmt::Display for SharedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a batch failed: {}", self.0)
    }
}

impl std::error::Error for SharedCause {}

/// Returns the error for each request of a batch that failed.
fn refusal(cause: Arc<sqlx::Error>) -> Error {
    if is_locked(&cause) {
        return Error::locked();
    }
    Error::internal(SharedCause(cause))
}

impl<B: Batch> GroupCommit<B> {
    /// Creates a group. Its batches run on the current runtime, except for the first batch of an idle group, which runs
    /// in its caller's task.
    pub fn new(batch: B, limits: Limits) -> Self {
        let queue = Mutex::new(Queue { waiting: VecDeque::new(), at_work: false });
        Self { shared: Arc::new(Shared { batch, limits, queue }), runtime: Handle::current() }
    }

    /// Runs a request in a batch. Returns `None` if nothing was done, so that the caller must run the request by
    /// itself. Fails with `TooManyRequests` if the queue is full or a table is locked. Fails with `Internal` if the
    /// database did not respond, or if it is unknown whether the request was done. If the future is dropped before its
    /// batch starts, the request is not run.
    pub async fn run(&self, request: B::Request) -> Result<Option<B::Answer>, Error> {
        match self.enter(request)? {
            Entered::Leads(request) => self.lead(request).await,
            Entered::Waits(answered) => match answered.await {
                Ok(Ok(outcome)) => Ok(outcome),
                Ok(Err(cause)) => Err(refusal(cause)),
                Err(_) => Err(Error::internal("a batch ended without an answer")),
            },
        }
    }

    fn enter(&self, request: B::Request) -> Result<Entered<B>, Error> {
        let mut queue = self.shared.queue();
        if !queue.at_work {
            queue.at_work = true;
            return Ok(Entered::Leads(request));
        }
        if queue.waiting.len() >= self.shared.limits.waiting {
            return Err(Error::TooManyRequests("Too many requests wait for the database; try again soon.".into()));
        }
        let (answer, answered) = oneshot::channel();
        queue.waiting.push_back(Waiting { request, answer });
        Ok(Entered::Waits(answered))
    }

    /// Runs the first batch of an idle group. This batch has only one request. It runs in the caller's own task,
    /// because handing it to another task costs as much as a small statement. When it ends, a new task runs the
    /// requests that arrived meanwhile.
    async fn lead(&self, request: B::Request) -> Result<Option<B::Answer>, Error> {
        let work = Work { shared: self.shared.clone(), runtime: self.runtime.clone() };
        let batch = AssertUnwindSafe(self.shared.batch.run(vec![request])).catch_unwind().await;
        drop(work);
        match batch {
            Ok(Ok(mut answers)) => Ok(answers.pop().flatten()),
            Ok(Err(Failure::RolledBack(cause))) => {
                tracing::debug!(%cause, "a batch of one was refused; it runs alone");
                Ok(None)
            }
            Ok(Err(Failure::Unknown(cause))) => Err(refusal(Arc::new(cause))),
            Err(_) => Err(Error::internal("a batch panicked")),
        }
    }
}

/// How a request enters a group.
enum Entered<B: Batch> {
    /// The group was idle, so the caller runs the first batch.
    Leads(B::Request),
    /// A batch is in flight, so the request runs in a later batch. Its result arrives over this channel.
    Waits(oneshot::Receiver<Result<Option<B::Answer>, Arc<sqlx::Error>>>),
}

impl<B: Batch> Shared<B> {
    fn queue(&self) -> MutexGuard<'_, Queue<B>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next batch from the queue, without requests whose callers have gone away. If no request waits, marks
    /// the group as idle and returns `None`.
    fn next(&self) -> Option<Vec<Waiting<B>>> {
        let mut queue = self.queue();
        let mut batch = Vec::new();
        while batch.len() < self.limits.batch
            && let Some(next) = queue.waiting.pop_front()
        {
            if !next.answer.is_closed() {
                batch.push(next);
            }
        }
        if batch.is_empty() {
            queue.at_work = false;
            return None;
        }
        Some(batch)
    }
}

/// Guards the first batch of an idle group. However the batch ends, even by a panic or because its caller goes away,
/// the requests that wait are run.
struct Work<B: Batch> {
    shared: Arc<Shared<B>>,
    runtime: Handle,
}

impl<B: Batch> Drop for Work<B> {
    fn drop(&mut self) {
        let Self { shared, runtime } = self;
        if let Some(batch) = shared.next() {
            runtime.spawn(drain(Drain { shared: shared.clone(), at_work: true }, batch));
        }
    }
}

/// Guards the task that works on a queue. However the task ends, even if a batch panics or the runtime shuts down, no
/// request waits forever: those that were not started get `None`, and the next request finds an idle group.
struct Drain<B: Batch> {
    shared: Arc<Shared<B>>,
    /// Whether this task still has to work on the queue.
    at_work: bool,
}

impl<B: Batch> Drop for Drain<B> {
    fn drop(&mut self) {
        if self.at_work {
            let mut queue = self.shared.queue();
            queue.at_work = false;
            for waiting in queue.waiting.drain(..) {
                let _ = waiting.answer.send(Ok(None));
            }
        }
    }
}

async fn drain<B: Batch>(mut work: Drain<B>, first: Vec<Waiting<B>>) {
    let mut next = Some(first);
    while let Some(batch) = next {
        let (requests, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|one| (one.request, one.answer)).unzip();
        let outcomes: Vec<Result<_, Arc<sqlx::Error>>> = match work.shared.batch.run(requests).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(Failure::RolledBack(cause)) => {
                tracing::warn!(%cause, requests = answers.len(), "a batch was refused; its requests run one by one");
                answers.iter().map(|_| Ok(None)).collect()
            }
            Err(Failure::Unknown(cause)) => {
                let cause = Arc::new(cause);
                answers.iter().map(|_| Err(cause.clone())).collect()
            }
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // If the caller has gone away meanwhile, sending fails, which does no harm.
            let _ = answer.send(outcome);
        }
        next = work.shared.next();
    }
    // `next` has found that no request waits and, under the same lock, has set the queue's `at_work` to false. So when
    // `work` is dropped, it has nothing to do.
    work.at_work = false;
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use proptest::prelude::*;
    use tokio::sync::Semaphore;

    use super::*;

    /// The requests of these tests, by what happens to them.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Ask {
        Fine,
        /// Another transaction has locked its row.
        Busy,
        /// The database refuses every transaction that contains this request.
        Refused,
        /// The connection breaks during its transaction.
        Cut,
        Panic,
    }

    /// Batches that wait for `gate` and record their sizes.
    #[derive(Clone)]
    struct Fake {
        gate: Arc<Semaphore>,
        sizes: Arc<Mutex<Vec<usize>>>,
        at_once: Arc<AtomicUsize>,
    }

    impl Fake {
        fn new(open: bool) -> Self {
            let gate = Arc::new(Semaphore::new(if open { Semaphore::MAX_PERMITS } else { 0 }));
            Self { gate, sizes: Arc::default(), at_once: Arc::default() }
        }

        fn sizes(&self) -> Vec<usize> {
            self.sizes.lock().unwrap().clone()
        }
    }

    /// An error of the database with this code.
    #[derive(Debug)]
    struct Refusal(Option<&'static str>);
    impl std::fmt::Display for Refusal {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("refused")
        }
    }
    impl std::error::Error for Refusal {}
    impl sqlx::error::DatabaseError for Refusal {
        fn message(&self) -> &str {
            "refused"
        }
        fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
            self.0.map(Into::into)
        }
        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }
        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }

    struct AtWork<'a>(&'a AtomicUsize);

    impl Drop for AtWork<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    impl Batch for Fake {
        type Request = Ask;
        type Answer = ();

        async fn run(&self, requests: Vec<Ask>) -> BatchResult<()> {
            assert_eq!(self.at_once.fetch_add(1, Ordering::SeqCst), 0, "two batches at once");
            let _at_work = AtWork(&self.at_once);
            self.gate.acquire().await.unwrap().forget();
            self.sizes.lock().unwrap().push(requests.len());
            if requests.contains(&Ask::Panic) {
                panic!("a request of this batch panics");
            }
            if requests.contains(&Ask::Cut) {
                return Err(sqlx::Error::from(std::io::Error::other("cut")).into());
            }
            if requests.contains(&Ask::Refused) {
                return Err(sqlx::Error::Database(Box::new(Refusal(Some("23503")))).into());
            }
            Ok(requests.into_iter().map(|ask| (ask == Ask::Fine).then_some(())).collect())
        }
    }

    type Answer = tokio::task::JoinHandle<Result<Option<()>, Error>>;

    fn group(fake: &Fake, waiting: usize, batch: usize) -> Arc<GroupCommit<Fake>> {
        Arc::new(GroupCommit::new(fake.clone(), Limits { waiting, batch }))
    }

    async fn ask(group: &Arc<GroupCommit<Fake>>, ask: Ask) -> Answer {
        let group = group.clone();
        let answer = tokio::spawn(async move { group.run(ask).await });
        // Yields until the request waits, or until an idle group has started a batch with it.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        answer
    }

    #[tokio::test]
    async fn the_first_starts_at_once_and_the_rest_share_the_next_batches() {
        let fake = Fake::new(false);
        let group = group(&fake, 100, 4);
        let mut answers = Vec::new();
        for _ in 0..8 {
            answers.push(ask(&group, Ask::Fine).await);
        }
        fake.gate.add_permits(100);
        for answer in answers {
            assert_eq!(answer.await.unwrap().unwrap(), Some(()));
        }
        assert_eq!(fake.sizes(), [1, 4, 3]);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let fake = Fake::new(false);
        let group = group(&fake, 2, 4);
        let _waiting = [ask(&group, Ask::Fine).await, ask(&group, Ask::Fine).await, ask(&group, Ask::Fine).await];
        let refused = tokio::time::timeout(Duration::from_secs(1), group.run(Ask::Fine)).await.unwrap();
        assert!(matches!(refused, Err(Error::TooManyRequests(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn who_goes_away_before_the_batch_starts_takes_the_request_along() {
        let fake = Fake::new(false);
        let group = group(&fake, 10, 10);
        let first = ask(&group, Ask::Fine).await;
        let (gone, stays) = (ask(&group, Ask::Fine).await, ask(&group, Ask::Fine).await);
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        fake.gate.add_permits(10);
        assert_eq!(stays.await.unwrap().unwrap(), Some(()));
        assert_eq!(first.await.unwrap().unwrap(), Some(()));
        assert_eq!(fake.sizes(), [1, 1]);
    }

    #[tokio::test]
    async fn a_panic_ends_its_own_batch_only() {
        let fake = Fake::new(false);
        let group = group(&fake, 10, 1);
        // One panic is in the first batch, which its caller runs. The other is in the batch of a caller who waited.
        let leads = ask(&group, Ask::Panic).await;
        let (first, waits, last) =
            (ask(&group, Ask::Fine).await, ask(&group, Ask::Panic).await, ask(&group, Ask::Fine).await);
        fake.gate.add_permits(10);
        assert!(matches!(leads.await.unwrap(), Err(Error::Internal(_))));
        assert_eq!(first.await.unwrap().unwrap(), Some(()));
        assert!(matches!(waits.await.unwrap(), Err(Error::Internal(_))));
        assert_eq!(last.await.unwrap().unwrap(), None);
        assert_eq!(group.run(Ask::Fine).await.unwrap(), Some(()));
    }

    #[tokio::test]
    async fn a_leader_that_goes_away_leaves_the_others_served() {
        let fake = Fake::new(false);
        let group = group(&fake, 10, 10);
        let (leader, waits) = (ask(&group, Ask::Fine).await, ask(&group, Ask::Fine).await);
        leader.abort();
        assert!(leader.await.unwrap_err().is_cancelled());
        fake.gate.add_permits(10);
        assert_eq!(waits.await.unwrap().unwrap(), Some(()));
        assert_eq!(group.run(Ask::Fine).await.unwrap(), Some(()));
    }

    #[test]
    fn an_ended_runtime_leaves_nobody_waiting() {
        let fake = Fake::new(false);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
        let group = runtime.block_on(async { group(&fake, 10, 1) });
        let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        other.block_on(async {
            let led = ask(&group, Ask::Fine).await;
            let (started, waits) = (ask(&group, Ask::Fine).await, ask(&group, Ask::Fine).await);
            // With this permit, the first batch ends. The next batch then starts on the runtime that is shut down
            // below.
            fake.gate.add_permits(1);
            assert_eq!(led.await.unwrap().unwrap(), Some(()));
            while fake.at_once.load(Ordering::SeqCst) == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            runtime.shutdown_background();
            assert!(matches!(started.await.unwrap(), Err(Error::Internal(_))));
            assert_eq!(waits.await.unwrap().unwrap(), None);
            // A later request is not lost either: it finds an idle group and runs the group's first batch.
            fake.gate.add_permits(1);
            assert_eq!(group.run(Ask::Fine).await.unwrap(), Some(()));
        });
    }

    #[test]
    fn only_a_refused_transaction_is_known_to_be_rolled_back() {
        let coded = |code| sqlx::Error::Database(Box::new(Refusal(code)));
        for code in ["23503", "40001", "55P03", "22021", "00000"] {
            let failure = Failure::from(coded(Some(code)));
            assert!(matches!(failure, Failure::RolledBack(_)), "{code}: {failure:?}");
        }
        for code in ["08006", "53300", "57P01", "58030", "XX000"] {
            let failure = Failure::from(coded(Some(code)));
            assert!(matches!(failure, Failure::Unknown(_)), "{code}: {failure:?}");
        }
        for cause in [coded(None), sqlx::Error::PoolTimedOut, crate::error::table_is_locked()] {
            let failure = Failure::from(cause);
            assert!(matches!(failure, Failure::Unknown(_)), "{failure:?}");
        }
    }

    #[test]
    fn what_is_locked_is_to_be_tried_again_and_all_else_is_our_fault() {
        let locked = refusal(Arc::new(crate::error::table_is_locked()));
        assert_eq!((locked.code(), locked.to_string()), ("TooManyRequestsException", Error::locked().to_string()));
        let Error::Internal(cause) = refusal(Arc::new(sqlx::Error::PoolClosed)) else { panic!("it is ours") };
        assert_eq!(cause.to_string(), format!("a batch failed: {}", sqlx::Error::PoolClosed));
    }

    #[tokio::test]
    async fn the_group_is_idle_after_each_outcome_of_a_batch_of_one() {
        let fake = Fake::new(true);
        let group = group(&fake, 0, 1);
        for (ask, done) in [(Ask::Fine, Some(())), (Ask::Busy, None), (Ask::Refused, None), (Ask::Fine, Some(()))] {
            assert_eq!(group.run(ask).await.unwrap(), done, "{ask:?}");
        }
        for ask in [Ask::Cut, Ask::Panic] {
            assert!(matches!(group.run(ask).await, Err(Error::Internal(_))), "{ask:?}");
        }
        assert_eq!(group.run(Ask::Fine).await.unwrap(), Some(()));
        assert_eq!(fake.sizes(), [1; 7]);
    }

    #[tokio::test]
    async fn a_refused_or_doubtful_batch_says_so_to_all_of_its_requests() {
        for (fault, alone) in [(Ask::Refused, true), (Ask::Cut, false)] {
            let fake = Fake::new(false);
            let group = group(&fake, 10, 10);
            let leads = ask(&group, Ask::Fine).await;
            let (fine, faulty) = (ask(&group, Ask::Fine).await, ask(&group, fault).await);
            fake.gate.add_permits(10);
            assert_eq!(leads.await.unwrap().unwrap(), Some(()));
            for answer in [fine, faulty] {
                match answer.await.unwrap() {
                    Ok(None) => assert!(alone, "{fault:?}"),
                    Err(Error::Internal(_)) => assert!(!alone, "{fault:?}"),
                    other => panic!("{fault:?}: {other:?}"),
                }
            }
            assert_eq!(fake.sizes(), [1, 2]);
        }
    }

    proptest! {
        /// In any mix, a fine request is done, or is left to its caller, or fails because the connection was cut. A
        /// request that a batch cannot do is never reported as done.
        #[test]
        fn no_request_is_told_what_did_not_happen(
            asks in proptest::collection::vec(
                prop_oneof![8 => Just(Ask::Fine), 2 => Just(Ask::Busy), 1 => Just(Ask::Refused), 1 => Just(Ask::Cut)], 1..40),
            batch in 1_usize..8,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let outcomes = runtime.block_on(async {
                let fake = Fake::new(true);
                let group = group(&fake, 100, batch);
                let outcomes = futures_util::future::join_all(asks.iter().map(|one| group.run(*one))).await;
                assert!(fake.sizes().iter().all(|size| *size <= batch) && fake.sizes().iter().sum::<usize>() == asks.len());
                outcomes
            });
            for (ask, outcome) in asks.iter().zip(outcomes) {
                let allowed = match (ask, &outcome) {
                    (Ask::Fine, Ok(_)) => true,
                    (Ask::Busy | Ask::Refused, Ok(None)) => true,
                    (_, Err(Error::Internal(_))) => asks.contains(&Ask::Cut),
                    _ => false,
                };
                prop_assert!(allowed, "{ask:?}: {outcome:?}");
            }
        }
    }
}
