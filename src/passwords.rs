//! Password hashing (argon2id), on threads of its own and behind a bounded line that is shared fairly
//! ([`crate::fair`]).
//!
//! If one caller's flood of sign-ins fills the line, further sign-ins of the flood get `TooManyRequestsException`. A
//! password from another caller waits for about one hash of the flood. Requests that need no hash do not wait here.

mod imported;

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError, mpsc},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
pub use imported::HashingAlgorithm;
use tokio::sync::oneshot;

use crate::{
    admission,
    config::{self, Config},
    error::{Error, Result},
    fair::{Line, TurnedAway},
    random,
    secret::Secret,
};

/// The cost of a hash, and the limits on hashing.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Memory for one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Hashes computed at the same time.
    pub threads: usize,
    /// Hashes that may wait or run at the same time. Beyond that, the callers with the most hashes are refused.
    pub queue: usize,
}

/// Hashes and verifies passwords.
pub struct Passwords {
    argon2: Argon2<'static>,
    line: Arc<Line>,
    threads: mpsc::Sender<Work>,
    /// A hash that no password matches. A password given for an unknown user is checked against this hash, so that the
    /// check takes the same time as for a known user.
    decoy: String,
}

impl Settings {
    /// Takes these settings from the configuration.
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
    /// Starts the hashing threads with these settings.
    pub fn new(settings: &Settings) -> Result<Self> {
        let params = Params::new(settings.memory_kib, settings.iterations, 1, None)
            .map_err(|cause| Error::internal(format!("password hashing parameters: {cause}")))?;
        let decoy = decoy(&params).map_err(|cause| Error::internal(format!("the decoy's hash: {cause}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let count = settings.threads.max(1);
        let threads = start_threads(count)?;
        let line = Line::new(count, settings.queue.saturating_sub(count));
        Ok(Self { argon2, line, threads, decoy })
    }

    /// Hashes a password and returns the hash as a PHC string.
    pub async fn hash(&self, password: Secret) -> Result<String> {
        let argon2 = self.argon2.clone();
        self.off_thread(move || hash(&argon2, password.expose())).await?
    }

    /// Whether the password matches the hash. Without a hash (no such user, or no password), does the same work and
    /// returns `false`.
    ///
    /// A hash of another cost, such as one from an import, may be quicker to check. Then the work of a present hash is
    /// done as well, so that no answer comes sooner than that for an unknown user.
    pub async fn verify(&self, password: Secret, hash: Option<String>) -> Result<bool> {
        let (argon2, decoy) = (self.argon2.clone(), self.decoy.clone());
        let needs_decoy = self.needs_decoy(hash.as_deref());
        self.off_thread(move || {
            let matches = |hash: &str| {
                imported::verify(&argon2, password.expose(), hash)
                    .map_err(|cause| Error::internal(format!("stored password hash: {cause}")))
            };
            let fits = hash.as_deref().map(matches).transpose()?.unwrap_or(false);
            if needs_decoy {
                matches(&decoy)?;
            }
            Ok(fits)
        })
        .await?
    }

    /// Whether the check of this hash alone could take less time than that for an unknown user.
    fn needs_decoy(&self, hash: Option<&str>) -> bool {
        hash.is_none_or(|hash| self.is_outdated(hash))
    }

    /// Fails if a hash from an import file was not made by this algorithm, or costs too much to check. The error says
    /// why, without the hash.
    pub fn check_imported(&self, algorithm: HashingAlgorithm, hash: &str) -> std::result::Result<(), &'static str> {
        imported::check(algorithm, hash, self.argon2.params())
    }

    /// Whether a hash has a cost other than that of new hashes, or cannot be read.
    pub fn is_outdated(&self, hash: &str) -> bool {
        let made_with = PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok());
        let (now, cost) = (self.argon2.params(), |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost()));
        made_with.is_none_or(|made_with| cost(&made_with) != cost(now))
    }

    /// Does other work of a sign-in that keeps a core busy for a moment. It counts as a hash in the limits.
    pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.off_thread(work).await
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let too_many =
            |TurnedAway| Error::TooManyRequests("Too many sign-ins at the moment; try again in a few seconds.".into());
        // In this line, the request counts for the same caller as in admission control.
        let mut place = self.line.join(&admission::path()).map_err(too_many)?;
        place.held().await.map_err(too_many)?;
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move || {
            // If the caller has gone away, the work is skipped.
            let done = (!answer.is_closed()).then(work);
            // The place is given back before the result is sent, because a caller with the result may request the next
            // hash at once.
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

/// The nice value of the hashing threads; other threads have 0 by default. This lower priority leaves most of the
/// cores' time to other work during a flood of sign-ins: a hashing thread gets a third of another thread's share. With
/// a much smaller share, sign-ins with passwords would take very long while other programs keep the machine busy.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// Starts threads that take work from a channel until its sender is dropped.
fn start_threads(count: usize) -> Result<mpsc::Sender<Work>> {
    let (sender, receiver) = mpsc::channel::<Work>();
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..count {
        let receiver = receiver.clone();
        let run = move || {
            // On Linux this sets the priority of this thread alone. On other systems it would set that of the whole
            // process.
            #[cfg(target_os = "linux")]
            if let Err(cause) = rustix::process::setpriority_process(None, NICE) {
                tracing::debug!(%cause, "hashing runs at normal priority");
            }
            loop {
                let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(work) = next else { return };
                // A panic affects only the caller of this work: the channel for its result closes.
                let _ = std::panic::catch_unwind(AssertUnwindSafe(work));
            }
        };
        std::thread::Builder::new().name("passwords".into()).spawn(run).map_err(Error::internal)?;
    }
    Ok(sender)
}

/// Makes a hash of the present cost from random bytes. Making it takes almost no time, because nothing is really
/// hashed.
fn decoy(params: &Params) -> Result<String, argon2::password_hash::Error> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(&random::bytes::<16>())?),
        hash: Some(Output::new(&random::bytes::<32>())?),
    };
    Ok(hash.to_string())
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
    async fn an_unknown_users_password_costs_what_a_known_users_costs() {
        let passwords = Passwords::new(&Settings { memory_kib: 64, iterations: 2, threads: 1, queue: 2 }).unwrap();
        let known = passwords.hash(Secret::from("one".to_owned())).await.unwrap();
        let cost = |hash: &str| {
            let hash = PasswordHash::new(hash).unwrap();
            (hash.algorithm, hash.version, hash.params.to_string(), hash.hash.map(|output| output.len()))
        };
        assert_eq!(cost(&passwords.decoy), cost(&known));
        assert!(!passwords.verify(Secret::from("one".to_owned()), None).await.unwrap());
    }

    #[tokio::test]
    async fn the_check_of_a_hash_of_another_cost_includes_the_work_for_an_unknown_name() {
        let passwords = Passwords::new(&Settings { memory_kib: 64, iterations: 2, threads: 1, queue: 2 }).unwrap();
        let other = Passwords::new(&Settings { memory_kib: 64, iterations: 1, threads: 1, queue: 2 }).unwrap();
        let own = passwords.hash(Secret::from("one".to_owned())).await.unwrap();
        let quick = other.hash(Secret::from("one".to_owned())).await.unwrap();
        assert!(passwords.needs_decoy(None));
        assert!(passwords.needs_decoy(Some(&quick)));
        assert!(!passwords.needs_decoy(Some(&own)));
        assert!(passwords.verify(Secret::from("one".to_owned()), Some(quick.clone())).await.unwrap());
        assert!(!passwords.verify(Secret::from("two".to_owned()), Some(quick)).await.unwrap());
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
