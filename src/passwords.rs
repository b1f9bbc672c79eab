//! Password hashing (argon2id), off the async threads and behind a bounded line that is shared fairly
//! ([`crate::fair`]).
//!
//! A flood of sign-ins fills the line and gets `TooManyRequestsException`. Everybody else's passwords are hashed after
//! one of the flood's, and all other work goes on.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash::phc::PasswordHash,
};
use tokio::sync::oneshot;

use crate::{
    admission,
    config::{self, Config},
    error::{Error, Result},
    fair::{Line, TurnedAway},
    random,
    secret::Secret,
};

/// The cost of a hash, and the limits of the work.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Memory of one hash, KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Hashes computed at the same time.
    pub threads: usize,
    /// Hashes waiting or running. Beyond them, those of the callers who have most are refused.
    pub queue: usize,
}

/// Hashes and verifies passwords.
pub struct Passwords {
    argon2: Argon2<'static>,
    line: Arc<Line>,
    threads: mpsc::Sender<Work>,
    /// A hash that no password matches. It is verified for users that do not exist, so that both cases take the same
    /// time. The hashing threads make it before anything else, so that the start need not wait for it.
    decoy: Arc<OnceLock<String>>,
}

impl Settings {
    /// The settings of the hasher.
    pub fn of(config: &Config) -> Self {
        Self {
            memory_kib: config.password_memory_kib,
            iterations: config.password_iterations,
            threads: config.password_threads.unwrap_or_else(|| (config::cores() / 2).max(1)),
            queue: config.password_queue,
        }
    }
}

impl Passwords {
    /// Starts the hashing threads, with these settings.
    pub fn new(settings: &Settings) -> Result<Self> {
        let params = Params::new(settings.memory_kib, settings.iterations, 1, None)
            .map_err(|cause| Error::internal(format!("password hashing parameters: {cause}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let count = settings.threads.max(1);
        let threads = start_threads(count)?;
        let line = Line::new(count, settings.queue.saturating_sub(count));
        let decoy = Arc::new(OnceLock::new());
        let (made, with) = (decoy.clone(), argon2.clone());
        let make = move || match hash(&with, &random::password()) {
            Ok(hash) => drop(made.set(hash)),
            Err(cause) => tracing::error!(%cause, "the decoy's hash"),
        };
        threads.send(Box::new(make)).map_err(|_| Error::internal("the hashing threads are gone"))?;
        Ok(Self { argon2, line, threads, decoy })
    }

    /// The PHC string of a password's hash.
    pub async fn hash(&self, password: Secret) -> Result<String> {
        let argon2 = self.argon2.clone();
        self.off_thread(move || hash(&argon2, password.expose())).await?
    }

    /// Whether the password matches the hash. Without a hash (no such user, or no password) the same work is done and
    /// the answer is no.
    pub async fn verify(&self, password: Secret, hash: Option<String>) -> Result<bool> {
        let argon2 = self.argon2.clone();
        let known = hash.is_some();
        let decoy = self.decoy.clone();
        self.off_thread(move || {
            // If another thread is still making the decoy, this one makes its own hash, which takes the same time.
            let hash = match hash.or_else(|| decoy.get().cloned()) {
                Some(hash) => hash,
                None => self::hash(&argon2, &random::password())?,
            };
            let parsed =
                PasswordHash::new(&hash).map_err(|cause| Error::internal(format!("stored password hash: {cause}")))?;
            Ok(argon2.verify_password(password.expose().as_bytes(), &parsed).is_ok() && known)
        })
        .await?
    }

    /// Whether a hash was made with another cost than the present one.
    pub fn is_outdated(&self, hash: &str) -> bool {
        let made_with = PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok());
        let (now, cost) = (self.argon2.params(), |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost()));
        made_with.is_none_or(|made_with| cost(&made_with) != cost(now))
    }

    /// Does other work of a sign-in that takes a core for a moment. It counts as a hash, within the same limits.
    pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.off_thread(work).await
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let too_many =
            |TurnedAway| Error::TooManyRequests("Too many sign-ins at the moment; try again in a few seconds.".into());
        // The request takes its place in line as the caller that it counts for.
        let mut place = self.line.join(&admission::path()).map_err(too_many)?;
        place.held().await.map_err(too_many)?;
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move || {
            // A caller that went away needs no hash.
            let done = (!answer.is_closed()).then(work);
            // Before the answer is sent, because a caller that has it may ask for the next hash.
            drop(place);
            if let Some(done) = done {
                let _ = answer.send(done);
            }
        });
        self.threads.send(work).map_err(|_| Error::internal("the hashing threads are gone"))?;
        answered.await.map_err(|_| Error::internal("a password's hashing panicked"))
    }
}

