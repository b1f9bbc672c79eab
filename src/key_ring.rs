//! A cache of the parsed signing keys of pools. The key with a given ID never changes, so a cached key is never wrong.
//! A pool may have been deleted since its keys were cached, but the statement that serves a request checks that the
//! pool and the session still exist.
//!
//! Keys are read again after a minute. So it may take a minute until a replica signs with a new key. But each replica
//! verifies tokens of a new key at once: if a token names a key that is not cached, the keys are read again. Forged
//! tokens do that as well, so it happens only [`AGAIN`] times in a minute for each pool.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use time::{Duration, OffsetDateTime};

use crate::{
    error::{Error, Result},
    sealing::SealingKey,
    store::{self, Connections},
    tokens::{PoolKeys, SigningKey},
};

/// For how long cached keys are used. This is also the time after which every replica has seen a new key.
const FRESH: Duration = Duration::minutes(1);
/// How often within [`FRESH`] the keys of a pool are read again because a token names a key that is not among them.
const AGAIN: u32 = 10;
/// If the cache has this many pools, those whose keys are older than [`FRESH`] are dropped before another is added.
const LIMIT: usize = 1_000;

/// The cache.
#[derive(Default)]
pub struct KeyRing {
    pools: RwLock<HashMap<String, Cached>>,
    /// How many times keys were read.
    reads: AtomicU64,
}

/// The keys of a pool.
struct Cached {
    keys: Arc<PoolKeys>,
    /// When the minute began in which these keys are used.
    since: OffsetDateTime,
    /// The number of the read that found these keys.
    read: u64,
    /// How often the keys were read again within this minute.
    again: u32,
    /// Lets one request at a time read the keys again. Requests that wait meanwhile use what it found.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Cached {
    fn is_fresh(&self, now: OffsetDateTime) -> bool {
        now - self.since < FRESH
    }
}

impl KeyRing {
    /// Returns the keys of a pool; `None` if there is no such pool.
    pub async fn of_pool(
        &self,
        db: &Connections,
        sealing: &SealingKey,
        pool_id: &str,
        now: OffsetDateTime,
    ) -> Result<Option<Arc<PoolKeys>>> {
        if let Some(keys) = self.known(pool_id, now) {
            return Ok(Some(keys));
        }
        let read = self.begin_read();
        let Some(keys) = find(db, sealing, pool_id).await? else { return Ok(None) };
        let cached = Cached { keys: keys.clone(), since: now, read, again: 0, turn: Arc::default() };
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        if pools.len() >= LIMIT {
            pools.retain(|_, cached| cached.is_fresh(now));
        }
        pools.insert(pool_id.to_owned(), cached);
        Ok(Some(keys))
    }

    /// Like [`Self::of_pool`], for verifying a token: reads the keys again if the token names a key that is not among
    /// them.
    pub async fn for_token(
        &self,
        db: &Connections,
        sealing: &SealingKey,
        (pool_id, token): (&str, &str),
        now: OffsetDateTime,
    ) -> Result<Option<Arc<PoolKeys>>> {
        // A read that begins later finds the key, if it exists: the token was signed before it came here.
        let reads = self.reads.load(Ordering::SeqCst);
        let Some(keys) = self.of_pool(db, sealing, pool_id, now).await? else { return Ok(None) };
        if keys.may_know(token) {
            return Ok(Some(keys));
        }
        let turn = {
            let pools = self.pools.read().unwrap_or_else(PoisonError::into_inner);
            pools.get(pool_id).map(|cached| cached.turn.clone()).unwrap_or_default()
        };
        let _turn = turn.lock().await;
        {
            let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(cached) = pools.get_mut(pool_id) {
                if cached.read > reads || cached.again >= AGAIN || cached.keys.may_know(token) {
                    return Ok(Some(cached.keys.clone()));
                }
                cached.again += 1;
            }
        }
        let read = self.begin_read();
        let found = find(db, sealing, pool_id).await?;
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        match (&found, pools.get_mut(pool_id)) {
            (Some(keys), Some(cached)) if cached.read < read => (cached.keys, cached.read) = (keys.clone(), read),
            (None, _) => drop(pools.remove(pool_id)),
            _ => {}
        }
        Ok(found)
    }

    /// Like [`Self::of_pool`], but never queries the database. Returns `None` if this replica has not read the keys
    /// within the last minute.
    pub fn known(&self, pool_id: &str, now: OffsetDateTime) -> Option<Arc<PoolKeys>> {
        let pools = self.pools.read().unwrap_or_else(PoisonError::into_inner);
        pools.get(pool_id).filter(|cached| cached.is_fresh(now)).map(|cached| cached.keys.clone())
    }

    /// Like [`Self::for_token`], but never queries the database. Returns `None` if the keys must be read first.
    pub fn known_for(&self, pool_id: &str, token: &str, now: OffsetDateTime) -> Option<Arc<PoolKeys>> {
        let pools = self.pools.read().unwrap_or_else(PoisonError::into_inner);
        let cached = pools.get(pool_id).filter(|cached| cached.is_fresh(now))?;
        // The last read that is allowed may be in progress.
        let is_final = cached.again >= AGAIN && cached.turn.try_lock().is_ok();
        (is_final || cached.keys.may_know(token)).then(|| cached.keys.clone())
    }

    /// Forgets the keys of a pool, because they have just been changed.
    pub fn forget(&self, pool_id: &str) {
        self.pools.write().unwrap_or_else(PoisonError::into_inner).remove(pool_id);
    }

    /// Returns the number of a read that begins now.
    fn begin_read(&self) -> u64 {
        self.reads.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Reads the keys of a pool; `None` if there is no such pool.
async fn find(db: &Connections, sealing: &SealingKey, pool_id: &str) -> Result<Option<Arc<PoolKeys>>> {
    let stored = store::keys::list(db, sealing, pool_id).await?;
    if stored.is_empty() {
        return Ok(None);
    }
    let current = |token_use: &str| {
        let key = stored.iter().find(|key| key.token_use == token_use && key.state == "current");
        let key = key.ok_or_else(|| Error::internal(format!("pool {pool_id} has no current {token_use} key")))?;
        SigningKey::from_pkcs8(&key.public, &key.private)
    };
    let verifying = |token_use: &str| {
        let keys = stored.iter().filter(|key| key.token_use == token_use);
        keys.map(|key| Ok((key.public.kid.clone(), key.public.verifying()?))).collect::<Result<_>>()
    };
    let (access, id) = (current("access")?, current("id")?);
    Ok(Some(Arc::new(PoolKeys { access, id, verifying: verifying("access")?, verifying_ids: verifying("id")? })))
}
