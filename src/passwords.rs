//! Password hashing (argon2id), off the async threads and behind a bounded queue.
//!
//! A flood of sign-ins fills the queue and gets `TooManyRequestsException`; everything else goes on.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash::phc::PasswordHash,
};
use tokio::sync::Semaphore;

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
    running: Arc<Semaphore>,
    /// A hash that no password matches, verified for users that do not exist so that both take the same time.
    decoy: String,
}

impl Passwords {
    /// Ready to hash with these settings.
    pub fn new(settings: &Settings) -> Result<Self> {
        let params = Params::new(settings.memory_kib, settings.iterations, 1, None)
            .map_err(|cause| Error::internal(format!("password hashing parameters: {cause}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon2, &random::password())?;
        Ok(Self {
            argon2,
            queue: Arc::new(Semaphore::new(settings.queue.max(1))),
            running: Arc::new(Semaphore::new(settings.threads.max(1))),
            decoy,
        })
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
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        self.off_thread(move || {
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

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _place = self.queue.try_acquire().map_err(|_| {
            Error::TooManyRequests("Too many sign-ins at the moment; try again in a few seconds.".into())
        })?;
        let turn = self.running.clone().acquire_owned().await.map_err(Error::internal)?;
        // The turn goes with the work: a caller that goes away does not free it before the work ends.
        tokio::task::spawn_blocking(move || {
            let out = work();
            drop(turn);
            out
        })
        .await
        .map_err(Error::internal)
    }
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