type Work = Box<dyn FnOnce() + Send>;

/// By how much the priority of the hashing threads is lower than that of others (nice value), so that a flood of
/// passwords leaves the cores to everybody else. They get a third of another thread's share. With much less, nobody
/// could sign in where other programs fill the machine.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// Starts threads that do one piece of work after another until the sender is dropped.
fn start_threads(count: usize) -> Result<mpsc::Sender<Work>> {
    let (sender, receiver) = mpsc::channel::<Work>();
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..count {
        let receiver = receiver.clone();
        let run = move || {
            // On Linux this is the priority of this thread alone; elsewhere it would be the process's.
            #[cfg(target_os = "linux")]
            if let Err(cause) = rustix::process::setpriority_process(None, NICE) {
                tracing::debug!(%cause, "hashing runs at normal priority");
            }
            loop {
                let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(work) = next else { return };
                // A panic affects only its caller: the channel of the answer closes.
                let _ = std::panic::catch_unwind(AssertUnwindSafe(work));
            }
        };
        std::thread::Builder::new().name("passwords".into()).spawn(run).map_err(Error::internal)?;
    }
    Ok(sender)
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String> {
    argon2
        .hash_password_with_salt(password.as_bytes(), &random::bytes::<16>())
        .map(|hash| hash.to_string())
        .map_err(|cause| Error::internal(format!("hashing a password: {cause}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hashes_verify_and_the_queue_is_bounded() {
        let settings = Settings { memory_kib: 64, iterations: 1, threads: 1, queue: 2 };
        let passwords = Arc::new(Passwords::new(&settings).unwrap());
        let hash = passwords.hash(Secret::from("one".to_owned())).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify(Secret::from("one".to_owned()), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(Secret::from("two".to_owned()), Some(hash)).await.unwrap());
        assert!(!passwords.verify(Secret::from("one".to_owned()), None).await.unwrap());
        let held = [1, 2].map(|_| passwords.line.join(&admission::path()).unwrap());
        let refused = passwords.hash(Secret::from("x".to_owned())).await;
        assert!(matches!(refused, Err(Error::TooManyRequests(_))));
        drop(held);
        passwords.hash(Secret::from("x".to_owned())).await.unwrap();
    }

    #[tokio::test]
    async fn a_flood_of_one_pool_delays_the_sign_in_of_another_by_one_hash() {
        let passwords =
            Arc::new(Passwords::new(&Settings { memory_kib: 64, iterations: 1, threads: 1, queue: 8 }).unwrap());
        let address = "203.0.113.1".parse().unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let line = |pool: &str| passwords.line.join(&admission::stranger(Some(pool), address));
        let mut waiting: Vec<_> = (0..30).filter_map(|_| Some(("flood", line("flooded").ok()?))).collect();
        assert_eq!(waiting.len(), 8);
        waiting.push(("honest", line("other").unwrap()));
        let tasks: Vec<_> = waiting
            .into_iter()
            .map(|(who, mut ticket)| {
                let order = order.clone();
                tokio::spawn(async move {
                    if ticket.held().await.is_ok() {
                        order.lock().unwrap().push(who);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let order = order.lock().unwrap();
        assert!(
            order.len() == 8 && order.iter().position(|who| *who == "honest").is_some_and(|at| at <= 2),
            "{order:?}"
        );
    }
}
