//! Password hashing (argon2id), off the async threads and behind a bounded queue.
//!
//! A flood of sign-ins fills the queue and gets `TooManyRequestsException`; everything else goes on.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash::phc::PasswordHash,
};
use tokio::sync::{Semaphore, oneshot};

use crate::{
    error::{Error, Result},
    random,
    secret::Secret,
};

/// Cost of a hash and bounds of the work.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Memory of one hash, KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Hashes computed at the same time.
    pub threads: usize,
    /// Hashes waiting or running; further ones are refused.
    pub queue: usize,
}

/// Hashes and verifies passwords.
pub struct Passwords {
    argon2: Argon2<'static>,
    queue: Arc<Semaphore>,
    threads: mpsc::Sender<Work>,
    /// A hash that no password matches, verified for users that do not exist so that both take the same time. The
    /// hashing threads make it before anything else, so that a start need not wait for it.
    decoy: Arc<OnceLock<String>>,
}

impl Passwords {
    /// Ready to hash with these settings.
    pub fn new(settings: &Settings) -> Result<Self> {
        let params = Params::new(settings.memory_kib, settings.iterations, 1, None)
            .map_err(|cause| Error::internal(format!("password hashing parameters: {cause}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let threads = start_threads(settings.threads)?;
        let decoy = Arc::new(OnceLock::new());
        let (made, with) = (decoy.clone(), argon2.clone());
        let make = move || match hash(&with, &random::password()) {
            Ok(hash) => drop(made.set(hash)),
            Err(cause) => tracing::error!(%cause, "the decoy's hash"),
        };
        threads.send(Box::new(make)).map_err(|_| Error::internal("the hashing threads are gone"))?;
        Ok(Self { argon2, queue: Arc::new(Semaphore::new(settings.queue.max(1))), threads, decoy })
    }

    /// The PHC string of a password's hash.
    pub async fn hash(&self, password: Secret) -> Result<String> {
        let argon2 = self.argon2.clone();
        self.off_thread(move || hash(&argon2, password.expose())).await?
    }

    /// Whether the password fits the hash. Without a hash (no such user, no password) the same work is done and the
    /// answer is no.
    pub async fn verify(&self, password: Secret, hash: Option<String>) -> Result<bool> {
        let argon2 = self.argon2.clone();
        let known = hash.is_some();
        let decoy = self.decoy.clone();
        self.off_thread(move || {
            // Another thread may still be making the decoy's: then this one makes its own, in the same time.
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

    /// Whether a hash was made at another cost than today's.
    pub fn is_outdated(&self, hash: &str) -> bool {
        let made_with = PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok());
        let (now, cost) = (self.argon2.params(), |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost()));
        made_with.is_none_or(|made_with| cost(&made_with) != cost(now))
    }

    /// Other work of a sign-in that takes a core for a moment: among the hashes, within the same bounds.
    pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.off_thread(work).await
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = self.queue.clone().try_acquire_owned().map_err(|_| {
            Error::TooManyRequests("Too many sign-ins at the moment; try again in a few seconds.".into())
        })?;
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move || {
            // A caller that went away needs no hash.
            if !answer.is_closed() {
                let _ = answer.send(work());
            }
            drop(place);
        });
        self.threads.send(work).map_err(|_| Error::internal("the hashing threads are gone"))?;
        answered.await.map_err(|_| Error::internal("a password's hashing panicked"))
    }
}

type Work = Box<dyn FnOnce() + Send>;

/// How much less than other threads those that hash get to run (nice value), so that a flood of passwords leaves the
/// cores to everybody else.
#[cfg(target_os = "linux")]
const NICE: i32 = 15;

/// Threads that do one piece of work after another until the sender is dropped.
fn start_threads(count: usize) -> Result<mpsc::Sender<Work>> {
    let (sender, receiver) = mpsc::channel::<Work>();
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..count.max(1) {
        let receiver = receiver.clone();
        let run = move || {
            // Of this thread alone, on Linux; elsewhere it would be the process's.
            #[cfg(target_os = "linux")]
            if let Err(cause) = rustix::process::setpriority_process(None, NICE) {
                tracing::debug!(%cause, "hashing runs at normal priority");
            }
            loop {
                let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(work) = next else { return };
                // A panic is its caller's: the answer's channel closes.
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
        let held = passwords.queue.clone().acquire_many_owned(2).await.unwrap();
        let refused = passwords.hash(Secret::from("x".to_owned())).await;
        assert!(matches!(refused, Err(Error::TooManyRequests(_))));
        drop(held);
    }
}
